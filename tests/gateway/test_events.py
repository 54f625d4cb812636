"""Server-sent events: order, replay, end."""

import asyncio
import json

import httpx

from tests.gateway.conftest import Cluster
from tests.gateway.doubles import ended
from tests.gateway.test_jobs import create

Event = dict[str, str]


async def read(http: httpx.AsyncClient, video_id: str, last: str | None = None) -> list[Event]:
    headers = {"Last-Event-ID": last} if last else {}
    events: list[Event] = [{}]
    async with http.stream("GET", f"/v1/videos/{video_id}/events", headers=headers) as answer:
        assert answer.status_code in {200, 204}
        async for line in answer.aiter_lines():
            key, _, value = line.partition(": ")
            if not line:
                events.append({})
            elif key:
                events[-1][key] = value
    return [event for event in events if event]


async def test_the_story_of_a_video_live_and_replayed(cluster: Cluster, http: httpx.AsyncClient) -> None:
    for expert in cluster.experts.values():
        expert.may_go_on.clear()
    video_id = await create(http, "a dog; a cat")
    live = asyncio.create_task(read(http, video_id))
    for expert in cluster.experts.values():
        await asyncio.wait_for(expert.started.wait(), 5)
        expert.may_go_on.set()
    events = await asyncio.wait_for(live, 10)
    kinds = [event["event"] for event in events]
    assert kinds[0] == "planned"
    assert kinds[-1] == "completed"
    assert kinds.count("stage") == 2
    assert set(kinds) == {"planned", "subvideo", "stage", "completed"}
    assert json.loads(events[0]["data"])["mode"] == "temporal"
    clips = [json.loads(event["data"]) for event in events if event["event"] == "subvideo"]
    assert any(clip["state"] == "in_progress" and 0 < clip["progress"] < 100 for clip in clips)
    done = [clip for clip in clips if clip["state"] == "completed"]
    assert {clip["expert"] for clip in done} == {"a", "b"}
    assert await read(http, video_id) == events
    for at in (0, len(events) // 2):
        assert await read(http, video_id, last=events[at]["id"]) == events[at + 1 :]
    other = await cluster.gateway()
    assert await read(other, video_id, last=events[0]["id"]) == events[1:]


async def test_after_the_last_event_nobody_is_asked_to_come_back(http: httpx.AsyncClient) -> None:
    video_id = await create(http, "a dog")
    await ended(http, video_id)
    events = await read(http, video_id)
    last = {"Last-Event-ID": events[-1]["id"]}
    assert (await http.get(f"/v1/videos/{video_id}/events", headers=last)).status_code == 204


async def test_a_cancelled_video_ends_its_stream(cluster: Cluster, http: httpx.AsyncClient) -> None:
    for expert in cluster.experts.values():
        expert.may_go_on.clear()
    video_id = await create(http, "a dog")
    live = asyncio.create_task(read(http, video_id))
    await http.post(f"/v1/videos/{video_id}/cancel")
    events = await asyncio.wait_for(live, 5)
    assert events[-1]["event"] == "failed"
    assert json.loads(events[-1]["data"])["error"]["code"] == "cancelled"


async def test_the_first_stage_is_playable_while_the_second_is_made(
    cluster: Cluster, http: httpx.AsyncClient
) -> None:
    first = await ended(http, await create(http, "a dog"))
    assert first["status"] == "completed"
    for expert in cluster.experts.values():
        expert.may_go_on.clear()
    video_id = await create(http, "a dog; a cat")
    async with asyncio.timeout(5):
        async with http.stream("GET", f"/v1/videos/{video_id}/events") as answer:
            async for line in answer.aiter_lines():
                if line == "event: stage":
                    break
    playlist = (await http.get(f"/v1/videos/{video_id}/stream.m3u8")).text
    assert "segments/0.m4s" in playlist
    assert "#EXT-X-ENDLIST" not in playlist
    assert (await http.get(f"/v1/videos/{video_id}/content")).status_code == 400
    assert (await http.get(f"/v1/videos/{video_id}/subvideos/s0c0/content")).status_code == 200
    for expert in cluster.experts.values():
        expert.may_go_on.set()
    await ended(http, video_id)
    assert "#EXT-X-ENDLIST" in (await http.get(f"/v1/videos/{video_id}/stream.m3u8")).text
