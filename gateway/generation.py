"""Making one subvideo: placed on an expert, tried elsewhere when that fails, stopped when nobody waits."""

import asyncio
import time
from dataclasses import dataclass, field, replace

import structlog
from redis.exceptions import RedisError

from gateway import hedging, metrics
from gateway.dispatcher import Dispatcher
from gateway.experts import ExpertClient, ExpertUnreachable
from gateway.fleet import Fleet, Observation, Place
from gateway.hedging import HedgeBudget
from gateway.router import Job
from gateway.similar import SimilarSubvideos
from gateway.subvideos import Subvideos, Wish
from shared.errors import ExpertFault, Overloaded, ServiceError
from shared.schemas import SubvideoSpec
from shared.tracing import span

log = structlog.get_logger(__name__)

_CHECK_WANTED_S = 5.0
_PROGRESS_STEP, _PROGRESS_EVERY_S = 10, 0.25
_FULL_PAUSE_S = 1.0
_UNREACHABLE_PAUSE_S = 0.2
_SHORTEST_LOOK_S = 0.05


@dataclass(eq=False)
class _Run:
    """One clip on one node."""

    place: Place
    progress: float = 0.0
    beaten_by: str = ""
    started: float = field(default_factory=time.monotonic)
    looked: int = 0

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self.started

    @property
    def remaining_s(self) -> float:
        return hedging.remaining_s(self.elapsed_s, self.progress, self.place.choice)

    def patience_s(self, topic: str) -> float:
        """Until it is late; after that, until it is worth looking again for a second node."""
        self.looked += 1
        late = hedging.late_after_s(self.place.choice, topic)
        return max(_SHORTEST_LOOK_S, late - self.elapsed_s, late / 4 if self.looked > 1 else 0.0)


