"""The key colour and the distance from it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from merger.key import find_key, ray_distance, to_lab
from tests.merger.conftest import keyed, subject_matte

BYTE = st.integers(0, 255)
COLOUR = st.tuples(BYTE, BYTE, BYTE)


@pytest.mark.parametrize(
    "colour", [(0, 200, 60), (20, 60, 230), (250, 250, 250), (255, 0, 255), (128, 128, 128)]
)
def test_the_key_is_found_in_noise(colour: tuple[int, int, int]) -> None:
    key = find_key(keyed(subject_matte(2), key=colour, colour=(90, 40, 20), noise=6)[..., :3])
    assert key is not None
    assert np.abs(np.array(key.rgb) - colour).max() <= 8
    assert key.coverage > 0.9


def test_a_picture_without_a_plain_border_has_no_key() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    assert find_key(picture) is None


@given(COLOUR, COLOUR)
def test_distances_are_finite_and_zero_at_the_key(colour: tuple, key: tuple) -> None:
    lab = to_lab(np.array([colour, key], np.uint8))
    far, near = ray_distance(lab, lab[1])
    assert far >= 0
    assert np.isfinite(far)
    assert near == pytest.approx(0, abs=1e-3)


@given(st.floats(0.55, 1.0))
def test_a_shadow_on_a_green_key_is_key(light: float) -> None:
    green = np.array([0, 200, 60], np.float64)
    shaded = np.rint(green * light ** (1 / 2.2)).astype(np.uint8)
    assert ray_distance(to_lab(shaded[None]), to_lab(green.astype(np.uint8)[None])[0])[0] < 5


def test_a_sky_is_no_key() -> None:
    fall = np.linspace(0, 1, 96)[:, None, None]
    sky = (1 - fall) * (70, 150, 230) + fall * (190, 215, 235)
    picture = np.broadcast_to(sky, (96, 96, 3)).round().astype(np.uint8)
    assert find_key(picture[None]) is None
