"""A whole gateway on a real Redis, with real servers around it."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest

from gateway.app import create_app
from gateway.keys import Keys
from gateway.settings import GatewaySettings
from shared.store import connect
from tests.gateway.doubles import ExpertDouble, MergerDouble, RulesGate, serving


class Cluster:
    """Starts gateways, experts and a merger, and stops them all at the end of the test."""

    def __init__(self, redis_url: str, stack: AsyncExitStack) -> None:
        self.redis_url = redis_url
        self.stack = stack
        self.experts: dict[str, ExpertDouble] = {}
        self.heartbeats: dict[str, asyncio.Task[None]] = {}
        self.merger = MergerDouble(redis_url)
        self.merger_url = ""
        self.gate = RulesGate()
        self.urls: list[str] = []
        #: The services' token, asked for if it is set.
        self.token = ""

    def settings(self, **changes: Any) -> GatewaySettings:
        values: dict[str, Any] = {
            "redis_url": self.redis_url,
            "merger_urls": self.merger_url,
            "heartbeat_s": 0.3,
            "redelivery_s": 3.0,
            "drain_s": 0.2,
            "video_deadline_s": 20,
            "poll_after_ms": 20,
            "expert_connect_s": 1,
        }
        if self.token:
            values["service_token"] = self.token
        return GatewaySettings(**values | changes)

    async def gateway(self, **changes: Any) -> httpx.AsyncClient:
        if not self.merger_url:
            self.merger_url = await self.stack.enter_async_context(self.merger.serving())
        app = create_app(self.settings(**changes), lambda _: self.gate)
        url = await self.stack.enter_async_context(serving(app))
        self.urls.append(url)
        http = await self.stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=20))
        async with asyncio.timeout(10):
            await app.state.parts.workers.ready.wait()
        return http

    async def expert(self, name: str, *, register: bool = True, **fields: Any) -> ExpertDouble:
        double = ExpertDouble(name, self.redis_url, token=self.token, **fields)
        self.experts[name] = await self.stack.enter_async_context(double.serving())
        if register:
            async with httpx.AsyncClient() as http:
                await double.register(http, self.urls[0])
            self.heartbeats[name] = asyncio.create_task(double.registering(self.urls[0]))
        return double

    async def keyed(self, **changes: Any) -> httpx.AsyncClient:
        """A gateway that asks for keys, with an expert; the client has none."""
        self.token = "a token of the services"
        http = await self.gateway(require_keys=True, **changes)
        await self.expert("a")
        return http

    async def key(self, tenant: str) -> dict[str, str]:
        """The headers of a caller with a new key."""
        async with connect(self.redis_url) as redis:
            return {"authorization": f"Bearer {await Keys(redis).create(tenant, uuid.uuid4().hex)}"}

    async def close(self) -> None:
        for task in self.heartbeats.values():
            task.cancel()
        await asyncio.gather(*self.heartbeats.values(), return_exceptions=True)


@asynccontextmanager
async def a_cluster(redis_url: str) -> AsyncIterator[Cluster]:
    async with connect(redis_url) as redis:
        await redis.flushdb()
    async with AsyncExitStack() as stack:
        cluster = Cluster(redis_url, stack)
        yield cluster
        await cluster.close()


@pytest.fixture
async def cluster(redis_url: str) -> AsyncIterator[Cluster]:
    async with a_cluster(redis_url) as cluster:
        yield cluster


@pytest.fixture
async def http(cluster: Cluster) -> httpx.AsyncClient:
    """A gateway with two idle experts."""
    http = await cluster.gateway()
    await cluster.expert("a")
    await cluster.expert("b")
    return http
