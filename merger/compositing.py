"""Foregrounds over a scene: light drawn together, a shadow where they touch the ground, then alpha."""

import cv2
import numpy as np
import numpy.typing as npt

from merger.key import Floats
from merger.layer import Box
from shared.video import Frames

#: How far a foreground's light and colour go toward the scene's.
HARMONY = 0.3
#: Darkness of the contact shadow.
SHADOW = 0.38


def over(rgba: Frames, scene: Frames) -> Frames:
    """(H, W, 3): `rgba` (H, W, 4), straight alpha, over `scene` (Porter and Duff 1984)."""
    colour = np.asarray(cv2.cvtColor(np.ascontiguousarray(rgba), cv2.COLOR_RGBA2RGB), np.uint8)
    alpha = rgba[..., 3].astype(np.float32)
    return np.asarray(cv2.blendLinear(colour, np.ascontiguousarray(scene), alpha, 255 - alpha), np.uint8)


def paste(rgba: Frames, scene: Frames, *, left: int, top: int) -> None:
    """Composite into `scene` in place at a corner that may lie outside of it."""
    height, width = scene.shape[:2]
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(width, left + rgba.shape[1]), min(height, top + rgba.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    piece = rgba[y0 - top : y1 - top, x0 - left : x1 - left]
    x, y, across, down = cv2.boundingRect(np.ascontiguousarray(piece[..., 3]))
    if across:
        visible = slice(y0 + y, y0 + y + down), slice(x0 + x, x0 + x + across)
        scene[visible] = over(piece[y : y + down, x : x + across], scene[visible])


def shade_ground(scene: Frames, box: Box, *, strength: float = SHADOW) -> None:
    """Darken `scene` in place under feet: a soft flat ellipse below the box."""
    height, width = scene.shape[:2]
    half_x, half_y = max(2, int(box.width * 0.44)), max(2, int(box.width * 0.09))
    mask = np.zeros((height, width), np.float32)
    centre = ((box.left + box.right) // 2, min(height - 1, box.bottom - half_y // 2))
    cv2.ellipse(mask, centre, (half_x, half_y), 0, 0, 360, 1.0, thickness=-1)
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), max(1.0, half_y * 0.7)), np.float32)
    scene[:] = np.rint(scene * (1 - strength * mask[..., None])).astype(np.uint8)


def harmony(rgba: Frames, scene: Frames) -> tuple[Floats, Floats]:
    """(gain, shift) per Lab channel that draw the foreground's statistics to the scene's (Reinhard 2001)."""
    visible = rgba[..., 3] > 200
    if not visible.any():
        return np.ones(3, np.float32), np.zeros(3, np.float32)
    front = _lab(rgba[..., :3])[visible]
    back = _lab(scene).reshape(-1, 3)
    ratio = (back.std(axis=0) + 4) / (front.std(axis=0) + 4)
    gain = 1 + HARMONY * 0.5 * (np.clip(ratio, 0.6, 1.5) - 1)
    shift = HARMONY * np.clip(back.mean(axis=0) - front.mean(axis=0), -30, 30)
    mean = front.mean(axis=0)
    return gain.astype(np.float32), (mean - gain * mean + shift * (0.6, 1, 1)).astype(np.float32)


def harmonised(rgba: Frames, gain: Floats, shift: Floats) -> Frames:
    """The foreground in the scene's light; its alpha is unchanged."""
    lab = _lab(rgba[..., :3]) * gain + shift
    rgb = np.asarray(cv2.cvtColor(lab.astype(np.float32), cv2.COLOR_Lab2RGB), np.float32)
    return np.dstack([np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8), rgba[..., 3]])


def _lab(rgb: npt.NDArray[np.uint8]) -> Floats:
    scaled = np.ascontiguousarray(rgb, np.float32) / 255
    return np.asarray(cv2.cvtColor(scaled, cv2.COLOR_RGB2Lab), np.float32)
