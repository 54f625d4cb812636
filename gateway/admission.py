"""Admission: how long the cluster's waiting work will take, and the refusal of more when that is too long."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass

from gateway.fleet import Fleet
from shared.errors import RateLimited


@dataclass(frozen=True)
class Load:
    """Megapixels of generated frames that are dispatched or wait, and what the fleet makes a second."""

    work_mp: float = 0.0
    rate_mp_s: float = 0.0


_FRESH_S = 0.5
_AT_ONCE = 4
#: Accepted work is counted here for so long, until it shows among what waits or is dispatched.
_LAG_S = 1.5


class Admission:
    """Estimates from the ledger, from what gateways say is waiting, and from the nodes' speeds."""

    def __init__(self, fleet: Fleet, *, limit_s: float) -> None:
        self._fleet = fleet
        self._limit_s = limit_s
        #: Held while a video is accepted: in a crowd, what was accepted first gets on instead of all waiting.
        self.turn = asyncio.Semaphore(_AT_ONCE)
        self._accepted: deque[tuple[float, float]] = deque()
        self._load = Load()
        self._at = float("-inf")

    async def check(self, work_mp: float) -> None:
        """Count a video of about `work_mp`. Raises RateLimited, with the time after which to try again."""
        estimate = await self.estimate_s()
        if estimate is not None and estimate > self._limit_s:
            raise RateLimited(
                f"the waiting work takes about {estimate:.0f} s, more than the allowed {self._limit_s:g} s",
                code="queue_full",
                retry_after_s=estimate - self._limit_s,
            )
        self._accepted.append((time.monotonic(), work_mp))

    async def estimate_s(self) -> float | None:
        """Seconds until a new clip could start; None while no node can say how fast it is."""
        now = time.monotonic()
        if now - self._at > _FRESH_S:
            self._at = now  # those who ask meanwhile do not measure again
            self._load = await self._measure()
        while self._accepted and now - self._accepted[0][0] > _LAG_S:
            self._accepted.popleft()
        if not self._load.rate_mp_s:
            return None
        return (self._load.work_mp + sum(work for _, work in self._accepted)) / self._load.rate_mp_s

    async def _measure(self) -> Load:
        nodes = await self._fleet.snapshot()
        alive = [node for node in nodes if node.ready and node.heartbeat_age_s <= self._fleet.stale_after_s]
        rate = sum(node.capacity * max(node.speeds_mp_s.values(), default=0.0) for node in alive)
        dispatched = sum(clip.work_mp for node in alive for clip in node.ledger)
        return Load(dispatched + await self._fleet.waiting_mp(), rate)
