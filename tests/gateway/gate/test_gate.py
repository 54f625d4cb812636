"""The gate as the gateway calls it."""

import pytest

from gateway.gate import Gate, build_gate
from gateway.gate.settings import GateSettings
from shared.errors import InvalidRequest
from shared.store import connect
from tests.gateway.gate.conftest import ChatDouble, fails


@pytest.fixture
def gate() -> Gate:
    return build_gate(GateSettings())


async def test_spatial(gate: Gate) -> None:
    plan = await gate.plan("A school teacher teaching while a student is studying in a classroom")
    assert plan.mode == "spatial"
    assert [clip.prompt for clip in plan.clips] == [
        "a school teacher teaching in a classroom",
        "a student studying in a classroom",
    ]
    assert [clip.role for clip in plan.clips] == ["scene", "foreground"]
    assert [clip.subject for clip in plan.clips] == ["school teacher", "student"]
    assert plan.setting == "in a classroom"


async def test_temporal(gate: Gate) -> None:
    plan = await gate.plan("A dog runs in a park, then a cat walks on the beach")
    assert plan.mode == "temporal"
    assert [clip.prompt for clip in plan.clips] == ["a dog runs in a park", "a cat walks on the beach"]


async def test_a_plan_says_how_each_clip_moves(gate: Gate) -> None:
    plan = await gate.plan("A teacher teaching while students are walking to the right in a classroom")
    scene, foreground = (clip.motion for clip in plan.clips)
    assert scene is not None
    assert scene.zoom > 0
    assert foreground is not None
    assert foreground.x < 0


async def test_single(gate: Gate) -> None:
    plan = await gate.plan("an astronaut in space")
    assert plan.mode == "single"
    assert plan.clips[0].prompt == "an astronaut in space"


async def test_hybrid(gate: Gate) -> None:
    plan = await gate.plan("A teacher teaches while students study in a classroom, then everyone leaves")
    assert plan.mode == "hybrid"
    assert [len(stage.clips) for stage in plan.stages] == [2, 1]
    assert plan.clips[2].prompt == "everyone leaves"


async def test_seconds_are_shared_by_the_stages(gate: Gate) -> None:
    plan = await gate.plan("A dog runs, then a cat walks", seconds=6)
    assert [stage.seconds for stage in plan.stages] == [3, 3]
    assert [stage.seconds for stage in (await gate.plan("a dog")).stages] == [2]


@pytest.mark.parametrize("mode", ["temporal", "spatial", "single"])
async def test_a_forced_mode_is_the_plans_mode(gate: Gate, mode: str) -> None:
    plan = await gate.plan("A dog runs in a park, then a cat walks on the beach", mode=mode)
    assert plan.mode == mode


async def test_an_empty_prompt_is_the_callers_error(gate: Gate) -> None:
    with pytest.raises(InvalidRequest):
        await gate.plan("  \n ")


async def test_plans_are_cached_by_prompt_and_mode(redis_url: str) -> None:
    redis = connect(redis_url)
    gate = build_gate(GateSettings(), redis)
    first = await gate.plan("a dog runs, then a cat walks")
    assert len(await redis.keys("plan:*")) == 1
    again = await gate.plan("a dog runs, then a cat walks", seconds=8)
    assert again.gate.model == first.gate.model
    assert [stage.seconds for stage in again.stages] == [4, 4]
    await gate.plan("a dog runs, then a cat walks", mode="single")
    assert len(await redis.keys("plan:*")) == 2
    await redis.aclose()


async def test_a_degraded_plan_is_not_cached(redis_url: str, chat: ChatDouble) -> None:
    redis = connect(redis_url)
    chat.script = lambda _: fails(500)
    gate = build_gate(chat.settings(), redis)
    assert (await gate.plan("a dog runs, then a cat walks")).gate.degraded
    assert await redis.keys("plan:*") == []
    await gate.close()
    await redis.aclose()


async def test_a_cache_that_holds_nonsense_is_a_miss(redis_url: str) -> None:
    redis = connect(redis_url)
    gate = build_gate(GateSettings(), redis)
    await gate.plan("a dog")
    for key in await redis.keys("plan:*"):
        await redis.set(key, b"{}")
    assert (await gate.plan("a dog")).mode == "single"
    await redis.aclose()
