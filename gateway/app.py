"""Wires the gateway: builds its parts, runs its background work, mounts its routes, and nothing else."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import httpx
from fastapi import Depends, FastAPI
from redis.exceptions import RedisError
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response

from gateway.admission import Admission
from gateway.affinity import Affinity
from gateway.api import callers, content, events, experts, models, plans, stream, videos
from gateway.dispatcher import Dispatcher
from gateway.embeddings import Embeddings
from gateway.experts import ExpertClient
from gateway.fleet import MISSED_HEARTBEATS, Fleet
from gateway.gate import build_gate
from gateway.generation import Generation
from gateway.jobs import VideoJobs
from gateway.keys import Keys
from gateway.mergers import MergerClient
from gateway.moderation import Moderation
from gateway.notifier import Notifier
from gateway.parts import Parts
from gateway.plans import Gate
from gateway.quotas import Quotas, TenantLimits
from gateway.router import Policy
from gateway.settings import GatewaySettings
from gateway.similar import SimilarSubvideos
from gateway.subvideos import Subvideos
from gateway.sweeper import Sweeper
from gateway.videos import Videos
from gateway.webhooks import Webhooks
from gateway.workers import Workers
from shared.errors import Unavailable
from shared.http import create_service, error_response
from shared.store import RedisClient, SubvideoStore, connect
from shared.tracing import trace_calls
from shared.trust import ServiceTokens, client_options, metrics_tokens

VERSION = "0.1.0"
#: How long background work may take to end, beyond the drain time that it grants its own tasks. With that and
#: the two seconds for open connections it is below the ten that Docker waits.
_SHUTDOWN_S = 1.5

#: Makes the gate once there is a Redis client.
GateMaker = Callable[[RedisClient], Gate]


def create_app(settings: GatewaySettings, make_gate: GateMaker | None = None) -> FastAPI:
    """The gateway's application: API and workers in one process."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # Idle connections end before the servers' five seconds do, so that none is used as it is closed.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=2)
        async with (
            connect(settings.redis_url.get_secret_value()) as redis,
            httpx.AsyncClient(limits=limits, **client_options(settings)) as http,
            httpx.AsyncClient(trust_env=False) as outside,
        ):
            trace_calls(http)
            gate = make_gate(redis) if make_gate else build_gate(settings, redis)
            store = SubvideoStore.of(redis, settings)
            notifier = Notifier(redis)
            videos_ = Videos(redis, retention_s=settings.retention_s)
            fleet = Fleet(
                redis, notifier, heartbeat_s=settings.heartbeat_s, lease_s=settings.dispatch_lease_s
            )
            embeddings = Embeddings()
            dispatcher = Dispatcher(
                fleet, notifier, Affinity(embeddings), policy_of(settings), weights=settings.tenant_weights
            )
            similar = SimilarSubvideos(
                redis,
                embeddings,
                limit=settings.similar_limit,
                least=settings.similar_least,
                ttl_s=settings.subvideo_ttl_s,
            )
            subvideos = Subvideos(redis, store, notifier)
            workers = Workers(settings, redis)
            generation = Generation(
                subvideos,
                similar,
                dispatcher,
                fleet,
                ExpertClient(
                    http,
                    store,
                    connect_s=settings.expert_connect_s,
                    answer_s=settings.expert_answer_s,
                    stall_s=settings.expert_stall_s,
                ),
                tries=settings.tries_per_clip,
                hedge_share=settings.hedge_share,
            )
            quotas, moderation = _quotas(settings, redis), Moderation(settings)
            webhooks = _webhooks(settings, outside, videos_, workers)
            jobs = VideoJobs(
                videos_,
                subvideos,
                similar,
                gate,
                MergerClient(http, settings.merger_urls, timeout_s=settings.merger_timeout_s),
                start=partial(workers.add, "subvideos"),
                stop=partial(workers.cancel, "subvideos"),
                on_end=webhooks.hand_over,
                add_seconds=quotas.add_seconds,
            )
            sweeper = Sweeper(
                videos_, store=store, fleet=fleet, workers=workers, jobs=jobs, webhooks=webhooks
            )
            workers.register("videos", jobs.make_video, concurrency=settings.video_concurrency)
            workers.register("subvideos", generation.make_subvideo, concurrency=settings.subvideo_concurrency)
            workers.register("webhooks", webhooks.deliver_webhook, concurrency=32)
            workers.sweep_with(sweeper.sweep)
            app.state.parts = Parts(
                settings=settings,
                redis=redis,
                keys=Keys(redis),
                quotas=quotas,
                tokens=ServiceTokens(settings),
                store=store,
                notifier=notifier,
                videos=videos_,
                fleet=fleet,
                dispatcher=dispatcher,
                admission=Admission(fleet, limit_s=settings.admission_limit_s),
                gate=gate,
                moderation=moderation,
                workers=workers,
                jobs=jobs,
                webhooks=webhooks,
            )
            ending = settings.drain_s + _SHUTDOWN_S
            async with _background(notifier, dispatcher, workers, within_s=ending) as app.state.background:
                yield
            await moderation.close()
            await gate.close()

    app = create_service(
        "gateway",
        version=VERSION,
        lifespan=lifespan,
        ready=lambda: _ready(app),
        body_limit_bytes=settings.body_limit_bytes,
        metrics_tokens=metrics_tokens(settings),
    )
    app.router.redirect_slashes = False
    app.add_exception_handler(RedisError, _on_redis_error)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(settings.cors_origins),
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=["Content-Range", "Accept-Ranges", "ETag", "Content-Length", "openai-poll-after-ms"],
    )
    for module in (videos, content, events, stream, plans, models):
        app.include_router(module.router, dependencies=[Depends(callers.caller)])
    app.include_router(experts.router)
    return app


