"""Subvideos: each distinct one is made once, for whoever waits for it, on whichever replica they wait.

A video *joins* a subvideo and waits; a durable task named by the digest makes it. The task lives as long as
anyone waits: the last to leave stops it, and if its gateway dies, another takes it over.

Keys:
    making:<digest>            hash: spec, owner, state, progress, expert, error, ended (count of failed runs)
    making:<digest>:waiters    sorted set: `<video>|<run>` of those that wait, by the end of their lease

They have a time to live from the end of the making on, and not before: when its memory is full, Redis evicts
what has one.
"""

import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from gateway.experts import fits
from gateway.notifier import CHANNEL, Notifier
from shared.errors import ServiceError, from_wire
from shared.schemas import NodeVerdict, SubvideoRef, SubvideoSpec
from shared.store import RedisClient, SubvideoStore
from shared.tracing import traceparent

_GUARD_S = 3.0
#: Who waits says so again every `_GUARD_S`; whose process died or was stopped stops counting after this.
_LEASE_S = 30.0
_KEEP_MS = 86_400_000

_JOIN = """
local state = redis.call('HGET', KEYS[1], 'state')
if state ~= 'queued' and state ~= 'in_progress' then
  redis.call('HSET', KEYS[1], 'state', 'queued', 'owner', ARGV[1], 'progress', '0', 'spec', ARGV[2])
  redis.call('HSET', KEYS[1], 'tenant', ARGV[4], 'trace', ARGV[6])
end
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[5])
redis.call('PERSIST', KEYS[1])
redis.call('PERSIST', KEYS[2])
return tonumber(redis.call('HGET', KEYS[1], 'ended') or '0')
"""

_LEAVE = """
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[2])
return redis.call('ZCARD', KEYS[1])
"""

# Atomic: who joins meanwhile would wait for what nobody remembers.
_FORGET = """
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[1])
if redis.call('ZCARD', KEYS[2]) > 0 then return 0 end
return redis.call('DEL', KEYS[1], KEYS[2])
"""


@dataclass(frozen=True)
class Wish:
    """What is to be made, and on whose account it waits: the first who asked."""

    spec: SubvideoSpec
    tenant: str
    #: The `traceparent` of the one who asked first.
    trace: str = ""


@dataclass(frozen=True)
class Waiter:
    """One run of a video's task: a run that was taken over must not withdraw what its successor waits for."""

    video_id: str
    run: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def member(self) -> str:
        return f"{self.video_id}|{self.run}"


@dataclass(frozen=True)
class Making:
    """How far a subvideo is, as its waiters see it."""

    state: str
    progress: int = 0
    expert: str | None = None
    #: What the router thought of every node.
    route: tuple[NodeVerdict, ...] = ()
    #: The video that asked first.
    owner: str = ""
    #: How many times its making has failed so far.
    ended: int = 0
    error: ServiceError | None = None


OnChange = Callable[[Making], Awaitable[None]]
#: Makes sure that the durable task of this digest exists, or stops it.
Start = Callable[[str], Awaitable[None]]
Stop = Callable[[str], Awaitable[None]]


