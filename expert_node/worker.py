"""The worker: one thread that owns a device, and computes one batch of compatible clips at a time."""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import structlog

from expert_node import metrics
from expert_node.clips import Clip
from expert_node.jobs import Finished, Job, Stopped
from shared.errors import Cancelled, ExpertFault, Overloaded, ServiceError, Unavailable
from shared.memory import HeapTrimmer
from shared.schemas import Profile, Progress, Queued, SubvideoSpec
from shared.tracing import span

log = structlog.get_logger(__name__)

#: Unexpected errors, one job after another, before the model is loaded anew; as many again end the worker.
_FAULTS_IN_A_ROW = 3

#: Called at every step boundary with steps done and steps in all; raises to stop.
StepReport = Callable[[int, int], None]


class Studio(Protocol):
    """What the worker asks of the engine."""

    @property
    def speed(self) -> Mapping[Profile, float]:
        """Measured before the first job, in megapixels of key frames per second."""

    def compatible(self, first: SubvideoSpec, other: SubvideoSpec) -> bool:
        """May the two share a batch?"""

    def make(self, specs: Sequence[SubvideoSpec], *, report: StepReport) -> list[Clip]:
        """The clips of one batch."""


def speed_of(specs: Sequence[SubvideoSpec], seconds: float) -> float:
    """Megapixels of key frames per second at the delivered size, which is what a router can foresee."""
    return sum(spec.frames * spec.width * spec.height for spec in specs) / 1e6 / max(seconds, 1e-6)


