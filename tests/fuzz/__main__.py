"""Fuzzing: requests drawn from the OpenAPI document of each service, sent to it as a real process.

python -m tests.fuzz --requests 10000 --seed 1

Half of the requests keep to the document and half break it. Three quarters go to services that ask for keys
and tokens: with them, with another tenant's, and without; the rest to services that ask for nothing. The run
ends with an error at an answer of 5xx, one that does not come, another tenant's content, and anything that is
answered without a key; also when memory or open files of a process grow from a third of its requests to the
end of all, if there are thousands of them: fewer are no more than a warm-up. An expert that is full may say
so (503 `overloaded`).
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import redis
import requests
import schemathesis
import stamina
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from deploy.cluster import free_ports, redis_executable

TOKEN = "a token that the services share"
HANGS_AFTER_S = 30.0
#: What makes an accepted request cheap; what is refused stays as it was drawn.
BOUNDS = {"steps": 2, "frames": 2, "seconds": 0.5, "fps": 8, "width": 128, "height": 128, "hold_s": 0.5}
#: Growth that still counts as flat.
FLAT_MIB, FLAT_FILES, LEAST_WARM = 32.0, 8, 3000
#: Of all requests: to services that ask for keys and tokens, and of each service.
SECURED = 0.75
SHARES = {"gateway": 0.6, "merger": 0.2, "expert": 0.2}


@dataclass(frozen=True, eq=False)
class Caller:
    name: str
    headers: dict[str, str] = field(default_factory=dict)


NOBODY = Caller("without")
#: Whose `Authorization` is drawn, too.
IMPOSTOR = Caller("with nonsense")


@dataclass(frozen=True)
class Size:
    """Of a process."""

    mib: float
    files: int

    @classmethod
    def of(cls, process: psutil.Process) -> "Size":
        return cls(process.memory_info().rss / 2**20, process.num_fds())


@dataclass
class Service:
    name: str
    url: str
    process: psutil.Process
    #: The first of them is let in everywhere.
    callers: list[Caller]
    #: Names of things that exist, put in where one is asked for.
    known: list[str] = field(default_factory=list)
    #: By caller and status.
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    slowest_s: float = 0.0
    warm: Size | None = None

    @property
    def secured(self) -> bool:
        return self.callers[0] is not NOBODY

    def answered(self, status: int) -> int:
        return sum(count for (_, each), count in self.answers.items() if each == status)


class Fault(Exception):
    """An answer that no request may get."""


def fuzz(service: Service, *, requests: int, number: int) -> None:
    """Send at least so many requests. Raises Fault."""
    document = httpx.get(f"{service.url}/openapi.json", headers=service.callers[0].headers).json()
    schema = schemathesis.openapi.from_dict(document)
    operations = [result.ok() for result in schema.get_all_operations()]
    draws = random.Random(number)
    warm = requests // 3
    while (sent := sum(service.answers.values())) < requests:
        each = max(5, min(100, (requests - sent) // (2 * len(operations))))
        for operation in operations:
            for mode in GenerationMode:
                _send(service, operation.as_strategy(generation_mode=mode), each, draws)
        if service.warm is None and sum(service.answers.values()) >= warm:
            service.warm = Size.of(service.process)


def _send(service: Service, strategy: Any, count: int, draws: random.Random) -> None:
    @seed(draws.randrange(2**32))
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def send(case: Any) -> None:
        _tame(case, service.known, draws)
        request = case.as_transport_kwargs(base_url=service.url)
        caller = _sign(request, service, draws)
        started = time.monotonic()
        try:
            answer = requests.request(timeout=HANGS_AFTER_S, **request)
        except (requests.RequestException, TimeoutError) as error:
            command = case.as_curl_command(headers=caller.headers)
            raise Fault(f"{service.name}: no answer ({error}) for {command}") from error
        service.slowest_s = max(service.slowest_s, time.monotonic() - started)
        service.answers[caller.name, answer.status_code] += 1
        _check(service, case, answer, caller)

    with suppress(Unsatisfiable):  # what takes no input cannot be asked wrongly
        send()


def _sign(request: dict[str, Any], service: Service, draws: random.Random) -> Caller:
    """Who sends it. Drawn requests may have a drawn `Authorization`, or lack one to break the document."""
    headers = {name: value for name, value in request["headers"].items() if name.lower() != "authorization"}
    if len(headers) < len(request["headers"]) and draws.random() < 0.2:
        return IMPOSTOR
    caller = draws.choice(service.callers)
    request["headers"] = headers | caller.headers
    return caller


def _check(service: Service, case: Any, answer: Any, caller: Caller) -> None:
    text = answer.content.decode(errors="replace")
    command = case.as_curl_command(headers=caller.headers)
    where = f"{service.name}: {answer.status_code} {text[:500]} for {command}"
    if answer.status_code >= 500 and '"overloaded"' not in text:
        raise Fault(where)
    if not service.secured or answer.status_code >= 400:
        return
    if caller in {NOBODY, IMPOSTOR} and case.path not in {"/healthz", "/readyz", "/metrics"}:
        raise Fault(f"answered without a key: {where}")
    if caller.name == "another tenant's" and any(name in text for name in service.known):
        raise Fault(f"another tenant's: {where}")


def _tame(case: Any, known: list[str], draws: random.Random) -> None:
    case.body = _bounded(case.body, known, draws)
    parameters = case.path_parameters
    if known and parameters and "video_id" in parameters and case.method != "DELETE" and draws.random() < 0.5:
        parameters["video_id"] = draws.choice(known)


def _bounded(value: Any, known: list[str], draws: random.Random, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _bounded(item, known, draws, str(key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_bounded(item, known, draws, name) for item in value]
    if isinstance(value, int | float) and not isinstance(value, bool) and name in BOUNDS:
        return min(value, BOUNDS[name])
    if isinstance(value, str) and known and name in {"id", "digest", "stage", "stages", "source"}:
        return draws.choice(known) if draws.random() < 0.5 else value
    return value


@contextmanager
def processes(folder: Path, *, secured: bool) -> Iterator[dict[str, Service]]:
    """A gateway, a merger and an expert; there is a video, and clips of it, to be asked for."""
    redis_port, gateway_port, merger_port, expert_port = free_ports(4)
    store = f"redis://127.0.0.1:{redis_port}/0"
    urls = {
        "gateway": f"http://127.0.0.1:{gateway_port}",
        "merger": f"http://127.0.0.1:{merger_port}",
        "expert_node": f"http://127.0.0.1:{expert_port}",
    }
    environment = {
        "GATEWAY_PORT": gateway_port,
        "GATEWAY_MERGER_URLS": urls["merger"],
        "GATEWAY_VIDEO_DEADLINE_S": 20,
        "MERGER_PORT": merger_port,
        "EXPERT_PORT": expert_port,
        "EXPERT_NAME": "fuzzed",
        "EXPERT_MAX_PIXELS": 128 * 128,
        # One thread: several wait for each other for ages where other processes are busy.
        "EXPERT_THREADS": 1,
        "OMP_NUM_THREADS": 1,
        **{f"{prefix}_REDIS_URL": store for prefix in ("GATEWAY", "MERGER", "EXPERT")},
        **{f"{prefix}_LOG_LEVEL": "error" for prefix in ("GATEWAY", "MERGER", "EXPERT")},
    }
    if secured:
        limits = '{"requests_per_minute": null, "open_videos": 100, "video_seconds_per_day": null}'
        environment |= {"GATEWAY_REQUIRE_KEYS": "true", "GATEWAY_LIMITS": limits}
        environment |= {f"{prefix}_SERVICE_TOKEN": TOKEN for prefix in ("GATEWAY", "MERGER", "EXPERT")}
    registered = environment | {"EXPERT_GATEWAY_URLS": urls["gateway"]}
    token = Caller("with the token", {"authorization": f"Bearer {TOKEN}"})
    with ExitStack() as stack:
        command = [redis_executable(), "--port", str(redis_port), "--save", "", "--dir", str(folder)]
        stack.enter_context(running(command, {}, folder / "redis.log"))
        wait = redis.retry.Retry(redis.backoff.ConstantBackoff(0.05), 100)
        redis.Redis(port=redis_port, retry=wait).ping()
        started = {
            name: stack.enter_context(service(name, environment, folder)) for name in ("gateway", "merger")
        }
        mine = Caller("with a key", _key("owner", environment))
        others = Caller("another tenant's", _key("other", environment))
        with service("expert_node", registered, folder):
            _ready(urls)
            video = _make_video(urls["gateway"], mine.headers)
        started["expert_node"] = stack.enter_context(service("expert_node", environment, folder))
        _ready(urls)
        yield {
            "gateway": Service(
                "gateway",
                urls["gateway"],
                psutil.Process(started["gateway"].pid),
                [mine, mine, others, token, NOBODY] if secured else [NOBODY],
                [video["id"]],
            ),
            "merger": Service(
                "merger",
                urls["merger"],
                psutil.Process(started["merger"].pid),
                [token, token, token, NOBODY] if secured else [NOBODY],
                [clip["digest"] for clip in video["subvideos"]],
            ),
            "expert": Service(
                "expert",
                urls["expert_node"],
                psutil.Process(started["expert_node"].pid),
                [token, token, token, NOBODY] if secured else [NOBODY],
            ),
        }


@contextmanager
def service(name: str, environment: dict[str, Any], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with running([sys.executable, "-m", name], environment, folder / f"{name}.log") as process:
        yield process


@contextmanager
def running(command: list[str], environment: dict[str, Any], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    env = os.environ | {name: str(value) for name, value in environment.items()}
    with log.open("ab") as out:
        process = subprocess.Popen(command, env=env, stdout=out, stderr=out)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)


def _key(tenant: str, environment: dict[str, Any]) -> dict[str, str]:
    env = os.environ | {name: str(value) for name, value in environment.items()}
    command = [sys.executable, "-m", "gateway", "keys", "create", tenant]
    key = subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout.strip()
    return {"authorization": f"Bearer {key}"}


@stamina.retry(on=httpx.HTTPError, attempts=None, timeout=300, wait_initial=0.1, wait_max=0.5)
def _ready(urls: dict[str, str]) -> None:
    for url in urls.values():
        httpx.get(f"{url}/readyz").raise_for_status()


def _make_video(url: str, key: dict[str, str]) -> dict[str, Any]:
    body = {"prompt": "a dog runs in a park", "size": "64x64", "seconds": 0.5, "profile": "fast"}
    with httpx.Client(base_url=url, headers=key, timeout=60) as http:
        video = http.post("/v1/videos", json=body).raise_for_status().json()
        http.get(f"/v1/videos/{video['id']}/events")
        made: dict[str, Any] = http.get(f"/v1/videos/{video['id']}").json()
    if made["status"] != "completed":
        raise Fault(f"the first video failed: {made['error']}")
    return made


def run(*, requests: int, number: int) -> list[Service]:
    """Both forms, one after the other. Raises Fault."""
    stamina.instrumentation.set_on_retry_hooks([])
    tried: list[Service] = []
    for secured, share in ((True, SECURED), (False, 1 - SECURED)):
        with tempfile.TemporaryDirectory() as folder, processes(Path(folder), secured=secured) as services:
            for name, service in services.items():
                started = time.monotonic()
                fuzz(service, requests=round(requests * share * SHARES[name]), number=number)
                print(report(service, seconds=time.monotonic() - started), flush=True)
            sizes = [(service, Size.of(service.process)) for service in services.values()]
        for service, end in sizes:
            _check_flat(service, end, warm=requests >= LEAST_WARM)
        tried += services.values()
    return tried


def _check_flat(service: Service, end: Size, *, warm: bool) -> None:
    begun = service.warm
    assert begun is not None
    sizes = f"memory {begun.mib:.0f} → {end.mib:.0f} MiB, open files {begun.files} → {end.files}"
    print(f"{service.name:8} {sizes}", flush=True)
    if warm and (end.mib - begun.mib > FLAT_MIB or end.files - begun.files > FLAT_FILES):
        raise Fault(f"{service.name} grew: {sizes}")


def report(service: Service, *, seconds: float) -> str:
    lines = [
        f"{service.name:8} {sum(service.answers.values())} requests in {seconds:.0f} s; "
        f"slowest {service.slowest_s:.2f} s"
    ]
    for caller in dict.fromkeys([*service.callers, IMPOSTOR]):
        answers = sorted(
            (status, count) for (name, status), count in service.answers.items() if name == caller.name
        )
        if not answers:
            continue
        lines.append(f"  {caller.name:17}" + ", ".join(f"{status}: {count}" for status, count in answers))
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.fuzz", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    try:
        services = run(requests=arguments.requests, number=arguments.seed)
    except Fault as fault:
        raise SystemExit(f"error: {fault}") from None
    print(f"{sum(sum(each.answers.values()) for each in services)} requests, no 5xx, none without an answer")


if __name__ == "__main__":
    main()
