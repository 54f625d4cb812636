"""What is left of a deleted video: nothing, but for what other videos consist of."""

import asyncio

import httpx

from gateway.gate import build_gate
from gateway.gate.settings import GateSettings
from shared.store import RedisClient, connect
from tests.gateway.conftest import Cluster
from tests.gateway.doubles import ended
from tests.gateway.test_jobs import create

PROMPT = "a zebra & a very particular giraffe"


async def traces(redis: RedisClient, *texts: str) -> list[str]:
    """Keys in or under which one of the texts stands, the task queues' own aside."""
    found = []
    await redis.config_set("rdbcompression", "no")  # else a dump does not show the text
    async for name in redis.scan_iter():
        if name.startswith(b"gateway-"):
            continue
        content = name + (await redis.dump(name) or b"")
        found += [name.decode() for text in texts if text.encode() in content]
    return found


async def test_nothing_is_left_of_a_deleted_video(cluster: Cluster, http: httpx.AsyncClient) -> None:
    video: dict = await ended(http, await create(http, PROMPT, reuse="never"))
    url = f"/v1/videos/{video['id']}"
    for path in ("content?form=webp", "scene.json", "subvideos/s0c1/content?form=webp", "stream.m3u8"):
        assert (await http.get(f"{url}/{path}")).status_code == 200
    async with connect(cluster.redis_url) as redis:
        assert await traces(redis, video["id"])
        assert [name async for name in redis.scan_iter("subvideo:*")]
        assert (await http.delete(url)).json()["deleted"]
        assert await traces(redis, video["id"], "particular giraffe") == []
        assert [name async for name in redis.scan_iter("subvideo:*")] == []
        assert [name async for name in redis.scan_iter("*uses*")] == []
    assert cluster.gate.forgotten == [PROMPT]


async def test_the_gate_forgets_what_it_is_told_to(redis_url: str) -> None:
    async with connect(redis_url) as redis:
        gate = build_gate(GateSettings(), redis)
        for mode in (None, "single"):
            await gate.plan(PROMPT, mode=mode)
        await gate.forget(PROMPT)
        assert len(await traces(redis, "particular giraffe")) == 1
        await gate.forget(PROMPT, mode="single")
        assert await traces(redis, "particular giraffe") == []
        await gate.close()


async def test_nothing_is_left_of_a_video_that_failed(cluster: Cluster) -> None:
    http = await cluster.gateway(tries_per_clip=1)
    await cluster.expert("a", fault="failed")
    video: dict = await ended(http, await create(http, PROMPT))
    assert video["status"] == "failed"
    async with connect(cluster.redis_url) as redis:
        assert await traces(redis, "particular giraffe")
        await http.delete(f"/v1/videos/{video['id']}")
        assert await traces(redis, video["id"], "particular giraffe") == []


async def test_nothing_is_left_of_a_video_that_was_being_made(
    cluster: Cluster, http: httpx.AsyncClient
) -> None:
    for expert in cluster.experts.values():
        expert.may_go_on.clear()
    video_id = await create(http, PROMPT)
    for expert in cluster.experts.values():
        await expert.started.wait()
    await http.delete(f"/v1/videos/{video_id}")
    for expert in cluster.experts.values():
        await expert.cancelled.wait()
    async with connect(cluster.redis_url) as redis, asyncio.timeout(10):
        while True:
            if not await traces(redis, video_id, "particular giraffe"):  # the last task has ended
                return
            await asyncio.sleep(0.05)


async def test_what_another_video_has_stays(cluster: Cluster, http: httpx.AsyncClient) -> None:
    first: dict = await ended(http, await create(http, "a zebra; a giraffe"))
    second: dict = await ended(http, await create(http, "a giraffe"))
    await http.delete(f"/v1/videos/{first['id']}")
    digests = {clip["clip"]: clip["digest"] for clip in first["subvideos"]}
    async with connect(cluster.redis_url) as redis:
        assert await redis.exists(f"subvideo:{{{digests['s1c0']}}}:data")
        assert not await redis.exists(f"subvideo:{{{digests['s0c0']}}}:data")
    assert (await http.get(f"/v1/videos/{second['id']}/content")).status_code == 200
    assert (await http.get(f"/v1/videos/{second['id']}/subvideos/s0c0/content")).status_code == 200
    third: dict = await ended(http, await create(http, "a zebra"))
    assert [clip["shared"] for clip in third["subvideos"]] == [False], "made again"


async def test_deleting_stops_the_work_and_the_webhook(cluster: Cluster, http: httpx.AsyncClient) -> None:
    for expert in cluster.experts.values():
        expert.may_go_on.clear()
    video_id = await create(http, PROMPT)
    running = [expert.started.wait() for expert in cluster.experts.values()]
    for started in running:
        await started
    await http.delete(f"/v1/videos/{video_id}")
    for expert in cluster.experts.values():
        expert.may_go_on.set()
        await expert.cancelled.wait()
    assert (await http.get("/v1/videos")).json()["data"] == []
