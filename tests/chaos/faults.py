"""What is done to the cluster, when and to whom: a schedule that the seed alone determines."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tests.chaos.containers import ComposeCluster, Container
from tests.chaos.processes import Cluster, Program

Victim = Program | Container


@dataclass(frozen=True)
class Fault:
    at_s: float
    kind: str
    #: Chooses among what there is of the kind.
    draw: float
    lasts_s: float


def schedule(rng: random.Random, kinds: Sequence[str], *, count: int, every_s: float) -> list[Fault]:
    """`count` faults, on average `every_s` apart; some last longer than a gateway's leases.

    All `kinds` are shuffled, round after round, so that each occurs early and equally often.
    """
    faults, at_s, deck = [], every_s, list[str]()
    for _ in range(count):
        if not deck:
            deck = rng.sample(kinds, len(kinds))
        lasts_s = rng.choice((0.5, 2.0, 5.0, 12.0))
        faults.append(Fault(at_s, deck.pop(), rng.random(), lasts_s))
        at_s += rng.uniform(0.5, 1.5) * every_s
    return faults


class Chaos:
    """Injects faults; several may last at once, but a victim suffers one at a time."""

    def __init__(self, cluster: Cluster | ComposeCluster) -> None:
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
            lasts_s = min(fault.lasts_s, 3.0) if what == "redis" else fault.lasts_s
            victim = await self._victim(what, fault.draw)
            try:
                if not await victim.suffer(verb, lasts_s):
                    self._cluster.hangs.append(victim.name)
            finally:
                victim.held = False
        self.injected[fault.kind] += 1

    async def _victim(self, kind: str, draw: float) -> Victim:
        """The one that was drawn, or else the next that no other fault has in hand."""
        victims = [victim for victim in self._cluster.programs.values() if victim.kind == kind]
        first = int(draw * len(victims))
        while True:
            for victim in victims[first:] + victims[:first]:
                if victim.free:
                    victim.held = True
                    return victim
            await asyncio.sleep(0.1)

    async def _disturb(self, verb: str, name: str, lasts_s: float) -> None:
        link = self._cluster.links[name]
        if verb == "cut":
            link.cut()
            return
        async with link.stalled() if verb == "stall" else link.refused():
            await asyncio.sleep(lasts_s)
