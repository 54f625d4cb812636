"""Whole videos through a real gateway: two experts at once, sharing, cancelling, deadlines, faults."""

import asyncio
import json

import httpx
import pytest

from gateway.plans import Rendering, spec_of
from shared.schemas import Clip, Motion, Region, Stage
from tests.gateway.conftest import Cluster
from tests.gateway.doubles import ended


async def create(http: httpx.AsyncClient, prompt: str, **fields: object) -> str:
    answer = await http.post("/v1/videos", json={"prompt": prompt, **fields})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


async def test_two_clips_of_one_video_run_on_two_experts_at_once(
    cluster: Cluster, http: httpx.AsyncClient
) -> None:
    for expert in cluster.experts.values():
        expert.may_go_on.clear()
    video_id = await create(http, "a dog runs; a cat walks")
    async with asyncio.timeout(5):
        await asyncio.gather(*(expert.started.wait() for expert in cluster.experts.values()))
    for expert in cluster.experts.values():
        expert.may_go_on.set()
    video = await ended(http, video_id)
    assert video["status"] == "completed", video
    assert video["progress"] == 100
    assert video["seconds"] == "4"
    assert {clip["expert"] for clip in video["subvideos"]} == {"a", "b"}
    assert video["plan"]["mode"] == "temporal"
    assert set(video["timings"]) >= {"queued", "gate", "generate", "merge", "total"}
    content = await http.get(f"/v1/videos/{video['id']}/content")
    assert content.content.startswith(b"video 0123")


async def test_a_spatial_stage_is_keyed_over_its_scene(cluster: Cluster, http: httpx.AsyncClient) -> None:
    video = await ended(http, await create(http, "a classroom & a teacher; a park", seconds="3"))
    assert video["plan"]["mode"] == "hybrid"
    assert video["seconds"] == "3"
    stage = max(cluster.merger.stages, key=lambda request: len(request.parts))
    assert [part.role for part in stage.parts] == ["scene", "foreground"]
    assert stage.seconds == 1.5
    assert len(cluster.merger.videos[0].stages) == 2


@pytest.mark.parametrize(
    ("regions", "scene"),
    [
        ((None, None), "left"),
        ((None, "left"), "right"),
        (("center", "right"), "center"),
        ((None, None, None), None),
        ((None,), None),
    ],
)
def test_the_scenes_subject_leaves_room_for_a_foreground(
    regions: tuple[Region | None, ...], scene: Region | None
) -> None:
    roles = ["scene", *["foreground"] * (len(regions) - 1)]
    clips = tuple(
        Clip(id=f"s0c{n}", prompt="a cat", role=role, region=region)
        for n, (role, region) in enumerate(zip(roles, regions, strict=True))
    )
    rendering = Rendering(
        model="embedded", width=256, height=256, fps=24, key_frames=8, seed=0, profile="balanced"
    )
    specs = [spec_of(clip, Stage(clips=clips), rendering) for clip in clips]
    assert [spec.region for spec in specs] == [scene, *[None] * (len(clips) - 1)]


async def test_seams_reach_the_merger_and_show_in_the_length(
    cluster: Cluster, http: httpx.AsyncClient
) -> None:
    video_id = await create(http, "a dog; a cat; a cow", crossfade_s=0.5, match_colours_s=1, hold_s=1.5)
    video = await ended(http, video_id)
    joined = cluster.merger.videos[0]
    assert (joined.crossfade_s, joined.match_colours_s, joined.hold_s) == (0.5, 1, 1.5)
    assert video["seconds"] == "6.5"


async def test_identical_videos_are_generated_once(cluster: Cluster, http: httpx.AsyncClient) -> None:
    for expert in cluster.experts.values():
        expert.may_go_on.clear()
    ids = [await create(http, "a dog; a cat") for _ in range(5)]
    for expert in cluster.experts.values():
        expert.may_go_on.set()
    ids.append(await create(http, "a cat"))
    videos = [await ended(http, video_id) for video_id in ids]
    assert {video["status"] for video in videos} == {"completed"}
    assert sum(sum(expert.made.values()) for expert in cluster.experts.values()) == 2
    shares = [clip["shared"] for video in videos for clip in video["subvideos"]]
    assert shares.count(False) == 2


async def test_who_wants_no_reuse_shares_with_nobody(cluster: Cluster, http: httpx.AsyncClient) -> None:
    for _ in range(2):
        video = await ended(http, await create(http, "a dog", reuse="never"))
        assert video["subvideos"][0]["shared"] is False
    assert sum(len(expert.made) for expert in cluster.experts.values()) == 2


async def test_cancelling_one_requester_does_not_cancel_the_others(
    cluster: Cluster, http: httpx.AsyncClient
) -> None:
    expert = await _only_expert(cluster, "a")
    expert.may_go_on.clear()
    first, second = await create(http, "a dog"), await create(http, "a dog")
    await asyncio.wait_for(expert.started.wait(), 5)
    cancelled = (await http.post(f"/v1/videos/{first}/cancel")).json()
    assert (cancelled["status"], cancelled["error"]["code"]) == ("failed", "cancelled")
    expert.may_go_on.set()
    assert (await ended(http, second))["status"] == "completed"
    assert not expert.cancelled.is_set()
    again = (await http.post(f"/v1/videos/{second}/cancel")).json()
    assert again["status"] == "completed"


