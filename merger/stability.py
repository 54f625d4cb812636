"""Mattes that do not flicker: each frame's alpha averaged with its neighbours', moved along with the subject.

Where the moved neighbours disagree, something else than noise is going on, and the frame keeps its own alpha.
"""

from itertools import pairwise

import cv2
import numpy as np

from merger.key import Floats
from shared.video import Frames

#: Alphas (0–255) that differ by no more are the same edge, seen through noise.
AGREEMENT = 48
#: Each round reaches one frame farther, with weights toward a Gaussian's.
ROUNDS = 2
#: Size at which motion is measured.
WORKING_PX = 128


def steadied(rgba: Frames) -> Frames:
    """(N, H, W, 4) with alpha smoothed over time, in place; colour is unchanged."""
    if len(rgba) < 2:
        return rgba
    moves = [translation(earlier, later) for earlier, later in pairwise(rgba[..., 3])]
    for _ in range(ROUNDS):
        rgba[..., 3] = _smoothed(rgba[..., 3].copy(), moves)
    return rgba


def _smoothed(original: Frames, moves: list[tuple[int, int]]) -> Frames:
    smooth = np.empty_like(original)
    for index in range(len(original)):
        neighbours = []
        if index:
            neighbours.append(_moved(original[index - 1], moves[index - 1]))
        if index + 1 < len(original):
            x, y = moves[index]
            neighbours.append(_moved(original[index + 1], (-x, -y)))
        smooth[index] = _averaged(original[index], neighbours)
    return smooth


def translation(earlier: Frames, later: Frames) -> tuple[int, int]:
    """(x, y) whole pixels by which the matte moved, from phase correlation; (0, 0) if that is unsure."""
    scale = min(1.0, WORKING_PX / max(earlier.shape))
    small = [_shrunk(matte, scale) for matte in (earlier, later)]
    if not small[0].any() or not small[1].any():
        return 0, 0
    window = cv2.createHanningWindow(small[0].shape[::-1], cv2.CV_32F)
    (x, y), response = cv2.phaseCorrelate(small[0], small[1], window)
    if response < 0.3:
        return 0, 0
    return round(x / scale), round(y / scale)


def _shrunk(matte: Frames, scale: float) -> Floats:
    size = (max(2, round(matte.shape[1] * scale)), max(2, round(matte.shape[0] * scale)))
    return np.asarray(cv2.resize(matte, size, interpolation=cv2.INTER_AREA), np.float32)


def _moved(matte: Frames, move: tuple[int, int]) -> Frames:
    if move == (0, 0):
        return matte
    matrix = np.array([[1, 0, move[0]], [0, 1, move[1]]], np.float32)
    moved = cv2.warpAffine(matte, matrix, matte.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


def _averaged(matte: Frames, neighbours: list[Frames]) -> Frames:
    """The frame twice and each neighbour that agrees with it once."""
    own = matte.astype(np.int16)
    total, weight = 2 * own, np.full(matte.shape, 2, np.int16)
    for neighbour in neighbours:
        agrees = cv2.absdiff(matte, neighbour) <= AGREEMENT
        total += np.where(agrees, neighbour, 0)
        weight += agrees
    return np.asarray((total + weight // 2) // weight, np.uint8)
