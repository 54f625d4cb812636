"""From frames to stored bytes."""

import io
from collections.abc import Iterable
from fractions import Fraction
from itertools import chain
from typing import Any, cast

import av
import numpy as np
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream

from shared.errors import InvalidRequest
from shared.video.decoding import SCALING, Frames

#: Ticks per frame of an MP4 track: every part of one rate has the same time base, so parts join by adding.
TICKS_PER_FRAME = 512


def encode_mp4(frames: Iterable[Frames], *, fps: int, crf: int = 18) -> bytes:
    """H.264 MP4, yuv420p, BT.709, index in front, whose parts of equal size and rate join by remuxing.

    A group of pictures is at most one second and closed, the first frame is an IDR frame, there are no
    B-frames, and the thread count is fixed, so that equal frames are equal bytes on every machine. Frames are
    (H, W, 3).
    """
    options = {
        "preset": "fast",
        "crf": str(crf),
        "profile": "high",
        "bf": "0",
        "x264-params": f"open-gop=0:scenecut=0:keyint={fps}:min-keyint={fps}:threads=2",
    }
    output = io.BytesIO()
    with open_output(output, "mp4", movflags="faststart", timescale=fps * TICKS_PER_FRAME) as container:
        encode_stream(container, "libx264", "yuv420p", frames, fps=fps, options=options)
    return output.getvalue()


def encode_lossless(frames: Iterable[Frames], *, fps: int) -> bytes:
    """FFV1 in Matroska with per-slice checksums. Frames are (H, W, 4) RGBA."""
    options = {"level": "3", "slices": "4", "slicecrc": "1", "g": "1"}
    output = io.BytesIO()
    with open_output(output, "matroska") as container:
        encode_stream(container, "ffv1", "bgra", frames, fps=fps, options=options)
    return output.getvalue()


def open_output(
    output: io.BytesIO, form: str, *, movflags: str = "", timescale: int = 0, **options: str
) -> OutputContainer:
    """A muxer into memory whose bytes depend on the input only."""
    if movflags:
        options |= {"movflags": movflags}
    if timescale:
        options |= {"video_track_timescale": str(timescale)}
    options |= {"fflags": "+bitexact"}
    return av.open(output, "w", format=form, options=options, io_open=_reopen(output), buffer_size=2**20)


def _reopen(output: io.BytesIO) -> Any:
    """`faststart` moves the index by reading the file it is writing, through a second handle."""

    def open_again(url: str, flags: int, options: dict[str, str]) -> io.BytesIO:
        return io.BytesIO(output.getvalue())

    return open_again


def encode_stream(
    container: OutputContainer,
    codec: str,
    pixel_format: str,
    frames: Iterable[Frames],
    *,
    fps: int,
    options: dict[str, str],
    metadata: dict[str, str] | None = None,
) -> None:
    """Encode (H, W, 3 or 4) frames as the container's only stream."""
    iterator = iter(frames)
    first = next(iterator, None)
    if first is None:
        raise InvalidRequest("a video needs at least one frame")
    if pixel_format == "yuv420p" and (first.shape[0] % 2 or first.shape[1] % 2):
        raise InvalidRequest(f"H.264 needs even sides, not {first.shape[1]}x{first.shape[0]}")
    stream = cast(VideoStream, container.add_stream(codec, rate=fps, options=options))
    _configure(stream, first, pixel_format, fps)
    stream.metadata.update(metadata or {})
    for index, frame in enumerate(chain([first], iterator)):
        container.mux(stream.encode(_to_frame(frame, pixel_format, index, fps)))
    container.mux(stream.encode(None))


def _configure(stream: VideoStream, frame: Frames, pixel_format: str, fps: int) -> None:
    stream.height, stream.width = frame.shape[:2]
    stream.pix_fmt = pixel_format
    context = stream.codec_context
    context.time_base = Fraction(1, fps)
    context.thread_count = 2
    if pixel_format.startswith("yuv"):
        context.color_range = ColorRange.MPEG
        context.colorspace = Colorspace.ITU709
        context.color_primaries = ColorPrimaries.BT709
        context.color_trc = ColorTrc.BT709


def _to_frame(array: Frames, pixel_format: str, index: int, fps: int) -> VideoFrame:
    source = "rgba" if array.shape[-1] == 4 else "rgb24"
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(array), format=source)
    if pixel_format.startswith("yuv"):
        frame = frame.reformat(
            format=pixel_format,
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
            interpolation=int(SCALING),
        )
    else:
        frame = frame.reformat(format=pixel_format)
    frame.pts, frame.time_base, frame.duration = index, Fraction(1, fps), 1
    return frame