async def test_cancelling_the_last_requester_stops_the_expert(
    cluster: Cluster, http: httpx.AsyncClient
) -> None:
    expert = await _only_expert(cluster, "a")
    expert.may_go_on.clear()
    video_id = await create(http, "a dog")
    await asyncio.wait_for(expert.started.wait(), 5)
    await http.post(f"/v1/videos/{video_id}/cancel")
    await asyncio.wait_for(expert.cancelled.wait(), 5)
    expert.may_go_on.set()
    assert (await ended(http, await create(http, "a dog")))["status"] == "completed"


async def test_deleting_a_running_video_stops_it(cluster: Cluster, http: httpx.AsyncClient) -> None:
    expert = await _only_expert(cluster, "a")
    expert.may_go_on.clear()
    video_id = await create(http, "a dog")
    await asyncio.wait_for(expert.started.wait(), 5)
    assert (await http.delete(f"/v1/videos/{video_id}")).status_code == 200
    await asyncio.wait_for(expert.cancelled.wait(), 5)
    assert (await http.get(f"/v1/videos/{video_id}")).status_code == 404


@pytest.mark.parametrize(
    "fault", ["die", "500", "garbage", "endless line", "silent end", "failed", "wrong size", "not stored"]
)
async def test_a_faulty_expert_is_noticed_by_nobody(
    cluster: Cluster, http: httpx.AsyncClient, fault: str
) -> None:
    cluster.experts["a"].fault = fault
    videos = [await ended(http, await create(http, f"number {n}")) for n in range(4)]
    assert [video["status"] for video in videos] == ["completed"] * 4
    assert {video["subvideos"][0]["expert"] for video in videos} == {"b"}


async def test_a_full_expert_is_waited_for_and_not_at_fault(
    cluster: Cluster, http: httpx.AsyncClient
) -> None:
    expert = await _only_expert(cluster, "a")
    expert.fault, expert.faulty = "full", 2
    video = await ended(http, await create(http, "a dog"))
    assert video["status"] == "completed"
    assert len(expert.calls) == 3


async def test_a_clip_that_fails_everywhere_is_given_up(cluster: Cluster, http: httpx.AsyncClient) -> None:
    for expert in cluster.experts.values():
        expert.fault = "failed"
    video = await ended(http, await create(http, "a dog"))
    assert (video["status"], video["error"]["code"]) == ("failed", "expert_fault")
    assert "3 times" in video["error"]["message"]
    assert video["subvideos"][0]["state"] == "failed"
    for expert in cluster.experts.values():
        expert.fault = ""
    assert (await ended(http, await create(http, "a cat")))["status"] == "completed"


async def test_a_refused_clip_fails_at_once(cluster: Cluster, http: httpx.AsyncClient) -> None:
    for expert in cluster.experts.values():
        expert.fault = "refuse"
    video = await ended(http, await create(http, "a dog"))
    assert (video["status"], video["error"]["code"]) == ("failed", "invalid_value")
    assert sum(len(expert.calls) for expert in cluster.experts.values()) == 1


