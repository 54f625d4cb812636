"""The merger's API on a real Redis: references in, references out, and errors that name the part."""

import asyncio

import cv2
import httpx
import numpy as np
import pytest

from merger.app import create_app
from merger.settings import MergerSettings
from shared.store import SubvideoStore
from shared.video import decode, encode_lossless, encode_mp4
from tests.merger.conftest import GREEN, classroom, keyed, subject_matte

A, B, C = ("a" * 64, "b" * 64, "c" * 64)


def stage(*digests: str, **changes: object) -> dict:
    parts = [
        {"digest": digest, "role": "foreground" if number else "scene", "region": "right" if number else None}
        for number, digest in enumerate(digests)
    ]
    return {"parts": parts, "width": 160, "height": 120, "fps": 8, "seconds": 2.0} | changes


async def post(client: httpx.AsyncClient, path: str, body: dict, status: int = 200) -> dict:
    response = await client.post(path, json=body)
    assert response.status_code == status, response.text
    return response.json()


async def test_a_single_part_of_the_wanted_form_is_its_own_stage(client, put, scene_clip) -> None:
    ref = await put("a", scene_clip)
    assert await post(client, "/v1/stages", stage(A)) == ref.model_dump()


async def test_a_foreground_is_keyed_over_the_scene(client, put, store, scene_clip, keyed_clip) -> None:
    await put("a", scene_clip)
    await put("b", keyed_clip, media_type="video/x-matroska")
    ref = await post(client, "/v1/stages", stage(A, B))
    assert ref["notes"]["merge"] == "keyed"
    assert ref["notes"]["foreground_1_matte"].startswith("keyed on #00c")
    video, info = decode((await store.get(ref["digest"]))[0])
    assert (info.width, info.height, info.fps, info.frames) == (160, 120, 8.0, 16)
    yellow = (video[..., 0] > 180) & (video[..., 1] > 150) & (video[..., 2] < 120)
    assert (yellow[:, :, 80:].sum(axis=(1, 2)) > 500).all(), (
        "the foreground stands on the right in every frame"
    )
    red = (video[..., 0] > 150) & (video[..., 1] < 90)
    assert (red.sum(axis=(1, 2)) > 800).all(), "the scene's subject stays visible"
    greens = np.abs(video.astype(int) - GREEN).max(axis=-1) < 60
    assert not greens.any(), "nothing of the key colour is left"


async def test_a_result_is_made_once(client, put, store, scene_clip, keyed_clip) -> None:
    await put("a", scene_clip)
    await put("b", keyed_clip)
    replies = await asyncio.gather(*(post(client, "/v1/stages", stage(A, B)) for _ in range(3)))
    await store.delete(A, B)
    replies.append(await post(client, "/v1/stages", stage(A, B)))
    assert all(reply == replies[0] for reply in replies)


async def test_parts_of_another_rate_length_and_size_are_brought_to_the_stage(client, put, store) -> None:
    await put("a", encode_mp4(classroom(12, width=200, height=200), fps=4))
    await put("b", encode_lossless(keyed(subject_matte(5)), fps=8))
    ref = await post(client, "/v1/stages", stage(A, B))
    assert ref["notes"]["alignment"] == "scene: 4 to 8 fps, cut after frame 8"
    assert ref["notes"]["foreground_1_alignment"] == "5 frames play back and forth"
    _, info = decode((await store.get(ref["digest"]))[0])
    assert (info.width, info.height, info.frames) == (160, 120, 16)


async def test_a_lone_keyed_part_is_encoded(client, put, store, keyed_clip) -> None:
    await put("b", keyed_clip, media_type="video/x-matroska")
    ref = await post(client, "/v1/stages", stage(B, width=128, height=128))
    assert (ref["media_type"], ref["notes"]["merge"]) == ("video/mp4", "re-encoded")
    assert decode((await store.get(ref["digest"]))[0])[1].frames == 16


async def test_stages_join_without_a_changed_frame(client, put, store) -> None:
    clips = [encode_mp4(classroom(count), fps=8) for count in (16, 9)]
    for name, clip in zip("ab", clips, strict=True):
        await put(name, clip)
    reply = await post(client, "/v1/videos", {"stages": [A, B, A], "width": 160, "height": 120, "fps": 8})
    assert reply["video"]["notes"] == {"merge": "remuxed"}
    joined, info = decode((await store.get(reply["video"]["digest"]))[0])
    first, second = (decode(clip)[0] for clip in clips)
    assert np.array_equal(joined, np.concatenate([first, second, first]))
    assert reply["video"]["frames"] == info.frames == 41


async def test_only_a_stage_that_differs_is_encoded_again(client, put, store) -> None:
    await put("a", encode_mp4(classroom(16), fps=8))
    await put("b", encode_mp4(classroom(8, width=80, height=64), fps=4))
    reply = await post(client, "/v1/videos", {"stages": [A, B], "width": 160, "height": 120, "fps": 8})
    assert reply["video"]["notes"] == {"merge": "re-encoded stages 1"}
    joined, info = decode((await store.get(reply["video"]["digest"]))[0])
    assert (info.width, info.height, info.fps, info.frames) == (160, 120, 8.0, 32)
    assert np.array_equal(joined[:16], decode((await store.get(A))[0])[0])


