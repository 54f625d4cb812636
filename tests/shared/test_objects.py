"""Large subvideos in a folder and in S3-compatible storage: a real S3 server, asked over HTTP."""

import hashlib
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import boto3
import httpx
import pytest
import redis.asyncio

from shared.errors import CorruptSubvideo, NotFound, Unavailable
from shared.objects import Objects
from shared.schemas import SubvideoRef
from shared.store import SubvideoStore, connect
from tests.conftest import free_port

SMALL, LARGE = b"small", bytes(range(256)) * 8


def ref_of(data: bytes) -> SubvideoRef:
    digest = hashlib.sha256(data).hexdigest()
    return SubvideoRef(digest=digest, media_type="video/mp4", size_bytes=len(data), sha256=digest)


@pytest.fixture(scope="module")
def s3_server() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url, end = f"http://127.0.0.1:{port}", time.monotonic() + 60
    while time.monotonic() < end:
        try:
            httpx.get(url)
            break
        except httpx.TransportError:
            time.sleep(0.1)
    yield url
    process.terminate()
    process.wait(timeout=10)


@pytest.fixture(params=["file", "s3"])
def objects_url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "file":
        return f"file://{tmp_path / 'subvideos'}"
    server = request.getfixturevalue("s3_server")
    for name, value in {
        "ACCESS_KEY_ID": "key",
        "SECRET_ACCESS_KEY": "secret",
        "REGION": "us-east-1",
        "ENDPOINT": server,
        "ALLOW_HTTP": "true",
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    client = boto3.client(
        "s3",
        endpoint_url=server,
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        region_name="us-east-1",
    )
    client.create_bucket(Bucket=f"bucket-{tmp_path.name.replace('_', '-')[-40:]}".lower().rstrip("-"))
    return f"s3://{client.list_buckets()['Buckets'][-1]['Name']}/subvideos"


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[redis.asyncio.Redis]:
    async with connect(redis_url) as client:
        yield client


def store_in(url: str, client: redis.asyncio.Redis) -> SubvideoStore:
    return SubvideoStore(client, ttl_s=60, limit_bytes=10_000, objects=Objects(url), object_bytes=1000)


async def test_large_ones_are_read_as_small_ones_are(objects_url: str, client: redis.asyncio.Redis) -> None:
    store = store_in(objects_url, client)
    for data in (SMALL, LARGE):
        ref = await store.put(data, ref_of(data))
        assert await store.find(ref.digest) == ref
        assert await store.get(ref.digest) == (data, ref)
        assert await store.read_range(ref.digest, 1, 3) == data[1:4]
    assert await client.strlen(f"subvideo:{{{ref_of(LARGE).digest}}}:data") == 0
    assert await client.strlen(f"subvideo:{{{ref_of(SMALL).digest}}}:data") == len(SMALL)
    await store.delete(ref_of(LARGE).digest)
    assert await Objects(objects_url).get(ref_of(LARGE).digest) is None


async def test_damaged_and_vanished_objects_are_noticed(
    objects_url: str, client: redis.asyncio.Redis
) -> None:
    store, ref = store_in(objects_url, client), ref_of(LARGE)
    await store.put(LARGE, ref)
    await Objects(objects_url).put(ref.digest, LARGE[::-1])
    with pytest.raises(CorruptSubvideo):
        await store.get(ref.digest)
    await store.put(LARGE, ref)
    await Objects(objects_url).delete(ref.digest)
    with pytest.raises(NotFound):
        await store.get(ref.digest)


async def test_objects_without_a_reference_are_collected(
    objects_url: str, client: redis.asyncio.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.store._ORPHAN_S", -1.0)
    store, kept, gone = store_in(objects_url, client), ref_of(LARGE), ref_of(LARGE * 2)
    await store.put(LARGE, kept)
    await store.put(LARGE * 2, gone)
    await client.delete(f"subvideo:{{{gone.digest}}}:ref")
    assert await store.collect() == 1
    assert await store.get(kept.digest) == (LARGE, kept)
    assert await Objects(objects_url).get(gone.digest) is None


async def test_storage_that_does_not_answer_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    for name, value in {"ACCESS_KEY_ID": "k", "SECRET_ACCESS_KEY": "s", "ALLOW_HTTP": "true"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    with pytest.raises(Unavailable, match="object storage"):
        await Objects("s3://bucket/path").put("name", b"data")
