"""Plans remembered in Redis, by all that determines them."""

import hashlib
import json

import structlog
from pydantic import ValidationError
from redis.exceptions import RedisError

from shared.schemas import Mode, Plan
from shared.store import RedisClient

#: Part of every key. Raise it when the gate's answer to an unchanged prompt changes.
GATE_VERSION = "1"

log = structlog.get_logger(__name__)


class PlanCache:
    """The gate works without its cache: a Redis that does not answer is a miss, and logged."""

    def __init__(self, redis: RedisClient | None, *, model: str, ttl_s: float) -> None:
        self._redis = redis if ttl_s > 0 else None
        self._model = model
        self._ttl_ms = int(ttl_s * 1000)

    def _key(self, prompt: str, mode: Mode | None) -> str:
        parts = json.dumps([prompt, mode, self._model, GATE_VERSION])
        return f"plan:{hashlib.sha256(parts.encode()).hexdigest()}"

    async def get(self, prompt: str, mode: Mode | None) -> Plan | None:
        if self._redis is None:
            return None
        try:
            stored = await self._redis.get(self._key(prompt, mode))
            return Plan.model_validate_json(stored) if stored else None
        except (RedisError, ValidationError) as error:
            log.warning("plan cache not read", error=str(error))
            return None

    async def put(self, prompt: str, mode: Mode | None, plan: Plan) -> None:
        if self._redis is None:
            return
        try:
            await self._redis.set(self._key(prompt, mode), plan.model_dump_json(), px=self._ttl_ms)
        except RedisError as error:
            log.warning("plan not cached", error=str(error))

    async def forget(self, prompt: str, mode: Mode | None) -> None:
        """Raises RedisError: who deletes must know whether it is gone."""
        if self._redis is not None:
            await self._redis.delete(self._key(prompt, mode))
