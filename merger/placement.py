"""Where each foreground stands in the scene, and how large.

The scene's own subject is what differs from the scene's layers (in each row, the colours that most of it or
its ends have: sky, wall, ground) or moves; foregrounds stand where their region is and hide little of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from merger.key import Floats, to_lab
from merger.layer import Box
from shared.video import Frames

Region = Literal["left", "center", "right"]

#: Middle of each region as a share of the width, and how far the scene may move a subject from it; only
#: another foreground drives it farther.
REGIONS: dict[Region, tuple[float, float]] = {
    "left": (0.24, 0.16),
    "center": (0.5, 0.12),
    "right": (0.76, 0.16),
}
#: Share of the scene's height at which feet stand, a little nearer than the scene's own subject.
GROUND = 0.95
#: A foreground's height as a share of the scene's, alone and among others.
HEIGHTS = {1: 0.62, 2: 0.54, 3: 0.46}
#: The width it may take.
WIDTHS = {1: 0.48, 2: 0.38, 3: 0.3}


@dataclass(frozen=True)
class Subject:
    """What placing needs to know of a foreground: its box in its own picture, and whether it has no feet."""

    box: Box
    region: Region | None
    #: It is cut below, by its picture's edge or flat: a bust, which the scene's lower edge has to cut.
    is_bust: bool


def free_regions(wanted: Sequence[Region | None], scene: Region | None = None) -> list[Region]:
    """The wanted regions, and for who wants none the first that is free, also of the scene's subject."""
    order: tuple[Region, ...] = ("right", "left", "center")
    free = [region for region in order if region not in (*wanted, scene)]
    return [region or (free.pop(0) if free else "center") for region in wanted]


def place(
    subjects: Sequence[Subject], busy: Floats, *, width_px: int, height_px: int, scene: Region | None = None
) -> list[Box]:
    """A box in the scene for each subject, in order, none on top of another.

    `scene` is the region of the scene's own subject, if it is known.
    `busy` is the (H', W') map of `busyness`: what should stay visible.
    """
    regions = free_regions([subject.region for subject in subjects], scene)
    weight = cv2.resize(busy, (width_px, height_px), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    boxes: list[Box] = []
    for subject, region in zip(subjects, regions, strict=True):
        size = _fit(subject, len(subjects), width_px, height_px)
        box = _best(subject, region, size, weight)
        boxes.append(box)
        weight[box.top : box.bottom, box.left : box.right] += 4
    return boxes


def busyness(frames: Frames) -> Floats:
    """(64, 64) share of each cell of the (N, H, W, 3) scene that is its subject's, 0–1."""
    small = np.stack([cv2.resize(frame, (64, 64), interpolation=cv2.INTER_AREA) for frame in frames])
    lab = to_lab(small)
    behind = (lab, lab[:, :, :4], lab[:, :, -4:])
    layers = [np.median(area, axis=(0, 2), keepdims=True) for area in behind]
    differs = np.min([np.linalg.norm(lab - layer, axis=-1) for layer in layers], axis=0).mean(axis=0)
    moves = lab.std(axis=0).max(axis=-1)
    smooth = cv2.GaussianBlur((differs + 2 * moves).astype(np.float32), (0, 0), 1.5)
    return np.asarray(np.clip((smooth - 12) / 40, 0, 1), np.float32)


def _fit(subject: Subject, count: int, width_px: int, height_px: int) -> tuple[int, int]:
    """(width, height) in the scene: the largest that is allowed, in the subject's own proportions."""
    tallest = HEIGHTS[min(count, 3)] * height_px
    widest = WIDTHS[min(count, 3)] * width_px
    scale = min(tallest / subject.box.height, widest / subject.box.width)
    return max(2, round(subject.box.width * scale)), max(2, round(subject.box.height * scale))


def _best(subject: Subject, region: Region, size: tuple[int, int], weight: Floats) -> Box:
    height_px, width_px = weight.shape
    width, height = size
    bottom = height_px if subject.is_bust else round(GROUND * height_px)
    column = np.concatenate([[0.0], weight[bottom - height : bottom].sum(axis=0, dtype=np.float64).cumsum()])
    middle, reach = REGIONS[region]
    lefts = np.arange(width_px - width + 1)
    hidden = (column[lefts + width] - column[lefts]) / (width * height)
    astray = np.abs((lefts + width / 2) / width_px - middle)
    cost = hidden + 0.35 * astray + 4 * np.maximum(astray - reach, 0)
    left = int(np.argmin(cost))
    return Box(left, bottom - height, left + width, bottom)
