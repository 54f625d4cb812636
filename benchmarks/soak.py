"""Light load on a local cluster for a long time: do memory and open files of its processes stay flat?

    python -m benchmarks.soak --minutes 30

One client makes videos one after the other, as clients do: follows the events, downloads, sometimes repeats
an earlier request, cancels or deletes. Every process is measured all the while. Redis stores what is made, so
its memory grows with the videos until their time is over; it is shown beside the bytes that it says it holds.
"""

import argparse
import itertools
import json
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
import psutil
import redis
from httpx_sse import connect_sse

from deploy import cluster

_EVERY_S, _PAUSE_S = 10.0, 2.0
#: Start-up and first use of everything: this share of the time is left out.
_WARM_UP = 0.2
#: Growth from the start to the end of what is measured that still counts as flat.
_FLAT_MIB, _FLAT_FILES = 32.0, 8
_PROMPTS = (
    "a fox in a forest",
    "A dog runs in a park, then a cat walks on the beach",
    "a lion in the desert and a bird next to it",
    "A dog and a cat stand in a park, then a fox walks on the beach",
)


@dataclass
class Series:
    """One process over time: seconds, MiB of resident memory, open files."""

    at_s: list[float] = field(default_factory=list)
    mib: list[float] = field(default_factory=list)
    files: list[float] = field(default_factory=list)
    #: It ended while it was measured.
    ended: bool = False

    def after(self, warm_s: float) -> "Series":
        first = next((i for i, at_s in enumerate(self.at_s) if at_s >= warm_s), 0)
        return Series(self.at_s[first:], self.mib[first:], self.files[first:], self.ended)


def ends(values: Sequence[float]) -> tuple[float, float]:
    """Medians of the first and the last tenth."""
    tenth = max(1, len(values) // 10)
    return float(np.median(values[:tenth])), float(np.median(values[-tenth:]))


def slope_per_hour(at_s: Sequence[float], values: Sequence[float]) -> float:
    return 3600 * float(np.polyfit(at_s, values, 1)[0]) if len(at_s) > 1 else 0.0


def sample(running: cluster.Cluster, series: dict[str, Series], stop: threading.Event) -> None:
    started = time.monotonic()
    processes = {}
    for line in cluster.control("status").stdout.splitlines():
        name = line.split()[0]
        processes[name] = psutil.Process(int(cluster.control("pid", name).stdout))
    while not stop.wait(_EVERY_S):
        for name, process in processes.items():
            each = series.setdefault(name, Series())
            if process.is_running():
                each.at_s.append(time.monotonic() - started)
                each.mib.append(process.memory_info().rss / 2**20)
                each.files.append(process.num_fds())
            else:
                each.ended = True
        with redis.Redis.from_url(running.redis_url("gateway")) as client:
            held = series.setdefault("redis says", Series())
            held.at_s.append(time.monotonic() - started)
            held.mib.append(client.info("memory")["used_memory"] / 2**20)
            held.files.append(client.info("clients")["connected_clients"])


def use(url: str, *, seconds: float, rng: random.Random) -> Counter[str]:
    """One client's videos until the time is over; how they ended."""
    ended: Counter[str] = Counter()
    earlier: list[dict[str, object]] = []
    finished: list[str] = []
    deadline = time.monotonic() + seconds
    with httpx.Client(base_url=url, timeout=120) as client:
        for turn in itertools.count():
            if time.monotonic() > deadline:
                return ended
            request: dict[str, object] = {
                "prompt": _PROMPTS[turn % len(_PROMPTS)],
                "seed": rng.randrange(2**32),
                "size": "128x128",
                "profile": "fast",
            }
            if turn % 5 == 4:
                request = rng.choice(earlier[-20:])
            earlier.append(request)
            name = client.post("/v1/videos", json=request).raise_for_status().json()["id"]
            if turn % 9 == 8:
                client.post(f"/v1/videos/{name}/cancel").raise_for_status()
            status = follow(client, name)
            ended[status] += 1
            if status == "completed":
                client.get(f"/v1/videos/{name}/content").raise_for_status()
                client.get(f"/v1/videos/{name}/stream.m3u8").raise_for_status()
                finished.append(name)
            client.get("/v1/videos", params={"limit": 100}).raise_for_status()
            client.get("/metrics").raise_for_status()
            if len(finished) > 20:
                client.delete(f"/v1/videos/{finished.pop(0)}").raise_for_status()
            time.sleep(_PAUSE_S)
    return ended


def follow(client: httpx.Client, name: str) -> str:
    """The video's events to the last; `cancelled`, `completed` or the code of its error."""
    with connect_sse(client, "GET", f"/v1/videos/{name}/events") as source:
        for event in source.iter_sse():
            if event.event == "completed":
                return "completed"
            if event.event == "failed":
                return str(json.loads(event.data)["error"]["code"])
    return "event stream ended early"


def grown(name: str, series: Series) -> list[str]:
    """What is not flat about a process of ours."""
    if name.startswith("redis"):
        return []
    problems = [f"{name}: ended"] if series.ended else []
    (mib, mib_end), (files, files_end) = ends(series.mib), ends(series.files)
    if mib_end - mib > _FLAT_MIB:
        problems.append(f"{name}: memory grew from {mib:.0f} to {mib_end:.0f} MiB")
    if files_end - files > _FLAT_FILES:
        problems.append(f"{name}: open files grew from {files:.0f} to {files_end:.0f}")
    return problems


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.soak", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    seconds = 60 * arguments.minutes
    series: dict[str, Series] = {}
    stop = threading.Event()
    with tempfile.TemporaryDirectory() as folder:
        cluster.STATE = Path(folder)
        running = cluster.up(experts=2, port=cluster.free_ports(1)[0])
        sampling = threading.Thread(target=sample, args=(running, series, stop))
        sampling.start()
        try:
            ended = use(running.url, seconds=seconds, rng=random.Random(arguments.seed))
        finally:
            stop.set()
            sampling.join()
            cluster.down()
    print(f"\n{arguments.minutes:g} minutes; videos: {dict(ended)}")
    print(
        f"the first {_WARM_UP:.0%} is left out; start, end: medians of the first and last tenth of the rest\n"
    )
    print(f"{'':12}{'memory, MiB':>27}{'open files':>24}")
    print(f"{'process':12}{'start':>9}{'end':>9}{'per h':>9}{'start':>8}{'end':>8}{'per h':>8}")
    problems = []
    for name, whole in series.items():
        warm = whole.after(_WARM_UP * seconds)
        problems += grown(name, warm)
        (mib, mib_end), (files, files_end) = ends(warm.mib), ends(warm.files)
        print(
            f"{name:12}{mib:9.1f}{mib_end:9.1f}{slope_per_hour(warm.at_s, warm.mib):+9.1f}"
            f"{files:8.0f}{files_end:8.0f}{slope_per_hour(warm.at_s, warm.files):+8.1f}"
        )
    if problems:
        raise SystemExit("\n".join(problems))


if __name__ == "__main__":
    main()
