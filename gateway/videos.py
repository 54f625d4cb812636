"""Videos in Redis: created once, advanced by compare-and-set, ended exactly once, listed in order.

Keys:
    video:<id>           hash: status, request, plan, clip:<clip>, stage:<n>, result, error, …
    video:<id>:events    stream: what happened, in order, for replay
    videos:of:<tenant>   sorted set: ids by a strictly increasing creation clock in microseconds
    videos:open          sorted set: ids that are not terminal, by deadline
    videos:ended         sorted set: ids that are terminal, by when they are forgotten
    videos:open:<tenant> sorted set: those of one tenant
    video:<id>:uses      set: digests of what it consists of
    uses:<digest>        set: the videos that consist of it
    videos:webhooks      set: terminal videos whose webhook has not been handed over
    idempotency:<hash>   what a client's key was used for first
    idempotency          sorted set: those keys, by when they are forgotten

None of these has a time to live in Redis, which evicts what has one when its memory is full.
"""

import json
import re
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from gateway.notifier import CHANNEL
from gateway.records import Status, VideoRecord, VideoRequest
from shared.errors import InvalidRequest, NotFound
from shared.schemas import Plan, SubvideoState, VideoError
from shared.store import RedisClient
from shared.tracing import traceparent

Order = Literal["asc", "desc"]
Creation = Literal["created", "exists", "limit"]
_MAX_EVENTS = 4096
_IDEMPOTENCY_S = 86_400
_AT_ONCE = 1000
_ID = re.compile(r"video_[0-9a-f]{32}")

_CREATE = """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local limit = tonumber(ARGV[4])
if limit >= 0 and redis.call('ZCARD', KEYS[5]) >= limit then return -1 end
local clock = tonumber(redis.call('GET', KEYS[4]) or '0') + 1
if clock < tonumber(ARGV[2]) then clock = tonumber(ARGV[2]) end
redis.call('SET', KEYS[4], string.format('%.0f', clock))
redis.call('ZADD', KEYS[2], string.format('%.0f', clock), ARGV[1])
redis.call('ZADD', KEYS[3], ARGV[3], ARGV[1])
redis.call('ZADD', KEYS[5], ARGV[3], ARGV[1])
for i = 5, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
return 1
"""

# One transition: refused once the video is terminal, or when the field named `unless` is there already.
_ADVANCE = """
local status = redis.call('HGET', KEYS[1], 'status')
if not status or status == 'completed' or status == 'failed' then return 0 end
if ARGV[5] ~= '' and redis.call('HEXISTS', KEYS[1], ARGV[5]) == 1 then return 0 end
local progress = tonumber(redis.call('HGET', KEYS[1], 'progress') or '0')
local next_status = nil
for i = 8, #ARGV, 2 do
  if ARGV[i] == 'status' then next_status = ARGV[i + 1] end
  if ARGV[i] ~= 'progress' or tonumber(ARGV[i + 1]) > progress then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
  end
end
if ARGV[1] ~= '' then
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', 'type', ARGV[1], 'data', ARGV[2])
end
if next_status == 'completed' or next_status == 'failed' then
  redis.call('ZREM', KEYS[3], ARGV[6])
  redis.call('ZADD', KEYS[5], ARGV[4], ARGV[6])
  redis.call('ZREM', KEYS[3] .. ':' .. redis.call('HGET', KEYS[1], 'tenant'), ARGV[6])
  if string.find(redis.call('HGET', KEYS[1], 'request'), '"webhook_url":"', 1, true) then
    redis.call('SADD', KEYS[4], ARGV[6])
  end
end
redis.call('PUBLISH', ARGV[7], 'video:' .. ARGV[6])
return 1
"""

_USE = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
for i = 2, #ARGV do
  redis.call('SADD', KEYS[2], ARGV[i])
  redis.call('SADD', 'uses:' .. ARGV[i], ARGV[1])