def policy_of(settings: GatewaySettings) -> Policy:
    return Policy(
        stale_after_s=MISSED_HEARTBEATS * settings.heartbeat_s,
        top_k=settings.route_top_k,
        quality_jobs=settings.route_quality_jobs,
        cost_jobs=settings.route_cost_jobs,
        energy_jobs=settings.route_energy_jobs,
        learn=settings.route_learn,
    )


def _quotas(settings: GatewaySettings, redis: RedisClient) -> Quotas:
    unlimited = TenantLimits(requests_per_minute=None, open_videos=None, video_seconds_per_day=None)
    return Quotas(redis, settings.limits if settings.require_keys else unlimited, settings.tenant_limits)


def _webhooks(
    settings: GatewaySettings, http: httpx.AsyncClient, videos_: Videos, workers: Workers
) -> Webhooks:
    secret = settings.webhook_secret
    return Webhooks(
        http,
        videos_,
        partial(workers.add, "webhooks"),
        secret=secret.get_secret_value() if secret else None,
        timeout_s=settings.webhook_timeout_s,
        backoff_s=settings.webhook_backoff_s,
        tries=settings.webhook_tries,
        allow_private=settings.webhook_allow_private,
    )


@asynccontextmanager
async def _background(
    notifier: Notifier, dispatcher: Dispatcher, workers: Workers, *, within_s: float
) -> AsyncIterator[tuple[asyncio.Task[None], ...]]:
    """Run the background work; at the end the workers drain first, while the rest still runs."""
    helpers = [asyncio.create_task(notifier.run()), asyncio.create_task(dispatcher.run())]
    working = asyncio.create_task(workers.run())
    try:
        yield (working, *helpers)
    finally:
        deadline = time.monotonic() + within_s
        for tasks in ([working], helpers):
            for task in tasks:
                task.cancel()
            # Without Redis the workers may wait for it for ever; their tasks are redelivered in any case.
            await asyncio.wait(tasks, timeout=max(0.1, deadline - time.monotonic()))


async def _ready(app: FastAPI) -> None:
    parts: Parts = app.state.parts
    for task in app.state.background:
        if task.done():
            raise Unavailable(f"background work has stopped: {task}")
    if not parts.workers.ready.is_set():
        raise Unavailable("the gateway is still connecting to Redis", retry_after_s=1)
    try:
        async with asyncio.timeout(1):
            await parts.redis.ping()
    except (RedisError, OSError, TimeoutError) as error:
        raise Unavailable("Redis does not answer", retry_after_s=1) from error


async def _on_redis_error(_: Request, error: Exception) -> Response:
    return error_response(
        Unavailable(f"the job store does not answer: {type(error).__name__}", retry_after_s=1)
    )
