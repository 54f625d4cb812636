"""The subvideo store: bytes by digest, shared between services, tasks and users.

Keys (one hash slot per digest), with a time to live; Redis evicts the least frequently used when it is full:
    subvideo:{<digest>}:data    the bytes, or nothing if they are large and stored as an object of that name
    subvideo:{<digest>}:ref     the `SubvideoRef`, written last, so that what it names is there
"""

import hashlib
from dataclasses import dataclass
from typing import Any, cast

from prometheus_client import Counter
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from shared.connections import notice_dead_peers
from shared.errors import CorruptSubvideo, InvalidRequest, NotFound
from shared.objects import Objects
from shared.schemas import SubvideoRef
from shared.settings import ServiceSettings

RedisClient = Redis

LOOKUPS = Counter("subvideo_lookups_total", "Subvideos looked for, by outcome.", ["outcome"])
BYTES = Counter("subvideo_bytes_total", "Bytes of subvideos stored and read.", ["way"])
_HIT, _MISS = LOOKUPS.labels("hit"), LOOKUPS.labels("miss")
#: An object without a reference may be one that is just being stored.
_ORPHAN_S = 3600.0


def connect(url: str, *, connections: int = 64, **options: Any) -> RedisClient:
    """A client that retries lost connections; one per process, closed by its owner.

    It opens at most `connections`; whoever needs one more waits, so that a crowd of requests does not become
    a crowd of connections.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=30,
        retry=Retry(ExponentialBackoff(cap=1, base=0.05), retries=6),
        retry_on_error=[RedisConnectionError, RedisTimeoutError],
        health_check_interval=15,
        socket_connect_timeout=5,
        **options,
    )
    notice_dead_peers(pool)
    return Redis.from_pool(pool)


@dataclass(frozen=True)
class Memory:
    """What Redis uses, may use (0: all there is), and how many keys it has evicted."""

    used_bytes: int
    limit_bytes: int
    evicted: int


class SubvideoStore:
    """Puts and gets subvideos, stages and videos by digest; verifies the checksum on every whole read."""

    def __init__(
        self,
        redis: RedisClient,
        *,
        ttl_s: float,
        limit_bytes: int,
        objects: Objects | None = None,
        object_bytes: int = 0,
    ) -> None:
        """What has at least `object_bytes` goes to `objects`, if there are any."""
        self._redis = redis
        self._ttl_ms = int(ttl_s * 1000)
        self._limit_bytes = limit_bytes
        self._objects = objects
        self._object_bytes = object_bytes

    @classmethod
    def of(cls, redis: RedisClient, settings: ServiceSettings) -> "SubvideoStore":
        url = settings.subvideo_objects_url
        return cls(
            redis,
            ttl_s=settings.subvideo_ttl_s,
            limit_bytes=settings.subvideo_limit_bytes,
            objects=Objects(url) if url else None,
            object_bytes=settings.subvideo_object_bytes,
        )

    async def put(self, data: bytes, ref: SubvideoRef) -> SubvideoRef:
        """Store `data` under `ref.digest`. Idempotent: putting the same again renews its time to live.

        Raises InvalidRequest when the bytes exceed the limit or do not match `ref`.
        """
        if len(data) > self._limit_bytes:
            raise InvalidRequest(f"subvideo of {len(data)} bytes exceeds the limit of {self._limit_bytes}")
        if len(data) != ref.size_bytes or hashlib.sha256(data).hexdigest() != ref.sha256:
            raise InvalidRequest("subvideo does not match its reference")
        is_large = self._objects is not None and len(data) >= max(1, self._object_bytes)
        if self._objects is not None and is_large:
            await self._objects.put(ref.digest, data)
        BYTES.labels("in").inc(len(data))
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.set(_data_key(ref.digest), b"" if is_large else data, px=self._ttl_ms)
            pipe.set(_ref_key(ref.digest), ref.model_dump_json(), px=self._ttl_ms)
            await pipe.execute()
        return ref

    async def find(self, digest: str) -> SubvideoRef | None:
        """The reference, if the subvideo exists; asking renews its time to live."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.getex(_ref_key(digest), px=self._ttl_ms)
            pipe.pexpire(_data_key(digest), self._ttl_ms)
            raw, has_data = await pipe.execute()
        found = bool(raw and has_data)
        (_HIT if found else _MISS).inc()
        return SubvideoRef.model_validate_json(raw) if found else None

    async def get(self, digest: str) -> tuple[bytes, SubvideoRef]:
        """Bytes and reference. Raises NotFound, or CorruptSubvideo after removing what is damaged."""
        ref = await self.find(digest)
        data = await self._read(ref) if ref else None
        if ref is None or data is None:
            raise NotFound(f"subvideo {digest} does not exist or has expired", code="subvideo_not_found")
        if hashlib.sha256(data).hexdigest() != ref.sha256:
            await self.delete(digest)
            raise CorruptSubvideo(f"subvideo {digest} does not match its checksum; it was removed")
        return data, ref

    async def read_range(self, digest: str, start: int, end: int) -> bytes:
        """Bytes `start` to `end`, both inclusive, without reading the rest; none if it does not exist."""
        data = cast(bytes, await self._redis.getrange(_data_key(digest), start, end))
        if not data and self._objects is not None:
            data = await self._objects.get(digest, (start, end)) or b""
        BYTES.labels("out").inc(len(data))
        return data

    async def _read(self, ref: SubvideoRef) -> bytes | None:
        data = cast(bytes | None, await self._redis.get(_data_key(ref.digest)))
        if data == b"" and ref.size_bytes and self._objects is not None:
            data = await self._objects.get(ref.digest)
        BYTES.labels("out").inc(len(data or b""))
        return data

    async def delete(self, *digests: str) -> None:
        for digest in digests:
            await self._redis.delete(_ref_key(digest), _data_key(digest))
            if self._objects is not None:
                await self._objects.delete(digest)

    async def memory(self) -> Memory:
        """Needs a Redis user that may ask for it."""
        info = await self._redis.info()
        return Memory(int(info["used_memory"]), int(info["maxmemory"]), int(info["evicted_keys"]))

    async def collect(self) -> int:
        """Delete the objects whose references have ended or were evicted; how many those were."""
        count = 0
        if self._objects is not None:
            async for name in self._objects.older_than(_ORPHAN_S):
                if not await self._redis.exists(_ref_key(name)):
                    await self._objects.delete(name)
                    count += 1
        return count


def _data_key(digest: str) -> str:
    return f"subvideo:{{{digest}}}:data"


def _ref_key(digest: str) -> str:
    return f"subvideo:{{{digest}}}:ref"
