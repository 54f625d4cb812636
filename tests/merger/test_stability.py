"""Mattes over time."""

import numpy as np

from merger.foreground import extract
from merger.stability import steadied, translation
from tests.merger.conftest import keyed, subject_matte


def test_noise_on_a_still_edge_is_halved_and_the_edge_stays() -> None:
    generator = np.random.default_rng(0)
    matte = np.repeat(subject_matte(1), 6, axis=0)
    noisy = np.clip(255 * matte + generator.normal(0, 10, matte.shape), 0, 255).astype(np.uint8)
    rgba = np.concatenate([np.zeros((*matte.shape, 3), np.uint8), noisy[..., None]], axis=-1)
    before = np.abs(np.diff(rgba[..., 3].astype(int), axis=0)).mean()
    after = steadied(rgba.copy())[..., 3]
    assert np.abs(np.diff(after.astype(int), axis=0)).mean() < 0.5 * before
    assert np.abs(after - 255 * matte).mean() < np.abs(noisy - 255 * matte).mean()


def test_a_moving_matte_leaves_no_trail() -> None:
    frames = keyed(subject_matte(8), noise=3)
    truth = subject_matte(8)
    found = extract(frames, region=None, alignment="none", checkpoint=lambda: None).frames[..., 3] / 255
    assert np.abs(found - truth).mean() < 0.01
    assert translation(*np.rint(255 * truth[:2]).astype(np.uint8)) == (1, 0)


def test_what_appears_is_not_smoothed_away() -> None:
    rgba = np.zeros((3, 32, 32, 4), np.uint8)
    rgba[1, 8:24, 8:24, 3] = 255
    assert np.array_equal(steadied(rgba.copy()), rgba)
