"""The committed compose file's cluster under test, its containers hurt through the engine's command line."""

import asyncio
import json
import os
import secrets
import shlex
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from deploy import cluster as local
from deploy import compose_check
from tests.chaos.processes import EXIT_S, SHORT_VIDEOS, stable_ports
from tests.chaos.proxy import Link

_KILLED = 128 + 9


class Container:
    """One service's container. After a fault the same one is started, so that its log goes on."""

    def __init__(self, name: str, identity: str) -> None:
        self.name = name
        self.kind = name.partition("-")[0]
        #: Set while a fault has it in hand.
        self.held = False
        #: How often it ended without a fault, whether or not its restart policy started it again.
        self.exits = 0
        self._identity = identity
        self._started_at = ""

    @property
    def free(self) -> bool:
        return not self.held

    async def suffer(self, verb: str, lasts_s: float) -> bool:
        """False when it hangs at shutdown."""
        ended = True
        if verb == "pause":
            await _engine("pause", self._identity)
            try:
                await asyncio.sleep(lasts_s)
            finally:  # a paused container cannot be stopped
                await _engine("unpause", self._identity)
        elif verb == "disconnect":
            networks = (await self._inspect())["NetworkSettings"]["Networks"]
            for network in networks:
                await _engine("network", "disconnect", network, self._identity)
            await asyncio.sleep(lasts_s)
            for network in networks:
                await _engine("network", "connect", "--alias", self.name, network, self._identity)
        else:
            await self.note_exit()
            ended = await self.end(verb)
            await asyncio.sleep(lasts_s)
            await _engine("start", self._identity)
            await self.note_start()
        return ended

    async def end(self, verb: str) -> bool:
        """False when it hangs, after which it is killed."""
        if verb == "kill":
            await _engine("kill", self._identity)
            return True
        await _engine("stop", "-t", str(EXIT_S), self._identity)
        return bool((await self._inspect())["State"]["ExitCode"] != _KILLED)

    async def note_start(self) -> None:
        self._started_at = (await self._inspect())["State"]["StartedAt"]

    async def note_exit(self) -> None:
        """Count it when it has not been running ever since the last `note_start`."""
        state = (await self._inspect())["State"]
        self.exits += not state["Running"] or state["StartedAt"] != self._started_at

    async def write_log(self, path: Path) -> None:
        with path.open("wb") as out:
            command = [*_engine_command(), "logs", self._identity]
            await asyncio.to_thread(subprocess.run, command, stdout=out, stderr=out, check=True)

    async def _inspect(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(await _engine("inspect", self._identity))[0]
        return found


class ComposeCluster:
    """As committed, built anew, but for shorter videos and a port of Redis for looking on."""

    fault_kinds = tuple(
        f"{verb} {kind}"
        for verb in ("kill", "terminate", "pause", "disconnect")
        for kind in ("gateway", "expert", "merger", "redis")
    )

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs: dict[str, Container] = {}
        self.links: dict[str, Link] = {}
        self.hangs: list[str] = []
        self.unexpected_exits: list[str] = []
        self._port, self._redis_port = stable_ports(2)
        self._project = f"chaos-{secrets.token_hex(4)}"
        self._environment = compose_check.environment_on(self._port) | {
            "COMPOSE_PROJECT_NAME": self._project,
            "EXPERT_THREADS": "1",
        }

    @property
    def urls(self) -> list[str]:
        return [f"http://127.0.0.1:{self._port}"]

    @property
    def redis_url(self) -> str:
        password = self._environment["REDIS_GATEWAY_PASSWORD"]
        return f"redis://gateway:{password}@127.0.0.1:{self._redis_port}/0"

    async def expert_logs(self) -> list[Path]:
        await self._write_logs()
        return sorted(self.folder.glob("expert-*.log"))

    async def start(self) -> None:
        changes = {
            "gateway": {"environment": SHORT_VIDEOS},
            "redis": {"ports": [f"127.0.0.1:{self._redis_port}:6379"]},
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        self._override.write_text(json.dumps({"services": changes}))
        await self._compose("build")
        await self._compose("up", "-d")
        label = f"label=com.docker.compose.project={self._project}"
        identities = (await _engine("ps", "-aq", "--filter", label)).split()
        for row in json.loads(await _engine("inspect", *identities)):
            name = row["Config"]["Labels"]["com.docker.compose.service"]
            self.programs[name] = Container(name, row["Id"])
        experts = sum(container.kind == "expert" for container in self.programs.values())
        await asyncio.to_thread(local.wait_until_answering, self.urls[0], experts=experts)

    async def stop(self) -> None:
        """All services at once by SIGTERM, Redis last."""
        try:
            services = [container for container in self.programs.values() if container.kind != "redis"]
            ended = await asyncio.gather(*(container.end("terminate") for container in services))
            self.hangs += [
                container.name for container, well in zip(services, ended, strict=True) if not well
            ]
            await self._write_logs()
        finally:
            await self._compose("down", "-v")

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Note what ends without a fault; its restart policy starts it anew."""
        containers = self.programs.values()
        await asyncio.gather(*(container.note_start() for container in containers))
        yield
        await asyncio.gather(*(container.note_exit() for container in containers))
        self.unexpected_exits += [container.name for container in containers if container.exits]

    @property
    def _override(self) -> Path:
        return self.folder / "compose.override.json"

    async def _compose(self, *words: str) -> None:
        command = [*compose_check.command(), "-f", str(self._override), *words]
        with (self.folder / "compose.log").open("ab") as out:
            await asyncio.to_thread(
                subprocess.run, command, env=self._environment, stdout=out, stderr=out, check=True
            )

    async def _write_logs(self) -> None:
        for name, container in self.programs.items():
            await container.write_log(self.folder / f"{name}.log")


def _engine_command() -> list[str]:
    return shlex.split(os.environ.get("DOCKER") or "docker")


async def _engine(*words: str) -> str:
    """What the command printed. Raises CalledProcessError."""
    command = [*_engine_command(), *words]
    done = await asyncio.to_thread(subprocess.run, command, stdout=subprocess.PIPE, check=True, text=True)
    return done.stdout
