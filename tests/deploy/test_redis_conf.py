"""What the users of `deploy/redis.conf` may and may not do, asked of a real Redis."""

import hashlib
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from deploy import cluster
from gateway.notifier import Notifier
from gateway.records import VideoRequest
from gateway.subvideos import Subvideos, Waiter
from gateway.videos import Videos, new_id
from shared.schemas import SubvideoRef, SubvideoSpec, VideoError
from shared.store import SubvideoStore, connect


@pytest.fixture
def described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> cluster.Cluster:
    monkeypatch.setattr(cluster, "STATE", tmp_path)
    described = cluster.Cluster(
        port=0,
        experts=1,
        redis_port=cluster.free_ports(1)[0],
        merger_port=0,
        expert_ports=(1,),
        gateway_password="gateway-secret",
        node_password="node-secret",
    )
    cluster.write_state(described)
    return described


@pytest.fixture
def deployed(described: cluster.Cluster) -> Iterator[cluster.Cluster]:
    with running(described):
        yield described


@contextmanager
def running(described: cluster.Cluster) -> Iterator[redis.Redis]:
    """Redis, and a client of the gateway's user."""
    command = [cluster.redis_executable(), str(cluster.STATE / "redis.conf")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        retry = redis.retry.Retry(redis.backoff.ConstantBackoff(0.05), 100)
        with redis.Redis.from_url(described.redis_url("gateway"), retry=retry) as client:
            assert client.ping()
            yield client
    finally:
        process.terminate()
        process.wait(timeout=10)


def test_what_was_written_in_a_transaction_survives_a_restart(described: cluster.Cluster) -> None:
    with running(described) as client, client.pipeline(transaction=True) as pipeline:
        pipeline.set("video:1", "x").set("video:2", "y").execute()
    with running(described) as client:
        assert client.mget("video:1", "video:2") == [b"x", b"y"]


def test_the_default_user_may_replay_the_log_and_nobody_is_that_user(described: cluster.Cluster) -> None:
    with running(described) as client:
        (rules,) = [row for row in client.acl_list() if row.startswith("user default ")]
    assert rules.endswith("~* &* +@all")
    assert " off " in rules
    assert "nopass" not in rules


async def test_node_can_use_the_subvideo_store(deployed: cluster.Cluster) -> None:
    async with connect(deployed.redis_url("node")) as client:
        store = SubvideoStore(client, ttl_s=60, limit_bytes=100)
        name = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        ref = SubvideoRef(digest=name, media_type="video/mp4", size_bytes=3, sha256=name)
        await store.put(b"abc", ref)
        assert await store.get(name) == (b"abc", ref)
        assert await store.read_range(name, 0, 1) == b"ab"
        await store.delete(name)


async def test_a_full_redis_evicts_seldom_used_subvideos_and_no_job(deployed: cluster.Cluster) -> None:
    async with connect(deployed.redis_url("gateway")) as client:
        store = SubvideoStore(client, ttl_s=600, limit_bytes=10**6)
        videos, subvideos = Videos(client, retention_s=600), Subvideos(client, store, Notifier(client))
        request = VideoRequest(
            prompt="p", model="m", width=64, height=64, fps=8, key_frames=8, stage_seconds=2
        )
        jobs = [new_id() for _ in range(50)]
        specs = [SubvideoSpec(prompt=f"clip {n}") for n in range(50)]
        for job, spec in zip(jobs, specs, strict=True):
            await videos.create(job, request, deadline_s=60)
            assert await videos.claim(f"idempotency:{job}", job)
            await subvideos.join(spec, Waiter(job), tenant="")
        for job in jobs[:25]:
            await videos.fail(job, VideoError(code="c", message="m"))
        await client.config_set("maxmemory", (await store.memory()).used_bytes + 4 * 2**20)
        popular = await stored(store, "popular")
        for _ in range(300):
            await store.get(popular)
        seldom = [await stored(store, f"seldom {n}") for n in range(400)]
        left = [digest for digest in seldom if await store.find(digest)]
        assert len(left) < 200
        assert (await store.memory()).evicted > 200
        assert await store.find(popular) is not None
        for job, spec in zip(jobs, specs, strict=True):
            assert await videos.find(job) is not None
            assert await client.get(f"idempotency:{job}") == job.encode()
            assert await subvideos.wanted(spec.digest) is not None


async def stored(store: SubvideoStore, name: str) -> str:
    data, digest = name.encode() * (20_000 // len(name)), hashlib.sha256(name.encode()).hexdigest()
    sha256 = hashlib.sha256(data).hexdigest()
    await store.put(
        data, SubvideoRef(digest=digest, media_type="video/mp4", size_bytes=len(data), sha256=sha256)
    )
    return digest


@pytest.mark.parametrize(
    "command",
    [
        "SET video:1 x",
        "GET docket:stream",
        "KEYS *",
        "FLUSHALL",
        "CONFIG GET *",
        "PUBLISH a b",
        "XADD subvideo:a * b c",
        "EVAL return(1) 0",
        "ACL WHOAMI",
        "CLIENT KILL TYPE normal",
    ],
)
def test_node_can_do_nothing_else(deployed: cluster.Cluster, command: str) -> None:
    with (
        redis.Redis.from_url(deployed.redis_url("node")) as client,
        pytest.raises(redis.ResponseError) as info,
    ):
        client.execute_command(*command.split())
    assert isinstance(info.value, redis.exceptions.NoPermissionError)


#: What a node may say to Redis at all; those that name a key may name subvideos only.
SUBVIDEO_COMMANDS = {"get", "set", "getex", "getrange", "pexpire", "del"}
CONNECTION_COMMANDS = {"ping", "auth", "hello", "select", "echo", "multi", "exec", "discard"}


def test_of_all_commands_node_may_use_those_of_the_store(deployed: cluster.Cluster) -> None:
    with redis.Redis.from_url(deployed.redis_url("gateway")) as client:
        arities = {name: command["arity"] for name, command in client.command().items()}
    assert len(arities) > 200
    allowed = set()
    for name, arity in arities.items():
        arguments = ["video:1"] * (abs(arity) - 1)
        with redis.Redis.from_url(deployed.redis_url("node")) as client:
            try:
                client.execute_command(name, *arguments)
            except redis.exceptions.NoPermissionError as error:
                assert ("access" in str(error)) == (name in SUBVIDEO_COMMANDS), (
                    "the key is refused, or the command"
                )
                continue
            except redis.RedisError:  # let in, and the arguments were of no use
                pass
        allowed.add(name.lower())
    assert allowed <= CONNECTION_COMMANDS | {"client", "reset", "quit"}, "with a key that is no subvideo's"


def test_nobody_without_a_password_reads_anything(deployed: cluster.Cluster) -> None:
    with redis.Redis(port=deployed.redis_port) as client, pytest.raises(redis.AuthenticationError):
        client.get("video:1")


def test_files_with_passwords_are_the_owners_only(deployed: cluster.Cluster) -> None:
    for name in ("redis.conf", "supervisord.conf", "cluster.json"):
        assert (cluster.STATE / name).stat().st_mode & 0o077 == 0