class Generation:
    """The durable task behind every subvideo."""

    def __init__(
        self,
        subvideos: Subvideos,
        similar: SimilarSubvideos,
        dispatcher: Dispatcher,
        fleet: Fleet,
        experts: ExpertClient,
        *,
        tries: int,
        hedge_share: float,
    ) -> None:
        self._subvideos = subvideos
        self._similar = similar
        self._dispatcher = dispatcher
        self._fleet = fleet
        self._experts = experts
        self._tries = tries
        self._budget = HedgeBudget(hedge_share)

    async def make_subvideo(self, digest: str) -> None:
        """Idempotent: does nothing when the subvideo exists or nobody waits for it."""
        wish = await self._subvideos.wanted(digest)
        if wish is None:
            return
        if await self._subvideos.find(wish.spec) is not None:
            await self._subvideos.made(digest, expert=None)
            return
        try:
            with span("make subvideo", parent=wish.trace, digest=digest):
                await self._while_wanted(wish)
        except asyncio.CancelledError:
            await asyncio.shield(self._subvideos.stopped(digest))
            raise

    async def _while_wanted(self, wish: Wish) -> None:
        spec = wish.spec
        work = asyncio.create_task(self._make(wish))
        try:
            while not work.done():
                await asyncio.wait({work}, timeout=_CHECK_WANTED_S)
                if not work.done() and not await self._subvideos.is_wanted(spec.digest):
                    log.info("nobody waits for the subvideo any more", digest=spec.digest)
                    return
        finally:
            work.cancel()
            await asyncio.wait({work})
        work.result()

    async def _make(self, wish: Wish) -> None:
        digest = wish.spec.digest
        try:
            await self._generate(wish)
        except ServiceError as error:
            metrics.SUBVIDEOS.labels("failed").inc()
            await self._subvideos.failed(digest, error)
        except RedisError:  # its waiters queue the task again
            raise
        except Exception:  # the worker's boundary: a bug becomes a stored failure
            log.exception("making a subvideo failed", digest=digest)
            await self._subvideos.failed(digest, ServiceError("internal error while making a subvideo"))
        else:
            metrics.SUBVIDEOS.labels("generated").inc()
            await self._similar.add(wish.spec, tenant=wish.tenant)

    async def _generate(self, wish: Wish) -> None:
        """Have it made, by whichever node. Raises when the clip failed `tries` times."""
        spec = wish.spec
        blamed: list[str] = []
        avoided: set[str] = set()
        while True:
            job = job_of(spec, avoid=frozenset(avoided))
            async with self._dispatcher.place(job, tenant=wish.tenant) as place:
                name = place.node.name
                try:
                    winner = await self._race(place, spec, job)
                except Overloaded as error:
                    await self._fleet.was_full(name, retry_after_s=error.retry_after_s or _FULL_PAUSE_S)
                    continue
                except ExpertUnreachable as error:
                    log.warning("expert unreachable", expert=name, error=error.message)
                    await self._fleet.failed(name)
                    avoided.add(name)
                except ExpertFault as error:
                    log.warning("expert failed", expert=name, error=error.message)
                    blamed.append(name)
                    avoided.add(name)
                    if len(blamed) >= self._tries:
                        raise ExpertFault(_gave_up(blamed, error)) from error
                else:
                    await self._settle(winner, blamed, job.topic)
                    return
            await asyncio.sleep(_UNREACHABLE_PAUSE_S)

    async def _race(self, place: Place, spec: SubvideoSpec, job: Job) -> str:
        """The name of the node that was first: the one of `place`, or a second one when that is late."""
        self._budget.work_mp += job.work_mp
        first = _Run(place)
        task = asyncio.create_task(self._on(first, spec, job))
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=first.patience_s(job.topic))
                if not task.done() and await self._copy_was_first(first, task, spec, job):
                    return first.beaten_by
            await task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return place.node.name

    async def _copy_was_first(
        self, first: "_Run", task: asyncio.Task[None], spec: SubvideoSpec, job: Job
    ) -> bool:
        """Try the late clip on a second node; the loser is cancelled at its next step."""
        job = replace(job, avoid=frozenset({first.place.node.name}))
        if not self._budget.allows(job.work_mp):
            return False
        async with self._dispatcher.place_copy(job, first.remaining_s) as place:
            if place is None or place.node.name == first.place.node.name:
                return False
            log.info("late clip started on a second node", late=first.place.node.name, second=place.node.name)
            self._budget.copies_mp += job.work_mp
            copy = asyncio.create_task(self._on(_Run(place), spec, job))
            try:
                await asyncio.wait({task, copy}, return_when=asyncio.FIRST_COMPLETED)
                if _failed(task) and not copy.done():
                    await asyncio.wait({copy})
                won = copy.done() and not copy.cancelled() and copy.exception() is None
            finally:
                copy.cancel()
                await asyncio.gather(copy, return_exceptions=True)
        metrics.HEDGES.labels("second" if won else "first").inc()
        if won and _failed(task):
            await self._fleet.disappointed(first.place.node.name, job.topic)
        elif won and not task.done():  # how slow it was at least is worth learning
            await self._observe(first.place, job, first.elapsed_s, first.elapsed_s)
        first.beaten_by = place.node.name if won else ""
        return won

    async def _settle(self, name: str, blamed: list[str], topic: str) -> None:
        """The clip could be made, so those that failed on it are at fault and not the clip."""
        for other in blamed:
            if other != name:
                await self._fleet.disappointed(other, topic)
        await self._fleet.succeeded(name)

    async def _on(self, run: "_Run", spec: SubvideoSpec, job: Job) -> None:
        place, name, reported = run.place, run.place.node.name, 0
        reported_at = float("-inf")

        async def on_progress(share: float) -> None:
            nonlocal reported, reported_at
            run.progress = share
            percent = int(100 * share)
            if percent >= reported + _PROGRESS_STEP and time.monotonic() - reported_at > _PROGRESS_EVERY_S:
                reported, reported_at = percent, time.monotonic()
                await self._subvideos.working(spec.digest, expert=name, progress=min(99, percent))

        await self._subvideos.placed(spec.digest, expert=name, route=place.choice.verdicts)
        outcome = "fault"
        try:
            service_s = await self._experts.generate(place.node.url, spec, on_progress)
            outcome = "completed"
            await self._subvideos.made(spec.digest, expert=name)  # first of all, for others wait for it
            await self._observe(place, job, service_s, run.elapsed_s)
        except Overloaded:
            outcome = "full"
            raise
        except asyncio.CancelledError:
            outcome = "cancelled"
            raise
        finally:
            metrics.EXPERT_CALLS.labels(name, outcome).inc()

    async def _observe(self, place: Place, job: Job, service_s: float, took_s: float) -> None:
        metrics.EXPERT_SECONDS.observe(took_s)
        if service_s <= 0:  # it was there already
            return
        choice = place.choice
        seen = Observation(
            profile=job.profile,
            pixels=job.pixels,
            topic=job.topic,
            work_mp=job.work_mp,
            predicted_s=choice.plain_s,
            service_s=service_s,
            overhead_s=max(0.0, took_s - service_s - choice.wait_s),
        )
        await self._fleet.observe(place.node.name, seen)


def job_of(spec: SubvideoSpec, *, avoid: frozenset[str] = frozenset()) -> Job:
    """The spec as the router sees it."""
    pixels = spec.width * spec.height
    return Job(
        digest=spec.digest,
        model=spec.model,
        profile=spec.profile,
        pixels=pixels,
        work_mp=spec.frames * pixels / 1e6,
        engine_version=spec.engine_version,
        prompt=spec.prompt,
        topic="keyed" if spec.keyed else "scene",
        avoid=avoid,
    )


def _failed(task: asyncio.Task[None]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is not None


def _gave_up(blamed: list[str], error: ExpertFault) -> str:
    return f"the clip failed {len(blamed)} times, on {', '.join(blamed)}; the last time: {error.message}"
