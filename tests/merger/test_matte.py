"""The matte: alpha's range and order, key to nothing, subject to all, and edges without the key's tint."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from merger.key import find_key
from merger.matte import Keyer, project, ramp, unmixed
from tests.merger.conftest import keyed, subject_matte

BYTES = st.floats(0, 255, width=32)
COLOURS = arrays.arrays(np.float32, (6, 3), elements=BYTES)
DISTANCES = arrays.arrays(np.float32, 20, elements=st.floats(0, 300, width=32))


def keyer(**options: object) -> tuple[Keyer, np.ndarray, np.ndarray]:
    matte = subject_matte(1)
    frames = keyed(matte, **options)[..., :3]
    key = find_key(frames)
    assert key is not None
    return Keyer(key), frames[0], matte[0]


@given(DISTANCES, st.floats(0, 50), st.floats(1, 50))
def test_alpha_rises_from_nothing_to_all(distance: np.ndarray, low: float, width: float) -> None:
    ordered = np.sort(distance)
    alpha = ramp(ordered, low, low + width)
    assert ((alpha >= 0) & (alpha <= 1)).all()
    assert (np.diff(alpha) >= 0).all()
    assert (alpha[ordered <= low] == 0).all()
    assert (alpha[ordered >= low + width + 1e-3] == 1).all()


@given(COLOURS, st.floats(0, 1))
def test_projection_recovers_a_mixture(colours: np.ndarray, share: float) -> None:
    front, back = colours[:5], colours[5]
    pixel = (share * front + (1 - share) * back).astype(np.float32)
    alpha, residual = project(pixel, front, back)
    apart = np.linalg.norm(front - back, axis=1) > 20
    assert np.abs(alpha[apart] - share).max(initial=0) < 0.01
    assert (residual < 0.5).all()
    if share > 0.3:
        assert np.abs(unmixed(pixel, np.full(5, share, np.float32), back) - front).max() < 1


@given(COLOURS, COLOURS, COLOURS)
def test_projection_stays_in_range(pixel: np.ndarray, front: np.ndarray, back: np.ndarray) -> None:
    alpha, residual = project(pixel, front, back[0])
    assert ((alpha >= 0) & (alpha <= 1)).all()
    assert np.isfinite(residual).all()
    colour = unmixed(pixel, alpha, back[0])
    assert ((colour >= 0) & (colour <= 255)).all()


@pytest.mark.parametrize("key", [(0, 200, 60), (20, 60, 230), (245, 245, 245)])
@pytest.mark.parametrize("colour", [(120, 30, 40), (30, 30, 30), (240, 120, 200)])
def test_key_goes_and_subject_stays(key: tuple, colour: tuple) -> None:
    tool, frame, matte = keyer(key=key, colour=colour)
    cut = tool.cut(frame)
    assert (cut[matte == 0, 3] == 0).mean() > 0.995
    assert (cut[matte == 1, 3] == 255).mean() > 0.98
    assert np.abs(cut[..., 3] / 255 - matte).mean() < 0.01


def test_edges_lose_the_tint_of_the_key() -> None:
    tool, frame, matte = keyer(colour=(200, 60, 60), noise=2)
    cut = tool.cut(frame)
    edge = (matte > 0.15) & (matte < 0.9) & (cut[..., 3] > 30)
    assert frame[edge, 1].mean() > 95
    assert np.abs(cut[edge, 1].astype(float) - 60).mean() < 20


def test_a_picture_of_key_only_is_empty_and_one_of_subject_only_is_whole() -> None:
    tool, frame, _ = keyer()
    plain = np.full_like(frame, np.rint(tool.key.rgb).astype(np.uint8))
    assert not tool.cut(plain)[..., 3].any()
    assert (tool.cut(np.full_like(frame, 30))[..., 3] == 255).all()


def test_the_keys_light_is_taken_off_the_outer_subject() -> None:
    matte = subject_matte(1)[0]
    depth = cv2.distanceTransform((matte > 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    tint = (0.3 * ((depth > 4) & (depth < 8)))[..., None].astype(np.float32)
    green, grey = np.float32((0, 200, 60)), np.float32((120, 110, 120))
    colour = grey + tint * (green - grey)
    rgb = np.rint(matte[..., None] * colour + (1 - matte[..., None]) * green).astype(np.uint8)
    key = find_key(rgb[None])
    assert key is not None
    cut = Keyer(key, edge_px=3.0).cut(rgb)
    tinted = (tint[..., 0] > 0) & (cut[..., 3] > 100)
    assert (rgb[tinted, 1].astype(int) - rgb[tinted, 0]).min() > 20
    excess = cut[tinted, 1].astype(int) - np.maximum(cut[tinted, 0], cut[tinted, 2])
    assert excess.max() <= 4


def test_a_subject_with_the_keys_hue_keeps_it() -> None:
    tool, frame, matte = keyer(colour=(40, 110, 60), noise=2)
    cut = Keyer.fitted(tool.key, frame[None]).cut(frame)
    inside = cv2.erode(matte, np.ones((9, 9))) == 1
    assert np.abs(cut[inside, :3].mean(axis=0) - (40, 110, 60)).max() < 8
    assert cut[inside, 3].mean() > 240
