"""HLS: a playlist that grows as stages are finished, and its fragmented-MP4 segments (RFC 8216)."""

import math

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.api.callers import OwnVideo
from gateway.api.content import send
from gateway.parts import PartsDep
from gateway.records import StageDone, VideoRecord
from shared.errors import NotFound

router = APIRouter(prefix="/v1/videos", tags=["stream"])


@router.head("/{video_id}/stream.m3u8", include_in_schema=False)
@router.get("/{video_id}/stream.m3u8")
async def playlist(record: OwnVideo) -> Response:
    """Playable from the first finished stage on; before that, 404 with `Retry-After`."""
    if not playable(record):
        raise NotFound("no stage is finished yet", param="video_id", code="stream_not_ready", retry_after_s=1)
    cache = "private, max-age=3600" if record.is_terminal else "no-cache"
    headers = {"Cache-Control": cache}
    return Response(playlist_of(record), media_type="application/vnd.apple.mpegurl", headers=headers)


@router.head("/{video_id}/segments/{index}.m4s", include_in_schema=False)
@router.get("/{video_id}/segments/{index}.m4s")
async def segment(record: OwnVideo, index: int, request: Request, parts: PartsDep) -> Response:
    done = _stage(record, index)
    return await send(request, parts, done.segment, name=f"{record.id}-{index}")


@router.head("/{video_id}/segments/{index}/init.mp4", include_in_schema=False)
@router.get("/{video_id}/segments/{index}/init.mp4")
async def initialization(record: OwnVideo, index: int, request: Request, parts: PartsDep) -> Response:
    done = _stage(record, index)
    return await send(request, parts, done.init, name=f"{record.id}-{index}-init")


def playable(record: VideoRecord) -> list[StageDone]:
    """The finished stages from the first on, without a gap."""
    stages: list[StageDone] = []
    while (done := record.stages.get(len(stages))) is not None:
        stages.append(done)
    return stages


def playlist_of(record: VideoRecord) -> str:
    """The EVENT playlist; URIs are relative to it. A changed initialization section starts a new map."""
    assert record.plan is not None  # it has a finished stage
    target = max(1, math.ceil(max(stage.seconds for stage in record.plan.stages)))
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{target}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:EVENT",
        "#EXT-X-INDEPENDENT-SEGMENTS",
    ]
    current = ""
    for index, done in enumerate(playable(record)):
        if done.init.sha256 != current:
            lines += ["#EXT-X-DISCONTINUITY"] if current else []
            lines += [f'#EXT-X-MAP:URI="segments/{index}/init.mp4"']
            current = done.init.sha256
        lines += [f"#EXTINF:{done.stage.seconds:.3f},", f"segments/{index}.m4s"]
    if record.is_terminal:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"


def _stage(record: VideoRecord, index: int) -> StageDone:
    done = record.stages.get(index)
    if done is None:
        raise NotFound(f"the video has no finished stage {index}", param="index", code="segment_not_found")
    return done
