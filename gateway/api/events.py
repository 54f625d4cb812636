"""`GET /v1/videos/{id}/events`: what happens to a video, as server-sent events that can be replayed."""

import re
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.responses import Response

from gateway.api.callers import OwnVideo
from gateway.parts import Parts, PartsDep
from gateway.records import TERMINAL
from shared.errors import InvalidRequest

router = APIRouter(prefix="/v1/videos", tags=["events"])

_GUARD_S = 2.0
_EVENT_ID = re.compile(r"\d{1,19}(-\d{1,19})?", re.ASCII)


@router.get("/{video_id}/events")
async def video_events(
    record: OwnVideo, parts: PartsDep, last_event_id: Annotated[str | None, Header()] = None
) -> Response:
    """Everything from the start, or after `Last-Event-ID`; ends after `completed` or `failed`."""
    after = last_event_id or "0"
    if not _EVENT_ID.fullmatch(after):
        raise InvalidRequest("Last-Event-ID is not the id of an event", param="last-event-id")
    if record.is_terminal and not await parts.videos.events(record.id, after=after):
        return Response(status_code=204)  # tells EventSource not to come back
    return EventSourceResponse(_follow(parts, record.id, after), ping=15)


async def _follow(parts: Parts, video_id: str, after: str) -> AsyncIterator[ServerSentEvent]:
    with parts.notifier.watching(f"video:{video_id}") as changed:
        while True:
            rows = await parts.videos.events(video_id, after=after)
            for after, kind, data in rows:  # noqa: PLR1704 - where to go on from
                yield ServerSentEvent(data, event=kind, id=after)
                if kind in TERMINAL:
                    return
            if not rows:
                if await parts.videos.find(video_id) is None:
                    return
                await changed.wait(_GUARD_S)
