"""From a subject on a key colour to the subject's own colour and its alpha.

Pixels within the key's own variation are background, pixels deeper in the subject than its edge is wide are
the subject. A pixel between them is a mixture `I = αF + (1 - α)B` of the nearest colour F inside the
subject and the key colour B around it, which gives α by projection on F - B and, solved for F, a colour
without the key's tint.
"""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from merger.key import Floats, Key, ray_distance, to_lab
from merger.layer import Box
from shared.video import Frames

Mask = npt.NDArray[np.uint8]

#: Bits per channel of the distance table: 64³ colours.
TABLE_BITS = 6
#: Units of the table per unit of distance: fine enough for edges, and 127 is farther than any edge.
SCALE = 2
#: Least width in pixels of the mixed edge, and the greatest as a share of the picture's smaller side.
THINNEST, WIDEST = 2.5, 0.05
#: The key's light reaches so many widths of the edge into the subject.
SPILL = 3.0
#: Distance between a background pixel and one that is surely no longer the key.
RISE = 22.0
#: Alphas below and above are noise and compression at the ends of the mixed edge.
EMPTY, FULL = 0.12, 0.9
#: Share of the subject's distance from the key at which its edge ends.
RISEN = 0.82
#: A residual (RGB) that makes projection as doubtful as the plain ramp.
DOUBT = 40.0
#: The key colour is averaged over cells of so many pixels.
CELL = 8
#: Reach of the colours inside the subject, in widths of its edge.
SIGMA = 0.5


