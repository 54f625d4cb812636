"""The experts as all gateways see them: registry, ledger of dispatched clips, and health, in Redis.

Keys:
    experts                   hash: name → ExpertRecord
    expert:<name>:ledger      sorted set: `<token>|<work>|<dispatched at>` by the end of its lease
    expert:<name>:health      hash: faults (decayed count), faulted_at, open_until
    expert:<name>:full        exists while the node has said it is full
    gateway:waiting           hash: replica → megapixels that wait there, and since when that is known
    expert:<name>:observed    hash: running means of what was measured on real clips, see `Fleet.observe`
"""

import functools
import math
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from gateway.notifier import CHANNEL, FLEET, Notifier
from gateway.router import Choice, Dispatched, Node, Residual
from shared.errors import NotFound
from shared.schemas import ExpertRecord, ExpertRegistration
from shared.store import RedisClient

#: Heartbeats a node may miss before it is passed over, and before it is forgotten.
MISSED_HEARTBEATS = 3
_FORGET_HEARTBEATS = 300
_FAULTS_TO_OPEN = 3
_FAULT_HALF_LIFE_S = 60.0
_OPEN_S, _LONGEST_OPEN_S = 5.0, 120.0

_RESERVE = """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[4])
return 1
"""

_FAULT = """
local now, half_life = tonumber(ARGV[1]), tonumber(ARGV[2])
local faults = tonumber(redis.call('HGET', KEYS[1], 'faults') or '0')
local at = tonumber(redis.call('HGET', KEYS[1], 'faulted_at') or ARGV[1])
faults = faults * 0.5 ^ ((now - at) / half_life) + 1
redis.call('HSET', KEYS[1], 'faults', tostring(faults), 'faulted_at', ARGV[1])
if faults > tonumber(ARGV[3]) - 0.5 then
  local pause = tonumber(ARGV[4]) * 2 ^ math.floor(faults + 0.5 - tonumber(ARGV[3]))
  pause = math.min(pause, tonumber(ARGV[5]))
  redis.call('HSET', KEYS[1], 'open_until', tostring(now + pause))
end
redis.call('EXPIRE', KEYS[1], 3600)
return tostring(faults)
"""

# A running mean and variance in the fields <name>:m, :v and :n, for each (name, value) of the arguments.
_OBSERVE = """
for i = 2, #ARGV, 2 do
  local name, value = ARGV[i], tonumber(ARGV[i + 1])
  local mean = tonumber(redis.call('HGET', KEYS[1], name .. ':m') or ARGV[i + 1])
  local variance = tonumber(redis.call('HGET', KEYS[1], name .. ':v') or '0')
  local n = redis.call('HINCRBY', KEYS[1], name .. ':n', 1)
  local weight = math.max(tonumber(ARGV[1]), 1 / n)
  local delta = value - mean
  mean = mean + weight * delta
  variance = (1 - weight) * (variance + weight * delta * delta)
  redis.call('HSET', KEYS[1], name .. ':m', tostring(mean), name .. ':v', tostring(variance))
end
redis.call('EXPIRE', KEYS[1], 86400)
return 1
"""
_NEWEST_WEIGHT = 0.1


@dataclass(frozen=True)
class Observation:
    """One clip that a node made: what was predicted, and what it took."""

    profile: str
    pixels: int
    topic: str
    work_mp: float
    predicted_s: float
    #: Computation alone, as the node measured it.
    service_s: float
    #: The rest of the call: transfer, storing, waiting for the node's attention.
    overhead_s: float


@dataclass(frozen=True, eq=False)
class Place:
    """One clip's reserved place on a node."""

    node: Node
    member: str
    choice: Choice


