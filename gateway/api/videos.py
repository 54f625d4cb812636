"""`/v1/videos`: create, retrieve, list, delete, cancel, remix, edit, extend."""

import asyncio
import hashlib
import json
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, field_validator

from gateway import metrics
from gateway.api import forms
from gateway.api.callers import CallerDep, OwnVideo
from gateway.parts import Parts, PartsDep
from gateway.plans import ForcedMode
from gateway.records import Reuse, Seams, VideoRecord, VideoRequest
from gateway.settings import GatewaySettings
from gateway.videos import Order, new_id
from shared.errors import Conflict, InvalidRequest, ModelNotFound
from shared.schemas import (
    MAX_STAGES,
    Motion,
    Plan,
    Profile,
    Video,
    VideoDeleted,
    VideoError,
    VideoList,
)

log = structlog.get_logger(__name__)
router = APIRouter(prefix="/v1/videos", tags=["videos"])

IdempotencyKey = Annotated[str | None, Header(max_length=255)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt: str


class CreateVideo(_Body):
    model: str | None = None
    seconds: float | None = Field(None, allow_inf_nan=False)
    size: str | None = None
    input_reference: Any = None
    mode: ForcedMode | None = None
    plan: Plan | None = None
    seed: int = Field(0, ge=0, lt=2**32)
    fps: int | None = Field(None, ge=1, le=60)
    profile: Profile = "balanced"
    #: Of every clip; without it, each clip's words decide.
    motion: Motion | None = None
    reuse: Reuse = "exact"
    crossfade_s: float = Field(0, ge=0, le=5, allow_inf_nan=False)
    match_colours_s: float = Field(0, ge=0, le=5, allow_inf_nan=False)
    hold_s: float = Field(0, ge=0, le=30, allow_inf_nan=False)
    webhook_url: str | None = None

    @field_validator("input_reference")
    @classmethod
    def _no_reference(cls, value: object) -> object:
        if value is not None:
            raise ValueError("input_reference is not supported: videos are made from text alone")
        return value


class RemixVideo(_Body):
    pass


class VideoName(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str


class EditVideo(_Body):
    video: VideoName


class ExtendVideo(EditVideo):
    seconds: float | None = Field(None, allow_inf_nan=False)


@router.post("", openapi_extra=forms.documented(CreateVideo))
async def create_video(
    request: Request,
    response: Response,
    tenant: CallerDep,
    parts: PartsDep,
    idempotency_key: IdempotencyKey = None,
) -> Video:
    body = await forms.read(request, CreateVideo)
    wanted = await _request_of(body, tenant, parts)
    fingerprint = hashlib.sha256(wanted.model_dump_json().encode()).hexdigest()
    video_id = await _id_for(parts, idempotency_key, tenant, fingerprint)
    return await _accept(video_id, wanted, parts, response, may_exist=idempotency_key is not None)


@router.get("")
async def list_videos(
    tenant: CallerDep,
    parts: PartsDep,
    after: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    order: Order = "desc",
) -> VideoList:
    page = await parts.videos.page(tenant, after=after, limit=limit, order=order)
    data = tuple(record.to_wire() for record in page.records)
    ids = [video.id for video in data]
    return VideoList(
        data=data,
        has_more=page.has_more,
        first_id=ids[0] if ids else None,
        last_id=ids[-1] if ids else None,
    )


@router.post("/edits", openapi_extra=forms.documented(EditVideo))
async def edit_video(request: Request, response: Response, tenant: CallerDep, parts: PartsDep) -> Video:
    """The given video's settings with another prompt."""
    body = await forms.read(request, EditVideo)
    source = _completed(await parts.videos.get(body.video.id, tenant))
    return await _accept(new_id(), _remixed(source, body.prompt, parts.settings), parts, response)


@router.post("/extensions", openapi_extra=forms.documented(ExtendVideo))
async def extend_video(request: Request, response: Response, tenant: CallerDep, parts: PartsDep) -> Video:
    """The given video, followed by what the prompt asks for."""
    body = await forms.read(request, ExtendVideo)
    source = _completed(await parts.videos.get(body.video.id, tenant))
    settings = parts.settings
    assert source.plan is not None  # it is completed
    if len(source.plan.stages) >= MAX_STAGES:
        raise InvalidRequest(f"the video has {MAX_STAGES} stages already", param="video")
    added = settings.default_stage_seconds if body.seconds is None else body.seconds
    check_seconds(added, settings)
    check_seconds(source.plan.seconds + added, settings)
    update = {
        "prompt": check_prompt(body.prompt, settings),
        "seconds": body.seconds,
        "mode": None,
        "plan": None,
        "base": source.plan,
        "webhook_url": None,
        "remixed_from": source.id,
    }
    return await _accept(new_id(), source.request.model_copy(update=update), parts, response)


@router.get("/{video_id}")
async def retrieve_video(record: OwnVideo, response: Response, parts: PartsDep) -> Video:
    _tell_when_to_poll(response, parts)
    if record.is_terminal:
        return record.to_wire()
    estimate = await parts.admission.estimate_s()
    waiting = {
        "position": await parts.videos.position(record.id),
        "estimate_s": None if estimate is None else round(estimate, 1),
    }
    return record.to_wire().model_copy(update=waiting)


@router.delete("/{video_id}")
async def delete_video(record: OwnVideo, parts: PartsDep) -> VideoDeleted:
    """With its events, its content, its plan, and the clips that are in no other video."""
    if not record.is_terminal:
        await parts.workers.cancel("videos", record.id)
    unused = await parts.videos.delete(record.id)
    await parts.store.delete(*unused)
    await parts.jobs.forget(record)
    return VideoDeleted(id=record.id)


@router.post("/{video_id}/cancel")
async def cancel_video(record: OwnVideo, parts: PartsDep) -> Video:
    """Stops the work at the next step boundary. A video that has ended stays as it is."""
    error = VideoError(code="cancelled", message="the video was cancelled")
    if await parts.jobs.fail(record.id, error):
        await parts.workers.cancel("videos", record.id)
    return (await parts.videos.get(record.id, record.request.tenant)).to_wire()


@router.post("/{video_id}/remix", openapi_extra=forms.documented(RemixVideo))
async def remix_video(record: OwnVideo, request: Request, response: Response, parts: PartsDep) -> Video:
    """The video's settings with another prompt; clips that stay the same are shared with it."""
    body = await forms.read(request, RemixVideo)
    wanted = _remixed(_completed(record), body.prompt, parts.settings)
    return await _accept(new_id(), wanted, parts, response)


async def _accept(
    video_id: str, wanted: VideoRequest, parts: Parts, response: Response, *, may_exist: bool = False
) -> Video:
    known = may_exist and await parts.videos.find(video_id) is not None
    if not known:  # outside the turn: a slow filter must hold up nobody else
        await parts.moderation.check([wanted.prompt, *(clip.prompt for clip in wanted.plan_clips)])
    async with parts.admission.turn:
        if not known:
            await _create(video_id, wanted, parts)
        # Shielded: a client that hangs up now must not leave a video that nobody makes.
        await asyncio.shield(parts.workers.add("videos", video_id))
    log.info("video accepted", video_id=video_id, tenant=wanted.tenant, prompt=wanted.prompt)
    _tell_when_to_poll(response, parts)
    return (await parts.videos.get(video_id, wanted.tenant)).to_wire()


async def _create(video_id: str, wanted: VideoRequest, parts: Parts) -> None:
    """Raises RateLimited when the cluster has too much to do, or the tenant one of its limits reached."""
    tenant, quotas = wanted.tenant, parts.quotas
    await parts.admission.check(wanted.key_frames * wanted.width * wanted.height / 1e6)
    await quotas.spend_seconds(tenant, wanted.expected_seconds)
    outcome = await parts.videos.create(
        video_id,
        wanted,
        deadline_s=parts.settings.video_deadline_s,
        open_limit=quotas.of(tenant).open_videos,
    )
    if outcome == "created":
        metrics.VIDEOS_ACCEPTED.inc()
        return
    await quotas.add_seconds(tenant, -wanted.expected_seconds)
    if outcome == "limit":
        raise quotas.too_many_open(tenant)


def _tell_when_to_poll(response: Response, parts: Parts) -> None:
    response.headers["openai-poll-after-ms"] = str(parts.settings.poll_after_ms)


def _completed(record: VideoRecord) -> VideoRecord:
    if record.status != "completed":
        raise InvalidRequest(
            f"the video is {record.status}, not completed", param="video_id", code="video_not_ready"
        )
    return record


def _remixed(source: VideoRecord, prompt: str, settings: GatewaySettings) -> VideoRequest:
    update = {
        "prompt": check_prompt(prompt, settings),
        "plan": None,
        "base": None,
        "webhook_url": None,
        "remixed_from": source.id,
    }
    return source.request.model_copy(update=update)


async def _id_for(parts: Parts, key: str | None, tenant: str, fingerprint: str) -> str:
    """A new id; for a repeated idempotency key, the id that the first request with it got."""
    video_id = new_id()
    if key is None:
        return video_id
    name = "idempotency:" + hashlib.sha256(f"{tenant}\n{key}".encode()).hexdigest()
    value = json.dumps({"id": video_id, "fingerprint": fingerprint})
    if await parts.videos.claim(name, value):
        return video_id
    first = json.loads(await parts.redis.get(name) or value)
    if first["fingerprint"] != fingerprint:
        raise Conflict(
            "this Idempotency-Key was used for another request",
            param="idempotency-key",
            code="idempotency_error",
        )
    return str(first["id"])


async def _request_of(body: CreateVideo, tenant: str, parts: Parts) -> VideoRequest:
    settings = parts.settings
    if body.webhook_url is not None:
        parts.webhooks.check(body.webhook_url)
    width, height = check_size(body.size or settings.default_size, settings)
    if body.seconds is not None:
        check_seconds(body.seconds, settings)
    elif body.plan is not None:
        check_seconds(body.plan.seconds, settings, param="plan")
    return VideoRequest(
        prompt=check_prompt(body.prompt, settings),
        model=await check_model(body.model, parts),
        width=width,
        height=height,
        fps=body.fps or settings.default_fps,
        key_frames=settings.key_frames,
        seconds=body.seconds,
        stage_seconds=settings.default_stage_seconds,
        mode=body.mode,
        plan=body.plan,
        seed=body.seed,
        profile=body.profile,
        motion=body.motion,
        reuse=body.reuse,
        seams=Seams(crossfade_s=body.crossfade_s, match_colours_s=body.match_colours_s, hold_s=body.hold_s),
        webhook_url=body.webhook_url,
        tenant=tenant,
    )


def check_prompt(prompt: str, settings: GatewaySettings) -> str:
    """The prompt without white space at its ends. Raises InvalidRequest when it is empty or too long."""
    prompt = prompt.strip()
    if not prompt:
        raise InvalidRequest("the prompt is empty", param="prompt")
    if len(prompt) > settings.prompt_limit_chars:
        raise InvalidRequest(
            f"the prompt has {len(prompt)} characters; the limit is {settings.prompt_limit_chars}",
            param="prompt",
        )
    return prompt


def check_size(size: str, settings: GatewaySettings) -> tuple[int, int]:
    width, _, height = size.partition("x")
    sides = [
        int(side) if side.isascii() and side.isdigit() and len(side) <= 4 else 0 for side in (width, height)
    ]
    low, high = settings.min_side_px, settings.max_side_px
    if not all(low <= side <= high and side % 8 == 0 for side in sides):
        raise InvalidRequest(
            f"size must be WIDTHxHEIGHT in pixels, both multiples of 8 from {low} to {high}", param="size"
        )
    return sides[0], sides[1]


def check_seconds(seconds: float, settings: GatewaySettings, *, param: str = "seconds") -> None:
    if not 0 < seconds <= settings.max_video_seconds:
        raise InvalidRequest(
            f"a video must be longer than 0 and at most {settings.max_video_seconds:g} seconds", param=param
        )


async def check_model(model: str | None, parts: Parts) -> str:
    default = parts.settings.default_model
    if model is None or model == default or model in await parts.fleet.models():
        return model or default
    raise ModelNotFound(f"no model {model[:200]!r}; GET /v1/models lists those there are", param="model")
