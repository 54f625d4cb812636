"""Limits on computing: threads, waiting, time; and one computation for equal jobs."""

import asyncio
import threading

import pytest

from merger.jobs import Jobs
from shared.errors import DeadlineExceeded, Overloaded, Unavailable


def make_jobs(**changes: float) -> Jobs:
    return Jobs(**({"workers": 1, "queue_limit": 1, "job_limit_s": 30.0} | changes))


async def test_equal_jobs_compute_once() -> None:
    jobs, calls = make_jobs(), []

    async def make() -> int:
        return await jobs.compute("test", lambda _: calls.append(1) or 7)

    assert await asyncio.gather(*(jobs.once("a", make) for _ in range(5))) == [7] * 5
    assert len(calls) == 1
    assert await jobs.once("a", make) == 7
    assert len(calls) == 2


async def test_what_exceeds_the_queue_is_refused_and_told_when_to_come_back() -> None:
    jobs, release = make_jobs(), threading.Event()

    async def make() -> bool:
        return await jobs.compute("test", lambda _: release.wait(10))

    waiting = [asyncio.ensure_future(jobs.once(name, make)) for name in "ab"]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded) as raised:
        await jobs.once("c", make)
    assert raised.value.retry_after_s is not None
    joined = asyncio.ensure_future(jobs.once("a", make))  # shares what is under way
    release.set()
    assert await asyncio.gather(*waiting, joined) == [True, True, True]
    assert await jobs.once("c", make)


async def test_a_job_ends_at_its_limit() -> None:
    jobs = make_jobs(job_limit_s=0.01)

    def endless(checkpoint) -> None:
        while True:
            checkpoint()

    with pytest.raises(DeadlineExceeded):
        await jobs.once("a", lambda: jobs.compute("test", endless))


async def test_a_caller_that_leaves_does_not_end_the_job() -> None:
    jobs, started, release, done = make_jobs(), threading.Event(), threading.Event(), []

    def work(_) -> None:
        started.set()
        release.wait(10)
        done.append(1)

    caller = asyncio.ensure_future(jobs.once("a", lambda: jobs.compute("test", work)))
    await asyncio.to_thread(started.wait, 10)
    caller.cancel()
    release.set()
    await jobs.close(drain_s=10)
    assert done == [1]
    assert "under_way=0" in repr(jobs)


async def test_closing_ends_what_takes_too_long() -> None:
    jobs, started = make_jobs(), threading.Event()

    def endless(checkpoint) -> None:
        while True:
            started.set()
            checkpoint()

    caller = asyncio.ensure_future(jobs.once("a", lambda: jobs.compute("test", endless)))
    await asyncio.to_thread(started.wait, 10)
    await jobs.close(drain_s=0)
    with pytest.raises(Unavailable, match="shutting down"):
        await caller


async def test_a_failure_reaches_everyone_who_waits_and_is_not_remembered() -> None:
    jobs = make_jobs()

    async def fail() -> None:
        raise ValueError("once")

    results = await asyncio.gather(jobs.once("a", fail), jobs.once("a", fail), return_exceptions=True)
    assert [type(result) for result in results] == [ValueError, ValueError]
    assert await jobs.once("a", lambda: jobs.compute("test", lambda _: 1)) == 1