class Fleet:
    """Reads and writes what the gateways share about experts."""

    def __init__(self, redis: RedisClient, notifier: Notifier, *, heartbeat_s: float, lease_s: float) -> None:
        self._redis = redis
        self._notifier = notifier
        self.lease_s = lease_s
        self.heartbeat_s = heartbeat_s
        self._reserve = redis.register_script(_RESERVE)
        self._fault = redis.register_script(_FAULT)
        self._observe = redis.register_script(_OBSERVE)

    @property
    def stale_after_s(self) -> float:
        return MISSED_HEARTBEATS * self.heartbeat_s

    async def register(self, name: str, registration: ExpertRegistration) -> ExpertRecord:
        now = time.time()
        known = await cast(Any, self._redis.hget("experts", name))
        since = ExpertRecord.model_validate_json(known).registered_at if known else now
        record = ExpertRecord(
            url=registration.url.rstrip("/"),
            status=registration.status,
            registered_at=since,
            heartbeat_at=now,
        )
        await cast(Any, self._redis.hset("experts", name, record.model_dump_json()))
        await self._notifier.announce(FLEET)
        return record

    async def unregister(self, name: str) -> None:
        """Raises NotFound when there is no such node."""
        if not await cast(Any, self._redis.hdel("experts", name)):
            raise NotFound(f"no expert {name!r}", param="name", code="expert_not_found")
        await cast(Any, self._redis.delete(_ledger(name), _health(name), _full(name), _observed(name)))
        await self._notifier.announce(FLEET)

    async def records(self) -> dict[str, ExpertRecord]:
        """Every registered node by name; those silent for very long are forgotten on the way."""
        raw = await cast(Any, self._redis.hgetall("experts"))
        records = {name.decode(): _parsed(row) for name, row in raw.items()}
        oldest = time.time() - _FORGET_HEARTBEATS * self.heartbeat_s
        gone = [name for name, record in records.items() if record.heartbeat_at < oldest]
        if gone:
            await cast(Any, self._redis.hdel("experts", *gone))
            await cast(Any, self._redis.delete(*(_ledger(name) for name in gone)))
        return {name: record for name, record in sorted(records.items()) if name not in gone}

    async def models(self) -> set[str]:
        return {record.status.model for record in (await self.records()).values()}

    async def snapshot(self) -> list[Node]:
        records = await self.records()
        now = time.time()
        async with self._redis.pipeline(transaction=False) as pipe:
            for name in records:
                pipe.zrangebyscore(_ledger(name), f"({now}", "+inf")
                pipe.hgetall(_health(name))
                pipe.pttl(_full(name))
                pipe.hgetall(_observed(name))
            rows = await pipe.execute()
        parts = [rows[i : i + 4] for i in range(0, len(rows), 4)]
        return [
            _node(name, record, part, now=now)
            for (name, record), part in zip(records.items(), parts, strict=True)
        ]

    async def reserve(self, choice: Choice, work_mp: float) -> Place | None:
        """A place on the chosen node until released, or until its lease ends; None if there is none left."""
        node = choice.node
        assert node is not None
        now = time.time()
        member = f"{uuid.uuid4().hex}|{work_mp:.6g}|{now:.3f}"
        args: list[str | float] = [now, node.limit, now + self.lease_s, member]
        taken = await self._reserve(keys=[_ledger(node.name)], args=args)
        return Place(node, member, choice) if taken else None

    async def announce_waiting(self, replica: str, work_mp: float) -> None:
        """Tell the other gateways how much work waits here."""
        value = f"{work_mp:.6g}|{time.time():.3f}"
        await cast(Any, self._redis.hset("gateway:waiting", replica, value))

    async def waiting_mp(self) -> float:
        """Megapixels that wait at all gateways; replicas that fell silent are forgotten."""
        raw = await cast(Any, self._redis.hgetall("gateway:waiting"))
        rows = {name: value.decode().split("|") for name, value in raw.items()}
        silent = [name for name, (_, at) in rows.items() if time.time() - float(at) > self.lease_s]
        if silent:
            await cast(Any, self._redis.hdel("gateway:waiting", *silent))
        return sum(float(work) for name, (work, _) in rows.items() if name not in silent)

    async def renew(self, places: Sequence[Place]) -> None:
        until = time.time() + self.lease_s
        async with self._redis.pipeline(transaction=False) as pipe:
            for place in places:
                pipe.zadd(_ledger(place.node.name), {place.member: until}, xx=True)
            await pipe.execute()

    async def release(self, place: Place) -> None:
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.zrem(_ledger(place.node.name), place.member)
            pipe.publish(CHANNEL, FLEET)
            await pipe.execute()

    async def observe(self, name: str, seen: Observation) -> None:
        """Learn speed and deviation from a success; failures teach nothing about speed."""
        speed = seen.work_mp / seen.service_s
        values: dict[str, float] = {
            f"speed:{seen.profile}:{seen.pixels}": speed,
            "transfer": seen.overhead_s,
            f"residual:{seen.topic}": math.log(seen.service_s / seen.predicted_s),
            f"quality:{seen.topic}": 1.0,
        }
        await self._learn(name, values)

    async def disappointed(self, name: str, topic: str) -> None:
        """A clip failed on this node and not on another: a fault, and a lesson for clips of its kind."""
        await self.failed(name)
        await self._learn(name, {f"quality:{topic}": 0.0})

    async def _learn(self, name: str, values: Mapping[str, float]) -> None:
        args: list[str | float] = [_NEWEST_WEIGHT, *(item for pair in values.items() for item in pair)]
        await self._observe(keys=[_observed(name)], args=args)

    async def succeeded(self, name: str) -> None:
        await cast(Any, self._redis.delete(_health(name)))

    async def failed(self, name: str) -> None:
        """Count a fault; the third in a row opens the node's circuit, for longer each time."""
        args = [time.time(), _FAULT_HALF_LIFE_S, _FAULTS_TO_OPEN, _OPEN_S, _LONGEST_OPEN_S]
        await self._fault(keys=[_health(name)], args=args)

    async def was_full(self, name: str, *, retry_after_s: float) -> None:
        """Not a fault: only leave the node alone for a moment."""
        pause_ms = int(min(max(retry_after_s, 0.1), 10.0) * 1000)
        await cast(Any, self._redis.set(_full(name), b"1", px=pause_ms))


