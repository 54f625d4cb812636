"""Drives mixed jobs through a real cluster while its processes, connections and Redis fail.

    python -m tests.chaos --jobs 200 --faults 60 --seed 1
    python -m tests.chaos --compose --jobs 30 --faults 16 --seconds 150

The first drives local processes, the second containers: COMPOSE and DOCKER name the commands.
The seed determines jobs, arrival times and faults. Exits with 1 when a job was lost, ended twice or wrong,
when a process hung at shutdown or ended by itself, or when fewer than 99 % completed.
"""

import argparse
import asyncio
import random
import signal
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.chaos.clients import Clients, mixed_jobs
from tests.chaos.containers import ComposeCluster
from tests.chaos.faults import Chaos, schedule
from tests.chaos.processes import Cluster, redis_answers
from tests.chaos.report import Report, judge

LEAST_COMPLETED = 0.99


@dataclass(frozen=True)
class Result:
    report: Report
    faults: dict[str, int]
    hangs: list[str]
    unexpected_exits: list[str]

    @property
    def findings(self) -> list[str]:
        """Everything that must not be."""
        report = self.report
        few = report.completed_share < LEAST_COMPLETED
        return [
            *(f"lost: {line}" for line in report.lost),
            *(f"ended twice: {line}" for line in report.ended_twice),
            *(f"wrong: {line}" for line in report.wrong),
            *(f"hangs at shutdown: {name}" for name in self.hangs),
            *(f"ended by itself: {name}" for name in self.unexpected_exits),
            *([f"only {report.completed_share:.1%} completed: {dict(report.failed)}"] if few else []),
        ]


async def run(
    cluster: Cluster | ComposeCluster, *, jobs: int, faults: int, seconds: float, seed: int
) -> Result:
    """`seconds` is the time over which jobs arrive and faults happen."""
    rng = random.Random(seed)
    wanted = mixed_jobs(rng, count=jobs, every_s=seconds / jobs)
    planned = schedule(rng, cluster.fault_kinds, count=faults, every_s=seconds / (faults + 1))
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=50, keepalive_expiry=2)
    try:
        await cluster.start()
        chaos = Chaos(cluster)
        async with httpx.AsyncClient(timeout=10, limits=limits) as http, cluster.watched():
            clients = Clients(cluster.urls, http, run=f"{seed}-{time.time_ns()}")
            faulting = asyncio.create_task(chaos.run(planned))
            outcomes = await clients.run(wanted)
            await faulting
            await redis_answers(cluster.redis_url)
        report = await judge(outcomes, cluster.redis_url, await cluster.expert_logs())
    finally:
        await cluster.stop()
    return Result(report, dict(chaos.injected), cluster.hangs, cluster.unexpected_exits)


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.chaos", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--compose", action="store_true", help="drive the committed docker-compose.yml")
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--faults", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=600, help="over which jobs arrive and faults happen")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="for logs; a new temporary one if not given")
    arguments = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):  # either way the cluster is taken down
        signal.signal(number, signal.default_int_handler)
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="chaos-"))
    print(f"seed {arguments.seed}; logs in {folder}", flush=True)
    started = time.monotonic()
    result = asyncio.run(
        run(
            (ComposeCluster if arguments.compose else Cluster)(folder.resolve()),
            jobs=arguments.jobs,
            faults=arguments.faults,
            seconds=arguments.seconds,
            seed=arguments.seed,
        )
    )
    rows = result.report.lines()
    rows.append(("faults injected", str(sum(result.faults.values()))))
    rows += [(f"  {kind}", str(count)) for kind, count in sorted(result.faults.items())]
    rows.append(("hangs at shutdown", str(len(result.hangs))))
    rows.append(("took", f"{time.monotonic() - started:.0f} s"))
    rows.append(("seed", str(arguments.seed)))
    print("\n".join(f"{name:<30} {value}" for name, value in rows))
    if result.findings:
        raise SystemExit("\n".join(result.findings))


if __name__ == "__main__":
    main()
