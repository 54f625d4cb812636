"""Client of the mergers: the first that answers serves; one that is away is waited for until the deadline."""

import asyncio
import itertools
from typing import TypeVar

import httpx
import structlog
from pydantic import BaseModel, ValidationError

from shared.errors import (
    CorruptSubvideo,
    InvalidRequest,
    MergerFault,
    NotFound,
    ServiceError,
    Unavailable,
    UpstreamFault,
    from_wire,
)
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

log = structlog.get_logger(__name__)

Reply = TypeVar("Reply", bound=BaseModel)

#: Errors that a merger answers with, and connections that break, before a call is given up.
_FAULTS, _BREAKS = 3, 12
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 2.0
#: How often a merger that has not answered yet is asked whether it is there, and how long that may take.
_LOOK_S = 5.0


class MergerClient:
    """Stages, segments and videos, by reference; every call is idempotent, so it may be sent again."""

    def __init__(self, http: httpx.AsyncClient, urls: tuple[str, ...], *, timeout_s: float) -> None:
        self._http = http
        self._urls = urls
        self._timeout = httpx.Timeout(timeout_s, connect=3.0)

    async def stage(self, request: StageRequest) -> SubvideoRef:
        return await self._call("/v1/stages", request, SubvideoRef)

    async def segment(self, request: SegmentRequest) -> SegmentReply:
        return await self._call("/v1/segments", request, SegmentReply)

    async def video(self, request: MergeRequest) -> MergeReply:
        return await self._call("/v1/videos", request, MergeReply)

    async def form(self, request: FormRequest) -> SubvideoRef:
        return await self._call("/v1/forms", request, SubvideoRef)

    async def scene(self, request: SceneRequest) -> SubvideoRef:
        return await self._call("/v1/scenes", request, SubvideoRef)

    async def _call(self, path: str, request: BaseModel, reply: type[Reply]) -> Reply:
        """Raises NotFound or CorruptSubvideo when an input has to be made again, InvalidRequest when an input
        cannot be used, or else MergerFault.
        """
        faults, breaks, pause_s = 0, 0, _FIRST_PAUSE_S
        for url in itertools.cycle(self._urls):
            try:
                return await self._post(url, path, request, reply)
            except (NotFound, CorruptSubvideo, InvalidRequest):
                raise
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                log.warning("the merger cannot be reached", url=url, error=str(error))
            except httpx.HTTPError as error:
                log.warning("the connection to the merger broke", url=url, error=repr(error))
                breaks += 1
                if breaks >= _BREAKS:
                    raise MergerFault(f"the merger failed: {error!r}") from error
            except ServiceError as error:
                log.warning("the merger failed", url=url, error=error.message)
                faults += error.status not in {429, 503}
                if faults >= _FAULTS or not error.retryable:
                    raise MergerFault(f"the merger failed: {error}") from error
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
        raise MergerFault("no merger is configured")

    async def _post(self, url: str, path: str, request: BaseModel, reply: type[Reply]) -> Reply:
        response = await self._answer(url, path, request)
        if response.status_code != 200:
            error = from_wire(response.status_code, _json(response))
            if type(error) is UpstreamFault and response.status_code in {429, 503}:
                raise Unavailable(error.message)
            raise error
        try:
            return reply.model_validate_json(response.content)
        except ValidationError as error:
            raise MergerFault("the merger answered with something else than was asked for") from error

    async def _answer(self, url: str, path: str, request: BaseModel) -> httpx.Response:
        """Its answer, however long it computes; a stopped merger's connection counts as broken."""
        call = asyncio.ensure_future(
            self._http.post(
                f"{url}{path}",
                content=request.model_dump_json().encode(),
                headers={"content-type": "application/json"},
                timeout=self._timeout,
            )
        )
        try:
            while True:
                await asyncio.wait({call}, timeout=_LOOK_S)
                if call.done():
                    return call.result()
                await self._http.get(f"{url}/healthz", timeout=_LOOK_S)
        finally:
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)


def _json(response: httpx.Response) -> object:
    try:
        return response.json()
    except ValueError:
        return None
