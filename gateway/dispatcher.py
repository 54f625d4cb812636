"""Late binding: clips wait here, in order, until the expert that would finish them first has room.

One pass looks at the fleet once and places as many waiting clips as there is room for. A clip whose best
expert is busy is counted as that expert's work for the rest of the pass and stays here, so that the next
clips see the longer wait and go where time is left.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

import structlog
from redis.exceptions import RedisError

from gateway import hedging, metrics, router
from gateway.affinity import Affinity
from gateway.fairness import FairQueue
from gateway.fleet import Fleet, Place
from gateway.notifier import FLEET, Notifier, Signal
from gateway.router import Choice, Job, Node, Policy
from shared.errors import Unavailable

log = structlog.get_logger(__name__)

_GUARD_S = 1.0


@dataclass(eq=False)
class _Waiting:
    job: Job
    placed: asyncio.Future[Place]
    since: float = field(default_factory=time.monotonic)


class Dispatcher:
    """Owns this process's waiting clips and its places on experts."""

    def __init__(
        self,
        fleet: Fleet,
        notifier: Notifier,
        affinity: Affinity,
        policy: Policy,
        *,
        weights: Mapping[str, float],
    ) -> None:
        self._fleet = fleet
        self._affinity = affinity
        self._policy = policy
        self._notifier = notifier
        self._waiting: FairQueue[_Waiting] = FairQueue(weights)
        self._replica = uuid.uuid4().hex
        self._places: set[Place] = set()
        self._kick = Signal()

    def __repr__(self) -> str:
        return f"<Dispatcher waiting={len(self._waiting)} placed={len(self._places)}>"

    @asynccontextmanager
    async def place_copy(self, job: Job, remaining_s: float) -> AsyncIterator[Place | None]:
        """A place on a second node for a clip that is late, if that is worthwhile now."""
        nodes = await self._fleet.snapshot()
        choice = await self._choose(nodes, job)
        alive = [node for node in nodes if node.heartbeat_age_s <= self._policy.stale_after_s]
        place = None
        if not self._waiting and hedging.worthwhile(choice, alive, remaining_s):
            place = await self._fleet.reserve(choice, job.work_mp)
        if place is None:
            yield None
            return
        self._places.add(place)
        try:
            yield place
        finally:
            await asyncio.shield(self._give_back(place))

    @asynccontextmanager
    async def place(self, job: Job, *, tenant: str = "") -> AsyncIterator[Place]:
        """A place on the best expert, waited for as long as it takes.

        Raises Unavailable when experts are registered and none of them can ever make the clip.
        """
        waiting = _Waiting(job, asyncio.get_running_loop().create_future())
        self._waiting.add(waiting, tenant, job.work_mp)
        metrics.WAITING_CLIPS.set(len(self._waiting))
        self._kick.set()
        try:
            place = await waiting.placed
        except asyncio.CancelledError:
            if waiting.placed.done() and not waiting.placed.cancelled():
                await self._give_back(waiting.placed.result())
            raise
        finally:
            served = waiting.placed.done() and not waiting.placed.cancelled()
            self._waiting.remove(waiting, served=served)
            metrics.WAITING_CLIPS.set(len(self._waiting))
        metrics.WAITING_SECONDS.observe(time.monotonic() - waiting.since)
        try:
            yield place
        finally:
            await asyncio.shield(self._give_back(place))

    async def run(self) -> None:
        """Place waiting clips and renew leases until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._place_forever())
            group.create_task(self._renew_forever())
            group.create_task(self._watch_fleet())

    async def _watch_fleet(self) -> None:
        announced = float("-inf")
        with self._notifier.watching(FLEET) as changed:
            while True:
                await changed.wait(_GUARD_S)
                self._kick.set()
                if time.monotonic() - announced > _GUARD_S:
                    announced = time.monotonic()
                    with suppress(RedisError, OSError):
                        waiting_mp = sum(waiting.job.work_mp for waiting in self._waiting)
                        await self._fleet.announce_waiting(self._replica, waiting_mp)

    async def _place_forever(self) -> None:
        while True:
            await self._kick.wait(_GUARD_S)
            try:
                if self._waiting:
                    await self._place_waiting()
            except (RedisError, OSError) as error:
                log.warning("cannot read the fleet", error=str(error))
                await asyncio.sleep(_GUARD_S)
            except (
                Exception
            ):  # the worker's boundary: one clip that cannot be placed must not stop all others
                log.exception("placing clips failed")
                await asyncio.sleep(_GUARD_S)

    async def _place_waiting(self) -> None:
        nodes = {node.name: node for node in await self._fleet.snapshot()}
        for waiting in tuple(self._waiting):
            if waiting.placed.done():
                continue
            choice = await self._choose(list(nodes.values()), waiting.job)
            if not choice.possible:
                waiting.placed.set_exception(_impossible(choice))
            elif choice.node is not None:
                if choice.has_room:
                    await self._try(waiting, choice)
                nodes[choice.node.name] = choice.node.with_clip(waiting.job.work_mp)
            if not _any_room(list(nodes.values())) and choice.possible:
                break

    async def route(self, job: Job) -> Choice:
        """What would be chosen now; nothing is dispatched."""
        return await self._choose(await self._fleet.snapshot(), job)

    async def _choose(self, nodes: Sequence[Node], job: Job) -> Choice:
        affinities = await self._affinity.of(job.prompt, nodes)
        return router.choose(nodes, replace(job, affinities=affinities), self._policy)

    async def _try(self, waiting: _Waiting, choice: Choice) -> None:
        place = await self._fleet.reserve(choice, waiting.job.work_mp)
        if place is None:  # another gateway was faster; the pass after its release sees it
            return
        if waiting.placed.done():  # cancelled meanwhile
            await self._give_back(place)
            return
        self._places.add(place)
        waiting.placed.set_result(place)

    async def _renew_forever(self) -> None:
        while True:
            await asyncio.sleep(self._fleet.lease_s / 4)
            if self._places:
                with suppress(RedisError, OSError):
                    await self._fleet.renew(tuple(self._places))

    async def _give_back(self, place: Place) -> None:
        self._places.discard(place)
        with suppress(RedisError, OSError):  # else the lease ends by itself
            await self._fleet.release(place)


def _any_room(nodes: Sequence[Node]) -> bool:
    return any(node.room > 0 for node in nodes)


def _impossible(choice: Choice) -> Unavailable:
    return Unavailable(
        f"no registered expert can make this clip: {choice.explain()}", code="no_capable_expert"
    )