@dataclass(frozen=True)
class Keyer:
    """Cuts subjects out of pictures on one key colour."""

    key: Key
    #: How wide the subject's edge is, where it is mixed with the key.
    edge_px: float = 3.0
    #: By how much the key's strongest channel exceeds the others in the subject itself, away from its edge.
    own_excess: float = 0.0

    @classmethod
    def fitted(cls, key: Key, frames: Frames) -> "Keyer":
        """A keyer for a clip, whose edge and own colours are measured on some of its frames (N, H, W, 3)."""
        keyer = cls(key)
        distances = np.stack([keyer.distance(frame) for frame in frames])
        depths = np.stack([_depth(_above(distance, SCALE * keyer.low)) for distance in distances])
        edge_px = _edge_width(distances, depths)
        inner = frames[depths > SPILL * edge_px].astype(np.float32)
        own = float(np.percentile(keyer.excess(inner), 92)) if len(inner) else 0.0
        return cls(key, edge_px, max(0.0, own))

    @property
    def channel(self) -> int | None:
        """The strongest channel of a key of one primary colour; None for others, which leave no such tint."""
        channel = int(np.argmax(self.key.rgb))
        second = sorted(self.key.rgb)[1]
        return channel if self.key.rgb[channel] - second >= 40 else None

    def excess(self, colour: Floats) -> Floats:
        """By how much the key's strongest channel exceeds the others, (M,) for (M, 3) colours."""
        if self.channel is None:
            return np.zeros(len(colour), np.float32)
        others = np.delete(colour, self.channel, axis=1).max(axis=1)
        return np.asarray(colour[:, self.channel] - others, np.float32)

    @property
    def low(self) -> float:
        """Below this distance a pixel is background: beyond the key's own variation."""
        return max(9.0, 1.6 * self.key.spread)

    @cached_property
    def table(self) -> Mask:
        """Twice the distance from the key of every colour, 6 bits a channel, flat."""
        levels = np.arange(2**TABLE_BITS) * (256 >> TABLE_BITS) + (128 >> TABLE_BITS)
        grid = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1).astype(np.uint8)
        distance = ray_distance(to_lab(grid), self.key.lab).reshape(-1)
        return np.asarray(np.clip(SCALE * distance, 0, 255), np.uint8)

    def distance(self, rgb: Frames) -> Mask:
        """(H, W) twice the distance of each pixel of (H, W, 3) from the key, at most 255."""
        coarse = np.right_shift(rgb, 8 - TABLE_BITS)
        index = coarse[..., 0].astype(np.int32)
        index <<= TABLE_BITS
        index |= coarse[..., 1]
        index <<= TABLE_BITS
        index |= coarse[..., 2]
        return np.asarray(np.take(self.table, index), np.uint8)

    def cut(self, rgb: Frames) -> Frames:
        """(H, W, 4): the subject's colour, free of the key's, and its alpha."""
        rgba = _with_alpha(rgb, np.zeros(rgb.shape[:2], np.uint8))
        distance = self.distance(rgb)
        subject = _above(distance, SCALE * self.low)
        box = _around(subject, margin_px=round(self.edge_px) + CELL)
        if box is not None:
            rgba[box.rows, box.columns] = self._cut_within(
                np.ascontiguousarray(rgb[box.rows, box.columns]),
                distance[box.rows, box.columns],
                np.ascontiguousarray(subject[box.rows, box.columns]),
            )
        return rgba

    def _cut_within(self, rgb: Frames, distance: Mask, subject: Mask) -> Frames:
        depth = _depth(subject)
        core = _above(depth, self.edge_px)
        rgba = _with_alpha(rgb, core)
        band = np.flatnonzero(cv2.bitwise_xor(subject, core))
        if len(band):
            rgba.reshape(-1, 4)[band] = self._unmix(
                rgb=rgb, distance=distance, subject=subject, core=core, band=band
            )
        return self._without_spill(rgba, depth)

    def _without_spill(self, rgba: Frames, depth: Floats) -> Frames:
        """Take the key's light off the outer subject: what exceeds its own colours is key shining in.

        That share is also transparent (Vlahos' colour difference matte).
        """
        if self.channel is None:
            return rgba
        flat = rgba.reshape(-1, 4)
        zone = np.flatnonzero((depth > 0) & (depth < SPILL * self.edge_px))
        colour = flat[zone, :3].astype(np.float32)
        full = self.excess(np.array([self.key.rgb], np.float32))[0] - self.own_excess
        over = np.maximum(self.excess(colour) - self.own_excess, 0)
        tinted = np.flatnonzero(over > 0)
        zone, over = zone[tinted], over[tinted]
        flat[zone, self.channel] -= np.rint(over).astype(np.uint8)
        clear = ramp(over, EMPTY * full, full)
        flat[zone, 3] = np.minimum(flat[zone, 3], _byte(255 * (1 - clear)))
        return rgba

    def _unmix(
        self,
        *,
        rgb: Frames,
        distance: Mask,
        subject: Mask,
        core: Mask,
        band: npt.NDArray[np.intp],
    ) -> Frames:
        """(M, 4) for the M pixels of the mixed edge, given by their flat indices."""
        pixel = rgb.reshape(-1, 3)[band].astype(np.float32)
        plain = ramp(distance.reshape(-1)[band].astype(np.float32) / SCALE, self.low, self.low + RISE)
        back = local_key(rgb, subject, self.key).reshape(-1, 3)[band]
        if not core.any():
            return np.column_stack([_byte(unmixed(pixel, plain, back)), _byte(255 * plain)])
        front = near_colour(rgb, core, self.edge_px).reshape(-1, 3)[band]
        alpha, residual = project(pixel, front, back)
        trust: Floats = np.exp(-((residual / DOUBT) ** 2)).astype(np.float32)
        alpha = ramp(trust * alpha + (1 - trust) * plain, EMPTY, FULL)
        own = unmixed(pixel, alpha, back)
        agrees = (residual < 2 * DOUBT)[:, None]
        return np.column_stack([_byte(np.where(agrees, 0.2 * own + 0.8 * front, own)), _byte(255 * alpha)])


def _depth(subject: Mask) -> Floats:
    """(H, W) how far each pixel is inside of the subject, in pixels."""
    return np.asarray(cv2.distanceTransform(subject, cv2.DIST_L2, cv2.DIST_MASK_5), np.float32)


def _edge_width(distances: Mask, depths: Floats) -> float:
    """The depth in pixels from which the subject is as far from the key as it is deeper inside."""
    widest = max(THINNEST, WIDEST * min(distances.shape[1:]))
    bins = np.minimum(np.rint(depths), 3 * widest).astype(np.intp).reshape(-1)
    total = np.bincount(bins, distances.reshape(-1))
    means = total / np.maximum(np.bincount(bins), 1)
    inner = means[round(widest) :]
    if not len(inner):
        return THINNEST
    risen = np.flatnonzero(means[1:] >= RISEN * inner.mean())
    return float(np.clip(risen[0] + 1, THINNEST, widest)) if len(risen) else widest


