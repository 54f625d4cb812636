"""Computing in threads: so many at once, so many waiting, each result once.

Equal jobs that arrive while one is under way share it. A job belongs to the service, not to the request that
asked first: when that caller leaves, the result is still stored for the others.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from threading import Event
from typing import Any, TypeVar

import anyio.to_thread
from anyio import CapacityLimiter
from prometheus_client import Counter, Gauge, Histogram

from shared.errors import DeadlineExceeded, Overloaded, Unavailable
from shared.memory import HeapTrimmer
from shared.tracing import span

Result = TypeVar("Result")
#: Raises when the job's time is over; called between frames.
Checkpoint = Callable[[], None]

RUNNING = Gauge("merger_jobs_running", "Jobs that compute")
WAITING = Gauge("merger_jobs_waiting", "Jobs that wait for a thread")
REFUSED = Counter("merger_jobs_refused_total", "Jobs refused because too many wait")
SECONDS = Histogram("merger_job_seconds", "Computing time of a job", ["kind"])


class Jobs:
    """Runs blocking work under a limit on threads and on waiting."""

    def __init__(self, *, workers: int, queue_limit: int, job_limit_s: float) -> None:
        self._limiter = CapacityLimiter(workers)
        self._queue_limit = queue_limit
        self._job_limit_s = job_limit_s
        self._under_way: dict[str, asyncio.Task[Any]] = {}
        self._stopping = Event()
        self._mean_s = 1.0
        self._trimmer = HeapTrimmer()

    def __repr__(self) -> str:
        return f"Jobs(running={self._limiter.borrowed_tokens}, under_way={len(self._under_way)})"

    async def once(self, key: str, make: Callable[[], Awaitable[Result]]) -> Result:
        """The result of `make`, shared with whoever asks for `key` meanwhile.

        Raises Overloaded when as many as may wait are waiting.
        """
        task = self._under_way.get(key)
        if task is None:
            self._admit()
            task = asyncio.ensure_future(make())
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))
        return await asyncio.shield(task)

    async def compute(self, kind: str, work: Callable[[Checkpoint], Result]) -> Result:
        """Run `work` in a thread; its checkpoint, called between frames, ends it after the time limit."""
        WAITING.inc()
        waiting = True

        def timed() -> Result:
            nonlocal waiting
            waiting = False
            WAITING.dec()
            with span(kind), RUNNING.track_inprogress(), SECONDS.labels(kind).time():
                start = time.monotonic()
                result = work(self._checkpoint(start + self._job_limit_s))
                self._mean_s += 0.2 * (time.monotonic() - start - self._mean_s)
                self._trimmer.trim()
                return result

        try:
            return await anyio.to_thread.run_sync(timed, limiter=self._limiter)
        finally:
            if waiting:
                WAITING.dec()

    async def close(self, *, drain_s: float) -> None:
        """Wait for what is under way; after `drain_s`, end it between frames: another merger does it."""
        if self._under_way:
            await asyncio.wait(list(self._under_way.values()), timeout=drain_s)
        self._stopping.set()
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    def _admit(self) -> None:
        capacity = int(self._limiter.total_tokens)
        ahead = len(self._under_way) - capacity
        if ahead >= self._queue_limit:
            REFUSED.inc()
            raise Overloaded("the merger is busy", retry_after_s=self._mean_s * (1 + ahead / capacity))

    def _forget(self, key: str, done: asyncio.Task[Any]) -> None:
        del self._under_way[key]
        if not done.cancelled():
            done.exception()  # whoever waits raises it; without anyone it is not news

    def _checkpoint(self, deadline: float) -> Checkpoint:
        def check() -> None:
            if self._stopping.is_set():
                raise Unavailable("the merger is shutting down", retry_after_s=1)
            if time.monotonic() > deadline:
                raise DeadlineExceeded(f"merging took longer than {self._job_limit_s:g} s")

        return check
