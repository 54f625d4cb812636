"""A keyed foreground: where its subject is, and its pixels at the size it will have."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from merger.key import Floats
from shared.video import Frames

#: Alpha from which a pixel counts as the subject's when its box is measured.
SOLID = 96
#: A bust ends below on more than this share of its width and of its height; feet are narrower.
BUST = 0.6


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels; right and bottom are outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def text(self) -> str:
        """left,top,right,bottom"""
        return f"{self.left},{self.top},{self.right},{self.bottom}"

    @property
    def rows(self) -> slice:
        return slice(self.top, self.bottom)

    @property
    def columns(self) -> slice:
        return slice(self.left, self.right)

    def union(self, other: "Box") -> "Box":
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


def subject_box(rgba: Frames) -> Box | None:
    """The box around the subject of one (H, W, 4) frame."""
    mask = rgba[..., 3] >= SOLID
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    if not len(columns):
        return None
    return Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def is_bust(rgba: Frames, box: Box) -> bool:
    """Whether a subject, in one (H, W, 4) frame with its box, ends below in a cut and not in feet."""
    if box.bottom >= rgba.shape[0] - 2:
        return True
    depth = max(1, box.height // 25)
    base = (rgba[box.bottom - depth : box.bottom, box.columns, 3] >= SOLID).mean() * box.width
    return bool(base > BUST * box.width and base > BUST * box.height)


def union_box(boxes: Sequence[Box]) -> Box:
    whole = boxes[0]
    for box in boxes[1:]:
        whole = whole.union(box)
    return whole


def keep_main_parts(rgba: Frames, *, least: float) -> Frames:
    """Without what lies apart from the subject and is less than `least` of its largest part: mostly noise."""
    mask = (rgba[..., 3] >= SOLID // 2).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count <= 2:
        return rgba
    areas = stats[:, cv2.CC_STAT_AREA]
    keep = areas >= least * areas[1:].max()
    keep[0] = True
    cleaned = rgba.copy()
    cleaned[~keep[labels], 3] = 0
    return cleaned


def scaled(rgba: Frames, *, width_px: int, height_px: int) -> Frames:
    """Resized with premultiplied colour, so that what is transparent lends no colour to the edge."""
    premultiplied = premultiply(rgba)
    shrinks = width_px < rgba.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    resized = np.asarray(cv2.resize(premultiplied, (width_px, height_px), interpolation=method), np.float32)
    return unpremultiply(np.clip(resized, 0, 255))


def premultiply(rgba: Frames) -> Floats:
    values = rgba.astype(np.float32)
    values[..., :3] *= values[..., 3:] / 255
    return values


def unpremultiply(values: Floats) -> Frames:
    colour = values[..., :3] * (255 / np.maximum(values[..., 3:], 1))
    return np.asarray(np.rint(np.dstack([np.clip(colour, 0, 255), values[..., 3]])), np.uint8)
