"""A subvideo on its way through the node: asked for on the event loop, computed in the worker's thread."""

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass

from expert_node.clips import Clip
from shared.errors import ServiceError
from shared.schemas import Progress, Queued, SubvideoSpec
from shared.tracing import traceparent


@dataclass(frozen=True)
class Finished:
    """The worker's last word on a job that succeeded."""

    clip: Clip
    seconds: float


@dataclass(frozen=True)
class Stopped:
    """The worker's last word on a job that did not."""

    error: ServiceError


Event = Queued | Progress | Finished | Stopped


class Job:
    """Made on the event loop, which reads its events; the worker posts them from its thread."""

    def __init__(self, spec: SubvideoSpec) -> None:
        self.spec = spec
        #: For the span of its computation, which another thread makes.
        self.trace = traceparent()
        self._cancelled = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._events: asyncio.Queue[Event] = asyncio.Queue()

    def __repr__(self) -> str:
        return f"Job({self.spec.digest[:12]}, cancelled={self.cancelled})"

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Nobody waits for it any more; the worker notices at the next step boundary."""
        self._cancelled.set()

    def post(self, event: Event) -> None:
        """Thread-safe; without effect once the loop is closed."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._events.put_nowait, event)

    async def events(self) -> AsyncIterator[Event]:
        """Events in order, ending with Finished or Stopped."""
        while True:
            event = await self._events.get()
            yield event
            if isinstance(event, Finished | Stopped):
                return
