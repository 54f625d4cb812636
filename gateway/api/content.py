"""Bytes to clients: videos, previews and clips, in the form they ask for, whole or by range."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from gateway.api.callers import OwnVideo
from gateway.parts import Parts, PartsDep
from gateway.records import VideoRecord
from shared.errors import DeadlineExceeded, InvalidRequest, NotFound, RangeNotSatisfiable
from shared.http import error_response
from shared.schemas import (
    Clip,
    FormName,
    FormRequest,
    SceneLayer,
    SceneRequest,
    SceneStage,
    SubvideoRef,
)
from shared.store import SubvideoStore

router = APIRouter(prefix="/v1/videos", tags=["content"])

_CHUNK_BYTES = 2**20
_RANGE = re.compile(r"bytes=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.ASCII)


@dataclass(frozen=True)
class ByteRange:
    """Both ends are inclusive."""

    start: int
    end: int


@router.head("/{video_id}/content", include_in_schema=False)
@router.get("/{video_id}/content")
async def video_content(
    record: OwnVideo,
    request: Request,
    parts: PartsDep,
    variant: Literal["video", "thumbnail", "spritesheet"] = "video",
    form: FormName | None = None,
) -> Response:
    """The video or a preview of it; `form` asks for the video as another kind of file."""
    if record.result is None:
        raise _not_ready(record)
    if form is None:
        return await send(request, parts, getattr(record.result, variant), name=f"{record.id}-{variant}")
    if variant != "video":
        raise InvalidRequest(f"the {variant} has one form only; ask for form or variant", param="form")
    wanted = FormRequest(source=record.result.video.digest, form=form)
    ref = await _merged(record, parts, parts.jobs.mergers.form(wanted))
    return await send(request, parts, ref, name=f"{record.id}-{form}")


@router.head("/{video_id}/scene.json", include_in_schema=False)
@router.get("/{video_id}/scene.json")
async def scene(record: OwnVideo, request: Request, parts: PartsDep) -> Response:
    """The layers the finished video consists of, for engines that put it together themselves."""
    if record.result is None or record.plan is None:
        raise _not_ready(record)
    ref = await _merged(record, parts, parts.jobs.mergers.scene(scene_of(record)))
    return await send(request, parts, ref, name=f"{record.id}-scene")


@router.head("/{video_id}/subvideos/{clip}/content", include_in_schema=False)
@router.get("/{video_id}/subvideos/{clip}/content")
async def clip_content(
    record: OwnVideo, clip: str, request: Request, parts: PartsDep, form: FormName | None = None
) -> Response:
    """One clip as its expert made it; `form` asks for another kind of file, a foreground without its key."""
    known = {each.id: each for each in record.plan.clips} if record.plan else {}
    if clip not in known:
        raise NotFound(f"the video has no clip {clip[:50]!r}", param="clip", code="clip_not_found")
    state = record.clips.get(clip)
    if state is None or state.state != "completed" or state.digest is None:
        raise InvalidRequest("the clip is not completed", param="clip", code="clip_not_ready")
    ref = await parts.store.find(state.digest)
    if ref is None:
        raise _expired()
    if form is not None:
        wanted = FormRequest(source=ref.digest, form=form, keyed=known[clip].role == "foreground")
        ref = await _merged(record, parts, parts.jobs.mergers.form(wanted))
    return await send(request, parts, ref, name=f"{record.id}-{clip}")


async def send(request: Request, parts: Parts, ref: SubvideoRef, *, name: str) -> Response:
    """The stored bytes with `ETag`, `Range` and `If-None-Match` honoured."""
    if await parts.store.find(ref.digest) is None:
        raise _expired()
    etag = f'"{ref.sha256}"'
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Cache-Control": "private, max-age=3600",
        "Content-Disposition": f'inline; filename="{name}.{ref.media_type.rpartition("/")[2]}"',
    }
    if _matches(request.headers.get("if-none-match", ""), etag):
        return Response(status_code=304, headers=headers)
    try:
        part = wanted_range(request, ref, etag)
    except RangeNotSatisfiable as error:
        answer = error_response(error)
        answer.headers["Content-Range"] = f"bytes */{ref.size_bytes}"
        return answer
    status, span = 200, part or ByteRange(0, ref.size_bytes - 1)
    if part is not None:
        status = 206
        headers["Content-Range"] = f"bytes {span.start}-{span.end}/{ref.size_bytes}"
    headers["Content-Length"] = str(span.end - span.start + 1)
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=ref.media_type)
    body = _read(parts.store, ref.digest, span)
    return StreamingResponse(body, status_code=status, headers=headers, media_type=ref.media_type)


def scene_of(record: VideoRecord) -> SceneRequest:
    """What the merger needs to describe a completed video."""
    assert record.plan is not None  # it is completed
    wanted = record.request
    stages = tuple(
        SceneStage(
            stage=record.stages[index].stage.digest,
            layers=tuple(_layer(clip, record) for clip in stage.clips),
            seconds=stage.seconds,
        )
        for index, stage in enumerate(record.plan.stages)
    )
    return SceneRequest(stages=stages, width=wanted.width, height=wanted.height, fps=wanted.fps)


def _layer(clip: Clip, record: VideoRecord) -> SceneLayer:
    digest = record.clips[clip.id].digest
    assert digest is not None  # every clip of a completed video has one
    return SceneLayer(id=clip.id, prompt=clip.prompt, digest=digest, role=clip.role)


async def _merged(record: VideoRecord, parts: Parts, work: Awaitable[SubvideoRef]) -> SubvideoRef:
    """What the merger makes of stored parts, within the time that a caller may be kept waiting."""
    try:
        async with asyncio.timeout(parts.settings.merger_timeout_s):
            ref = await work
    except NotFound as error:
        raise _expired() from error
    except TimeoutError as error:
        raise DeadlineExceeded("no merger answered in time; try again later") from error
    await parts.videos.use(record.id, ref.digest)
    return ref


def wanted_range(request: Request, ref: SubvideoRef, etag: str) -> ByteRange | None:
    """None asks for everything: no range, several (which may be ignored), or an outdated `If-Range`."""
    header = request.headers.get("range")
    if header is None or not header.startswith("bytes=") or "," in header:
        return None
    if request.headers.get("if-range", etag) != etag:
        return None
    return parse_range(header, ref.size_bytes)


def parse_range(header: str, size: int) -> ByteRange:
    """Raises RangeNotSatisfiable for what is no range within `size` bytes."""
    match = _RANGE.fullmatch(header)
    first, last = (match[1], match[2]) if match else ("", "")
    if first:
        span = ByteRange(int(first), min(int(last), size - 1) if last else size - 1)
    else:
        span = ByteRange(max(0, size - int(last or 0)), size - 1)
    if not (first or last) or span.start > span.end:
        raise RangeNotSatisfiable(f"no such range in {size} bytes", param="Range")
    return span


def _matches(header: str, etag: str) -> bool:
    return header.strip() == "*" or etag in (item.strip().removeprefix("W/") for item in header.split(","))


async def _read(store: SubvideoStore, digest: str, span: ByteRange) -> AsyncIterator[bytes]:
    for start in range(span.start, span.end + 1, _CHUNK_BYTES):
        yield await store.read_range(digest, start, min(span.end, start + _CHUNK_BYTES - 1))


def _not_ready(record: VideoRecord) -> InvalidRequest:
    if record.error is not None:
        reason = f"the video failed: {record.error.message}"
        return InvalidRequest(reason, param="video_id", code="video_failed")
    return InvalidRequest(f"the video is {record.status}", param="video_id", code="video_not_ready")


def _expired() -> NotFound:
    return NotFound("the content has expired", param="video_id", code="content_expired")
