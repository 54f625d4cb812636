"""`reuse: similar`: paraphrases are reused, and what differs in one attribute never is."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.embeddings import Embeddings
from gateway.meaning.same import same_meaning
from gateway.similar import SimilarSubvideos
from shared.schemas import SubvideoSpec
from shared.store import RedisClient, connect
from tests.gateway.conftest import Cluster
from tests.gateway.doubles import ended, plan_of


def pairs(repository: Path, name: str) -> list[tuple[str, str]]:
    rows = (repository / f"benchmarks/data/reuse_{name}.tsv").read_text().splitlines()
    return [(one, other) for one, other in (row.split("\t")[-2:] for row in rows)]


@pytest.mark.parametrize("name", ["different", "different_blind"])
def test_no_minimal_pair_is_taken_for_the_same(repository: Path, name: str) -> None:
    rows = pairs(repository, name)
    confused = [pair for pair in rows if same_meaning(*pair) or same_meaning(*reversed(pair))]
    assert len(rows) >= 100
    assert confused == []


@pytest.mark.parametrize("name", ["same", "same_blind"])
def test_most_paraphrases_are_found(repository: Path, name: str) -> None:
    rows = pairs(repository, name)
    found = [pair for pair in rows if same_meaning(*pair)]
    assert len(found) >= 0.6 * len(rows)
    assert found == [pair for pair in rows if same_meaning(*reversed(pair))]


@pytest.mark.parametrize(
    "text", ["", " ", ".", "'s", "by", "a", "in the", "the the the", "🦊 跑", "by a man", "and and"]
)
def test_odd_prompts_are_like_themselves(text: str) -> None:
    assert same_meaning(text, text)
    assert not same_meaning(text, "a dog runs in the park")


def index(redis: RedisClient, **changes: Any) -> SimilarSubvideos:
    options: dict[str, Any] = {"limit": 100, "least": 0.75, "ttl_s": 60} | changes
    return SimilarSubvideos(redis, Embeddings(), **options)


async def test_only_the_prompt_and_the_seed_may_differ(redis_url: str) -> None:
    wanted = SubvideoSpec(prompt="a kid plays in the park")
    async with connect(redis_url) as redis:
        await index(redis).add(SubvideoSpec(prompt="a child is playing in a park", seed=7), tenant="")
        [found] = await index(redis).find(wanted, tenant="")
        assert found.prompt == "a child is playing in a park"
        assert 0.75 < found.similarity < 1
        for change in ({"width": 512}, {"fps": 16}, {"seconds": 3.0}, {"keyed": True}, {"model": "other"}):
            assert await index(redis).find(wanted.model_copy(update=change), tenant="") == []


async def test_the_index_is_bounded_ends_and_keeps_secrets(redis_url: str) -> None:
    async with connect(redis_url) as redis:
        small = index(redis, limit=2)
        await small.add(SubvideoSpec(prompt="a secret cat", nonce="mine"), tenant="")
        assert await redis.keys("similar:*") == []
        for animal in ("cat", "dog", "fox"):
            await small.add(SubvideoSpec(prompt=f"a {animal} runs"), tenant="")
        [key] = await redis.keys("similar:*")
        assert await redis.xlen(key) == 2
        assert 0 < await redis.pttl(key) <= 60_000
        assert await small.find(SubvideoSpec(prompt="the cat is running"), tenant="") == []
        foxes = await small.find(SubvideoSpec(prompt="the fox is running"), tenant="")
        assert [found.prompt for found in foxes] == ["a fox runs"]


async def test_a_video_says_what_was_taken_for_its_clip(cluster: Cluster, http: httpx.AsyncClient) -> None:
    other = await cluster.gateway()

    async def made(gateway: httpx.AsyncClient, prompt: str, reuse: str) -> dict[str, Any]:
        body = {"prompt": "p", "plan": plan_of([prompt]).model_dump(mode="json"), "reuse": reuse}
        video: Any = await ended(http, (await gateway.post("/v1/videos", json=body)).json()["id"])
        assert video["status"] == "completed"
        return video["subvideos"][0]

    first = await made(http, "a child is playing with a red ball", "exact")
    clip = await made(other, "a kid plays with a red ball", "similar")
    assert clip["digest"] == first["digest"]
    assert clip["shared"]
    assert clip["similar"]["prompt"] == "a child is playing with a red ball"
    assert clip["similar"]["similarity"] > 0.75
    for prompt, reuse in (
        ("a kid plays with a blue ball", "similar"),
        ("a kid plays with a red ball", "exact"),
    ):
        clip = await made(other, prompt, reuse)
        assert clip["similar"] is None
        assert clip["digest"] != first["digest"]
