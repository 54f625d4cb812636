"""A foreground clip cut out of its background, by the best means its pictures allow."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from merger.jobs import Checkpoint
from merger.key import find_key
from merger.layer import Box, keep_main_parts, subject_box
from merger.matte import Keyer
from merger.model import SegmentationModel
from merger.parts import UnusableSubvideo
from merger.placement import busyness
from merger.segmentation import segmented, with_matte
from merger.stability import steadied
from shared.schemas import Region
from shared.video import Frames

#: Less of the picture than this is no subject; more is no background.
LEAST, MOST = 0.002, 0.97


@dataclass(frozen=True)
class Foreground:
    """A clip on the stage's clock: (N, H, W, 4) with its matte, and the subject's box in every frame."""

    region: Region | None
    frames: Frames
    boxes: tuple[Box, ...]
    #: How the matte was made, in words, and the key colour as #rrggbb where there is one.
    method: str
    key: str
    alignment: str


def extract(
    frames: Frames,
    *,
    region: Region | None,
    alignment: str,
    checkpoint: Checkpoint,
    model: SegmentationModel | None = None,
) -> Foreground:
    """Cut the subject out of (N, H, W, 3 or 4) frames; a fourth channel is the engine's matte hint.

    `model` serves clips that are on no key colour.

    Raises UnusableSubvideo when nothing or everything would remain.
    """
    rgb, hint = frames[..., :3], _hint(frames)
    key = find_key(sample(rgb))
    if key is not None:
        keyer = Keyer.fitted(key, sample(rgb))
        cut = _each(rgb, lambda index: keep_main_parts(keyer.cut(rgb[index]), least=0.04), checkpoint)
        method = f"keyed on {key.hex}"
    elif model is not None:
        cut = _each(rgb, lambda index: with_matte(rgb[index], model.matte(rgb[index])), checkpoint)
        method = f"no plain key colour; segmented by {model.name}"
    else:
        cut = _each(rgb, lambda index: _segmented(rgb[index], hint, index), checkpoint)
        source = "what stands out" if hint is None else "the engine's hint"
        method = f"no plain key colour; segmented from {source}"
    _check(cut)
    cut = steadied(cut)
    return Foreground(
        region,
        cut,
        _without_gaps([subject_box(frame) for frame in cut]),
        method,
        key.hex if key else "",
        alignment,
    )


def sample(frames: Frames, count: int = 4) -> Frames:
    """A few frames, evenly over the clip."""
    chosen = np.linspace(0, len(frames) - 1, min(count, len(frames))).round().astype(int)
    return np.asarray(frames[chosen], np.uint8)


def _segmented(picture: Frames, hint: Frames | None, index: int) -> Frames:
    rough = standing_out(picture) if hint is None else hint[index]
    return keep_main_parts(segmented(picture, rough), least=0.25)


def standing_out(rgb: Frames) -> Frames:
    """(H, W) a rough matte of what differs from the picture's layers, for clips without key and hint."""
    busy = busyness(rgb[None])
    busy[:2] = busy[-1:] = 0
    size = (rgb.shape[1], rgb.shape[0])
    return np.asarray(255 * cv2.resize(busy, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _hint(frames: Frames) -> Frames | None:
    """The engine's matte (N, H, W), if it gave one: opaque everywhere says nothing."""
    if frames.shape[-1] == 3 or bool((frames[..., 3] == 255).all()):
        return None
    return np.asarray(frames[..., 3], np.uint8)


def _each(rgb: Frames, cut: Callable[[int], Frames], checkpoint: Checkpoint) -> Frames:
    result = np.empty((*rgb.shape[:3], 4), np.uint8)
    for index in range(len(rgb)):
        checkpoint()
        result[index] = cut(index)
    return result


def _check(cut: Frames) -> None:
    share = float(cut[..., 3].mean()) / 255
    if share < LEAST or not any(subject_box(frame) for frame in cut):
        raise UnusableSubvideo("all of it is key colour: nothing remains when it is keyed")
    if share > MOST:
        raise UnusableSubvideo("none of it is key colour: nothing is removed when it is keyed")


def _without_gaps(boxes: Sequence[Box | None]) -> tuple[Box, ...]:
    """A box for every frame; where the subject is gone, the last one it had."""
    known = next(box for box in boxes if box is not None)
    filled = []
    for box in boxes:
        known = box or known
        filled.append(known)
    return tuple(filled)
