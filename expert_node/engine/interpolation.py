"""Motion-compensated interpolation: a few generated key frames to the frames that are delivered.

Dense optical flow by inverse search (Kroeger et al. 2016, OpenCV's DIS) in both directions; a frame between
two key frames is both of them moved to its moment along the flow, mixed by nearness.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Frames = NDArray[np.uint8]
Field = NDArray[np.float32]


def interpolate(keys: Frames, count: int) -> Frames:
    """`count` frames, evenly spread from the first key to the last: (K, H, W, C) to (count, H, W, C)."""
    if count == len(keys):
        return keys
    if len(keys) == 1:
        return np.repeat(keys, count, axis=0)
    places = np.linspace(0, len(keys) - 1, count)
    result = np.empty((count, *keys.shape[1:]), np.uint8)
    flows: dict[int, tuple[Field, Field]] = {}
    for index, place in enumerate(places):
        left = min(int(place), len(keys) - 2)
        share = float(place - left)
        if share < 1e-6 or share > 1 - 1e-6:
            result[index] = keys[left + round(share)]
            continue
        if left not in flows:
            flows = {left: flow_between(keys[left], keys[left + 1])}
        result[index] = _between(keys[left], keys[left + 1], flows[left], share)
    return result


def flow_between(first: Frames, second: Frames) -> tuple[Field, Field]:
    """Optical flow in pixels, there and back: (H, W, 2) each."""
    solver = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    solver.setFinestScale(0)
    grey = [
        cv2.cvtColor(np.ascontiguousarray(frame[..., :3]), cv2.COLOR_RGB2GRAY) for frame in (first, second)
    ]
    still = np.zeros((*grey[0].shape, 2), np.float32)
    there = solver.calc(grey[0], grey[1], still.copy())
    back = solver.calc(grey[1], grey[0], still)
    return there.astype(np.float32), back.astype(np.float32)


def _between(first: Frames, second: Frames, flows: tuple[Field, Field], share: float) -> Frames:
    """Both key frames moved to `share` of the way, along the flow as seen from there, mixed by nearness.

    The flow from the moment in between is put together of both (Jiang et al. 2018, Super SloMo, equation 4).
    """
    there, back = flows
    early = _moved(first, share * share * back - share * (1 - share) * there)
    late = _moved(second, (1 - share) ** 2 * there - share * (1 - share) * back)
    return cv2.addWeighted(early, 1 - share, late, share, 0)  # type: ignore[return-value]


def _moved(frame: Frames, offset: Field) -> Frames:
    """The frame, each pixel taken from `offset` pixels away."""
    height, width = offset.shape[:2]
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return cv2.remap(  # type: ignore[return-value]
        frame,
        columns + offset[..., 0],
        rows + offset[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
