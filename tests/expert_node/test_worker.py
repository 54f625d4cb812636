"""The worker: batches, faults and recovery, with an engine that does what a test tells it to."""

import asyncio
from collections.abc import Callable, Sequence
from typing import ClassVar

import pytest

from expert_node.clips import Clip
from expert_node.jobs import Finished, Job, Stopped
from expert_node.worker import StepReport, Worker
from shared.errors import ExpertFault, InvalidRequest, Overloaded, Unavailable
from shared.schemas import SubvideoRef, SubvideoSpec

REF = SubvideoRef(digest="0" * 64, media_type="video/mp4", size_bytes=0, sha256="0" * 64)


class ToldStudio:
    """An engine that notes its batches and raises what it is told to raise."""

    speed: ClassVar = {"balanced": 0.5}

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.errors: list[Exception] = []

    def compatible(self, first: SubvideoSpec, other: SubvideoSpec) -> bool:
        return first.profile == other.profile

    def make(self, specs: Sequence[SubvideoSpec], *, report: StepReport) -> list[Clip]:
        report(1, 1)
        self.batches.append([spec.prompt for spec in specs])
        if self.errors:
            raise self.errors.pop(0)
        return [Clip(b"", REF) for _ in specs]


def worker_of(open_studio: Callable[[], ToldStudio], *, capacity: int = 1, queue_limit: int = 9) -> Worker:
    worker = Worker(open_studio, capacity=capacity, queue_limit=queue_limit, batch_window_s=0.2)
    worker.start()
    return worker


async def ready(worker: Worker) -> None:
    async with asyncio.timeout(10):
        while not worker.ready and not worker.fault:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def last_word(job: Job) -> Finished | Stopped:
    async with asyncio.timeout(10):
        events = [event async for event in job.events()]
    assert isinstance(events[-1], Finished | Stopped)
    return events[-1]


def job_of(prompt: str, profile: str = "fast") -> Job:
    return Job(SubvideoSpec.model_validate({"prompt": prompt, "profile": profile}))


async def test_compatible_jobs_share_a_batch_in_order() -> None:
    studio = ToldStudio()
    worker = worker_of(lambda: studio, capacity=3)
    await ready(worker)
    jobs = [job_of("a"), job_of("b", "exact"), job_of("c"), job_of("d"), job_of("e")]
    for job in jobs:
        worker.submit(job)
    for job in jobs:
        assert isinstance(await last_word(job), Finished)
    assert studio.batches == [["a", "c", "d"], ["b"], ["e"]]
    worker.stop(timeout_s=5)


async def test_the_warm_ups_speed_is_reported_until_clips_are_made() -> None:
    worker = worker_of(ToldStudio)
    await ready(worker)
    assert worker.speed == {"balanced": 0.5}
    worker.submit(job := job_of("a", "balanced"))
    await last_word(job)
    assert set(worker.speed) == {"balanced"}
    assert worker.speed["balanced"] != 0.5
    worker.stop(timeout_s=5)


async def test_a_known_error_reaches_the_job_and_is_no_fault() -> None:
    studio = ToldStudio()
    worker = worker_of(lambda: studio)
    await ready(worker)
    for _ in range(8):
        studio.errors = [InvalidRequest("no such profile", param="profile")]
        worker.submit(job := job_of("a"))
        word = await last_word(job)
        assert isinstance(word, Stopped)
        assert isinstance(word.error, InvalidRequest)
    assert worker.ready
    worker.stop(timeout_s=5)


async def test_faults_in_a_row_reload_the_model_and_then_end_the_worker() -> None:
    opened: list[ToldStudio] = []

    def open_studio() -> ToldStudio:
        opened.append(ToldStudio())
        opened[-1].errors = [RuntimeError("device lost")] * 99
        return opened[-1]

    worker = worker_of(open_studio)
    for fault in range(6):
        await ready(worker)
        worker.submit(job := job_of("a"))
        word = await last_word(job)
        assert isinstance(word, Stopped)
        assert isinstance(word.error, ExpertFault)
        assert len(opened) == (1 if fault < 2 else 2) or fault == 2
    worker.stop(timeout_s=5)
    assert worker.fault is not None
    with pytest.raises(Unavailable):
        worker.submit(job_of("a"))


async def test_a_fault_mended_by_reloading_is_forgotten() -> None:
    opened: list[ToldStudio] = []

    def open_studio() -> ToldStudio:
        opened.append(ToldStudio())
        opened[-1].errors = [RuntimeError("device lost")] * (99 if len(opened) == 1 else 0)
        return opened[-1]

    worker = worker_of(open_studio)
    for _ in range(3):
        await ready(worker)
        worker.submit(job := job_of("a"))
        await last_word(job)
    async with asyncio.timeout(10):
        while len(opened) < 2 or not worker.ready:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    worker.submit(job := job_of("a"))
    assert isinstance(await last_word(job), Finished)
    worker.stop(timeout_s=5)
    assert worker.fault is None


async def test_stopping_ends_waiting_jobs_as_something_to_try_elsewhere() -> None:
    studio = ToldStudio()
    worker = worker_of(lambda: studio, capacity=2)
    await ready(worker)
    worker.submit(job := job_of("a"))
    await asyncio.to_thread(worker.stop, timeout_s=5)
    word = await last_word(job)
    assert isinstance(word, Finished) or word.error.retryable
    with pytest.raises((Unavailable, Overloaded)):
        worker.submit(job_of("b"))
