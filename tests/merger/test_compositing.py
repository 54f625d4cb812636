"""Compositing: identities of alpha, pasting at the picture's edge, light and shadow."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from merger.compositing import harmonised, harmony, over, paste, shade_ground
from merger.layer import Box, premultiply, scaled, unpremultiply

PICTURES = arrays.arrays(np.uint8, (4, 5, 3), elements=st.integers(0, 255))
ALPHAS = arrays.arrays(np.uint8, (4, 5, 1), elements=st.integers(0, 255))


@given(PICTURES, PICTURES)
def test_opaque_covers_and_transparent_does_not(front: np.ndarray, back: np.ndarray) -> None:
    assert np.array_equal(over(np.dstack([front, np.full((4, 5), 255, np.uint8)]), back), front)
    assert np.array_equal(over(np.dstack([front, np.zeros((4, 5), np.uint8)]), back), back)


@given(PICTURES, PICTURES, ALPHAS)
def test_a_mixture_lies_between_its_colours(front: np.ndarray, back: np.ndarray, alpha: np.ndarray) -> None:
    mixed = over(np.concatenate([front, alpha], axis=-1), back).astype(int)
    assert (mixed >= np.minimum(front, back)).all()
    assert (mixed <= np.maximum(front, back)).all()


@given(PICTURES, ALPHAS)
def test_premultiplying_is_undone(front: np.ndarray, alpha: np.ndarray) -> None:
    rgba = np.concatenate([front, alpha], axis=-1)
    back = unpremultiply(premultiply(rgba))
    visible = alpha[..., 0] > 0
    assert np.abs(back[visible].astype(int) - rgba[visible]).max(initial=0) <= 1


@given(st.integers(-8, 12), st.integers(-8, 12))
def test_pasting_over_the_edge_keeps_to_the_picture(left: int, top: int) -> None:
    scene = np.zeros((10, 10, 3), np.uint8)
    paste(np.full((6, 6, 4), 255, np.uint8), scene, left=left, top=top)
    covered = max(0, min(10, left + 6) - max(0, left)) * max(0, min(10, top + 6) - max(0, top))
    assert (scene == 255).all(axis=-1).sum() == covered


def test_scaling_takes_no_colour_from_what_is_transparent() -> None:
    rgba = np.zeros((40, 40, 4), np.uint8)
    rgba[..., 1] = 255
    rgba[10:30, 10:30] = (200, 0, 0, 255)
    small = scaled(rgba, width_px=17, height_px=17)
    visible = small[..., 3] > 20
    assert small[visible][:, 1].max() <= 2


def test_the_shadow_is_under_the_feet() -> None:
    scene = np.full((100, 100, 3), 200, np.uint8)
    shade_ground(scene, Box(30, 40, 70, 90))
    assert scene[88:90, 45:55].mean() < 160
    assert (scene[:60] == 200).all()


def test_light_is_drawn_toward_the_scene_and_alpha_is_kept() -> None:
    rgba = np.full((20, 20, 4), (120, 120, 120, 255), np.uint8)
    warm = np.full((20, 20, 3), (220, 160, 60), np.uint8)
    lit = harmonised(rgba, *harmony(rgba, warm))
    red, _, blue, alpha = (lit[..., channel].astype(int) for channel in range(4))
    assert (red - blue > 15).all()
    assert (alpha == 255).all()
    same = harmonised(rgba, np.ones(3, np.float32), np.zeros(3, np.float32))
    assert np.abs(same.astype(int) - rgba).max() <= 1
