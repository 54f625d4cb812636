"""Gateways in processes of their own, killed in the middle of a job."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import stamina

from deploy.cluster import redis_executable
from tests.conftest import free_port
from tests.gateway.conftest import Cluster
from tests.gateway.doubles import ended
from tests.gateway.test_jobs import create


@asynccontextmanager
async def gateway_process(
    cluster: Cluster, port: int, **changes: object
) -> AsyncIterator[asyncio.subprocess.Process]:
    if not cluster.merger_url:
        cluster.merger_url = await cluster.stack.enter_async_context(cluster.merger.serving())
    settings = {
        "PORT": port,
        "REDIS_URL": cluster.redis_url,
        "MERGER_URLS": cluster.merger_url,
        "HEARTBEAT_S": 0.5,
        "REDELIVERY_S": 1.0,
        "DISPATCH_LEASE_S": 1.0,
        "DRAIN_S": 0.2,
        **changes,
    }
    env = os.environ | {f"GATEWAY_{name}": str(value) for name, value in settings.items()}
    # Its log goes where pytest's own does: a pipe that nobody empties would stop the process once it is full.
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "gateway", env=env)
    try:
        await _ready(f"http://127.0.0.1:{port}/readyz")
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


@stamina.retry(on=httpx.HTTPError, attempts=None, timeout=120, wait_initial=0.05, wait_max=0.2)
async def _ready(url: str) -> None:
    async with httpx.AsyncClient() as http:
        (await http.get(url)).raise_for_status()


async def test_a_killed_gateway_is_taken_over_by_its_successor(cluster: Cluster) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    cluster.urls.append(url)
    async with httpx.AsyncClient(base_url=url, timeout=10) as http:
        async with gateway_process(cluster, port) as process:
            expert = await cluster.expert("a")
            expert.may_go_on.clear()
            video_id = await create(http, "a dog runs in a park", mode="single")
            await asyncio.wait_for(expert.started.wait(), 10)
            process.kill()
            await process.wait()
        async with gateway_process(cluster, port) as process:
            expert.may_go_on.set()
            video = await ended(http, video_id, within_s=20)
            assert video["status"] == "completed"
            assert video["subvideos"][0]["shared"] is False
            assert sum(expert.made.values()) == 1
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 10) == -signal.SIGTERM  # as uvicorn ends


@pytest.mark.slow
async def test_a_gateway_ends_within_the_ten_seconds_that_docker_waits(
    cluster: Cluster, tmp_path: Path
) -> None:
    port, redis_port = free_port(), free_port()
    url = f"http://127.0.0.1:{port}"
    cluster.urls.append(url)
    own = {"REDIS_URL": f"redis://127.0.0.1:{redis_port}/0", "DRAIN_S": 5.0}
    command = [redis_executable(), "--port", str(redis_port), "--save", "", "--dir", str(tmp_path)]
    store = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    try:
        async with gateway_process(cluster, port, **own) as process, httpx.AsyncClient(base_url=url) as http:
            expert = await cluster.expert("a")
            expert.may_go_on.clear()
            video_id = await create(http, "a cat sleeps", mode="single")
            await asyncio.wait_for(expert.started.wait(), 10)
            async with http.stream("GET", f"/v1/videos/{video_id}/events"):
                store.send_signal(signal.SIGSTOP)  # it accepts connections and says nothing
                began = time.monotonic()
                process.send_signal(signal.SIGTERM)
                await asyncio.wait_for(process.wait(), 30)
                assert time.monotonic() - began < 9.5
    finally:
        store.kill()
        await store.wait()


@pytest.mark.slow
async def test_work_left_at_shutdown_is_finished_by_a_replica(cluster: Cluster) -> None:
    first, second = free_port(), free_port()
    cluster.urls.append(f"http://127.0.0.1:{first}")
    async with (
        gateway_process(cluster, first) as process,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{first}") as http,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{second}", timeout=10) as other,
    ):
        expert = await cluster.expert("a")
        expert.may_go_on.clear()
        video_id = await create(http, "a cat sleeps", mode="single")
        await asyncio.wait_for(expert.started.wait(), 10)
        async with gateway_process(cluster, second):
            cluster.heartbeats["a"].cancel()
            cluster.heartbeats["a"] = asyncio.create_task(expert.registering(f"http://127.0.0.1:{second}"))
            process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.wait(), 10)
            expert.may_go_on.set()
            assert (await ended(other, video_id, within_s=20))["status"] == "completed"
