"""What scenes are painted with: antialiased shapes, gradients, glows and cut-out things.

Coordinates and sizes are fractions of the picture (x to the right, y down); colours are RGB in [0, 1].
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from .sprites import Sprite, labelled, scaled

SIDE_PX = 256
Colour = Sequence[float]
Pixels = NDArray[np.uint8]
_SHIFT = 4  # OpenCV's fixed-point coordinates: sixteenths of a pixel


def laid_over(pixels: Pixels, sprite: Sprite, x: int, y: int, *, tint: Colour = (1, 1, 1)) -> None:
    """Draws a sprite with its corner at pixel (x, y), clipped to the picture; `tint` is the light on it."""
    height, width = pixels.shape[:2]
    x0, y0 = max(0, x), max(0, y)
    x1, y1 = min(width, x + sprite.shape[1]), min(height, y + sprite.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    part = sprite[y0 - y : y1 - y, x0 - x : x1 - x].astype(np.float32)
    region = pixels[y0:y1, x0:x1]
    blend = part[..., :3] * np.asarray(tint, np.float32) + region * (1 - part[..., 3:] / 255)
    region[:] = np.clip(blend + 0.5, 0, 255).astype(np.uint8)


class Canvas:
    """A picture being painted, with the generator that makes each one different."""

    def __init__(self, rng: np.random.Generator, side: int = SIDE_PX) -> None:
        self.rng = rng
        self.side = side
        self.pixels: Pixels = np.zeros((side, side, 3), np.uint8)

    # chance

    def between(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def one_of(self, *options: str) -> str:
        return options[int(self.rng.integers(len(options)))]

    def one_of_numbers(self, *options: float) -> float:
        return options[int(self.rng.integers(len(options)))]

    def one_of_colours(self, *options: Colour) -> Colour:
        return options[int(self.rng.integers(len(options)))]

    def near(self, colour: Colour, spread: float = 0.05) -> Colour:
        """A colour close to this one: the same shift on all channels, less on each."""
        shift = self.rng.uniform(-spread, spread) + self.rng.uniform(-spread / 2, spread / 2, 3)
        return [float(v) for v in np.clip(np.asarray(colour) + shift, 0, 1)]

    def beside(self, reach: float = 0.3) -> float:
        """An x towards one of the edges, so that the middle stays free for the subject."""
        x = self.between(-0.02, reach)
        return x if self.chance(0.5) else 1 - x

    # shapes

    def gradient(self, top: Colour, bottom: Colour, y0: float = 0, y1: float = 1) -> None:
        first, last = round(y0 * self.side), round(y1 * self.side)
        if last <= first:
            return
        t = np.linspace(0, 1, last - first, dtype=np.float32)[:, None, None]
        band = (np.asarray(top) * (1 - t) + np.asarray(bottom) * t) * 255
        self.pixels[first:last] = (band + 0.5).astype(np.uint8)

    def polygon(self, points: Sequence[tuple[float, float]], colour: Colour) -> None:
        fixed = np.round(np.asarray(points) * self.side * 2**_SHIFT).astype(np.int32)
        cv2.fillPoly(self.pixels, [fixed], _rgb(colour), cv2.LINE_AA, _SHIFT)

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: Colour) -> None:
        self.polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], colour)

    def panel(self, x0: float, y0: float, x1: float, y1: float, *colours: Colour) -> None:
        """A rectangle in its frame, given the two colours, over a soft shadow: boards, windows, pictures."""
        colour, frame = colours
        self.shade((x0 + x1) / 2, y1, (x1 - x0) / 2, 0.03, 0.25)
        self.box(x0, y0, x1, y1, frame)
        edge = 0.014
        self.box(x0 + edge, y0 + edge, x1 - edge, y1 - edge, colour)

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        unit = self.side * 2**_SHIFT
        centre, axes = (round(x * unit), round(y * unit)), (round(rx * unit), round(ry * unit))
        cv2.ellipse(self.pixels, centre, axes, 0, 0, 360, _rgb(colour), -1, cv2.LINE_AA, _SHIFT)

    def line(
        self, start: tuple[float, float], end: tuple[float, float], colour: Colour, width: float
    ) -> None:
        unit = self.side * 2**_SHIFT
        points = [(round(x * unit), round(y * unit)) for x, y in (start, end)]
        thickness = max(1, round(width * self.side))
        cv2.line(self.pixels, points[0], points[1], _rgb(colour), thickness, cv2.LINE_AA, _SHIFT)

    def ridge(self, y: float, height: float, colour: Colour, *, rough: float = 0.5) -> None:
        """A skyline of hills from edge to edge: sines of falling amplitude, filled down to the bottom."""
        x = np.linspace(0, 1, 65)
        line = np.zeros_like(x)
        for octave in range(1, 5):
            phase, frequency = self.rng.uniform(0, 2 * np.pi), octave * self.rng.uniform(0.7, 1.4)
            line += rough ** (octave - 1) * np.sin(2 * np.pi * frequency * x + phase)
        points = list(zip(x, y - height * line / 2, strict=True))
        self.polygon([(0, 1.01), *points, (1, 1.01)], colour)

    # light

    def glow(self, x: float, y: float, radius: float, colour: Colour, strength: float = 1) -> None:
        """Light added around a point."""
        self._towards(self._bump(x, y, radius, radius) * strength, colour)

    def shade(self, x: float, y: float, rx: float, ry: float, strength: float) -> None:
        """A soft shadow around a point."""
        self._towards(self._bump(x, y, rx, ry) * strength, (0, 0, 0))

    def beam(self, x: float, foot: float, width: float, colour: Colour, strength: float) -> None:
        """A cone of light from the top of the picture."""
        mask = np.zeros(self.pixels.shape[:2], np.uint8)
        cone = [(x - 0.02, 0), (x + 0.02, 0), (foot + width, 0.95), (foot - width, 0.95)]
        cv2.fillPoly(mask, [np.round(np.asarray(cone) * self.side).astype(np.int32)], 255)
        soft = cv2.GaussianBlur(mask, (0, 0), self.side * 0.02).astype(np.float32) / 255
        fade = np.linspace(1, 0.15, self.side, dtype=np.float32)[:, None]
        self._towards((soft * fade * strength).astype(np.float32), colour)

    def blurred(self, sigma_px: float) -> None:
        """Out of focus, as a camera close to its subject sees a background."""
        if sigma_px > 0.2:
            self.pixels = np.asarray(cv2.GaussianBlur(self.pixels, (0, 0), sigma_px), np.uint8)

    def _bump(self, x: float, y: float, rx: float, ry: float) -> NDArray[np.float32]:
        grid = (np.arange(self.side, dtype=np.float32) + 0.5) / self.side
        across, down = ((grid - x) / rx) ** 2, ((grid - y) / ry) ** 2
        return np.exp(-2 * (down[:, None] + across[None, :])).astype(np.float32)

    def _towards(self, weight: NDArray[np.float32], colour: Colour) -> None:
        target = np.asarray(colour, np.float32) * 255
        mixed = self.pixels + (target - self.pixels) * weight[..., None]
        self.pixels = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)

    # things

    def thing(
        self,
        label: str,
        x: float,
        base: float,
        height: float,
        *,
        tint: Colour = (1, 1, 1),
        shadow: float = 0.3,
    ) -> None:
        """A render standing with its foot at (x, base)."""
        sprite = scaled(labelled(label), max(4, round(height * self.side)))
        if self.chance(0.5):
            sprite = sprite[:, ::-1]
        width = sprite.shape[1] / self.side
        if shadow:
            self.shade(x, base - 0.005, width * 0.55, 0.022, shadow)
        left = round(x * self.side - sprite.shape[1] / 2)
        laid_over(self.pixels, sprite, left, round(base * self.side) - sprite.shape[0], tint=tint)

    def dots(self, count: int, y0: float, y1: float, colour: Colour, radius: tuple[float, float]) -> None:
        for _ in range(count):
            r = self.between(*radius)
            self.ellipse(self.between(0, 1), self.between(y0, y1), r, r, colour)


def _rgb(colour: Colour) -> tuple[float, float, float]:
    r, g, b = (float(v) * 255 for v in colour)
    return r, g, b
