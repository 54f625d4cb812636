"""Forms that clients ask for: video with alpha for browsers and engines, and animated pictures."""

import io
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Literal

import av
from av.filter import Graph
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from shared.errors import InvalidRequest
from shared.video.decoding import Frames
from shared.video.encoding import encode_stream, open_output

_WEBM_CODECS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}


def encode_webm(frames: Iterable[Frames], *, fps: int, codec: Literal["vp8", "vp9"]) -> bytes:
    """WebM of (H, W, 4) frames: yuva420p as two VP8 or VP9 streams, the second in block additions."""
    options = {
        "auto-alt-ref": "0",  # alpha and hidden frames exclude each other
        "lag-in-frames": "0",
        "deadline": "good",
        "cpu-used": "4",
        "crf": "20",
        "b": "4M",
    }
    output = io.BytesIO()
    with open_output(output, "webm") as container:
        metadata = {"alpha_mode": "1"}
        encode_stream(
            container, _WEBM_CODECS[codec], "yuva420p", frames, fps=fps, options=options, metadata=metadata
        )
    return output.getvalue()


def encode_webp(frames: Iterable[Frames], *, fps: int) -> bytes:
    """Animated WebP that repeats for ever. Frames (H, W, 4)."""
    output = io.BytesIO()
    with open_output(output, "webp", loop="0") as container:
        options = {"quality": "85", "compression_level": "4"}
        encode_stream(container, "libwebp_anim", "bgra", frames, fps=fps, options=options)
    return output.getvalue()


def encode_gif(frames: Iterable[Frames], *, fps: int) -> bytes:
    """Animated GIF of (H, W, 4) frames, for ever, with one palette; alpha is all or nothing."""
    output = io.BytesIO()
    with open_output(output, "gif", loop="0") as container:
        stream: VideoStream | None = None
        for index, frame in enumerate(_with_palette(frames, fps)):
            if stream is None:
                stream = container.add_stream("gif", rate=fps)
                stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "pal8"
            frame.pts, frame.time_base = index, Fraction(1, fps)
            container.mux(stream.encode(frame))
        if stream is None:
            raise InvalidRequest("a video needs at least one frame")
        container.mux(stream.encode(None))
    return output.getvalue()


def _with_palette(frames: Iterable[Frames], fps: int) -> Iterator[VideoFrame]:
    graph: Graph | None = None
    for index, array in enumerate(frames):
        frame = VideoFrame.from_ndarray(array, format="rgba")
        frame.pts, frame.time_base = index, Fraction(1, fps)
        if graph is None:
            graph = _palette_graph(frame.width, frame.height, fps)
        graph.vpush(frame)
    if graph is None:
        return
    graph.vpush(None)
    while True:
        try:
            yield graph.vpull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return


def _palette_graph(width: int, height: int, fps: int) -> Graph:
    graph = Graph()
    source = graph.add_buffer(
        width=width, height=height, format=VideoFormat("rgba"), time_base=Fraction(1, fps)
    )
    split, sink = graph.add("split"), graph.add("buffersink")
    palette = graph.add("palettegen", "reserve_transparent=1")
    use = graph.add("paletteuse", "alpha_threshold=128:dither=sierra2_4a")
    source.link_to(split)
    split.link_to(palette, 0, 0)
    split.link_to(use, 1, 0)
    palette.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()
    return graph
