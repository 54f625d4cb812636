"""The subvideo store: bytes by digest in Redis, shared between services, tasks and users.

Keys (one hash slot per digest):
    subvideo:{<digest>}:data    the bytes
    subvideo:{<digest>}:ref     the `SubvideoRef`, written last, so that what it names is there
"""

import hashlib
from typing import Any, cast

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from shared.errors import CorruptSubvideo, InvalidRequest, NotFound
from shared.schemas import SubvideoRef

RedisClient = Redis


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
    return Redis.from_pool(pool)


class SubvideoStore:
    """Puts and gets subvideos, stages and videos by digest; verifies the checksum on every whole read."""

    def __init__(self, redis: RedisClient, *, ttl_s: float, limit_bytes: int) -> None:
        self._redis = redis
        self._ttl_ms = int(ttl_s * 1000)
        self._limit_bytes = limit_bytes

    async def put(self, data: bytes, ref: SubvideoRef) -> SubvideoRef:
        """Store `data` under `ref.digest`. Idempotent: putting the same again renews its time to live.

        Raises InvalidRequest when the bytes exceed the limit or do not match `ref`.
        """
        if len(data) > self._limit_bytes:
            raise InvalidRequest(f"subvideo of {len(data)} bytes exceeds the limit of {self._limit_bytes}")
        if len(data) != ref.size_bytes or hashlib.sha256(data).hexdigest() != ref.sha256:
            raise InvalidRequest("subvideo does not match its reference")
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.set(_data_key(ref.digest), data, px=self._ttl_ms)
            pipe.set(_ref_key(ref.digest), ref.model_dump_json(), px=self._ttl_ms)
            await pipe.execute()
        return ref

    async def find(self, digest: str) -> SubvideoRef | None:
        """The reference, if the subvideo exists; asking renews its time to live."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.getex(_ref_key(digest), px=self._ttl_ms)
            pipe.pexpire(_data_key(digest), self._ttl_ms)
            raw, has_data = await pipe.execute()
        return SubvideoRef.model_validate_json(raw) if raw and has_data else None

    async def get(self, digest: str) -> tuple[bytes, SubvideoRef]:
        """Bytes and reference. Raises NotFound, or CorruptSubvideo after removing what is damaged."""
        ref = await self.find(digest)
        data = cast(bytes | None, await self._redis.get(_data_key(digest))) if ref else None
        if ref is None or data is None:
            raise NotFound(f"subvideo {digest} does not exist or has expired", code="subvideo_not_found")
        if hashlib.sha256(data).hexdigest() != ref.sha256:
            await self.delete(digest)
            raise CorruptSubvideo(f"subvideo {digest} does not match its checksum; it was removed")
        return data, ref

    async def read_range(self, digest: str, start: int, end: int) -> bytes:
        """Bytes `start` to `end`, both inclusive, without reading the rest."""
        return cast(bytes, await self._redis.getrange(_data_key(digest), start, end))

    async def delete(self, *digests: str) -> None:
        for digest in digests:
            await self._redis.delete(_ref_key(digest), _data_key(digest))


def _data_key(digest: str) -> str:
    return f"subvideo:{{{digest}}}:data"


def _ref_key(digest: str) -> str:
    return f"subvideo:{{{digest}}}:ref"
