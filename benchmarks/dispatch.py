"""What the gateway costs and how well it spreads work, each figure beside its ideal or peer in the same run.

python -m benchmarks.dispatch                     all of it
python -m benchmarks.dispatch speedup:8,16 spread:equal overhead      some measurements, some rows
"""

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from statistics import mean, median, quantiles
from typing import Any

import httpx
import uvloop

from benchmarks.dispatch_cluster import Cluster, cluster, process
from gateway.gate.minilm import MiniLM
from gateway.meaning.same import same_meaning
from tests.conftest import free_port

Rows = list[tuple[str, str, str]]
Names = Sequence[str]

_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=300, keepalive_expiry=2)


async def overhead(_: Names = ()) -> Rows:
    """Gateway time per video: one clip on an instant expert, one video after another."""
    async with cluster() as running:
        await running.add_expert("instant", 0.0)
        names, noop = [], []
        for n in range(220):
            names.append(await running.submit([f"clip {n}"]))
            await running.drained()
            started = time.perf_counter()
            await running.http.get(f"{running.urls[0]}/healthz")
            noop.append(time.perf_counter() - started)
        totals = [video["timings"]["total"] for video in await running.videos(names[20:])]
    return [
        ("overhead per video, p50", _ms(_percentile(totals, 50)), "goal 15 ms"),
        ("overhead per video, p99", _ms(_percentile(totals, 99)), ""),
        ("no-op route round trip, p50", _ms(_percentile(noop[20:], 50)), ""),
    ]


async def throughput(names: Names = ("accepted", "status", "no-op", "litserve")) -> Rows:
    """Requests per second at 1, 32 and 256 clients, beside a no-op route and LitServe's no-op model."""
    rows: Rows = []
    async with cluster() as running:
        await running.add_expert("instant", 0.0)
        shared = await running.submit(["the one clip"])
        await running.drained()
        url = running.urls[0]
        routes: dict[str, Callable[[], Awaitable[Any]]] = {
            "accepted": lambda: running.submit(["the one clip"]),
            "status": lambda: running.http.get(f"{url}/v1/videos/{shared}"),
            "no-op": lambda: running.http.get(f"{url}/healthz"),
        }
        for clients in (1, 32, 256):
            for name in (name for name in routes if name in names):
                rate = await _rate(routes[name], clients)
                await running.drained()
                rows.append((f"{name}, {clients} clients", f"{rate:.0f}/s", ""))
    return rows + (await _litserve() if "litserve" in names else [])


async def _litserve() -> Rows:
    port = free_port()
    url = f"http://127.0.0.1:{port}/predict"
    async with (
        process(sys.executable, "-m", "benchmarks.dispatch_litserve", str(port), env={}),
        httpx.AsyncClient(timeout=60, limits=_LIMITS) as http,
    ):
        await _until_answers(http, url)
        return [
            (f"LitServe no-op model, {clients} clients", f"{rate:.0f}/s", "peer")
            for clients in (1, 32, 256)
            for rate in [await _rate(lambda: http.post(url, json={"input": 1}), clients)]
        ]


async def _until_answers(http: httpx.AsyncClient, url: str) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                if (await http.post(url, json={"input": 1})).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.2)


async def _rate(call: Callable[[], Awaitable[Any]], clients: int, seconds: float = 2.0) -> float:
    done, end = 0, time.perf_counter() + seconds

    async def client() -> None:
        nonlocal done
        while time.perf_counter() < end:
            await call()
            done += 1

    started = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return done / (time.perf_counter() - started)


async def sharing(_: Names = ()) -> Rows:
    """1,000 videos over 50 distinct sub-prompts in Zipf proportions, all at once, through two gateways."""
    draw = random.Random(1)
    weights = [1 / (rank + 1) for rank in range(50)]
    clips = draw.choices([f"sub-prompt {n}" for n in range(50)], weights, k=1000)
    async with cluster(gateways=2) as running:
        for n in range(4):
            await running.add_expert(f"node-{n}", 0.05)
        took, videos = await running.timed([[clip] for clip in clips])
        made = sum(sum(expert.made.values()) for expert in running.experts)
    ended = Counter(video["status"] for video in videos)
    return [
        ("generations for 1,000 videos", str(made), f"ideal {len(set(clips))}"),
        ("videos completed", str(ended["completed"]), "ideal 1000"),
        ("seconds", f"{took:.1f}", ""),
    ]


