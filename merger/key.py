"""The key colour: found in the picture, and how far any colour is from it.

Distances are CIELAB units. A shadow scales linear light by s and therefore (L + 16, a, b) by the cube root
of s (CIE 15, the cube-root branch), so all shades of one surface lie on a ray from (-16, 0, 0). The distance
of a colour from the key is its distance from a stretch of that ray: shadows on the key colour are key.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from shared.video import Frames

Floats = npt.NDArray[np.float32]

#: Least brightness, as a share of the ray, that still counts as the key in shadow.
SHADOW_FLOOR = 0.72
SHADOW_FLOOR_GREY = 0.93
#: Lab chroma from which a key has a hue.
CHROMATIC = 20.0
#: The least share of the picture's border that the key colour must cover.
MIN_COVERAGE = 0.5
#: A border that varies more than this is a picture of its own: sky, a wall in a room.
PLAIN = 8.0
#: Distance within which a border pixel is still the key colour, uneven and compressed as it may be.
REACH = 14.0


@dataclass(frozen=True)
class Key:
    """A key colour: (3,) RGB in 0–255 and Lab, and how it varies where it is plain."""

    rgb: tuple[float, float, float]
    lab: tuple[float, float, float]
    #: 95th percentile of the distance of the key's own pixels.
    spread: float
    #: Share of the picture's border that is key.
    coverage: float

    @property
    def is_chromatic(self) -> bool:
        return float(np.hypot(self.lab[1], self.lab[2])) >= CHROMATIC

    @property
    def hex(self) -> str:
        return "#" + "".join(f"{round(value):02x}" for value in self.rgb)


def to_lab(rgb: npt.NDArray[np.uint8]) -> Floats:
    """(…, 3) uint8 sRGB to CIELAB with L in 0–100."""
    flat = np.ascontiguousarray(rgb.reshape(1, -1, 3), np.float32) / 255
    return np.asarray(cv2.cvtColor(flat, cv2.COLOR_RGB2Lab), np.float32).reshape(rgb.shape)


def find_key(frames: Frames) -> Key | None:
    """The plain colour around the subject of (N, H, W, 3) frames, or None when their border has none."""
    border = _border(frames)
    lab = to_lab(border)
    centre = _densest(lab)
    for _ in range(3):
        near = ray_distance(lab, centre) < REACH
        near &= np.abs(lab[:, 0] - centre[0]) < 2 * REACH
        if near.mean() < MIN_COVERAGE:
            return None
        centre = np.median(lab[near], axis=0).astype(np.float32)
    spread = float(np.percentile(ray_distance(lab[near], centre), 95))
    if _structure(frames, centre) > PLAIN:
        return None
    rgb = np.median(border[near], axis=0)
    return Key(_triple(rgb), _triple(centre), spread, float(near.mean()))


def ray_distance(lab: Floats, key_lab: npt.ArrayLike) -> Floats:
    """Distance of (…, 3) Lab colours from the key and its shadows."""
    key = np.asarray(key_lab, np.float32)
    origin = np.array([-16, 0, 0], np.float32)
    ray = key - origin
    chromatic = np.hypot(key[1], key[2]) >= CHROMATIC
    floor = SHADOW_FLOOR if chromatic else SHADOW_FLOOR_GREY
    along = np.clip((lab - origin) @ ray / np.float32(ray @ ray), floor, 1.04)
    nearest = origin + along[..., None] * ray
    return np.asarray(np.linalg.norm(lab - nearest, axis=-1), np.float32)


def _border(frames: Frames) -> npt.NDArray[np.uint8]:
    """Pixels (M, 3) along the top and the sides; the subject may stand on the lower edge."""
    _, height, width, _ = frames.shape
    depth = max(2, min(height, width) // 24)
    strips = (frames[:, :depth], frames[:, depth:, :depth], frames[:, depth:, -depth:])
    pixels = np.concatenate([strip.reshape(-1, 3) for strip in strips])
    return pixels[:: max(1, len(pixels) // 40_000)]


def _structure(frames: Frames, key_lab: Floats) -> float:
    """95th percentile of the distance of the border's key pixels when fine noise is averaged out."""
    size = (max(8, frames.shape[2] // 6), max(8, frames.shape[1] // 6))
    coarse = np.stack([cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in frames])
    distance = ray_distance(to_lab(_border(coarse)), key_lab)
    near = distance[distance < REACH]
    return float(np.percentile(near, 95)) if len(near) else 0.0


def _densest(lab: Floats) -> Floats:
    """The mean of the fullest 8-unit cell of Lab."""
    cells = np.floor(lab / 8).astype(np.int32)
    _, inverse, counts = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    return np.asarray(lab[inverse.reshape(-1) == counts.argmax()].mean(axis=0), np.float32)


def _triple(values: npt.NDArray[np.floating]) -> tuple[float, float, float]:
    first, second, third = (float(value) for value in values)
    return first, second, third
