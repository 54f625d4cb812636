"""Connections that break before an answer: the other side is tried again, and no job pays for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from tests.chaos.proxy import Link
from tests.gateway.conftest import Cluster
from tests.gateway.doubles import ended
from tests.gateway.test_jobs import create


@asynccontextmanager
async def link_to(url: str) -> AsyncIterator[Link]:
    link = Link("link", urlsplit(url).port or 0)
    await link.start()
    try:
        yield link
    finally:
        await link.close()


async def refusals(link: Link, count: int) -> None:
    async with asyncio.timeout(30):
        while True:
            if link.refusals >= count:
                return
            await asyncio.sleep(0.05)


@pytest.mark.slow
async def test_an_expert_that_cannot_be_reached_costs_a_clip_no_try(cluster: Cluster) -> None:
    http = await cluster.gateway()
    expert = await cluster.expert("a", register=False)
    async with link_to(expert.url) as link:
        expert.url = f"http://127.0.0.1:{link.port}"
        await expert.register(http, cluster.urls[0])
        heartbeats = asyncio.create_task(expert.registering(cluster.urls[0]))
        async with link.refused():
            video_id = await create(http, "a dog")
            await refusals(link, 1 + cluster.settings().tries_per_clip)
        video = await ended(http, video_id, within_s=30)
        heartbeats.cancel()
    assert video["status"] == "completed", video["error"]


async def test_connections_to_the_merger_may_break_more_often_than_it_may_fail(cluster: Cluster) -> None:
    merger = await cluster.stack.enter_async_context(cluster.merger.serving())
    async with link_to(merger) as link:
        cluster.merger_url = f"http://127.0.0.1:{link.port}"
        http = await cluster.gateway()
        await cluster.expert("a")
        async with link.refused():
            video_id = await create(http, "a dog")
            await refusals(link, 5)
        video = await ended(http, video_id)
    assert video["status"] == "completed", video["error"]