class Subvideos:
    """The shared state of subvideos in the making."""

    def __init__(self, redis: RedisClient, store: SubvideoStore, notifier: Notifier) -> None:
        self._redis = redis
        self._store = store
        self._notifier = notifier
        self._join = redis.register_script(_JOIN)
        self._leave = redis.register_script(_LEAVE)
        self._forget = redis.register_script(_FORGET)
        self._reading: dict[str, asyncio.Task[Making]] = {}

    async def find(self, spec: SubvideoSpec, *, digest: str = "") -> SubvideoRef | None:
        """The subvideo, or the one named, if it exists in the form that the spec asks for."""
        ref = await self._store.find(digest or spec.digest)
        return ref if ref is not None and fits(ref, spec) else None

    async def join(self, spec: SubvideoSpec, waiter: Waiter, *, tenant: str) -> int:
        """Wait for the subvideo from now on; the number of times that its making has failed before."""
        keys = [_key(spec.digest), _waiters(spec.digest)]
        args: list[str | float] = [
            waiter.video_id,
            spec.model_dump_json(),
            time.time() + _LEASE_S,
            tenant,
            waiter.member,
            traceparent(),
        ]
        return int(await self._join(keys=keys, args=args))

    async def leave(self, digest: str, waiter: Waiter) -> int:
        """The number of those that still wait."""
        return int(await self._leave(keys=[_waiters(digest)], args=[waiter.member, time.time()]))

    async def _renew(self, digest: str, waiter: Waiter) -> None:
        await self._redis.zadd(_waiters(digest), {waiter.member: time.time() + _LEASE_S})

    async def wanted(self, digest: str) -> Wish | None:
        """What is to be made, if anybody waits for it."""
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.hmget(_key(digest), "spec", "tenant", "trace")
            pipe.zcount(_waiters(digest), time.time(), "+inf")
            (raw, *texts), waiting = await pipe.execute()
        if not raw or not waiting:
            return None
        tenant, trace = ((text or b"").decode() for text in texts)
        return Wish(SubvideoSpec.model_validate_json(raw), tenant, trace)

    async def is_wanted(self, digest: str) -> bool:
        return bool(await cast(Any, self._redis.zcount(_waiters(digest), time.time(), "+inf")))

    async def wait(
        self, spec: SubvideoSpec, waiter: Waiter, *, failed_before: int, start: Start, on_change: OnChange
    ) -> tuple[SubvideoRef, Making]:
        """The subvideo, once it exists, and how it came about. Raises the error that ended its making.

        It was looked for in vain before.
        """
        digest, last, due = spec.digest, None, False
        renew_at = time.monotonic() + _GUARD_S
        with self._notifier.watching(_topic(digest)) as changed:
            await start(digest)
            while True:
                making = await self.read(digest)
                ended = making.state not in {"queued", "in_progress"}
                if (due or ended) and (ref := await self.find(spec)) is not None:
                    return ref, making
                if making.ended > failed_before and making.error is not None:
                    raise making.error
                if making != last:
                    await on_change(making)
                    last = making
                if time.monotonic() >= renew_at:
                    await self._renew(digest, waiter)
                    renew_at = time.monotonic() + _GUARD_S
                if due or ended:
                    await start(digest)
                due = not await changed.wait(_GUARD_S)

    async def read(self, digest: str) -> Making:
        """How far it is; those who are woken by one change share one reading."""
        if digest not in self._reading:
            self._reading[digest] = asyncio.create_task(self._read(digest))
        return await asyncio.shield(self._reading[digest])

    async def _read(self, digest: str) -> Making:
        del self._reading[digest]  # who asks from now on may know of a later change
        raw = await cast(Any, self._redis.hgetall(_key(digest)))
        fields = {key.decode(): value.decode() for key, value in raw.items()}
        error = json.loads(fields["error"]) if fields.get("error") else None
        return Making(
            state=fields.get("state", "queued"),
            progress=int(fields.get("progress", 0)),
            expert=fields.get("expert") or None,
            route=tuple(NodeVerdict(**verdict) for verdict in json.loads(fields.get("route", "[]"))),
            owner=fields.get("owner", ""),
            ended=int(fields.get("ended", 0)),
            error=_error(error) if error else None,
        )

    async def placed(self, digest: str, *, expert: str, route: Sequence[NodeVerdict]) -> None:
        verdicts = json.dumps([verdict.model_dump() for verdict in route])
        fields = {"state": "in_progress", "expert": expert, "progress": "0", "route": verdicts}
        await self._write(digest, fields)

    async def working(self, digest: str, *, expert: str, progress: int) -> None:
        await self._write(digest, {"state": "in_progress", "expert": expert, "progress": str(progress)})

    async def made(self, digest: str, *, expert: str | None) -> None:
        await self._write(digest, {"state": "completed", "expert": expert or "", "progress": "100"})

    async def stopped(self, digest: str) -> None:
        """Its task ended without a result and without a fault, as when nobody waits any more."""
        if await self.is_wanted(digest):
            await self._write(digest, {"state": "stopped"})
        else:
            await self.forget(digest)

    async def failed(self, digest: str, error: ServiceError) -> None:
        data = json.dumps({"class": error.code, "code": error.wire_code, "message": error.message})
        await self._write(digest, {"state": "failed", "error": data}, count_end=True)

    async def forget(self, digest: str) -> None:
        """What was wanted and how it went, unless somebody waits for it again."""
        await self._forget(keys=[_key(digest), _waiters(digest)], args=[time.time()])

    async def _write(self, digest: str, fields: dict[str, str], *, count_end: bool = False) -> None:
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(_key(digest), mapping=cast(Any, fields))
            if count_end:
                pipe.hincrby(_key(digest), "ended", 1)
            for key in (_key(digest), _waiters(digest)):
                if fields["state"] == "in_progress":
                    pipe.persist(key)
                else:
                    pipe.pexpire(key, _KEEP_MS)
            pipe.publish(CHANNEL, _topic(digest))
            await pipe.execute()


def _error(data: dict[str, str]) -> ServiceError:
    """The error as it was raised in another task, perhaps of another process."""
    error = from_wire(502, {"error": {"code": data["class"], "message": data["message"]}})
    error.wire_code = data["code"]
    return error


def _key(digest: str) -> str:
    return f"making:{digest}"


def _waiters(digest: str) -> str:
    return f"making:{digest}:waiters"


def _topic(digest: str) -> str:
    return f"subvideo:{digest}"
