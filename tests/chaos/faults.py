"""What is done to the cluster, when and to whom: a schedule that the seed alone determines."""

import asyncio
import random
import signal
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tests.chaos.processes import Cluster, Program

#: One round; rounds are shuffled, so that every kind occurs early and equally often.
ROUND = (
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


@dataclass(frozen=True)
class Fault:
    at_s: float
    kind: str
    #: Chooses among what there is of the kind.
    draw: float
    lasts_s: float


def schedule(rng: random.Random, *, count: int, every_s: float) -> list[Fault]:
    """`count` faults, on average `every_s` apart; some last longer than a gateway's leases."""
    faults, at_s, deck = [], every_s, list[str]()
    for _ in range(count):
        if not deck:
            deck = rng.sample(ROUND, len(ROUND))
        lasts_s = rng.choice((0.5, 2.0, 5.0, 12.0))
        faults.append(Fault(at_s, deck.pop(), rng.random(), lasts_s))
        at_s += rng.uniform(0.5, 1.5) * every_s
    return faults


class Chaos:
    """Injects faults; several may last at once, but a process suffers one at a time."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.injected: Counter[str] = Counter()

    async def run(self, faults: Sequence[Fault]) -> None:
        async with asyncio.TaskGroup() as group:
            for fault in faults:
                group.create_task(self._inject(fault))

    async def _inject(self, fault: Fault) -> None:
        await asyncio.sleep(fault.at_s)
        verb, _, what = fault.kind.partition(" ")
        if what == "connections":
            links = sorted(self._cluster.links)
            await self._disturb(verb, links[int(fault.draw * len(links))], fault.lasts_s)
        else:
            await self._hurt(verb, await self._victim(what, fault.draw), fault.lasts_s)
        self.injected[fault.kind] += 1

    async def _victim(self, kind: str, draw: float) -> Program:
        """The one that was drawn, or else the next that no other fault has in hand."""
        programs = [program for program in self._cluster.programs.values() if program.kind == kind]
        first = int(draw * len(programs))
        while True:
            for program in programs[first:] + programs[:first]:
                if not program.held and program.running:
                    program.held = True
                    return program
            await asyncio.sleep(0.1)

    async def _hurt(self, verb: str, program: Program, lasts_s: float) -> None:
        try:
            if verb == "stop":
                program.signal(signal.SIGSTOP)
                await asyncio.sleep(lasts_s)
                program.signal(signal.SIGCONT)
                return
            program.signal(signal.SIGKILL if verb == "kill" else signal.SIGTERM)
            if not await program.ended():
                self._cluster.hangs.append(program.name)
            await asyncio.sleep(min(lasts_s, 3.0) if program.kind == "redis" else lasts_s)
            program.start()
        finally:
            program.held = False

    async def _disturb(self, verb: str, name: str, lasts_s: float) -> None:
        link = self._cluster.links[name]
        if verb == "cut":
            link.cut()
            return
        async with link.stalled() if verb == "stall" else link.refused():
            await asyncio.sleep(lasts_s)
