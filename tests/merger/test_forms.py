"""Delivery forms, read back by what reads them: libvpx, OpenCV, zipfile."""

import io
import json
import zipfile

import av
import cv2
import numpy as np
import pytest

from merger.forms import FORMS, bled, deliver
from merger.parts import Part
from shared.errors import PayloadTooLarge
from shared.video import DecodeLimits, decode, encode_lossless, encode_mp4, make_ref
from tests.merger.conftest import classroom, keyed, subject_matte

YELLOW = np.array((250, 220, 60))


@pytest.fixture
def make(client, put, store, scene_clip, keyed_clip):
    """Ask for a form of the scene or of the keyed foreground; its bytes and reference."""

    async def make(form: str, *, keyed: bool = True):
        await put("a", scene_clip)
        await put("b", keyed_clip, media_type="video/x-matroska")
        body = {"source": ("b" if keyed else "a") * 64, "form": form, "keyed": keyed}
        response = await client.post("/v1/forms", json=body)
        assert response.status_code == 200, response.text
        return await store.get(response.json()["digest"])

    return make


def check_matte(rgba: np.ndarray, index: int, *, tolerance: float = 0.02) -> None:
    """(H, W, 4) is the keyed clip's subject at frame `index`, without its key."""
    truth = subject_matte(16)[index]
    assert np.abs(rgba[..., 3] / 255 - truth).mean() < tolerance
    assert np.abs(rgba[truth == 1][:, :3].mean(axis=0) - YELLOW).max() < 12


async def test_stacked_alpha_has_colour_above_and_matte_below(make) -> None:
    data, ref = await make("stacked")
    video, info = decode(data)
    assert (info.width, info.height, info.frames, ref.notes["alpha"]) == (128, 256, 16, "stacked")
    for index in (0, 9):
        colour, matte = video[index, :128], video[index, 128:, :, :1]
        check_matte(np.concatenate([colour, matte], axis=-1), index)
        greens = (colour[..., 1].astype(int) - colour[..., 0]) > 40
        assert not greens.any(), "no key colour bleeds into the texture"


@pytest.mark.parametrize(("form", "codec"), [("webm_vp8", "libvpx"), ("webm_vp9", "libvpx-vp9")])
async def test_webm_carries_alpha(make, form: str, codec: str) -> None:
    data, ref = await make(form)
    assert (ref.media_type, ref.notes["alpha"]) == ("video/webm", "straight")
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        assert stream.metadata["ALPHA_MODE"] == "1"
        decoder = av.CodecContext.create(codec, "r")
        packets = [packet for packet in container.demux(stream) if packet.size]
        frames = [frame for packet in [*packets, None] for frame in decoder.decode(packet)]
    assert len(frames) == 16
    check_matte(frames[5].to_ndarray(format="rgba"), 5)


@pytest.mark.parametrize("form", ["webp", "gif"])
async def test_animated_pictures_have_frames_and_transparency(make, form: str) -> None:
    data, ref = await make(form)
    assert ref.media_type == f"image/{form}"
    done, animation = cv2.imdecodeanimation(np.frombuffer(data, np.uint8).reshape(1, -1))
    assert done
    assert len(animation.frames) == 16
    assert abs(sum(animation.durations) - 2000) <= 40
    if form == "webp":
        check_matte(cv2.cvtColor(animation.frames[7], cv2.COLOR_BGRA2RGBA), 7)
    else:
        assert (animation.frames[7][..., 3] == 0).mean() > 0.5


async def test_frames_come_as_png_in_a_zip(make) -> None:
    data, _ = await make("png_zip")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == [f"frame_{index:04d}.png" for index in range(16)]
        picture = cv2.imdecode(np.frombuffer(archive.read("frame_0003.png"), np.uint8), cv2.IMREAD_UNCHANGED)
    check_matte(cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA), 3, tolerance=0.01)


@pytest.mark.parametrize(("form", "shape"), [("first_frame", (128, 128, 4)), ("spritesheet", (640, 640, 4))])
async def test_stills_of_a_foreground_have_alpha(make, form: str, shape: tuple) -> None:
    data, ref = await make(form)
    assert ref.media_type == "image/png"
    assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED).shape == shape


