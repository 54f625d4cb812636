"""Opening stored bytes as a container, without trusting them.

Only the two container families this system writes and reads are opened, named by their first bytes: ffmpeg's
own probing would also accept playlists, which open other files. Every read counts against a budget and a
deadline, so that a file built to loop ends with an error.
"""

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from shared.errors import CorruptSubvideo, InvalidRequest, PayloadTooLarge

#: Codecs that are decoded; everything else that libavcodec knows stays closed.
CODECS = frozenset({"h264", "ffv1", "hevc", "vp8", "vp9", "av1", "mpeg4", "mjpeg", "png"})


@dataclass(frozen=True, kw_only=True)
class DecodeLimits:
    """What a decode may cost before it is refused."""

    #: Width times height of one frame.
    pixels: int = 2048 * 2048
    frames: int = 3600
    #: Playing time.
    seconds: float = 61.0
    #: Of the file.
    size_bytes: int = 256 * 2**20
    #: Of all frames held at once by `decode`.
    decoded_bytes: int = 2 * 2**30
    #: Wall time of the whole decode, the consumer's included.
    time_s: float = 120.0


@dataclass(frozen=True)
class VideoInfo:
    width: int
    height: int
    fps: float
    frames: int
    codec: str
    pixel_format: str
    seconds: float

    @property
    def has_alpha(self) -> bool:
        return self.pixel_format.startswith(("rgba", "bgra", "argb", "abgr", "yuva", "gbrap"))


class BoundedReader(io.BytesIO):
    """Bytes that stop being readable after the deadline, or when they were read eight times over."""

    def __init__(self, data: bytes, *, deadline: float) -> None:
        super().__init__(data)
        self._budget = 8 * len(data) + 2**20
        self._deadline = deadline

    def read(self, size: int | None = -1, /) -> bytes:
        chunk = super().read(size)
        self._budget -= len(chunk)
        if self._budget < 0 or time.monotonic() > self._deadline:
            raise CorruptSubvideo("reading the container takes too long")
        return chunk


def container_format(data: bytes) -> str:
    """The demuxer for `data` by its magic number."""
    if data[4:8] == b"ftyp":
        return "mp4"
    if data[:4] == b"\x1a\x45\xdf\xa3":
        return "matroska"
    raise CorruptSubvideo("not an MP4 or Matroska file")


@contextmanager
def open_video(data: bytes, limits: DecodeLimits) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The container and its only video stream; libav's errors leave as CorruptSubvideo."""
    if len(data) > limits.size_bytes:
        raise PayloadTooLarge(f"the video has {len(data)} bytes, more than {limits.size_bytes}")
    form = container_format(data)
    reader = BoundedReader(data, deadline=time.monotonic() + limits.time_s)
    options = {"max_pixels": str(limits.pixels), "threads": "1"}
    with corrupt_if_av_fails(), av.open(reader, "r", format=form, options=options) as container:
        yield container, _video_stream(container, limits)


def _video_stream(container: InputContainer, limits: DecodeLimits) -> VideoStream:
    if len(container.streams) > 4 or len(container.streams.video) != 1:
        raise CorruptSubvideo(f"holds {len(container.streams.video)} video streams instead of one")
    stream = container.streams.video[0]
    if stream.codec_context is None:
        raise CorruptSubvideo("the video has no known codec")
    if stream.codec_context.name not in CODECS:
        raise InvalidRequest(f"the video's codec, {stream.codec_context.name}, is not supported")
    width, height = stream.codec_context.width, stream.codec_context.height
    if width <= 0 or height <= 0:
        raise CorruptSubvideo("the video has no size")
    if width * height > limits.pixels:
        raise PayloadTooLarge(f"the video is {width}x{height}, more than {limits.pixels} pixels")
    return stream


@contextmanager
def corrupt_if_av_fails() -> Iterator[None]:
    try:
        yield
    except av.error.FFmpegError as exc:
        raise CorruptSubvideo(f"does not decode: {exc.strerror}") from exc
    except (ValueError, UnicodeDecodeError, MemoryError, OverflowError) as exc:
        raise CorruptSubvideo(f"does not decode: {exc}") from exc


def frame_rate(stream: VideoStream) -> Fraction:
    rate = stream.average_rate or stream.guessed_rate or stream.base_rate
    if rate is None or not 0 < rate <= 1000:
        raise CorruptSubvideo("the video has no frame rate")
    return Fraction(rate)
