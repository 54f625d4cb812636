"""Experts and mergers that fall silent, as stopped processes do, and those that are only slow."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.gateway.conftest import Cluster
from tests.gateway.doubles import ended
from tests.gateway.test_jobs import create


@asynccontextmanager
async def stopped_process() -> AsyncIterator[str]:
    """The URL of what accepts connections and says nothing."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_a_clip_leaves_a_silent_expert_long_before_it_would_count_as_stalled(cluster: Cluster) -> None:
    http = await cluster.gateway(expert_stall_s=60, hedge_share=0)
    silent = await cluster.expert("a", alive_said_s=0.1)
    silent.may_go_on.clear()
    video_id = await create(http, "a dog")
    await asyncio.wait_for(silent.started.wait(), 5)
    other = await cluster.expert("b")
    video = await ended(http, video_id, within_s=8)
    assert video["status"] == "completed", video["error"]
    assert other.made


async def test_a_clip_stays_with_an_expert_that_is_slow_but_alive(cluster: Cluster) -> None:
    http = await cluster.gateway(expert_stall_s=60, hedge_share=0)
    slow = await cluster.expert("a", alive_said_s=0.1, alive_s=0.05)
    slow.may_go_on.clear()
    video_id = await create(http, "a dog")
    await asyncio.wait_for(slow.started.wait(), 5)
    other = await cluster.expert("b")
    await asyncio.sleep(1.5)  # thrice what silence would be given
    slow.may_go_on.set()
    assert (await ended(http, video_id))["status"] == "completed"
    assert slow.made
    assert not other.calls


async def test_signs_of_life_are_no_progress(cluster: Cluster) -> None:
    http = await cluster.gateway(expert_stall_s=0.5, hedge_share=0, tries_per_clip=1)
    stuck = await cluster.expert("a", alive_said_s=0.1, alive_s=0.05)
    stuck.may_go_on.clear()
    video = await ended(http, await create(http, "a dog"))
    assert video["error"]["code"] == "expert_fault"
    assert "no further for 0.5 s" in video["error"]["message"]


async def test_an_expert_that_begins_no_answer_costs_no_try(cluster: Cluster) -> None:
    http = await cluster.gateway(expert_answer_s=0.3, tries_per_clip=1)
    async with stopped_process() as url:
        silent = await cluster.expert("a", register=False)
        silent.url = url
        await silent.register(http, cluster.urls[0])
        video_id = await create(http, "a dog")
        await asyncio.sleep(0.5)
        await cluster.expert("b")
        assert (await ended(http, video_id))["status"] == "completed"


async def test_a_silent_merger_is_left_for_another(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.mergers._LOOK_S", 0.2)
    merger = await cluster.stack.enter_async_context(cluster.merger.serving())
    async with stopped_process() as url:
        cluster.merger_url = f"{url},{merger}"
        http = await cluster.gateway()
        await cluster.expert("a")
        video = await ended(http, await create(http, "a dog"), within_s=8)
        assert video["status"] == "completed", video["error"]


async def test_a_slow_merger_is_waited_for(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.mergers._LOOK_S", 0.1)
    http = await cluster.gateway()
    await cluster.expert("a")
    cluster.merger.delay_s = 0.5
    assert (await ended(http, await create(http, "a dog")))["status"] == "completed"
    assert len(cluster.merger.stages) == 1
