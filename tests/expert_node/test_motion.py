"""The warp: the paper's translation, and what goes beyond it."""

import pytest
import torch

from expert_node.engine.motion import progress_at, scaled, warp
from shared.schemas import Motion

STILL = Motion(x=0, y=0)


def gradient(size: int = 32) -> torch.Tensor:
    rows, columns = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    return torch.stack([columns, rows]).float()[None]


def test_stillness_changes_nothing() -> None:
    assert torch.equal(warp(gradient(), STILL, progress=5), gradient())


def test_translation_takes_values_from_further_along() -> None:
    moved = warp(gradient(), Motion(x=16, y=-32), progress=2)  # 1 and 2 latents a frame of 32
    inside = (slice(None), slice(8, 24), slice(8, 24))
    assert torch.equal(moved[0][inside], gradient()[0][inside] + torch.tensor([2.0, -4.0])[:, None, None])


def test_zoom_in_takes_values_from_nearer_the_centre() -> None:
    moved = warp(gradient(), Motion(x=0, y=0, zoom=0.2), progress=1, interpolation="bicubic")
    offset = moved[0, 0, 16, 28] - 15.5
    assert offset == pytest.approx((28 - 15.5) / 1.2, abs=0.2)


def test_a_full_turn_comes_back_on_any_aspect() -> None:
    x = gradient()[..., 8:24, :]
    turned = warp(x, Motion(x=0, y=0, rotation=15), progress=24, interpolation="bicubic")
    assert torch.allclose(turned[..., 2:-2, 2:-2], x[..., 2:-2, 2:-2], atol=0.2)


def test_easing_keeps_both_ends_and_starts_slowly() -> None:
    motion = Motion(easing="in_out")
    places = [progress_at(frame, motion, frames=9) for frame in range(9)]
    assert places[0] == 0
    assert places[-1] == pytest.approx(8)
    assert places[1] < 0.5
    assert places == sorted(places)


def test_half_the_motion_for_twice_as_long_is_the_same() -> None:
    motion = Motion(x=24, y=8)
    assert torch.equal(
        warp(gradient(), motion, progress=1), warp(gradient(), scaled(motion, 0.5), progress=2)
    )
