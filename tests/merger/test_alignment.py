"""Clips on another clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merger.alignment import align


@pytest.mark.parametrize(
    ("clip", "target", "indices", "note"),
    [
        ((4, 8), (4, 8), (0, 1, 2, 3), "none"),
        ((3, 8), (7, 8), (0, 1, 2, 1, 0, 1, 2), "3 frames play back and forth"),
        ((6, 8), (3, 8), (0, 1, 2), "cut after frame 2"),
        ((4, 4), (8, 8), (0, 0, 1, 2, 2, 2, 3, 2), "4 to 8 fps, 4 frames play back and forth"),
        ((1, 8), (3, 8), (0, 0, 0), "1 frames play back and forth"),
    ],
)
def test_examples(clip, target, indices, note) -> None:
    result = align(*clip, to_frames=target[0], to_fps=target[1])
    assert (result.indices, result.note) == (indices, note)


@given(st.integers(1, 60), st.floats(1, 60), st.integers(1, 200), st.integers(1, 60))
def test_every_frame_shown_exists(frames: int, fps: float, to_frames: int, to_fps: int) -> None:
    result = align(frames, fps, to_frames=to_frames, to_fps=to_fps)
    assert len(result.indices) == to_frames
    assert all(0 <= index < frames for index in result.indices)
