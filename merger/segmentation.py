"""Mattes of subjects not on a plain colour: GrabCut (Rother et al. 2004) on a rough matte."""

import cv2
import numpy as np

from merger.key import Floats
from shared.video import Frames

#: GrabCut's time grows with the pixels; the matte is found at this size and refined at full size.
WORKING_PX = 192
ROUNDS = 3


def segmented(rgb: Frames, hint: Frames) -> Frames:
    """(H, W, 4) of an (H, W, 3) picture; `hint` is a rough matte (H, W) uint8."""
    height, width = rgb.shape[:2]
    scale = min(1.0, WORKING_PX / max(height, width))
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    seeds = _seeds(np.asarray(cv2.resize(hint, size, interpolation=cv2.INTER_AREA), np.uint8))
    if not ((seeds == cv2.GC_PR_FGD) | (seeds == cv2.GC_FGD)).any():
        return np.dstack([rgb, np.zeros((height, width), np.uint8)])
    background, subject = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)
    cv2.grabCut(
        np.ascontiguousarray(small), seeds, (0, 0, 0, 0), background, subject, ROUNDS, cv2.GC_INIT_WITH_MASK
    )
    mask = np.isin(seeds, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    full = cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR)
    return with_matte(rgb, np.rint(255 * full).astype(np.uint8), radius_px=max(2, round(1.5 / scale) + 1))


def with_matte(rgb: Frames, matte: Frames, *, radius_px: int = 3) -> Frames:
    """(H, W, 4) of a picture (H, W, 3) and a rough matte (H, W), drawn to the picture's own edges."""
    grey = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    rough = np.asarray(matte / np.float32(255), np.float32)
    alpha = guided(rough, np.asarray(grey, np.float32), radius_px=radius_px)
    return np.dstack([rgb, np.rint(np.clip(alpha * 1.2 - 0.1, 0, 1) * 255).astype(np.uint8)])


def guided(matte: Floats, guide: Floats, *, radius_px: int, epsilon: float = 1e-3) -> Floats:
    """`matte` (H, W) with the edges of `guide` (H, W), both 0–1 (guided filter, He et al. 2010)."""
    size = (2 * radius_px + 1, 2 * radius_px + 1)
    mean_guide, mean_matte = cv2.blur(guide, size), cv2.blur(matte, size)
    covariance = cv2.blur(guide * matte, size) - mean_guide * mean_matte
    variance = cv2.blur(guide * guide, size) - mean_guide * mean_guide
    slope = covariance / (variance + epsilon)
    offset = mean_matte - slope * mean_guide
    return np.asarray(cv2.blur(slope, size) * guide + cv2.blur(offset, size), np.float32)


def _seeds(hint: Frames) -> Frames:
    """GrabCut's labels of a rough matte (H, W): sure where it is, open where it is not."""
    seeds = np.full(hint.shape, cv2.GC_PR_FGD, np.uint8)
    seeds[hint < 96] = cv2.GC_PR_BGD
    seeds[hint < 24] = cv2.GC_BGD
    seeds[hint > 230] = cv2.GC_FGD
    return seeds
