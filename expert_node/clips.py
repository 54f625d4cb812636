"""From key frames to the bytes that are delivered: interpolation, scaling and encoding."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from expert_node.engine.interpolation import Frames, interpolate
from shared.schemas import SubvideoRef, SubvideoSpec
from shared.video import VideoInfo, encode_lossless, encode_mp4, make_ref

SCENE_MEDIA_TYPE = "video/mp4"
KEYED_MEDIA_TYPE = "video/x-matroska"

Notes = dict[str, str | int | float | bool]


@dataclass(frozen=True)
class Clip:
    """A finished subvideo: its bytes and the reference they are stored under."""

    data: bytes
    ref: SubvideoRef


def encode_clip(spec: SubvideoSpec, keys: Frames, *, notes: Notes) -> Clip:
    """Key frames (K, H, W, 3 or 4) to a clip with the frames, rate and size the spec asks for."""
    frames = list(_delivered(spec, keys))
    if spec.keyed:
        data, media_type = encode_lossless(frames, fps=spec.fps), KEYED_MEDIA_TYPE
    else:
        data, media_type = encode_mp4(frames, fps=spec.fps), SCENE_MEDIA_TYPE
    info = VideoInfo(
        width=spec.width,
        height=spec.height,
        fps=float(spec.fps),
        frames=len(frames),
        codec="ffv1" if spec.keyed else "h264",
        pixel_format="bgra" if spec.keyed else "yuv420p",
        seconds=len(frames) / spec.fps,
    )
    return Clip(data, make_ref(spec.digest, data, media_type, info, notes=notes))


def _delivered(spec: SubvideoSpec, keys: Frames) -> Iterator[Frames]:
    if spec.keyed and keys.shape[-1] == 3:
        keys = np.concatenate([keys, np.full_like(keys[..., :1], 255)], axis=-1)
    elif not spec.keyed:
        keys = keys[..., :3]
    for frame in interpolate(keys, spec.delivered_frames):
        yield _scaled(frame, spec.width, spec.height)


def _scaled(frame: Frames, width: int, height: int) -> Frames:
    if frame.shape[:2] == (height, width):
        return frame
    shrinks = frame.shape[0] > height
    return cv2.resize(  # type: ignore[return-value]
        frame, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    )
