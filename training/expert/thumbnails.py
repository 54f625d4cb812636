"""Subjects as small pictures, and those as patches of few channels: what the prior learns to imagine."""

from functools import cache

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from expert_node.engine.prior import CHANNELS, GRID, PATCH_PX, PATCHES, SIDE_PX

from .sprites import Sprite
from .subjects import subjects

_LOOKS = 6


def thumbnail(sprite: Sprite | None) -> NDArray[np.uint8]:
    """uint8 (64, 64, 4), premultiplied RGBA: as large as fits, in the middle, on the lower edge."""
    canvas = np.zeros((SIDE_PX, SIDE_PX, 4), np.uint8)
    if sprite is None:
        return canvas
    scale = SIDE_PX / max(sprite.shape[:2])
    width, height = (max(1, round(side * scale)) for side in sprite.shape[1::-1])
    small = cv2.resize(sprite, (width, height), interpolation=cv2.INTER_AREA)
    left = (SIDE_PX - width) // 2
    canvas[SIDE_PX - height :, left : left + width] = small
    return canvas


def patches(thumbnails: NDArray[np.uint8]) -> Tensor:
    """uint8 (N, 64, 64, 4) to float32 (N, 64, 256) in [0, 1]."""
    split = torch.from_numpy(thumbnails).reshape(-1, GRID, PATCH_PX, GRID, PATCH_PX, 4)
    return split.permute(0, 1, 3, 2, 4, 5).reshape(len(thumbnails), PATCHES, -1).float() / 255


class Code:
    """Principal components of patches; each is scaled to the square root of its standard deviation,
    between what pixels weigh and what would make all components count alike.
    """

    def __init__(self, mean: Tensor, components: Tensor, std: Tensor) -> None:
        """(256,), (96, 256) and (96,)."""
        self.mean, self.components, self.scale = mean, components, std.sqrt()

    def encoded(self, flat: Tensor) -> Tensor:
        """(N, 64, 256) to (N, 64, 96)."""
        return (flat - self.mean) @ self.components.T / self.scale


@cache
def code() -> Code:
    """Of all subjects in a few looks each; the same every time."""
    rng = np.random.default_rng(0)
    looks = [thumbnail(s.look(rng).sprite) for s in subjects().values() for _ in range(_LOOKS)]
    flat = patches(np.stack(looks)).flatten(0, 1).double()
    mean = flat.mean(0)
    values, vectors = torch.linalg.eigh((flat - mean).T @ (flat - mean) / len(flat))
    chosen = vectors[:, -CHANNELS:].flip(1).T
    return Code(mean.float(), chosen.float().contiguous(), values[-CHANNELS:].flip(0).sqrt().float())