def ramp(value: npt.NDArray[np.floating], low: float, high: float) -> Floats:
    """0 up to `low`, 1 from `high`, a straight line between."""
    return np.asarray(np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1), np.float32)


def project(pixel: Floats, front: Floats, back: Floats) -> tuple[Floats, Floats]:
    """(alpha, residual): the best α of `pixel = α·front + (1 - α)·back`, and what that leaves unexplained."""
    span, lift = front - back, pixel - back
    norm = np.maximum(np.einsum("ij,ij->i", span, span), 1e-3)
    alpha = np.clip(np.einsum("ij,ij->i", lift, span) / norm, 0, 1)
    rest = lift - alpha[:, None] * span
    return alpha.astype(np.float32), np.sqrt(np.einsum("ij,ij->i", rest, rest)).astype(np.float32)


def unmixed(pixel: Floats, alpha: Floats, back: Floats) -> Floats:
    """The foreground's colour in a mixture: (I - (1 - α)B)/α, within 0–255."""
    share = np.maximum(alpha, np.float32(0.15))[:, None]
    return np.asarray(np.clip((pixel - (1 - share) * back) / share, 0, 255), np.float32)


def local_key(rgb: Frames, subject: Mask, key: Key) -> Floats:
    """(H, W, 3) the key colour as it is around each pixel, from the background near it."""
    height, width = subject.shape
    cells = (max(1, width // CELL), max(1, height // CELL))
    share = cv2.resize(cv2.bitwise_not(subject), cells, interpolation=cv2.INTER_AREA).astype(np.float32)
    known = cv2.bitwise_and(rgb, rgb, mask=cv2.bitwise_not(subject))
    colour = cv2.resize(known, cells, interpolation=cv2.INTER_AREA).astype(np.float32)
    total = colour * 1e-3 + np.array(key.rgb, np.float32) * 1e-3
    weight = share / 255 * 1e-3 + 1e-3
    for sigma, importance in ((1.0, 1.0), (4.0, 0.03)):
        total += importance * cv2.GaussianBlur(colour, (0, 0), sigma)
        weight += importance * cv2.GaussianBlur(share, (0, 0), sigma) / 255
    coarse = np.atleast_3d(total / weight[..., None]).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def near_colour(rgb: Frames, core: Mask, edge_px: float) -> Floats:
    """(H, W, 3) the colour of the core near each pixel, as far as the mixed edge is wide."""
    scale = 1 if edge_px < 6 else 2
    size = (core.shape[1] // scale, core.shape[0] // scale)
    solid = cv2.resize(core, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    colour = cv2.resize(cv2.bitwise_and(rgb, rgb, mask=core), size, interpolation=cv2.INTER_AREA)
    sigma = SIGMA * edge_px / scale
    total = cv2.GaussianBlur(colour.astype(np.float32), (0, 0), sigma)
    weight = cv2.GaussianBlur(solid, (0, 0), sigma) / 255
    near = np.minimum(total / np.maximum(weight, 1e-4)[..., None], 255).astype(np.float32)
    if scale == 1:
        return near
    return np.asarray(cv2.resize(near, core.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _above(values: npt.NDArray[np.uint8] | Floats, limit: float) -> Mask:
    """255 where `values` are above."""
    return np.asarray(cv2.threshold(values, limit, 255, cv2.THRESH_BINARY)[1], np.uint8)


def _with_alpha(rgb: Frames, alpha: Mask) -> Frames:
    rgba = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2RGBA), np.uint8)
    rgba[..., 3] = alpha
    return rgba


def _around(mask: Mask, *, margin_px: int) -> Box | None:
    height, width = mask.shape
    left, top, across, down = cv2.boundingRect(mask)
    if not across:
        return None
    return Box(
        max(0, left - margin_px),
        max(0, top - margin_px),
        min(width, left + across + margin_px),
        min(height, top + down + margin_px),
    )


def _byte(values: Floats) -> Mask:
    return np.asarray(np.rint(values), np.uint8)