async def test_previews_are_pictures(client, put, store, scene_clip) -> None:
    await put("a", scene_clip)
    reply = await post(client, "/v1/videos", {"stages": [A], "width": 160, "height": 120, "fps": 8})
    for kind, size in (("thumbnail", (160, 120)), ("spritesheet", (640, 480))):
        data, ref = await store.get(reply[kind]["digest"])
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert picture.shape[:2] == (ref.height, ref.width) == size[::-1]
    assert [reply[kind]["media_type"] for kind in ("thumbnail", "spritesheet")] == [
        "image/webp",
        "image/jpeg",
    ]


async def test_segments_of_stages_are_one_stream(client, put, store) -> None:
    clips = [encode_mp4(classroom(16), fps=8), encode_mp4(classroom(8), fps=8)]
    stream, inits, start = b"", [], 0
    for number, (name, clip) in enumerate(zip("ab", clips, strict=True)):
        ref = await put(name, clip)
        body = {"stage": ref.digest, "start_frame": start, "sequence": number}
        reply = await post(client, "/v1/segments", body)
        inits.append((await store.get(reply["init"]["digest"]))[0])
        stream += (await store.get(reply["segment"]["digest"]))[0]
        assert reply["segment"]["frames"] == ref.frames
        start += ref.frames
    assert inits[0] == inits[1]
    decoded, _ = decode(inits[0] + stream)
    assert np.array_equal(decoded, np.concatenate([decode(clip)[0] for clip in clips]))


async def test_a_missing_part_is_named(client, put, scene_clip) -> None:
    await put("a", scene_clip)
    for path, body in (
        ("/v1/stages", stage(A, C)),
        ("/v1/videos", {"stages": [A, C], "width": 160, "height": 120, "fps": 8}),
        ("/v1/segments", {"stage": C, "start_frame": 0, "sequence": 0}),
    ):
        error = (await post(client, path, body, 404))["error"]
        assert error["code"] == "subvideo_not_found"
        assert C in error["message"]


@pytest.mark.parametrize("keep", [10, 400, 2000])
async def test_a_damaged_part_is_named(client, store, put, scene_clip, keep: int) -> None:
    ref = await put("a", scene_clip)
    await _replace(store, ref, scene_clip[:keep])
    error = (await post(client, "/v1/stages", stage(A, A), 502))["error"]
    assert error["code"] == "corrupt_subvideo"
    assert A in error["message"]


async def test_bytes_with_a_wrong_checksum_are_corrupt(client, store, put, scene_clip) -> None:
    await put("a", scene_clip)
    await store._redis.setrange(f"subvideo:{{{A}}}:data", 900, b"oops")
    error = (await post(client, "/v1/stages", stage(A), 502))["error"]
    assert (error["code"], A in error["message"]) == ("corrupt_subvideo", True)


@pytest.mark.parametrize("share", [0.0, 1.0])
async def test_a_foreground_that_is_all_or_no_key_is_named(client, put, scene_clip, share: float) -> None:
    matte = np.full((4, 64, 64), share, np.float32)
    await put("a", scene_clip)
    await put("b", encode_lossless(keyed(matte), fps=8))
    error = (await post(client, "/v1/stages", stage(A, B), 400))["error"]
    assert error["code"] == "unusable_subvideo"
    assert B in error["message"]


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"width": 161}, "width"),
        ({"height": 32}, "height"),
        ({"fps": 0}, "fps"),
        ({"seconds": 0}, "seconds"),
        ({"parts": []}, "parts"),
        ({"speed": 2}, "speed"),
    ],
)
async def test_a_bad_request_names_its_field(client, changes: dict, param: str) -> None:
    error = (await post(client, "/v1/stages", stage(A, **changes), 400))["error"]
    assert (error["type"], error["param"]) == ("invalid_request_error", param)


async def test_a_part_over_the_limits_is_refused(client, put) -> None:
    await put("a", encode_mp4(np.zeros((8, 264, 256, 3), np.uint8), fps=8))
    error = (await post(client, "/v1/stages", stage(A), 413))["error"]
    assert "256x264" in error["message"]
    assert A in error["message"]


async def test_a_small_part_does_not_become_a_huge_stage(client, put, scene_clip) -> None:
    await put("a", scene_clip)
    body = stage(A, width=2048, height=2048, fps=60, seconds=60)
    error = (await post(client, "/v1/stages", body, 413))["error"]
    assert error["param"] == "seconds"


async def test_it_is_ready_when_redis_is(client, settings: MergerSettings) -> None:
    assert (await client.get("/readyz")).json() == {"status": "ready"}
    assert (await client.get("/healthz")).status_code == 200
    assert "merger_job_seconds" in (await client.get("/metrics")).text


async def _replace(store: SubvideoStore, ref, data: bytes) -> None:
    import hashlib

    sha256 = hashlib.sha256(data).hexdigest()
    await store.put(data, ref.model_copy(update={"size_bytes": len(data), "sha256": sha256}))


async def test_without_redis_it_says_so_soon() -> None:
    app = create_app(MergerSettings(redis_url="redis://127.0.0.1:1/0"))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://merger") as client,
    ):
        replies = [await client.get("/readyz"), await client.post("/v1/stages", json=stage(A))]
    assert [reply.json()["error"]["code"] for reply in replies] == ["unavailable", "unavailable"]


async def test_a_segment_far_beyond_any_video_is_refused(client: httpx.AsyncClient) -> None:
    for place in ({"start_frame": 10**12, "sequence": 0}, {"start_frame": 0, "sequence": 10**36}):
        answer = await client.post("/v1/segments", json={"stage": "a" * 64, **place})
        assert answer.status_code == 400, "not a fault of the stage"
