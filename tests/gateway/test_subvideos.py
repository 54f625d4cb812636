"""Who waits for a subvideo, across runs of the same video's task."""

import asyncio

import pytest

from gateway.notifier import Notifier
from gateway.subvideos import Subvideos, Waiter
from shared.schemas import SubvideoSpec
from shared.store import SubvideoStore, connect


async def test_a_run_that_was_taken_over_withdraws_only_itself(redis_url: str) -> None:
    async with connect(redis_url) as redis:
        subvideos = Subvideos(redis, SubvideoStore(redis, ttl_s=60, limit_bytes=100), Notifier(redis))
        spec = SubvideoSpec(prompt="a cat")
        stopped_long, its_successor = Waiter("video_1"), Waiter("video_1")
        await subvideos.join(spec, stopped_long, tenant="")
        await subvideos.join(spec, its_successor, tenant="")
        assert await subvideos.leave(spec.digest, stopped_long) == 1
        assert await subvideos.is_wanted(spec.digest)
        assert await subvideos.leave(spec.digest, its_successor) == 0
        assert not await subvideos.is_wanted(spec.digest)


async def test_what_nobody_waits_for_is_forgotten_when_its_task_stops(redis_url: str) -> None:
    async with connect(redis_url) as redis:
        subvideos = Subvideos(redis, SubvideoStore(redis, ttl_s=60, limit_bytes=100), Notifier(redis))
        spec, waiter = SubvideoSpec(prompt="a cat"), Waiter("video_1")
        await subvideos.join(spec, waiter, tenant="")
        await subvideos.forget(spec.digest)
        await subvideos.stopped(spec.digest)
        assert await subvideos.wanted(spec.digest), "somebody waits for it"
        await subvideos.leave(spec.digest, waiter)
        await subvideos.stopped(spec.digest)
        assert await redis.keys("making:*") == []


async def test_who_dies_while_waiting_stops_counting(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.subvideos._LEASE_S", -1.0)
    async with connect(redis_url) as redis:
        subvideos = Subvideos(redis, SubvideoStore(redis, ttl_s=60, limit_bytes=100), Notifier(redis))
        spec = SubvideoSpec(prompt="a cat")
        await subvideos.join(spec, Waiter("video_1"), tenant="")
        assert not await subvideos.is_wanted(spec.digest)


async def test_who_hears_of_progress_all_the_time_goes_on_counting(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.subvideos._GUARD_S", 0.5)
    async with connect(redis_url) as redis:
        notifier = Notifier(redis)
        subvideos = Subvideos(redis, SubvideoStore(redis, ttl_s=60, limit_bytes=100), notifier)
        spec, waiter = SubvideoSpec(prompt="a cat"), Waiter("video_1")
        await subvideos.join(spec, waiter, tenant="")

        async def ignore(_: object) -> None: ...

        waiters = f"making:{spec.digest}:waiters"
        joined = await redis.zscore(waiters, waiter.member)
        listening = asyncio.create_task(notifier.run())
        waiting = asyncio.create_task(
            subvideos.wait(spec, waiter, failed_before=0, start=ignore, on_change=ignore)
        )
        async with asyncio.timeout(20):
            while await redis.zscore(waiters, waiter.member) == joined:
                await subvideos.working(spec.digest, expert="a", progress=1)
                await asyncio.sleep(0.02)
        for task in (waiting, listening):
            task.cancel()
        await asyncio.gather(waiting, listening, return_exceptions=True)