class Worker:
    """Bounded queue in front of one computing thread. Methods are thread-safe."""

    def __init__(
        self,
        open_studio: Callable[[], Studio],
        *,
        capacity: int,
        queue_limit: int,
        batch_window_s: float,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        """`open_studio` loads the model, in the worker's thread; `on_change` hears of changes of state."""
        self._open_studio = open_studio
        self._capacity = capacity
        self._queue_limit = queue_limit
        self._batch_window_s = batch_window_s
        self._on_change = on_change
        self._waiting: deque[Job] = deque()
        self._running: tuple[Job, ...] = ()
        self._state_changed = threading.Condition()
        self._draining = False
        self._stopping = False
        self._faults_in_a_row = 0
        self._fault: Exception | None = None
        self._studio: Studio | None = None
        self._speed: dict[Profile, float] = {}
        self._seconds_per_clip = 1.0
        self._trimmer = HeapTrimmer()
        metrics.RUNNING.set_function(lambda: self.running)
        metrics.WAITING.set_function(lambda: self.queued)
        self._thread = threading.Thread(target=self._work, name="worker", daemon=True)

    def __repr__(self) -> str:
        return f"Worker(running={len(self._running)}, queued={len(self._waiting)}, ready={self.ready})"

    @property
    def ready(self) -> bool:
        return self._studio is not None and not self._draining and self._fault is None

    @property
    def fault(self) -> Exception | None:
        """What ended the worker, if it did not end by being asked to."""
        return self._fault

    @property
    def running(self) -> int:
        return len(self._running)

    @property
    def queued(self) -> int:
        return len(self._waiting)

    @property
    def speed(self) -> dict[Profile, float]:
        """Megapixels of key frames per second, by profile: the warm-up's, then smoothed over clips."""
        return dict(self._speed)

    def start(self) -> None:
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Queue a job. Raises Overloaded when the queue is full, Unavailable when the node is not ready."""
        with self._state_changed:
            if not self.ready:
                raise Unavailable("the node is loading, stopping or broken", retry_after_s=2)
            free = self._capacity - len(self._running)
            if len(self._waiting) >= free + self._queue_limit:
                backlog = (len(self._waiting) + len(self._running)) / self._capacity
                metrics.REFUSED.inc()
                raise Overloaded(
                    f"{len(self._waiting)} clips are waiting already",
                    retry_after_s=max(1.0, backlog * self._seconds_per_clip),
                )
            self._waiting.append(job)
            job.post(Queued(position=len(self._waiting) - 1 + len(self._running)))
            self._state_changed.notify_all()
        self._on_change()

    def drain(self) -> None:
        """Take no more jobs; those taken are finished."""
        with self._state_changed:
            self._draining = True
            self._state_changed.notify_all()
        self._on_change()

    def stop(self, *, timeout_s: float) -> None:
        """End what is left at its next step, as something to try elsewhere, and wait for the thread."""
        self._stopping = True
        self.drain()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def _work(self) -> None:
        self._load()
        self._on_change()
        while self._fault is None and (batch := self._next_batch()):
            self._compute(batch)
            self._trimmer.trim()
            with self._state_changed:
                self._running = ()
            self._on_change()
        self._end(tuple(self._waiting), Stopped(Unavailable("the node is stopping or broken")))

    def _count_fault(self, error: Exception) -> None:
        """After some faults in a row the model is loaded anew; if they go on, the node gives up."""
        self._faults_in_a_row += 1
        if self._faults_in_a_row == 2 * _FAULTS_IN_A_ROW:
            log.error("the worker gives up", faults=self._faults_in_a_row)
            self._fault = error
        elif self._faults_in_a_row == _FAULTS_IN_A_ROW:
            log.error("loading the model anew", faults=self._faults_in_a_row)
            self._load()

    def _load(self) -> None:
        self._studio = None
        try:
            self._studio = self._open_studio()
            self._speed = dict(self._studio.speed) | self._speed
        except Exception as error:  # the boundary: without a model the node is of no use
            log.exception("cannot load the model")
            self._fault = error

    def _next_batch(self) -> tuple[Job, ...]:
        """Waits for work; empty when draining and nothing is left."""
        with self._state_changed:
            self._state_changed.wait_for(lambda: self._waiting or self._draining)
            deadline = time.monotonic() + self._batch_window_s
            while 0 < len(self._waiting) < self._capacity and not self._draining:
                if not self._state_changed.wait(deadline - time.monotonic()):
                    break
            self._running = self._take_compatible()
            return self._running

    def _take_compatible(self) -> tuple[Job, ...]:
        assert self._studio is not None
        batch: list[Job] = []
        for job in list(self._waiting):
            if len(batch) < self._capacity and (
                not batch or self._studio.compatible(batch[0].spec, job.spec)
            ):
                batch.append(job)
                self._waiting.remove(job)
        return tuple(batch)

    def _compute(self, batch: Sequence[Job]) -> None:
        """Every job of the batch gets its last word here, whatever happens."""
        if self._stopping:
            self._end(batch, Stopped(Unavailable("the node is stopping")))
            return
        live = [job for job in batch if not job.cancelled]
        self._end([job for job in batch if job.cancelled], Stopped(Cancelled("cancelled before it began")))
        if live:
            self._compute_live(live)

    def _compute_live(self, batch: Sequence[Job]) -> None:
        assert self._studio is not None
        started = time.monotonic()
        try:
            with span("generate", parent=batch[0].trace, clips=len(batch)):
                clips = self._studio.make([job.spec for job in batch], report=self._report_to(batch))
        except ServiceError as error:
            self._end(batch, Stopped(error))
        except Exception as error:  # the boundary: one failed job must not end the node
            log.exception("a batch failed", digests=[job.spec.digest for job in batch])
            self._end(batch, Stopped(ExpertFault(f"{type(error).__name__}: {error}")))
            self._count_fault(error)
        else:
            self._faults_in_a_row = 0
            seconds = time.monotonic() - started
            self._learn(batch, seconds)
            metrics.SUBVIDEOS.labels("completed").inc(len(batch))
            metrics.BATCH_SECONDS.labels(batch[0].spec.profile).observe(seconds)
            for job, clip in zip(batch, clips, strict=True):
                log.info("subvideo made", digest=job.spec.digest, seconds=round(seconds, 3))
                job.post(Finished(clip, seconds))

    def _learn(self, batch: Sequence[Job], seconds: float) -> None:
        profile = batch[0].spec.profile
        measured = speed_of([job.spec for job in batch], seconds)
        known = self._speed.get(profile, measured)
        self._speed[profile] = known + 0.3 * (measured - known)
        metrics.SPEED.labels(profile).set(self._speed[profile])
        self._seconds_per_clip += 0.3 * (seconds - self._seconds_per_clip)

    @staticmethod
    def _end(batch: Sequence[Job], event: Stopped) -> None:
        metrics.SUBVIDEOS.labels(event.error.code).inc(len(batch))
        for job in batch:
            job.post(event)

    def _report_to(self, batch: Sequence[Job]) -> StepReport:
        def report(step: int, steps: int) -> None:
            if self._stopping:
                raise Unavailable("the node is stopping")
            if all(job.cancelled for job in batch):
                raise Cancelled(f"cancelled after step {step} of {steps}")
            for job in batch:
                job.post(Progress(step=step, steps=steps))

        return report