async def test_a_killed_expert_is_replaced_mid_clip(cluster: Cluster, http: httpx.AsyncClient) -> None:
    for expert in cluster.experts.values():
        expert.may_go_on.clear()
    video_id = await create(http, "a dog")
    waits = {asyncio.create_task(expert.started.wait()) for expert in cluster.experts.values()}
    _, pending = await asyncio.wait(waits, timeout=5, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    victim = next(expert for expert in cluster.experts.values() if expert.started.is_set())
    survivor = next(expert for expert in cluster.experts.values() if expert is not victim)
    survivor.may_go_on.set()
    cluster.heartbeats[victim.name].cancel()
    victim.fault = "die"
    victim.may_go_on.set()
    video = await ended(http, video_id)
    assert video["status"] == "completed"
    assert video["subvideos"][0]["expert"] == survivor.name


async def test_without_an_expert_the_video_waits_for_one(cluster: Cluster) -> None:
    http = await cluster.gateway()
    video_id = await create(http, "a dog")
    assert (await http.get(f"/v1/videos/{video_id}")).json()["status"] in {"queued", "in_progress"}
    await cluster.expert("late")
    assert (await ended(http, video_id))["status"] == "completed"


async def test_the_deadline_ends_what_nobody_makes(cluster: Cluster) -> None:
    http = await cluster.gateway(video_deadline_s=0.5)
    video = await ended(http, await create(http, "a dog"))
    assert (video["status"], video["error"]["code"]) == ("failed", "deadline_exceeded")


async def test_what_no_node_can_ever_make_fails_at_once(cluster: Cluster) -> None:
    http = await cluster.gateway()
    await cluster.expert("small", max_pixels=64 * 64)
    await cluster.expert("other", model="other/model")
    video = await ended(http, await create(http, "a dog"))
    assert (video["status"], video["error"]["code"]) == ("failed", "no_capable_expert")
    assert "small: makes at most 4096 pixels" in video["error"]["message"]
    assert "other: has the model 'other/model'" in video["error"]["message"]
    assert (await ended(http, await create(http, "a dog", model="other/model")))["status"] == "completed"


async def test_the_merger_may_fail_and_lose_its_inputs(cluster: Cluster, http: httpx.AsyncClient) -> None:
    cluster.merger.faults = [500, 503, 503]
    assert (await ended(http, await create(http, "a dog")))["status"] == "completed"
    cluster.merger.faults = [500] * 10
    failed = await ended(http, await create(http, "a bird"))
    assert (failed["status"], failed["error"]["code"]) == ("failed", "merger_fault")
    cluster.merger.faults = []
    first = await ended(http, await create(http, "a cat"))
    cluster.merger.missing = [first["subvideos"][0]["digest"]]
    assert (await ended(http, await create(http, "a cat")))["status"] == "completed"
    made = sum((expert.made for expert in cluster.experts.values()), start=type(cluster.experts["a"].made)())
    assert made[first["subvideos"][0]["digest"]] == 2


async def test_a_foreground_that_cannot_be_keyed_is_made_with_other_seeds(
    cluster: Cluster, http: httpx.AsyncClient
) -> None:
    cluster.merger.unusable = 2
    first = await ended(http, await create(http, "a classroom & a teacher", seed=2**32 - 1))
    assert first["status"] == "completed", first["error"]
    made = [digest for expert in cluster.experts.values() for digest in expert.made]
    assert len(made) == 1 + 3, "the scene once, the foreground with three seeds"
    cluster.merger.unusable = 10
    failed = await ended(http, await create(http, "a classroom & a pupil"))
    assert (failed["status"], failed["error"]["code"]) == ("failed", "unusable_subvideo")


async def test_an_idempotency_key_makes_one_video(cluster: Cluster, http: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "k1"}
    answers = await asyncio.gather(
        *(http.post("/v1/videos", json={"prompt": "a dog"}, headers=headers) for _ in range(5))
    )
    assert len({answer.json()["id"] for answer in answers}) == 1
    conflict = await http.post("/v1/videos", json={"prompt": "a cat"}, headers=headers)
    assert (conflict.status_code, conflict.json()["error"]["code"]) == (409, "idempotency_error")
    assert len((await http.get("/v1/videos")).json()["data"]) == 1


async def test_a_plan_of_the_client_skips_the_gate(cluster: Cluster, http: httpx.AsyncClient) -> None:
    clips = [{"id": "s0c0", "prompt": "a hall"}, {"id": "s0c1", "prompt": "a cat", "role": "foreground"}]
    plan = {"mode": "spatial", "stages": [{"clips": clips, "seconds": 1.0}]}
    video = await ended(http, await create(http, "whatever", plan=plan))
    assert (video["status"], video["seconds"], cluster.gate.calls) == ("completed", "1", 0)


async def test_a_gate_that_breaks_fails_the_video(cluster: Cluster, http: httpx.AsyncClient) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    cluster.gate.plan = broken  # type: ignore[method-assign,assignment]
    video = await ended(http, await create(http, "a dog"))
    assert (video["status"], video["error"]["code"]) == ("failed", "internal_error")


async def _only_expert(cluster: Cluster, name: str):
    for other in list(cluster.experts):
        if other != name:
            cluster.heartbeats.pop(other).cancel()
            async with httpx.AsyncClient(base_url=cluster.urls[0]) as http:
                assert (await http.delete(f"/v1/experts/{other}")).status_code == 204
    return cluster.experts[name]


async def test_a_clip_moves_as_the_request_says_or_else_as_its_words_do(
    cluster: Cluster, http: httpx.AsyncClient
) -> None:
    still = {"x": 0, "y": 0}
    plain = await ended(http, await create(http, "a dog runs to the left"))
    answer = await http.post(
        "/v1/videos", data={"prompt": "a dog runs to the left", "motion": json.dumps(still)}
    )
    forced = await ended(http, answer.json()["id"])
    digests = [video["subvideos"][0]["digest"] for video in (plain, forced)]
    rendering = Rendering(
        model="embedded", width=256, height=256, fps=24, key_frames=8, seed=0, profile="balanced"
    )
    clip = Clip(id="s0c0", prompt="a dog runs to the left")
    wanted = spec_of(clip, Stage(clips=(clip,)), rendering)
    assert wanted.motion.x > 0
    moved = [wanted, wanted.model_copy(update={"motion": Motion(x=0, y=0)})]
    assert digests == [spec.digest for spec in moved]


async def test_a_motion_out_of_range_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/videos", json={"prompt": "a dog", "motion": {"x": 1000}})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "motion")
