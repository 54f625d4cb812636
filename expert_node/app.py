"""The expert node's HTTP side: wiring, and routes as functions."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import structlog
from fastapi import Depends, FastAPI, Request
from fastapi.responses import StreamingResponse

from expert_node.jobs import Finished, Job, Stopped
from expert_node.node import Node
from expert_node.settings import ExpertSettings
from shared.errors import ServiceError
from shared.http import create_service
from shared.schemas import (
    ALIVE_EVERY_S,
    ALIVE_HEADER,
    ENGINE_VERSION,
    Completed,
    ExpertMessage,
    ExpertStatus,
    Failed,
    SubvideoRef,
    SubvideoSpec,
)
from shared.store import SubvideoStore, connect
from shared.trust import ServiceTokens, client_options, metrics_tokens

log = structlog.get_logger(__name__)

NDJSON = "application/x-ndjson"


def create_app(settings: ExpertSettings) -> FastAPI:
    """The service; its worker starts with the application's lifespan and ends with it."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        redis = connect(settings.redis_url.get_secret_value())
        store = SubvideoStore.of(redis, settings)
        client = httpx.AsyncClient(timeout=5.0, **client_options(settings))
        async with client, Node(settings, store, client) as node:
            app.state.node = node
            yield
        await redis.aclose()

    async def ready() -> None:
        await app.state.node.check_ready()

    app = create_service(
        "expert",
        version=ENGINE_VERSION,
        lifespan=lifespan,
        ready=ready,
        body_limit_bytes=settings.body_limit_bytes,
        tokens=ServiceTokens(settings),
        metrics_tokens=metrics_tokens(settings),
    )
    app.add_api_route("/v1/subvideos", make_subvideo, methods=["POST"], response_class=StreamingResponse)
    app.add_api_route("/v1/status", read_status, methods=["GET"])
    return app


def _node(request: Request) -> Node:
    node = request.app.state.node
    assert isinstance(node, Node)
    return node


CurrentNode = Annotated[Node, Depends(_node)]


async def read_status(node: CurrentNode) -> ExpertStatus:
    """What the node is and how busy it is."""
    return node.status()


async def make_subvideo(spec: SubvideoSpec, node: CurrentNode) -> StreamingResponse:
    """Make a subvideo, or find it made: newline-delimited JSON that ends with `completed` or `failed`.

    While there is nothing to tell, an empty line every few seconds says that the node is still there.
    """
    node.check(spec)
    existing = await node.store.find(spec.digest)
    if existing is not None:
        return _answer(_only(Completed(subvideo=existing, seconds=0.0)))
    job = Job(spec)
    node.worker.submit(job)
    return _answer(_messages(job, node.store))


def _answer(messages: AsyncIterator[ExpertMessage]) -> StreamingResponse:
    headers = {ALIVE_HEADER: f"{ALIVE_EVERY_S:g}"}
    return StreamingResponse(_lines(messages, ALIVE_EVERY_S), media_type=NDJSON, headers=headers)


async def _messages(job: Job, store: SubvideoStore) -> AsyncIterator[ExpertMessage]:
    """The job's story; leaving it early, as when the connection drops, cancels the job."""
    try:
        async for event in job.events():
            if isinstance(event, Finished):
                yield await _stored(event, store)
            elif isinstance(event, Stopped):
                yield _failure(event.error)
            else:
                yield event
    finally:
        job.cancel()


async def _stored(event: Finished, store: SubvideoStore) -> Completed | Failed:
    try:
        ref: SubvideoRef = await store.put(event.clip.data, event.clip.ref)
    except ServiceError as error:
        return _failure(error)
    except Exception as error:  # the boundary: the stream must end with a reason
        log.exception("cannot store a subvideo", digest=event.clip.ref.digest)
        return Failed(code="unavailable", message=f"cannot store the subvideo: {error}", retryable=True)
    return Completed(subvideo=ref, seconds=event.seconds)


def _failure(error: ServiceError) -> Failed:
    return Failed(code=error.wire_code, message=error.message, retryable=error.retryable)


async def _only(message: ExpertMessage) -> AsyncIterator[ExpertMessage]:
    yield message


async def _lines(messages: AsyncIterator[ExpertMessage], alive_every_s: float) -> AsyncIterator[str]:
    """Written on the event loop, so that a long step, or a slow store, does not look like a dead node."""
    async with contextlib.aclosing(messages) as source:  # type: ignore[type-var]
        following = asyncio.ensure_future(anext(source, None))
        try:
            while True:
                await asyncio.wait({following}, timeout=alive_every_s)
                if not following.done():
                    yield "\n"
                elif (message := following.result()) is None:
                    return
                else:
                    yield message.model_dump_json() + "\n"
                    following = asyncio.ensure_future(anext(source, None))
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
