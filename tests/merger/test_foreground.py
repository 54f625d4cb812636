"""Foregrounds by the means their pictures allow: a key colour, the engine's hint, or what stands out."""

import cv2
import numpy as np
import pytest

from merger.foreground import extract
from merger.parts import UnusableSubvideo
from shared.video import Frames
from tests.merger.conftest import keyed, subject_matte


def cut(frames: Frames):
    return extract(frames, region=None, alignment="none", checkpoint=lambda: None)


def meadow(frames: int, *, hint: bool) -> tuple[Frames, np.ndarray]:
    """A subject before sky and grass, with a blurred matte hint or with none."""
    matte = subject_matte(frames)
    generator = np.random.default_rng(1)
    back = np.empty((128, 128, 3))
    back[:70], back[70:] = (120, 170, 240), (70, 150, 60)
    back = back + generator.normal(0, 14, back.shape)
    rgb = matte[..., None] * (230, 60, 120) + (1 - matte[..., None]) * back
    alpha = np.rint(255 * matte) if hint else np.full(matte.shape, 255)
    video = np.concatenate([rgb, alpha[..., None]], axis=-1)
    return np.clip(video, 0, 255).astype(np.uint8), matte


@pytest.mark.parametrize(("hint", "source"), [(True, "the engine's hint"), (False, "what stands out")])
def test_without_a_key_colour_the_subject_is_segmented(hint: bool, source: str) -> None:
    frames, matte = meadow(3, hint=hint)
    found = cut(frames)
    assert found.method == f"no plain key colour; segmented from {source}"
    assert found.key == ""
    overlap = np.minimum(found.frames[..., 3] / 255, matte).sum() / np.maximum(matte, 1e-9).sum()
    assert overlap > 0.9
    assert np.abs(found.frames[..., 3] / 255 - matte).mean() < 0.06


def test_a_key_colour_wins_over_a_hint() -> None:
    frames = keyed(subject_matte(2))
    frames[..., 3] = 0
    frames[:, 40:60, 40:60, 3] = 255
    assert cut(frames).method.startswith("keyed on")


def test_specks_of_the_key_are_not_part_of_the_subject() -> None:
    frames = keyed(subject_matte(2))
    frames[:, 4:8, 100:104, :3] = (250, 60, 60)
    assert not cut(frames).frames[:, :12, 96:110, 3].any()


def test_a_subject_that_leaves_keeps_its_last_box() -> None:
    matte = subject_matte(4)
    matte[2:] = 0
    boxes = cut(keyed(matte)).boxes
    assert boxes[3] == boxes[2] == boxes[1]
    assert boxes[1] != boxes[0]


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_plain_picture_has_no_subject(share: float) -> None:
    with pytest.raises(UnusableSubvideo):
        cut(keyed(np.full((2, 64, 64), share, np.float32)))


def test_a_wide_soft_edge_is_measured_and_cleared_of_the_key() -> None:
    matte = np.stack([cv2.GaussianBlur(frame, (0, 0), 3.0) for frame in subject_matte(2)])
    found = cut(keyed(matte, colour=(120, 70, 60), noise=2))
    assert np.abs(found.frames[..., 3] / 255 - matte).mean() < 0.03
    visible = found.frames[..., 3] > 60
    colour = found.frames[visible].astype(int)
    assert np.percentile(colour[:, 1] - colour[:, 0], 99) < 10, "no green rim"
