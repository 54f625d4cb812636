"""Cut-out pictures: renders trimmed to what they show, children and elders built from heads and bodies.

A sprite is uint8 (H, W, 4), RGBA with the colour multiplied by alpha, so that scaling bleeds no fringe.
"""

import io
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .sources import code_points, renders, with_tone

Sprite = NDArray[np.uint8]

#: Skin tone modifiers, and the adjectives that describe the renders that carry them.
TONES = {
    "1f3fb": ("light-skinned", "black-haired"),
    "1f3fc": ("brown-skinned", "brown-haired"),
    "1f3fd": ("fair-skinned", "blond"),
    "1f3fe": ("dark-skinned", "black"),
    "1f3ff": ("dark-skinned", "black"),
}


def trim(sprite: Sprite) -> Sprite:
    """Without the empty border."""
    rows, columns = (np.flatnonzero((sprite[..., 3] > 12).any(axis)) for axis in (1, 0))
    return sprite[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


@lru_cache(4096)
def rendered(code: str) -> Sprite:
    pixels = np.asarray(Image.open(io.BytesIO(renders()[code])).convert("RGBA")).astype(np.float32)
    pixels[..., :3] *= pixels[..., 3:] / 255
    return trim(pixels.round().astype(np.uint8))


def labelled(label: str, tone: str | None = None) -> Sprite:
    """The render with this English label, in the tone if there is one for it."""
    code = code_points()[label]
    toned = with_tone(code, tone) if tone else None
    return rendered(toned or code)


def has_tones(label: str) -> bool:
    return with_tone(code_points()[label], "1f3fb") is not None


def scaled(sprite: Sprite, height: int) -> Sprite:
    width = max(1, round(sprite.shape[1] * height / sprite.shape[0]))
    shrinks = height < sprite.shape[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(sprite, (width, height), interpolation=method), np.uint8)


def rotated(sprite: Sprite, degrees: float) -> Sprite:
    """Turned about its centre, on a canvas that holds all of it."""
    height, width = sprite.shape[:2]
    side = int(np.ceil(np.hypot(height, width)))
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    turn[:, 2] += (side - width) / 2, (side - height) / 2
    return trim(np.asarray(cv2.warpAffine(sprite, turn, (side, side), flags=cv2.INTER_LINEAR), np.uint8))


def over(base: Sprite, top: Sprite, x: int, y: int) -> Sprite:
    """`top` laid over `base` with its corner at (x, y), on a canvas that holds both."""
    left, above = max(0, -x), max(0, -y)
    width = max(base.shape[1], x + top.shape[1]) + left
    height = max(base.shape[0], y + top.shape[0]) + above
    canvas = np.zeros((height, width, 4), np.uint8)
    canvas[above : above + base.shape[0], left : left + base.shape[1]] = base
    region = canvas[above + y : above + y + top.shape[0], left + x : left + x + top.shape[1]]
    region[:] = top + (region * (1 - top[..., 3:] / 255)).round().astype(np.uint8)
    return canvas


@lru_cache(1024)
def figure(head: str, body: str, tone: str | None) -> Sprite:
    """A whole person: the head of one render on the standing body of another, large as in a cartoon."""
    torso, face = labelled(body, tone), labelled(head, tone)
    face = scaled(face, round(torso.shape[0] * 0.44))
    torso = torso[round(torso.shape[0] * 0.235) :]
    overlap = round(face.shape[0] * 0.07)
    x = (torso.shape[1] - face.shape[1]) // 2
    return trim(over(torso, face, x, overlap - face.shape[0]))


def with_prop(person: Sprite, prop: Sprite, *, height: float, x: float, y: float) -> Sprite:
    """The person with a thing in front.

    `height` of the thing and `x`, `y` of its centre are fractions of the person's height, width, height.
    """
    prop = scaled(prop, max(1, round(person.shape[0] * height)))
    left = round(person.shape[1] * x - prop.shape[1] / 2)
    above = round(person.shape[0] * y - prop.shape[0] / 2)
    return over(person, prop, left, above)[: person.shape[0] + max(0, -above)]


def with_backpack(walker: Sprite) -> Sprite:
    """The walker, who looks to the left, with a school bag on the back."""
    bag = scaled(labelled("backpack"), round(walker.shape[0] * 0.3))
    x, y = round(walker.shape[1] * 0.52), round(walker.shape[0] * 0.23)
    return trim(over(bag_behind(bag, x, y, walker.shape), walker, 0, 0))


def bag_behind(bag: Sprite, x: int, y: int, shape: tuple[int, ...]) -> Sprite:
    """The bag alone on a canvas of the walker's size, its corner at (x, y)."""
    canvas = np.zeros((shape[0], max(shape[1], x + bag.shape[1]), 4), np.uint8)
    canvas[y : y + bag.shape[0], x : x + bag.shape[1]] = bag
    return canvas
