"""Interpolation between key frames: where a moving thing is, in between."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expert_node.engine.interpolation import interpolate


def disc_at(x: float, *, size: int = 64) -> np.ndarray:
    rows, columns = np.mgrid[:size, :size]
    inside = np.clip(12 - np.hypot(columns - x, rows - size / 2), 0, 1)[..., None]
    texture = 40 + 10 * np.sin(columns / 3)[..., None] + 10 * np.cos(rows / 4)[..., None]
    return (inside * np.array([230, 120, 30]) + (1 - inside) * texture).astype(np.uint8)


def centre_of(frame: np.ndarray) -> float:
    bright = frame[..., 0] > 130
    return float(np.nonzero(bright)[1].mean())


def test_a_moving_disc_is_in_the_middle_in_the_middle() -> None:
    keys = np.stack([disc_at(24), disc_at(34)])
    frames = interpolate(keys, 5)
    assert np.array_equal(frames[0], keys[0])
    assert np.array_equal(frames[-1], keys[-1])
    centres = [centre_of(frame) for frame in frames]
    assert centres == pytest.approx([24, 26.5, 29, 31.5, 34], abs=1.0)
    area = (keys[0][..., 0] > 130).sum()
    assert (frames[2][..., 0] > 130).sum() == pytest.approx(area, rel=0.15)  # one disc, not two half ones


@settings(max_examples=25, deadline=None)
@given(keys=st.integers(1, 4), count=st.integers(1, 12), channels=st.sampled_from([3, 4]))
def test_gives_as_many_frames_as_asked_between_the_first_and_the_last(
    keys: int, count: int, channels: int
) -> None:
    frames = np.random.default_rng(keys).integers(0, 255, (keys, 16, 24, channels), np.uint8)
    result = interpolate(frames, count)
    assert result.shape == (count, 16, 24, channels)
    assert np.array_equal(result[0], frames[0])
    if count > 1:
        assert np.array_equal(result[-1], frames[-1])
