"""From stored bytes to frames, streaming or whole, within limits."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from av.video.stream import VideoStream

from shared.errors import CorruptSubvideo, InvalidRequest, PayloadTooLarge
from shared.video.container import DecodeLimits, VideoInfo, frame_rate, open_video

#: (N, H, W, 3 or 4) uint8 RGB or RGBA.
Frames = npt.NDArray[np.uint8]

#: The exact paths of the colour converter; without FULL_CHR_H_INT, ACCURATE_RND darkens by 2 of 255.
SCALING = (
    Interpolation.BICUBIC
    | Interpolation.ACCURATE_RND
    | Interpolation.FULL_CHR_H_INP
    | Interpolation.FULL_CHR_H_INT
)
#: Fail on the first damaged packet instead of concealing it.
STRICT_DECODING = {"err_detect": "crccheck+bitstream+buffer+explode"}


def probe(data: bytes, *, limits: DecodeLimits | None = None) -> VideoInfo:
    """What the container says, with the frames counted; nothing is decoded."""
    limits = limits or DecodeLimits()
    with open_video(data, limits) as (container, stream):
        return _info(container, stream, limits)


def decode(data: bytes, *, limits: DecodeLimits | None = None) -> tuple[Frames, VideoInfo]:
    """All frames at once. Raises PayloadTooLarge when they exceed `limits.decoded_bytes`."""
    limits = limits or DecodeLimits()
    info, frames = decode_frames(data, limits=limits)
    channels = 4 if info.has_alpha else 3
    shape = (info.frames, info.height, info.width, channels)
    _check_fits(shape, limits)
    video = np.empty(shape, np.uint8)
    for index, frame in enumerate(frames):
        video[index] = frame
    return video, info


def _check_fits(shape: tuple[int, ...], limits: DecodeLimits) -> None:
    if math.prod(shape) > limits.decoded_bytes:
        raise PayloadTooLarge(
            f"the decoded frames have {math.prod(shape)} bytes, over {limits.decoded_bytes}"
        )


def decode_frames(data: bytes, *, limits: DecodeLimits | None = None) -> tuple[VideoInfo, Iterator[Frames]]:
    """What the video is, and its frames (H, W, C) one at a time: exactly `info.frames`, or an error."""
    limits = limits or DecodeLimits()
    info = probe(data, limits=limits)
    return info, _frames(data, info, limits)


def frames_at(data: bytes, indices: Sequence[int], *, limits: DecodeLimits | None = None) -> Frames:
    """The frames with these numbers, (len(indices), H, W, C); decodes their groups of pictures only."""
    limits = limits or DecodeLimits()
    info = probe(data, limits=limits)
    if not all(0 <= index < info.frames for index in indices):
        raise InvalidRequest(f"the video has frames 0 to {info.frames - 1} only")
    _check_fits((len(indices), info.height, info.width, 4 if info.has_alpha else 3), limits)
    to_array, found = _converter(info), dict[int, Frames]()
    with open_video(data, limits) as (container, stream):
        stream.codec_context.options = STRICT_DECODING
        tick = 1 / frame_rate(stream) / Fraction(stream.time_base or 1)
        frames: Iterator[VideoFrame] = iter(())
        previous = -(10**9)
        for index in sorted(set(indices)):
            if index - previous > info.fps:  # a key frame is nearer than the last frame read
                container.seek(round(index * tick), stream=stream, backward=True)
                frames = container.decode(stream)
            found[index] = to_array(_next(frames, round(index * tick), info))
            previous = index
    return np.stack([found[index] for index in indices])


def _next(frames: Iterator[VideoFrame], position: int, info: VideoInfo) -> VideoFrame:
    """The first frame at or after a time stamp."""
    for frame in frames:
        if frame.pts is not None and frame.pts >= position:
            _check(frame, info)
            return frame
    raise CorruptSubvideo("a frame does not decode")


def _info(container: InputContainer, stream: VideoStream, limits: DecodeLimits) -> VideoInfo:
    fps = frame_rate(stream)
    frames = _count(container, stream, limits)
    declared = stream.frames or round((container.duration or 0) / 1_000_000 * fps)
    if declared > frames:
        raise CorruptSubvideo(f"holds {frames} of its {declared} frames")
    seconds = float(frames / fps)
    if seconds > limits.seconds:
        raise PayloadTooLarge(f"the video plays for {seconds:.1f} s, more than {limits.seconds:.0f} s")
    context = stream.codec_context
    return VideoInfo(
        context.width, context.height, float(fps), frames, context.name, str(context.pix_fmt), seconds
    )


def _count(container: InputContainer, stream: VideoStream, limits: DecodeLimits) -> int:
    frames = 0
    for packet in container.demux(stream):
        if packet.is_corrupt:
            raise CorruptSubvideo("a packet is cut short")
        frames += packet.size > 0
        if frames > limits.frames:
            raise PayloadTooLarge(f"the video has more than {limits.frames} frames")
    if not frames:
        raise CorruptSubvideo("the video has no frames")
    return frames


def _frames(data: bytes, info: VideoInfo, limits: DecodeLimits) -> Iterator[Frames]:
    deadline, count = time.monotonic() + limits.time_s, 0
    to_array = _converter(info)
    with open_video(data, limits) as (container, stream):
        stream.codec_context.options = STRICT_DECODING
        for frame in container.decode(stream):
            _check(frame, info)
            count += 1
            if count > info.frames or time.monotonic() > deadline:
                raise CorruptSubvideo("decoding takes too long")
            yield to_array(frame)
    if count != info.frames:
        raise CorruptSubvideo(f"{count} of {info.frames} frames decode")


def _check(frame: VideoFrame, info: VideoInfo) -> None:
    if frame.is_corrupt:
        raise CorruptSubvideo("a frame is damaged")
    if (frame.width, frame.height) != (info.width, info.height):
        raise CorruptSubvideo("the size changes within the video")


def _converter(info: VideoInfo) -> Callable[[VideoFrame], Frames]:
    form = "rgba" if info.has_alpha else "rgb24"
    options: dict[str, Any] = {"interpolation": int(SCALING)}

    def convert(frame: VideoFrame) -> Frames:
        return np.asarray(frame.to_ndarray(format=form, **options), np.uint8)

    return convert
