"""The subvideo store against a real Redis."""

import hashlib

import pytest
import redis.asyncio

from shared.errors import CorruptSubvideo, InvalidRequest, NotFound
from shared.schemas import SubvideoRef
from shared.store import SubvideoStore, connect


def ref_of(data: bytes, name: str = "a") -> SubvideoRef:
    return SubvideoRef(
        digest=hashlib.sha256(name.encode()).hexdigest(),
        media_type="video/mp4",
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )


@pytest.fixture
async def client(redis_url: str):
    async with connect(redis_url) as client:
        yield client


@pytest.fixture
def store(client: redis.asyncio.Redis) -> SubvideoStore:
    return SubvideoStore(client, ttl_s=60, limit_bytes=1000)


async def test_what_is_put_is_found_and_read(store: SubvideoStore) -> None:
    ref = await store.put(b"bytes", ref_of(b"bytes"))
    assert await store.find(ref.digest) == ref
    assert await store.get(ref.digest) == (b"bytes", ref)
    assert await store.read_range(ref.digest, 1, 3) == b"yte"


async def test_damaged_bytes_are_reported_and_removed(
    store: SubvideoStore, client: redis.asyncio.Redis
) -> None:
    ref = await store.put(b"bytes", ref_of(b"bytes"))
    await client.set(f"subvideo:{{{ref.digest}}}:data", b"bytez")
    with pytest.raises(CorruptSubvideo, match=ref.digest):
        await store.get(ref.digest)
    assert await store.find(ref.digest) is None


async def test_what_is_missing_is_not_found(store: SubvideoStore) -> None:
    with pytest.raises(NotFound):
        await store.get("0" * 64)


async def test_a_reference_without_bytes_does_not_count(
    store: SubvideoStore, client: redis.asyncio.Redis
) -> None:
    ref = await store.put(b"bytes", ref_of(b"bytes"))
    await client.delete(f"subvideo:{{{ref.digest}}}:data")
    assert await store.find(ref.digest) is None


@pytest.mark.parametrize("data", [b"other", b"x" * 1001])
async def test_bytes_that_do_not_match_or_exceed_the_limit_are_refused(
    store: SubvideoStore, data: bytes
) -> None:
    ref = ref_of(data if len(data) > 1000 else b"bytes")
    with pytest.raises(InvalidRequest):
        await store.put(data, ref)


async def test_asking_renews_the_time_to_live(store: SubvideoStore, client: redis.asyncio.Redis) -> None:
    ref = await store.put(b"bytes", ref_of(b"bytes"))
    key = f"subvideo:{{{ref.digest}}}:data"
    await client.pexpire(key, 5000)
    await store.find(ref.digest)
    assert await client.pttl(key) > 5000
