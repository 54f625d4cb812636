"""Client of the experts: one clip on one node, from the request to a reference that was checked.

This is the boundary where everything that can go wrong with a node becomes one of the errors of the tree.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
from pydantic import TypeAdapter, ValidationError

from shared.errors import (
    ExpertFault,
    InvalidRequest,
    Overloaded,
    ServiceError,
    Unavailable,
    from_wire,
)
from shared.schemas import (
    ALIVE_HEADER,
    Completed,
    ExpertMessage,
    Failed,
    Progress,
    SubvideoRef,
    SubvideoSpec,
)
from shared.store import SubvideoStore

_MESSAGE: TypeAdapter[ExpertMessage] = TypeAdapter(ExpertMessage)
_LINE_LIMIT_BYTES = 64 * 1024
_ERROR_LIMIT_BYTES = 64 * 1024
#: Signs of life that a node may miss: a fifth is as good as an end.
_MISSED_SIGNS = 5
_SECOND_LOOK_S = 0.5

#: Told the share of the steps that are done, 0 to 1.
OnProgress = Callable[[float], Awaitable[None]]


class ExpertUnreachable(ExpertFault):
    """The node never began with the clip, so that the clip cannot be to blame."""


class ExpertClient:
    """Sends specs to nodes; closing a call early cancels the work at the node's next step."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        store: SubvideoStore,
        *,
        connect_s: float,
        answer_s: float,
        stall_s: float,
    ) -> None:
        """`answer_s` is for the beginning of an answer, `stall_s` for the time between two messages in it."""
        self._http = http
        self._store = store
        self._stall_s = stall_s
        self._timeout = httpx.Timeout(max(answer_s, stall_s), connect=connect_s)
        self._answer_s = answer_s

    async def generate(self, url: str, spec: SubvideoSpec, on_progress: OnProgress) -> float:
        """Has the subvideo made, stored and as the spec wants it; the node's seconds of computation.

        Raises Overloaded (full, not a fault), InvalidRequest (the node refuses the spec),
        ExpertUnreachable, or ExpertFault for all else.
        """
        async with self._call(url, spec) as response:
            async for line in _lines(_pieces(response, stall_s=self._stall_s)):
                message = _parse(line)
                if isinstance(message, Progress):
                    await on_progress(min(1.0, message.step / max(1, message.steps)))
                elif isinstance(message, Failed):
                    raise _failure(message)
                elif isinstance(message, Completed):
                    await self._check(message.subvideo, spec)
                    return message.seconds
        raise ExpertFault("the expert ended its answer without a result")

    @asynccontextmanager
    async def _call(self, url: str, spec: SubvideoSpec) -> AsyncIterator[httpx.Response]:
        body = spec.model_dump_json().encode()
        headers = {"content-type": "application/json"}
        request = self._http.build_request(
            "POST", f"{url}/v1/subvideos", content=body, headers=headers, timeout=self._timeout
        )
        try:
            async with asyncio.timeout(self._answer_s):
                response = await self._http.send(request, stream=True)
        except (httpx.HTTPError, TimeoutError) as error:  # nodes answer before they compute
            raise ExpertUnreachable(f"no answer from the expert: {type(error).__name__}: {error}") from error
        try:
            if response.status_code != 200:
                raise await _refusal(response)
            yield response
        except httpx.HTTPError as error:
            raise ExpertFault(f"the expert broke the connection: {type(error).__name__}: {error}") from error
        finally:
            await response.aclose()

    async def _check(self, ref: SubvideoRef, spec: SubvideoSpec) -> None:
        stored = await self._store.find(spec.digest)
        if ref.digest != spec.digest or stored is None:
            raise ExpertFault("the expert says that it completed the clip, but did not store it")
        if not fits(stored, spec):
            await self._store.delete(spec.digest)
            raise ExpertFault(f"the expert stored {_shape(stored)} where {_wanted(spec)} was asked for")


def fits(ref: SubvideoRef, spec: SubvideoSpec) -> bool:
    """Whether a stored subvideo has the form its spec asks for."""
    return ref.media_type.startswith("video/") and _shape(ref) == _wanted(spec)


def _shape(ref: SubvideoRef) -> str:
    return f"{ref.frames} frames of {ref.width}x{ref.height}"


def _wanted(spec: SubvideoSpec) -> str:
    return f"{spec.delivered_frames} frames of {spec.width}x{spec.height}"


async def _pieces(response: httpx.Response, *, stall_s: float) -> AsyncIterator[bytes]:
    """The answer as it arrives.

    Raises ExpertFault when the node sends nothing at all, though it said how often it would give a sign of
    life, and when it sends nothing else for `stall_s`.
    """
    signs_s = _seconds(response, ALIVE_HEADER)
    silent_s = min(stall_s, _MISSED_SIGNS * signs_s) if signs_s else stall_s
    pieces, told_at = response.aiter_bytes(), time.monotonic()
    while (piece := await _next(pieces, within_s=silent_s)) is not None:
        yield piece
        now = time.monotonic()
        told_at = now if piece.strip() else told_at
        if now - told_at > stall_s:
            raise ExpertFault(f"the expert got no further for {stall_s:g} s")


async def _next(pieces: AsyncIterator[bytes], *, within_s: float) -> bytes | None:
    """None at the end. Looks once more when the time is over: it may be this process that was stopped."""
    coming = asyncio.ensure_future(anext(pieces, None))
    try:
        for patience_s in (within_s, _SECOND_LOOK_S):
            await asyncio.wait({coming}, timeout=patience_s)
        if coming.done():
            return coming.result()
        raise ExpertFault(f"nothing was heard of the expert for {within_s:g} s")
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)


async def _lines(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    rest = b""
    async for chunk in pieces:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            if line.strip():
                yield line
        if len(rest) > _LINE_LIMIT_BYTES:
            raise ExpertFault("the expert sent a line that does not end")
    if rest.strip():
        yield rest


def _parse(line: bytes) -> ExpertMessage:
    try:
        return _MESSAGE.validate_json(line)
    except ValidationError as error:
        raise ExpertFault(f"the expert sent what is no message: {line[:200]!r}") from error


def _failure(message: Failed) -> ServiceError:
    body = {"error": {"code": message.code, "message": message.message}}
    if not message.retryable:
        return InvalidRequest(message.message, code=message.code)
    error = from_wire(502, body)
    return error if isinstance(error, Overloaded) else ExpertFault(f"{message.code}: {message.message}")


async def _refusal(response: httpx.Response) -> ServiceError:
    text = b""
    async for chunk in response.aiter_bytes():
        text += chunk
        if len(text) > _ERROR_LIMIT_BYTES:
            return ExpertFault(f"answered {response.status_code} with an endless error")
    try:
        body = httpx.Response(response.status_code, content=text).json()
    except ValueError:
        body = None
    error = from_wire(response.status_code, body, retry_after_s=_seconds(response, "retry-after"))
    if isinstance(error, InvalidRequest | Overloaded):
        return error
    if isinstance(error, Unavailable):
        return ExpertUnreachable(error.message)
    return ExpertFault(error.message)


def _seconds(response: httpx.Response, header: str) -> float | None:
    value = response.headers.get(header, "")
    return float(value) if value.replace(".", "", 1).isdigit() else None