async def speedup(counts: Names = ("1", "2", "4", "8", "16")) -> Rows:
    """An 8-clip video, and 200 videos of 1 to 3 clips, on 1 to 16 experts that take 0.3 s a clip.

    Experts, gateway, Redis and clients share the machine; the gateway's CPU time shows how near its limit is.
    Eight clips of 3 s show how much of the loss is constant.
    """
    rows: Rows = []
    draw = random.Random(2)
    jobs = [[f"job {n} clip {c}" for c in range(draw.choice([1, 1, 2, 3]))] for n in range(200)]
    clips = sum(len(job) for job in jobs)
    for count in map(int, counts):
        async with cluster() as running:
            for n in range(count):
                await running.add_expert(f"node-{n}", 0.3)
            took, _ = await running.timed([[f"eight {n}" for n in range(8)]])
            ideal = 0.3 * -(-8 // count)
            rows.append((f"8-clip video on {count}", f"{took:.2f} s", f"{ideal / took:.2f} of the ideal"))
            cpu_s, (took, _) = running.cpu_s(), await running.timed(jobs)
            cpu_s, ideal = running.cpu_s() - cpu_s, 0.3 * clips / count
            share = f"{ideal / took:.2f} of the ideal; {1000 * cpu_s / clips:.1f} ms CPU a clip"
            rows.append((f"200 mixed videos on {count}", f"{took:.2f} s", share))
            if count < 8:
                continue
            for expert in running.experts:
                expert.step_s, expert.service_s = expert.step_s * 10, expert.service_s * 10
            took, _ = await running.timed([[f"long {n}" for n in range(8)]])
            rows.append((f"8-clip video of 3 s on {count}", f"{took:.2f} s", f"{3 / took:.2f} of the ideal"))
    return rows


async def hedging(names: Names = ("without", "with")) -> Rows:
    """Poisson arrivals at half load on four nodes of 0.2 s, one of which takes ten times as long."""
    rows: Rows = []
    for name in names:
        async with cluster(HEDGE_SHARE="0" if name == "without" else "0.03") as running:
            for n in range(3):
                await running.add_expert(f"node-{n}", 0.2)
            slow = await running.add_expert("slow", 0.2)
            slow.step_s *= 10
            slow.service_s *= 10
            totals = await _arrivals(running, 200, every_s=0.2 / 4 / 0.5)
        rows.append((f"p95 {name} hedging", f"{_percentile(totals, 95):.2f} s", "ideal 0.2 s"))
        rows.append((f"slowest {name} hedging", f"{max(totals):.2f} s", ""))
    return rows


async def faults(_: Names = ()) -> Rows:
    """The same arrivals on four nodes of which one fails every other clip."""
    async with cluster() as running:
        for n in range(3):
            await running.add_expert(f"node-{n}", 0.2)
        await running.add_expert("flaky", 0.2, fault="failed", fault_every=2)
        totals = await _arrivals(running, 200, every_s=0.1)
    return [
        ("videos that failed, of 200", str(200 - len(totals)), "goal 0"),
        ("p95", f"{_percentile(totals, 95):.2f} s", ""),
    ]


async def _arrivals(running: Cluster, count: int, *, every_s: float) -> list[float]:
    """Seconds from acceptance to completion of each video that completed."""
    draw = random.Random(3)
    names = []
    for n in range(count):
        names.append(await running.submit([f"arrival {n}"]))
        await asyncio.sleep(draw.expovariate(1 / every_s))
    await running.drained()
    return [v["timings"]["total"] for v in await running.videos(names) if v["status"] == "completed"]


async def spread(names: Names = ("equal", "1:2:4")) -> Rows:
    """Where 350 clips go when all are there at once: equal nodes, and nodes of speeds 1 : 2 : 4."""
    rows: Rows = []
    for name in names:
        latencies = [0.1] * 5 if name == "equal" else [0.4, 0.2, 0.1]
        async with cluster() as running:
            for n, latency in enumerate(latencies):
                await running.add_expert(f"node-{n}", latency)
            await running.timed([[f"clip {n}"] for n in range(350)])
            counts = [sum(expert.made.values()) for expert in running.experts]
        total = sum(1 / latency for latency in latencies)
        ideal = [round(350 / latency / total) for latency in latencies]
        rows.append((f"clips on nodes {name}", str(counts), f"ideal {ideal}"))
    return rows


async def similar(names: Names = ("tuned", "blind")) -> Rows:
    """Minimal pairs (one attribute differs) and paraphrases, judged by `reuse: similar` and by cosine alone.

    The blind pairs were written after the rules; corrections since then have added 2 of the 80 paraphrases.
    """
    rows: Rows = []
    for kind in names:
        suffix = "_blind" if kind == "blind" else ""
        different, same = _pairs(f"different{suffix}"), _pairs(f"same{suffix}")
        wrong, right = (sum(same_meaning(*pair) for pair in pairs) for pairs in (different, same))
        median_same = median(_cosines(same))
        alone = sum(cosine >= median_same for cosine in _cosines(different))
        rows.append((f"{kind} minimal pairs reused", f"{wrong} of {len(different)}", "goal 0"))
        rows.append((f"{kind} paraphrases reused", f"{right} of {len(same)}", "goal 60 %"))
        rows.append(
            (
                f"{kind} minimal pairs reused by cosine",
                f"{alone} of {len(different)}",
                "at half of the paraphrases",
            )
        )
    return rows


def _pairs(name: str) -> list[list[str]]:
    path = Path(__file__).parent / f"data/reuse_{name}.tsv"
    return [row.split("\t")[-2:] for row in path.read_text().splitlines()]


def _cosines(pairs: Sequence[Sequence[str]]) -> list[float]:
    one, other = (MiniLM.load().encode([pair[side] for pair in pairs]) for side in (0, 1))
    return [float(cosine) for cosine in (one * other).sum(1)]


def _percentile(values: Sequence[float], percent: int) -> float:
    return quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else mean(values)


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms"


ALL = {
    run.__name__: run for run in (overhead, throughput, sharing, speedup, hedging, faults, spread, similar)
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME[:ROW,ROW]", help="NAME is one of: " + ", ".join(ALL)
    )
    wanted = [name.partition(":") for name in parser.parse_args().names or ALL]
    if unknown := {name for name, _, _ in wanted}.difference(ALL):
        parser.error(f"no such measurement: {', '.join(sorted(unknown))}")
    for name, _, rows in wanted:
        print(f"{name}: {(ALL[name].__doc__ or '').strip()}", flush=True)
        measured = ALL[name](rows.split(",")) if rows else ALL[name]()
        for what, value, beside in uvloop.run(measured):
            print(f"  {what:40} {value:>24}  {beside}", flush=True)


if __name__ == "__main__":
    main()
