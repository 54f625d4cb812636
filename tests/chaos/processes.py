"""The cluster under test: real processes, every connection between them through a `Link`."""

import asyncio
import os
import random
import secrets
import signal
import socket
import string
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import redis.asyncio
from redis.exceptions import RedisError

from deploy import cluster as local
from tests.chaos.proxy import Link, all_started

READY_S = 120
#: A process that has not ended so long after SIGTERM hangs.
EXIT_S = 60
#: So that a video takes seconds.
SHORT_VIDEOS = {
    "GATEWAY_KEY_FRAMES": "2",
    "GATEWAY_DEFAULT_STAGE_SECONDS": "1",
    "GATEWAY_VIDEO_DEADLINE_S": "300",
}


class Program:
    """One service's process, which can be hurt and is started anew."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str], folder: Path) -> None:
        self.name = name
        self.kind = name.partition("-")[0]
        self.log = folder / f"{name}.log"
        self._command = command
        self._environment = {**os.environ, **environment}
        self._process: subprocess.Popen[bytes] | None = None
        #: Set while a fault has it down, so that nobody else starts it.
        self.held = False

    def start(self) -> None:
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                self._command, env=self._environment, stdout=out, stderr=subprocess.STDOUT
            )

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def free(self) -> bool:
        return self.running and not self.held

    @property
    def exit_status(self) -> int | None:
        return self._process.poll() if self._process else None

    def signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    async def suffer(self, verb: str, lasts_s: float) -> bool:
        """False when it hangs at shutdown."""
        if verb == "stop":
            self.signal(signal.SIGSTOP)
            await asyncio.sleep(lasts_s)
            self.signal(signal.SIGCONT)
            return True
        self.signal(signal.SIGKILL if verb == "kill" else signal.SIGTERM)
        ended = await self.ended()
        await asyncio.sleep(lasts_s)
        self.start()
        return ended

    async def ended(self) -> bool:
        """False when it hangs, after which it is killed."""
        assert self._process is not None
        deadline = time.monotonic() + EXIT_S
        while self._process.poll() is None:
            if time.monotonic() > deadline:
                self._process.send_signal(signal.SIGABRT)  # faulthandler writes where it hangs
                await asyncio.sleep(1)
                self._process.kill()
                self._process.wait()
                return False
            await asyncio.sleep(0.05)
        return True


class Cluster:
    """Two gateways, three experts, two mergers and Redis, unless told otherwise."""

    fault_kinds = (
        "kill gateway",
        "kill expert",
        "kill merger",
        "terminate gateway",
        "terminate expert",
        "terminate merger",
        "stop gateway",
        "stop expert",
        "stop merger",
        "cut connections",
        "cut connections",
        "stall connections",
        "refuse connections",
        "restart redis",
        "kill redis",
    )

    def __init__(self, folder: Path, *, gateways: int = 2, experts: int = 3, mergers: int = 2) -> None:
        self.folder = folder
        self._ports = stable_ports(1 + gateways + experts + mergers)
        self._passwords = {user: secrets.token_hex(16) for user in ("gateway", "node")}
        self._redis_port = self._ports.pop()
        self._gateway_ports = [self._ports.pop() for _ in range(gateways)]
        self._expert_ports = [self._ports.pop() for _ in range(experts)]
        self._merger_ports = [self._ports.pop() for _ in range(mergers)]
        self.links: dict[str, Link] = {}
        self.programs: dict[str, Program] = {}
        self.unexpected_exits: list[str] = []
        self.hangs: list[str] = []

    @property
    def urls(self) -> list[str]:
        """Of the gateways, as clients reach them."""
        return [self._url(f"client-gateway-{n}") for n, _ in enumerate(self._gateway_ports, 1)]

    @property
    def redis_url(self) -> str:
        """Past all links, for looking on."""
        return f"redis://gateway:{self._passwords['gateway']}@127.0.0.1:{self._redis_port}/0"

    async def expert_logs(self) -> list[Path]:
        return [program.log for program in self.programs.values() if program.kind == "expert"]

    async def start(self) -> None:
        await self._link()
        (self.folder / "redis").mkdir(parents=True, exist_ok=True)
        template = string.Template((local.HERE / "redis.conf").read_text())
        text = template.substitute(
            BIND="127.0.0.1",
            PORT=self._redis_port,
            FOLDER=self.folder / "redis",
            MAXMEMORY="1gb",
            GATEWAY_PASSWORD=self._passwords["gateway"],
            NODE_PASSWORD=self._passwords["node"],
        )
        local.write_private(self.folder / "redis.conf", text)
        self._add("redis", [local.redis_executable(), str(self.folder / "redis.conf")], {})
        for n, port in enumerate(self._gateway_ports, 1):
            self._add_service("gateway", f"gateway-{n}", port, self._gateway_environment())
        for n, port in enumerate(self._merger_ports, 1):
            self._add_service("merger", f"merger-{n}", port, {})
        for n, port in enumerate(self._expert_ports, 1):
            self._add_service("expert_node", f"expert-{n}", port, self._expert_environment(n))
        for program in self.programs.values():
            program.start()
        await self.ready()

    async def ready(self) -> None:
        """Raises TimeoutError when the cluster does not become whole again."""
        wanted = len(self._expert_ports)
        async with asyncio.timeout(READY_S), httpx.AsyncClient(timeout=3) as http:
            for url in self.urls:
                while True:
                    if await _is_whole(http, url, wanted):
                        break
                    await asyncio.sleep(0.2)

    async def stop(self) -> None:
        """All services at once by SIGTERM, Redis last."""
        last = self.programs.get("redis")
        services = [program for program in self.programs.values() if program is not last]
        await asyncio.gather(*(self._end(program) for program in services))
        if last:
            await self._end(last)
        for link in self.links.values():
            await link.close()

    async def _end(self, program: Program) -> None:
        program.held = True
        if program.running:
            program.signal(signal.SIGTERM)
            if not await program.ended():
                self.hangs.append(program.name)

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Start anew what ends without a fault, and note it."""
        watching = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            for program in self.programs.values():
                if not program.held and not program.running:
                    self.unexpected_exits.append(f"{program.name} ({program.exit_status})")
                    program.start()
            await asyncio.sleep(0.2)

    async def _link(self) -> None:
        def link(name: str, port: int) -> None:
            self.links[name] = Link(name, port)

        for n, port in enumerate(self._gateway_ports, 1):
            link(f"client-gateway-{n}", port)
            link(f"node-gateway-{n}", port)
            link(f"gateway-{n}-redis", self._redis_port)
        for n, port in enumerate(self._expert_ports, 1):
            link(f"gateway-expert-{n}", port)
            link(f"expert-{n}-redis", self._redis_port)
        for n, port in enumerate(self._merger_ports, 1):
            link(f"gateway-merger-{n}", port)
            link(f"merger-{n}-redis", self._redis_port)
        await all_started(list(self.links.values()))

    def _url(self, link: str) -> str:
        return f"http://127.0.0.1:{self.links[link].port}"

    def _add(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        self.programs[name] = Program(name, command, environment, self.folder)

    def _add_service(self, module: str, name: str, port: int, extra: dict[str, str]) -> None:
        prefix = module.removesuffix("_node").upper()
        user = "gateway" if module == "gateway" else "node"
        redis_port = self.links[f"{name}-redis"].port
        environment = {
            f"{prefix}_PORT": str(port),
            f"{prefix}_REDIS_URL": f"redis://{user}:{self._passwords[user]}@127.0.0.1:{redis_port}/0",
            "PYTHONFAULTHANDLER": "1",
        }
        self._add(name, [sys.executable, "-m", module], environment | extra)

    def _gateway_environment(self) -> dict[str, str]:
        mergers = [self._url(f"gateway-merger-{n}") for n, _ in enumerate(self._merger_ports, 1)]
        return {"GATEWAY_MERGER_URLS": ",".join(mergers), **SHORT_VIDEOS}

    def _expert_environment(self, n: int) -> dict[str, str]:
        gateways = [self._url(f"node-gateway-{i}") for i, _ in enumerate(self._gateway_ports, 1)]
        return {
            "EXPERT_NAME": f"expert-{n}",
            "EXPERT_ADVERTISED_URL": self._url(f"gateway-expert-{n}"),
            "EXPERT_GATEWAY_URLS": ",".join(gateways),
            "EXPERT_DEVICE": "cpu",
            "EXPERT_THREADS": "1",
            "OMP_NUM_THREADS": "1",
        }


async def _is_whole(http: httpx.AsyncClient, url: str, experts: int) -> bool:
    try:
        (await http.get(f"{url}/readyz")).raise_for_status()
        records = (await http.get(f"{url}/v1/experts")).raise_for_status().json()
    except httpx.HTTPError:
        return False
    fresh = time.time() - local.HEARTBEAT_AGE_S
    ready = [row for row in records.values() if row["status"]["ready"] and row["heartbeat_at"] > fresh]
    return len(ready) >= experts


async def redis_answers(url: str) -> None:
    """Raises TimeoutError when it does not come back."""
    async with asyncio.timeout(READY_S):
        while True:
            try:
                async with redis.asyncio.from_url(url) as client:
                    await client.ping()
            except (RedisError, OSError):
                await asyncio.sleep(0.1)
            else:
                return


def stable_ports(count: int) -> list[int]:
    """Free ports that no outgoing connection takes while their process is down."""
    ports: list[int] = []
    for port in random.SystemRandom().sample(range(12_000, 32_000), 500):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        ports.append(port)
        if len(ports) == count:
            break
    return ports