end
return 1
"""

# What no other video consists of.
_RELEASE = """
local unused = {}
for _, digest in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  redis.call('SREM', 'uses:' .. digest, ARGV[1])
  if redis.call('EXISTS', 'uses:' .. digest) == 0 then unused[#unused + 1] = digest end
end
redis.call('DEL', KEYS[1])
return unused
"""


def new_id() -> str:
    return f"video_{uuid.uuid4().hex}"


@dataclass(frozen=True)
class Page:
    records: tuple[VideoRecord, ...]
    has_more: bool


class Videos:
    """The only writer of videos' keys; every method is safe to call from any replica at any time."""

    def __init__(self, redis: RedisClient, *, retention_s: float) -> None:
        self._redis = redis
        self._retention_s = retention_s
        self._create = redis.register_script(_CREATE)
        self._advance = redis.register_script(_ADVANCE)
        self._use = redis.register_script(_USE)
        self._release = redis.register_script(_RELEASE)

    async def create(
        self, video_id: str, request: VideoRequest, *, deadline_s: float, open_limit: int | None = None
    ) -> Creation:
        """`exists` leaves the video as it is; `limit` means that its tenant has `open_limit` open ones."""
        now = time.time()
        fields = {
            "status": "queued",
            "tenant": request.tenant,
            "request": request.model_dump_json(),
            "created_at": repr(now),
            "deadline_at": repr(now + deadline_s),
            "trace": traceparent(),
        }
        tenant = request.tenant
        keys = [_key(video_id), _list_key(tenant), "videos:open", "videos:clock", _open_key(tenant)]
        limit = -1 if open_limit is None else open_limit
        args: list[str | float] = [video_id, int(now * 1e6), now + deadline_s, limit, *_flat(fields)]
        outcomes: dict[int, Creation] = {1: "created", 0: "exists", -1: "limit"}
        return outcomes[await self._create(keys=keys, args=args)]

    async def find(self, video_id: str) -> VideoRecord | None:
        if not _ID.fullmatch(video_id):
            return None
        raw = await cast(Any, self._redis.hgetall(_key(video_id)))
        return _record(video_id, raw) if raw else None

    async def get(self, video_id: str, tenant: str) -> VideoRecord:
        """Raises NotFound when the tenant has no such video."""
        record = await self.find(video_id)
        if record is None or record.request.tenant != tenant:
            raise NotFound(f"no video {video_id[:100]!r}", param="video_id", code="video_not_found")
        return record

    async def page(self, tenant: str, *, after: str | None, limit: int, order: Order) -> Page:
        """`limit` of the tenant's videos behind the one named `after`, newest first if `order` is desc."""
        key = _list_key(tenant)
        start = await self._start(key, after, order)
        records: list[VideoRecord] = []
        while len(records) <= limit:
            rows = await self._rows(key, start, limit + 1, order)
            found = await self._find_many([name for name, _ in rows])
            records += [record for record in found if record is not None]
            gone = [name for (name, _), record in zip(rows, found, strict=True) if record is None]
            if gone:
                await cast(Any, self._redis.zrem(key, *gone))
            if len(rows) <= limit:
                break
            start = f"({rows[-1][1]!r}"
        return Page(tuple(records[:limit]), len(records) > limit)

    async def begin(self, video_id: str) -> bool:
        return await self._step(video_id, {"status": "in_progress", "begun_at": repr(time.time())})

    async def set_plan(self, video_id: str, plan: Plan, *, timings: Mapping[str, float]) -> bool:
        """The first plan stays; False when there is one, or the video has ended."""
        data = plan.model_dump_json()
        fields = {"plan": data, "progress": "5", **_timings(timings)}
        return await self._step(video_id, fields, event=("planned", data), unless="plan")

    async def set_clip(self, video_id: str, state: SubvideoState, *, progress: int) -> bool:
        if state.state == "completed" and state.digest is not None:
            await self.use(video_id, state.digest)
        data = state.model_dump_json()
        fields = {f"clip:{state.clip}": data, "progress": str(progress)}
        return await self._step(video_id, fields, event=("subvideo", data))

    async def set_stage(self, video_id: str, index: int, done: str, *, event: Mapping[str, Any]) -> bool:
        name = f"stage:{index}"
        return await self._step(video_id, {name: done}, event=("stage", json.dumps(event)), unless=name)

    async def complete(self, video_id: str, result: str, *, timings: Mapping[str, float]) -> bool:
        """True for the one caller that ended the video."""
        fields = {"result": result, "progress": "100", **_timings(timings)}
        return await self._end(video_id, "completed", fields, {"id": video_id, "status": "completed"})

    async def fail(self, video_id: str, error: VideoError) -> bool:
        """True for the one caller that ended the video."""
        data = error.model_dump()
        event = {"id": video_id, "status": "failed", "error": data}
        return await self._end(video_id, "failed", {"error": json.dumps(data)}, event)

    async def use(self, video_id: str, *digests: str) -> None:
        """Note what the video consists of."""
        await self._use(keys=[_key(video_id), _uses_key(video_id)], args=[video_id, *digests])

    async def is_used(self, digest: str) -> bool:
        """Whether any video consists of it."""
        return bool(await cast(Any, self._redis.exists(f"uses:{digest}")))

    async def delete(self, video_id: str) -> list[str]:
        """The digests of what it consisted of and no other video does; their bytes are still there."""
        tenant = (await cast(Any, self._redis.hget(_key(video_id), "tenant")) or b"").decode()
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.delete(_key(video_id), _events_key(video_id))
            pipe.zrem(_list_key(tenant), video_id)
            pipe.zrem("videos:open", video_id)
            pipe.zrem("videos:ended", video_id)
            pipe.zrem(_open_key(tenant), video_id)
            pipe.srem("videos:webhooks", video_id)
            pipe.publish(CHANNEL, f"video:{video_id}")
            await pipe.execute()
        unused = await self._release(keys=[_uses_key(video_id)], args=[video_id])
        return [digest.decode() for digest in unused]

    async def overdue(self, *, grace_s: float) -> list[str]:
        """Videos that should have ended `grace_s` ago."""
        rows = await cast(
            Any, self._redis.zrangebyscore("videos:open", "-inf", time.time() - grace_s, 0, 1000)
        )
        return [name.decode() for name in rows]

    async def sample_open(self, count: int) -> list[str]:
        """Some of the videos that are not terminal, drawn at random."""
        return [name.decode() for name in await cast(Any, self._redis.zrandmember("videos:open", count))]

    async def position(self, video_id: str) -> int | None:
        """How many open videos have an earlier deadline; None when it is not open."""
        rank = await cast(Any, self._redis.zrank("videos:open", video_id))
        return None if rank is None else int(rank)

    async def open_count(self) -> int:
        return int(await cast(Any, self._redis.zcard("videos:open")))

    async def forget_open(self, video_id: str) -> None:
        await cast(Any, self._redis.zrem("videos:open", video_id))

    async def claim(self, key: str, value: str) -> bool:
        """Remember `value` under an idempotency key for a day; False if the key has been used."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.set(key, value, nx=True)
            pipe.zadd("idempotency", {key: time.time() + _IDEMPOTENCY_S}, nx=True)
            return bool((await pipe.execute())[0])

    async def forget_expired(self) -> None:
        """Delete videos whose retention is over, and idempotency keys of yesterday."""
        now = time.time()
        for name in await cast(Any, self._redis.zrangebyscore("videos:ended", "-inf", now, 0, _AT_ONCE)):
            await self.delete(name.decode())
        keys = await cast(Any, self._redis.zrangebyscore("idempotency", "-inf", now, 0, _AT_ONCE))
        if keys:
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.delete(*keys)
                pipe.zrem("idempotency", *keys)
                await pipe.execute()

    async def pending_webhooks(self) -> list[str]:
        return [name.decode() for name in await cast(Any, self._redis.smembers("videos:webhooks"))]

    async def wants_webhook(self, video_id: str) -> bool:
        return bool(await cast(Any, self._redis.sismember("videos:webhooks", video_id)))

    async def webhook_handed_over(self, video_id: str) -> None:
        await cast(Any, self._redis.srem("videos:webhooks", video_id))

    async def events(self, video_id: str, *, after: str) -> list[tuple[str, str, str]]:
        """(id, type, JSON) of what happened after the event with the id `after`."""
        rows = await cast(Any, self._redis.xrange(_events_key(video_id), min=f"({after}", count=500))
        return [(name.decode(), row[b"type"].decode(), row[b"data"].decode()) for name, row in rows]

    async def _end(
        self, video_id: str, status: Status, fields: Mapping[str, str], event: Mapping[str, Any]
    ) -> bool:
        now = time.time()
        fields = {
            **fields,
            "status": status,
            "completed_at": repr(now),
            "expires_at": repr(now + self._retention_s),
        }
        return await self._step(video_id, fields, event=(status, json.dumps(event)))

    async def _step(
        self,
        video_id: str,
        fields: Mapping[str, str],
        *,
        event: tuple[str, str] = ("", ""),
        unless: str = "",
    ) -> bool:
        keys = [_key(video_id), _events_key(video_id), "videos:open", "videos:webhooks", "videos:ended"]
        forget_at = time.time() + self._retention_s
        args: list[str | float] = [*event, _MAX_EVENTS, forget_at, unless, video_id, CHANNEL, *_flat(fields)]
        return bool(await self._advance(keys=keys, args=args))

    async def _start(self, key: str, after: str | None, order: Order) -> str:
        if after is None:
            return "+inf" if order == "desc" else "-inf"
        clock = await cast(Any, self._redis.zscore(key, after))
        if clock is None:
            raise InvalidRequest(f"no video {after[:100]!r} to list after", param="after")
        return "(" + repr(clock)

    async def _rows(self, key: str, start: str, count: int, order: Order) -> list[tuple[str, float]]:
        if order == "desc":
            call = self._redis.zrevrangebyscore(key, start, "-inf", 0, count, withscores=True)
        else:
            call = self._redis.zrangebyscore(key, start, "+inf", 0, count, withscores=True)
        return [(name.decode(), score) for name, score in await cast(Any, call)]

    async def _find_many(self, ids: Sequence[str]) -> list[VideoRecord | None]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for video_id in ids:
                pipe.hgetall(_key(video_id))
            raws = await pipe.execute()
        return [_record(name, raw) if raw else None for name, raw in zip(ids, raws, strict=True)]


def _key(video_id: str) -> str:
    return f"video:{video_id}"


def _list_key(tenant: str) -> str:
    return f"videos:of:{tenant}"


def _open_key(tenant: str) -> str:
    return f"videos:open:{tenant}"


def _uses_key(video_id: str) -> str:
    return f"video:{video_id}:uses"


def _events_key(video_id: str) -> str:
    return f"video:{video_id}:events"


def _flat(fields: Mapping[str, str]) -> list[str]:
    return [item for pair in fields.items() for item in pair]


def _timings(timings: Mapping[str, float]) -> dict[str, str]:
    return {f"time:{name}": f"{seconds:.4f}" for name, seconds in timings.items()}


def _record(video_id: str, raw: Mapping[bytes, bytes]) -> VideoRecord:
    fields = {key.decode(): value.decode() for key, value in raw.items()}
    values: dict[str, Any] = {"id": video_id, "clips": {}, "stages": {}, "timings": {}}
    for key, value in fields.items():
        kind, _, name = key.partition(":")
        if kind == "clip":
            values["clips"][name] = json.loads(value)
        elif kind == "stage":
            values["stages"][name] = json.loads(value)
        elif kind == "time":
            values["timings"][name] = float(value)
        elif kind in {"request", "plan", "result", "error"}:
            values[kind] = json.loads(value)
        else:
            values[kind] = value
    return VideoRecord.model_validate(values)
