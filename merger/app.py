"""The merger's HTTP service: wiring, and routes that only pass on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request
from redis.exceptions import RedisError
from starlette.responses import Response

from merger.jobs import Jobs
from merger.model import SegmentationModel
from merger.service import Merger
from merger.settings import MergerSettings
from shared.errors import Unavailable
from shared.http import create_service, error_response
from shared.schemas import (
    FormRequest,
    MergeReply,
    MergeRequest,
    SceneRequest,
    SegmentReply,
    SegmentRequest,
    StageRequest,
    SubvideoRef,
)
from shared.store import SubvideoStore, connect
from shared.trust import ServiceTokens, metrics_tokens
from shared.video import DecodeLimits

VERSION = version("edge-moe-video")
router = APIRouter(prefix="/v1")


def _merger(request: Request) -> Merger:
    merger = request.app.state.merger
    assert isinstance(merger, Merger)
    return merger


TheMerger = Annotated[Merger, Depends(_merger)]


@router.post("/stages")
async def create_stage(request: StageRequest, merger: TheMerger) -> SubvideoRef:
    """Key the foregrounds over the scene; a single part that has the wanted form is its own stage."""
    return await merger.stage(request)


@router.post("/segments")
async def create_segment(request: SegmentRequest, merger: TheMerger) -> SegmentReply:
    """A finished stage as a piece of a progressive stream."""
    return await merger.segment(request)


@router.post("/videos")
async def create_video(request: MergeRequest, merger: TheMerger) -> MergeReply:
    """The stages in order, joined without re-encoding where they fit, with previews."""
    return await merger.video(request)


@router.post("/forms")
async def create_form(request: FormRequest, merger: TheMerger) -> SubvideoRef:
    """A video, or a foreground alone, as another kind of file."""
    return await merger.form(request)


@router.post("/scenes")
async def create_scene(request: SceneRequest, merger: TheMerger) -> SubvideoRef:
    """The layers of a finished video as JSON."""
    return await merger.scene(request)


def create_app(settings: MergerSettings) -> FastAPI:
    model = SegmentationModel(settings.segmentation_model) if settings.segmentation_model else None

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with connect(settings.redis_url.get_secret_value()) as redis:
            store = SubvideoStore.of(redis, settings)
            jobs = Jobs(
                workers=settings.workers, queue_limit=settings.queue_limit, job_limit_s=settings.job_limit_s
            )
            app.state.redis = redis
            app.state.merger = Merger(store, jobs, limits=decode_limits(settings), model=model)
            yield
            await jobs.close(drain_s=settings.drain_s)

    async def ready() -> None:
        try:
            async with asyncio.timeout(1):
                await app.state.redis.ping()
        except (RedisError, OSError) as exc:
            raise Unavailable("Redis is not reachable") from exc

    app = create_service(
        "merger",
        version=VERSION,
        lifespan=lifespan,
        ready=ready,
        body_limit_bytes=settings.body_limit_bytes,
        tokens=ServiceTokens(settings),
        metrics_tokens=metrics_tokens(settings),
    )
    app.add_exception_handler(RedisError, _on_redis_error)
    app.include_router(router)
    return app


async def _on_redis_error(_: Request, error: Exception) -> Response:
    return error_response(Unavailable(f"Redis failed: {type(error).__name__}", retry_after_s=1))


def decode_limits(settings: MergerSettings) -> DecodeLimits:
    return DecodeLimits(
        pixels=settings.limit_pixels,
        frames=settings.limit_frames,
        seconds=settings.limit_seconds,
        size_bytes=settings.subvideo_limit_bytes,
        decoded_bytes=settings.limit_decoded_bytes,
        time_s=settings.job_limit_s,
    )
