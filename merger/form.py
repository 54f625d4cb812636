"""The one form of a video's parts, in which they join without being encoded again."""

from functools import lru_cache

import cv2
import numpy as np

from shared.video import DecodeLimits, Frames, encode_mp4, signature


def is_joinable(data: bytes, *, width: int, height: int, fps: int, limits: DecodeLimits) -> bool:
    """Whether a part is what `encode_mp4` makes of this size and rate, down to its parameter sets."""
    return signature(data, limits=limits) == _canonical(width, height, fps)


@lru_cache(maxsize=64)
def _canonical(width: int, height: int, fps: int) -> tuple[object, ...]:
    return signature(encode_mp4(np.zeros((1, height, width, 3), np.uint8), fps=fps))


def resized(frame: Frames, *, width: int, height: int) -> Frames:
    """(H, W, C) scaled to fill the size; what a different proportion has too much is cut evenly."""
    scale = max(width / frame.shape[1], height / frame.shape[0])
    if scale == 1 and frame.shape[:2] == (height, width):
        return frame
    size = (max(width, round(frame.shape[1] * scale)), max(height, round(frame.shape[0] * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    whole = cv2.resize(frame, size, interpolation=method)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return np.asarray(whole[top : top + height, left : left + width], np.uint8)