@functools.lru_cache(maxsize=1024)
def _parsed(row: bytes) -> ExpertRecord:
    """Immutable, and read far more often than nodes renew it."""
    return ExpertRecord.model_validate_json(row)


def _ledger(name: str) -> str:
    return f"expert:{name}:ledger"


def _health(name: str) -> str:
    return f"expert:{name}:health"


def _full(name: str) -> str:
    return f"expert:{name}:full"


def _observed(name: str) -> str:
    return f"expert:{name}:observed"


def _node(name: str, record: ExpertRecord, part: Sequence[Any], *, now: float) -> Node:
    members, health, full_ms, raw = part
    status = record.status
    seen = {key.decode(): float(value) for key, value in raw.items()}
    speeds = {str(profile): speed for profile, speed in status.speed.items() if speed > 0}
    speeds |= {kind: mean for kind, mean in _means(seen, "speed:").items() if mean > 0}
    return Node(
        name=name,
        url=record.url,
        model=status.model,
        engine_version=status.engine_version,
        profiles=status.profiles,
        max_pixels=status.max_pixels,
        capacity=status.capacity,
        queue_limit=status.queue_limit,
        ready=status.ready,
        speeds_mp_s=speeds,
        specialities=status.specialities,
        exclusive=status.exclusive,
        cost_per_mp=status.cost_per_mp,
        power_w=status.power_w,
        transfer_s=seen.get("transfer:m", 0.0),
        residuals=_learned(seen, "residual:"),
        quality=_learned(seen, "quality:"),
        heartbeat_age_s=max(0.0, now - record.heartbeat_at),
        open_s=max(0.0, float(health.get(b"open_until", 0)) - now),
        full_s=max(0, full_ms) / 1000,
        ledger=_dispatched(members, now),
    )


def _learned(seen: Mapping[str, float], prefix: str) -> dict[str, Residual]:
    return {
        topic: Residual(mean, seen.get(f"{prefix}{topic}:v", 0.0), int(seen.get(f"{prefix}{topic}:n", 0)))
        for topic, mean in _means(seen, prefix).items()
    }


def _means(seen: Mapping[str, float], prefix: str) -> dict[str, float]:
    return {
        name.removeprefix(prefix).removesuffix(":m"): value
        for name, value in seen.items()
        if name.startswith(prefix) and name.endswith(":m")
    }


def _dispatched(members: Sequence[bytes], now: float) -> tuple[Dispatched, ...]:
    rows = [member.decode().split("|") for member in members]
    clips = [Dispatched(float(work), max(0.0, now - float(at))) for _, work, at in rows]
    return tuple(sorted(clips, key=lambda clip: -clip.age_s))
