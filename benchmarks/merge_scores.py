"""How far a matte is from the truth (Rhemann et al. 2009), and the colour of its edges."""

from dataclasses import dataclass

import cv2
import numpy as np

from benchmarks.merge_mattes import Floats, Picture, Sample


@dataclass(frozen=True)
class Score:
    """Errors of a cut-out; less is better."""

    #: Sum of |Δα| over the picture, in thousands.
    sad: float
    #: Mean of Δα² over the picture, times a thousand.
    mse: float
    #: Sum of the squared difference of the α gradients (Gaussian derivatives, σ = 1.4), in thousands.
    gradient: float
    #: Mean |ΔRGB| (0–255) over the true edge, weighted by the true α.
    edge_colour: float


def score(rgba: Picture, truth: Sample) -> Score:
    difference = rgba[..., 3].astype(np.float32) / 255 - truth.alpha
    gradients = [_gradient(rgba[..., 3].astype(np.float32) / 255), _gradient(truth.alpha)]
    edge = _edge(truth.alpha)
    weight = truth.alpha[edge]
    colour = np.abs(rgba[edge][:, :3].astype(np.float32) - truth.colour[edge]).mean(axis=1)
    return Score(
        sad=float(np.abs(difference).sum() / 1000),
        mse=float((difference**2).mean() * 1000),
        gradient=float(((gradients[0] - gradients[1]) ** 2).sum() / 1000),
        edge_colour=float((colour * weight).sum() / weight.sum()),
    )


def mean(scores: list[Score]) -> Score:
    return Score(*(float(np.mean(column)) for column in zip(*map(_values, scores), strict=True)))


def _values(item: Score) -> tuple[float, ...]:
    return item.sad, item.mse, item.gradient, item.edge_colour


def _edge(alpha: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Where the subject borders on the background: partly covered pixels and a pixel inside of them."""
    solid = cv2.erode((alpha > 0.95).astype(np.uint8), np.ones((5, 5), np.uint8))
    return (alpha > 0.05) & (solid == 0)


def _gradient(alpha: Floats) -> Floats:
    axis = np.arange(-5, 6, dtype=np.float32)
    bell = np.exp(-(axis**2) / (2 * 1.4**2))
    bell /= bell.sum()
    slope = -axis * bell / 1.4**2
    x = cv2.sepFilter2D(alpha, cv2.CV_32F, slope, bell)
    y = cv2.sepFilter2D(alpha, cv2.CV_32F, bell, slope)
    return np.asarray(np.hypot(x, y), np.float32)
