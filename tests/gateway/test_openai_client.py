"""The real `openai` client against a real gateway."""

from collections.abc import AsyncIterator

import httpx
import openai
import pytest

from tests.gateway.conftest import Cluster
from tests.gateway.doubles import ended

# The client marks its own videos resource as deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
async def client(cluster: Cluster, http: httpx.AsyncClient) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=f"{cluster.urls[0]}/v1", api_key="any", max_retries=0) as client:
        yield client


async def test_create_and_poll_then_download(client: openai.AsyncOpenAI) -> None:
    video = await client.videos.create_and_poll(prompt="a dog; a cat", seconds="4", size="256x256")
    assert (video.status, video.progress, video.seconds, video.size) == ("completed", 100, "4", "256x256")
    assert video.object == "video"
    assert video.completed_at is not None
    assert video.expires_at is not None
    assert video.error is None
    content = await client.videos.download_content(video.id)
    assert content.content.startswith(b"video ")
    thumbnail = await client.videos.download_content(video.id, variant="thumbnail")
    assert thumbnail.content.startswith(b"thumbnail ")
    spritesheet = await client.videos.download_content(video.id, variant="spritesheet")
    assert spritesheet.content.startswith(b"spritesheet ")


async def test_create_takes_the_additional_fields_in_a_form(client: openai.AsyncOpenAI) -> None:
    video = await client.videos.create(
        prompt="a dog; a cat", model="embedded", extra_body={"mode": "single", "seed": 7, "fps": 4}
    )
    final = await client.videos.poll(video.id)
    assert final.status == "completed"
    assert final.plan["mode"] == "single"


async def test_retrieve_says_when_to_poll_again(client: openai.AsyncOpenAI) -> None:
    video = await client.videos.create(prompt="a dog")
    raw = await client.videos.with_raw_response.retrieve(video.id)
    assert raw.headers["openai-poll-after-ms"] == "20"
    assert raw.parse().id == video.id


async def test_list_pages_in_both_orders(client: openai.AsyncOpenAI) -> None:
    ids = [(await client.videos.create(prompt=f"number {n}")).id for n in range(5)]
    newest_first = [video.id async for video in client.videos.list(limit=2)]
    assert newest_first == ids[::-1]
    oldest_first = [video.id async for video in client.videos.list(limit=2, order="asc")]
    assert oldest_first == ids
    page = await client.videos.list(limit=2, after=ids[3])
    assert [video.id for video in page.data] == [ids[2], ids[1]]
    assert page.has_more


async def test_delete_removes_the_video(client: openai.AsyncOpenAI) -> None:
    video = await client.videos.create_and_poll(prompt="a dog")
    reply = await client.videos.delete(video.id)
    assert (reply.id, reply.deleted, reply.object) == (video.id, True, "video.deleted")
    with pytest.raises(openai.NotFoundError) as caught:
        await client.videos.retrieve(video.id)
    assert caught.value.code == "video_not_found"
    assert [item.id async for item in client.videos.list()] == []


async def test_remix_shares_what_stays_the_same(cluster: Cluster, client: openai.AsyncOpenAI) -> None:
    first = await client.videos.create_and_poll(prompt="a dog; a cat")
    remix = await client.videos.remix(first.id, prompt="a dog; a bird")
    assert remix.remixed_from_video_id == first.id
    final = await client.videos.poll(remix.id)
    assert [clip["shared"] for clip in final.subvideos] == [True, False]
    assert sum(len(expert.made) for expert in cluster.experts.values()) == 3


async def test_edit_and_extend_name_a_video_by_its_id(client: openai.AsyncOpenAI) -> None:
    first = await client.videos.create_and_poll(prompt="a dog; a cat")
    # The client takes the id only this way: it refuses to send anything but files as `video`.
    reference = {"video": openai.omit, "extra_body": {"video": {"id": first.id}}}
    edited = await client.videos.edit(prompt="a horse", **reference)
    assert edited.remixed_from_video_id == first.id
    longer = await client.videos.extend(prompt="a bird & a tree", seconds="4", **reference)
    final = await client.videos.poll(longer.id)
    assert final.status == "completed"
    assert final.seconds == "8"
    clips = [clip["id"] for stage in final.plan["stages"] for clip in stage["clips"]]
    assert clips == ["s0c0", "s1c0", "s2c0", "s2c1"]
    assert [clip["shared"] for clip in final.subvideos] == [True, True, False, False]


async def test_models_are_listed(cluster: Cluster, client: openai.AsyncOpenAI) -> None:
    await cluster.expert("c", model="other/model")
    assert [model.id async for model in client.models.list()] == ["embedded", "other/model"]
    assert (await client.models.retrieve("other/model")).id == "other/model"


async def test_errors_arrive_as_the_clients_own(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as bad:
        await client.videos.create(prompt="  ")
    assert bad.value.param == "prompt"
    with pytest.raises(openai.NotFoundError) as missing:
        await client.videos.create(prompt="a dog", model="sora-2")
    assert (missing.value.code, missing.value.param) == ("model_not_found", "model")
    with pytest.raises(openai.BadRequestError) as upload:
        await client.videos.create(prompt="a dog", input_reference=("a.png", b"\x89PNG", "image/png"))
    assert upload.value.param == "input_reference"


async def test_a_failed_video_has_its_reason(cluster: Cluster, client: openai.AsyncOpenAI) -> None:
    for expert in cluster.experts.values():
        expert.fault = "failed"
    video = await client.videos.create_and_poll(prompt="a dog")
    assert video.status == "failed"
    assert video.error is not None
    assert video.error.code == "expert_fault"
    assert "no memory" in video.error.message


async def test_two_gateways_answer_for_each_other(cluster: Cluster, client: openai.AsyncOpenAI) -> None:
    other = await cluster.gateway()
    video = await client.videos.create(prompt="a dog")
    final = await ended(other, video.id)
    assert final["status"] == "completed"
