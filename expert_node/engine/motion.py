"""Motion of latents between frames (Khachatryan et al. 2023, section 3.3.1, and affine motion beyond it)."""

import math
from typing import Literal

import torch
import torch.nn.functional as F

from shared.schemas import Motion

#: The grid that motion is stated on: its pixels are 1/512 of the picture's width and height.
GRID = 512

#: No motion at all.
STILL = Motion(x=0, y=0)

Interpolation = Literal["nearest", "bicubic"]
#: "pixels" moves the pictures that latents stand for, where the autoencoder's way there is linear.
WarpName = Literal["nearest", "bicubic", "pixels"]


def warp(
    latents: torch.Tensor,
    motion: Motion,
    *,
    progress: float,
    interpolation: Interpolation = "nearest",
    beyond: Literal["reflection", "zeros"] = "reflection",
) -> torch.Tensor:
    """Latents moved by `progress` frames' worth of `motion`: (N, C, H, W) to the same, in float32.

    Every latent takes the value from where it comes; beyond the border the picture is reflected. With a pure
    translation and nearest interpolation this is the paper's warp, operation by operation.
    """
    height, width = latents.shape[-2:]
    source = _source_grid(motion, progress, aspect=width / height).to(latents.device)
    grid = F.interpolate(source[None], size=(height, width), mode="bilinear").permute(0, 2, 3, 1)
    return F.grid_sample(
        latents.float(),
        grid.expand(len(latents), -1, -1, -1),
        mode=interpolation,
        padding_mode=beyond,
        align_corners=False,
    )


def scaled(motion: Motion, scale: float) -> Motion:
    """The same motion, `scale` times as strong."""
    amounts = {name: getattr(motion, name) * scale for name in ("x", "y", "zoom", "rotation")}
    return motion.model_copy(update=amounts)


def progress_at(frame: int, motion: Motion, *, frames: int) -> float:
    """How many frames' worth of motion lie between the anchor and `frame`, after easing."""
    if motion.easing == "linear" or frames < 3:
        return float(frame)
    share = min(1.0, frame / (frames - 1))
    return (frames - 1) * share * share * (3 - 2 * share)


def _source_grid(motion: Motion, progress: float, *, aspect: float) -> torch.Tensor:
    """Where each point of the grid comes from, in [-1, 1]: (2, GRID, GRID), x before y."""
    rows, columns = torch.meshgrid(torch.arange(GRID), torch.arange(GRID), indexing="ij")
    points = torch.stack([columns, rows]).float()
    if motion.zoom or motion.rotation:
        points = _turn_and_scale(points, motion, progress, aspect=aspect)
    points[0] += motion.x * progress
    points[1] += motion.y * progress
    return points / GRID * 2.0 - 1.0


def _turn_and_scale(points: torch.Tensor, motion: Motion, progress: float, *, aspect: float) -> torch.Tensor:
    """About the centre, by the inverse of the motion, in units that are square on the picture."""
    centre = (GRID - 1) / 2
    x, y = (points[0] - centre) * aspect, points[1] - centre
    angle = math.radians(motion.rotation * progress)
    scale = (1 + motion.zoom) ** -progress
    cos, sin = math.cos(angle) * scale, math.sin(angle) * scale
    return torch.stack([(cos * x - sin * y) / aspect + centre, sin * x + cos * y + centre])