@pytest.mark.parametrize("form", FORMS)
async def test_an_opaque_video_comes_in_every_form(make, scene_clip, form: str) -> None:
    data, ref = await make(form, keyed=False)
    assert ref.notes["alpha"] == "none"
    assert data
    if form == "mp4":
        assert data == scene_clip, "what is an MP4 already is passed on"


async def test_a_foreground_without_a_subject_is_named(client, put) -> None:
    await put("a", encode_mp4(np.full((4, 64, 64, 3), (0, 200, 60), np.uint8), fps=8))
    response = await client.post("/v1/forms", json={"source": "a" * 64, "form": "webp", "keyed": True})
    assert response.json()["error"]["code"] == "unusable_subvideo"
    assert "a" * 64 in response.json()["error"]["message"]


@pytest.mark.parametrize("form", ["gif", "webp", "png_zip"])
def test_a_form_that_would_not_fit_is_refused(scene_clip, form: str) -> None:
    part = Part(make_ref("a" * 64, scene_clip, "video/mp4"), scene_clip)
    limits = DecodeLimits(decoded_bytes=16 * 160 * 120 * 4 - 1, size_bytes=len(scene_clip))
    with pytest.raises(PayloadTooLarge, match="a" * 64):
        deliver(part, form, keyed=False, limits=limits, checkpoint=lambda: None)


@pytest.mark.parametrize("form", ["mp4", "stacked", "webm_vp8", "webm_vp9", "webp", "gif"])
def test_odd_sides_are_no_obstacle(form: str) -> None:
    data = encode_lossless(keyed(subject_matte(2, width=65, height=63)), fps=8)
    part = Part(make_ref("a" * 64, data, "video/x-matroska"), data)
    assert deliver(part, form, keyed=True, limits=DecodeLimits(), checkpoint=lambda: None)[0]


def test_colour_bleeds_out_of_the_subject_and_not_into_it() -> None:
    rgba = np.zeros((40, 40, 4), np.uint8)
    rgba[..., 1] = 200
    rgba[10:30, 10:30] = (220, 30, 40, 255)
    filled = bled(rgba)
    assert np.array_equal(filled[10:30, 10:30], rgba[10:30, 10:30])
    assert np.array_equal(filled[..., 3], rgba[..., 3])
    assert (np.abs(filled[..., :3].astype(int) - (220, 30, 40)) < 4).all()


async def test_the_scene_lists_its_layers(client, put, store) -> None:
    await put("a", encode_mp4(classroom(16), fps=8))
    await put("b", encode_lossless(keyed(subject_matte(16)), fps=8))
    parts = [{"digest": "a" * 64, "role": "scene"}, {"digest": "b" * 64, "role": "foreground"}]
    size = {"width": 160, "height": 120, "fps": 8}
    stage = (await client.post("/v1/stages", json={"parts": parts, "seconds": 2.0} | size)).json()
    layers = [
        {"id": f"s0c{number}", "prompt": "someone", "digest": part["digest"], "role": part["role"]}
        for number, part in enumerate(parts)
    ]
    stages = [
        {"stage": stage["digest"], "seconds": 2.0, "layers": layers},
        {"stage": "a" * 64, "seconds": 2.0, "layers": [layers[0] | {"id": "s1c0"}]},
    ]
    ref = (await client.post("/v1/scenes", json={"stages": stages} | size)).json()
    scene = json.loads((await store.get(ref["digest"]))[0])
    assert (scene["seconds"], [layer["id"] for layer in scene["layers"]]) == (4.0, ["s0c0", "s0c1", "s1c0"])
    behind, front, later = scene["layers"]
    assert (behind["depth"], front["depth"], later["start"]) == (0, 1, 2.0)
    left, top, right, bottom = front["box"]
    assert 0 <= left < right <= 160
    assert 0 <= top < bottom <= 120
    assert front["key_colour"].startswith("#00c")
    assert front["forms"]["stacked"]["alpha"] == "stacked"
    assert behind["forms"]["webm_vp9"]["alpha"] == "none"
    assert front["forms"]["webm_vp9"]["href"] == "subvideos/s0c1/content?form=webm_vp9"
