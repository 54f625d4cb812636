"""What a tenant may use: requests a minute, videos at once, seconds of video a day. Counted in Redis."""

import math
import time
from collections.abc import Mapping

from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerMinute
from limits.aio.storage import RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter, RateLimiter, SlidingWindowCounterRateLimiter
from pydantic import BaseModel, ConfigDict, Field

from shared.errors import RateLimited
from shared.store import RedisClient

#: When to try again after a refusal that ends with whichever video ends first.
_RETRY_S = 5.0


class TenantLimits(BaseModel):
    """None is no limit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    requests_per_minute: int | None = Field(3000, ge=1)
    #: Videos that are accepted and have not ended.
    open_videos: int | None = Field(50, ge=1)
    #: A day begins with the first video after the last day's end.
    video_seconds_per_day: int | None = Field(7200, ge=1)

    def overridden(self, changes: "TenantLimits") -> "TenantLimits":
        return self.model_copy(update=changes.model_dump(exclude_unset=True))


class Quotas:
    """Every gateway counts in the same place. Raises RateLimited with the limit as its code."""

    def __init__(
        self, redis: RedisClient, default: TenantLimits, tenants: Mapping[str, TenantLimits]
    ) -> None:
        storage = RedisStorage(
            "async+redis://",
            implementation="redispy",
            key_prefix="limits",
            connection_pool=redis.connection_pool,  # type: ignore[arg-type]
        )
        self._rate: RateLimiter = SlidingWindowCounterRateLimiter(storage)
        self._daily: RateLimiter = FixedWindowRateLimiter(storage)
        self._default = default
        self._tenants = tenants

    def of(self, tenant: str) -> TenantLimits:
        changes = self._tenants.get(tenant)
        return self._default.overridden(changes) if changes else self._default

    async def count_request(self, tenant: str) -> None:
        limit = self.of(tenant).requests_per_minute
        if limit is None:
            return
        item = RateLimitItemPerMinute(limit)
        if not await self._rate.hit(item, "requests", tenant):
            retry_s = await _reset_s(self._rate, item, "requests", tenant)
            raise RateLimited(
                f"more than {limit} requests a minute", code="requests_per_minute", retry_after_s=retry_s
            )

    async def spend_seconds(self, tenant: str, seconds: float) -> None:
        """Count a video of so many seconds; refused, nothing is counted."""
        limit = self.of(tenant).video_seconds_per_day
        if limit is None or await self.add_seconds(tenant, seconds):
            return
        item = RateLimitItemPerDay(limit)
        retry_s = await _reset_s(self._daily, item, "seconds", tenant)
        await self.add_seconds(tenant, -seconds)
        raise RateLimited(
            f"more than {limit} seconds of video a day", code="video_seconds_per_day", retry_after_s=retry_s
        )

    async def add_seconds(self, tenant: str, seconds: float) -> bool:
        """Correct what was counted, as when a plan is longer than expected; False beyond the limit."""
        limit = self.of(tenant).video_seconds_per_day
        if limit is None or not seconds:
            return True
        cost = math.copysign(math.ceil(abs(seconds)), seconds)
        return await self._daily.hit(RateLimitItemPerDay(limit), "seconds", tenant, cost=int(cost))

    def too_many_open(self, tenant: str) -> RateLimited:
        limit = self.of(tenant).open_videos
        return RateLimited(f"more than {limit} videos at once", code="open_videos", retry_after_s=_RETRY_S)


async def _reset_s(limiter: RateLimiter, item: RateLimitItem, *names: str) -> float:
    """Until the limit lets anything through again."""
    window = await limiter.get_window_stats(item, *names)
    return max(1.0, window.reset_time - time.time())
