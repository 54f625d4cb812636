"""Joining and cutting H.264 without decoding it: packets move, pixels don't."""

import io
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from fractions import Fraction

from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from shared.errors import CorruptSubvideo, InvalidRequest
from shared.video.container import DecodeLimits, frame_rate, open_video
from shared.video.encoding import TICKS_PER_FRAME, open_output

#: Fragments carry their own offsets and start at the time their packets say.
FRAGMENTED = "empty_moov+default_base_moof+frag_custom+frag_discont+skip_trailer"


def signature(data: bytes, *, limits: DecodeLimits | None = None) -> tuple[object, ...]:
    """What parts must have in common to be joined: codec, size, rate, pixel format and parameter sets."""
    with open_video(data, limits or DecodeLimits()) as (_, stream):
        return _describe(stream)


def concat_mp4(parts: Sequence[bytes], *, limits: DecodeLimits | None = None) -> bytes:
    """The parts in order as one MP4 with the index in front; no frame is decoded or encoded.

    Raises InvalidRequest unless all parts are H.264 with the same size, rate and parameter sets.
    """
    if not parts:
        raise InvalidRequest("nothing to join")
    limits = limits or DecodeLimits()
    output, signatures, start = io.BytesIO(), set(), 0
    with ExitStack() as stack:
        container: OutputContainer | None = None
        for part in parts:
            with open_video(part, limits) as (source, stream):
                signatures.add(_describe(stream))
                if len(signatures) > 1 or stream.codec_context.name != "h264":
                    raise InvalidRequest("the parts are not H.264 of one size, rate and parameter set")
                if container is None:
                    timescale = _timescale(stream)
                    container = stack.enter_context(
                        open_output(output, "mp4", movflags="faststart", timescale=timescale)
                    )
                    target = container.add_stream_from_template(stream)
                start = _copy(source, stream, container, target, start=start)
    return output.getvalue()


def key_frames(data: bytes, *, limits: DecodeLimits | None = None) -> tuple[int, ...]:
    """The numbers of the frames at which decoding can start."""
    with open_video(data, limits or DecodeLimits()) as (source, stream):
        packets = enumerate(_packets(source, stream))
        return tuple(number for number, packet in packets if packet.is_keyframe)


def cut_mp4(data: bytes, *, start: int, stop: int, limits: DecodeLimits | None = None) -> bytes:
    """Frames `start` to `stop`, the latter outside, as an MP4 that joins with others; no frame is encoded.

    `start` must be a key frame.
    """
    output = io.BytesIO()
    with (
        open_video(data, limits or DecodeLimits()) as (source, stream),
        open_output(output, "mp4", movflags="faststart", timescale=_timescale(stream)) as container,
    ):
        target = container.add_stream_from_template(stream)
        count = 0
        for number, packet in enumerate(_packets(source, stream)):
            if number == start and not packet.is_keyframe:
                raise InvalidRequest(f"frame {start} is not a key frame")
            if start <= number < stop:
                _mux(container, target, packet, number - start, frame_rate(stream))
                count += 1
    if not count or count != stop - start:
        raise InvalidRequest(f"there are no frames {start} to {stop}")
    return output.getvalue()


def segment(
    data: bytes, *, start_frame: int, sequence: int, limits: DecodeLimits | None = None
) -> tuple[bytes, bytes]:
    """(initialisation, media segment) of a fragmented MP4 whose first frame is number `start_frame`.

    Parts that `concat_mp4` joins have byte-equal initialisations. `sequence` counts segments from 0.
    """
    output = io.BytesIO()
    with open_video(data, limits or DecodeLimits()) as (source, stream):
        if stream.codec_context.name != "h264":
            raise InvalidRequest("only H.264 is streamed")
        options = {
            "fragment_index": str(sequence + 1),
            "use_editlist": "0",
            "avoid_negative_ts": "disabled",
            # The bit rate would make every part's initialisation another one.
            "write_btrt": "0",
        }
        with open_output(
            output, "mp4", movflags=FRAGMENTED, timescale=_timescale(stream), **options
        ) as container:
            target = container.add_stream_from_template(stream)
            _copy(source, stream, container, target, start=start_frame)
    fragmented = output.getvalue()
    cut = _offset_of_first_fragment(fragmented)
    return fragmented[:cut], fragmented[cut:]


def _describe(stream: VideoStream) -> tuple[object, ...]:
    context, rate = stream.codec_context, frame_rate(stream)
    return (context.name, context.width, context.height, rate, context.pix_fmt, context.extradata)


def _timescale(stream: VideoStream) -> int:
    return int(frame_rate(stream).numerator * TICKS_PER_FRAME)


def _copy(
    source: InputContainer,
    stream: VideoStream,
    container: OutputContainer,
    target: VideoStream,
    *,
    start: int,
) -> int:
    """Mux all packets of `stream`, the first at frame `start`; the frame after the last one."""
    rate, count = frame_rate(stream), 0
    for packet in _packets(source, stream):
        _mux(container, target, packet, start + count, rate)
        count += 1
    if count != stream.frames:
        raise CorruptSubvideo(f"holds {count} of its {stream.frames} frames")
    return start + count


def _mux(
    container: OutputContainer,
    target: VideoStream,
    packet: "Packet[VideoStream]",
    number: int,
    rate: Fraction,
) -> None:
    """Write a packet as frame `number` of its track."""
    packet.time_base = Fraction(1, rate.numerator * TICKS_PER_FRAME)
    ticks = TICKS_PER_FRAME * rate.denominator
    packet.pts = packet.dts = number * ticks
    packet.duration = ticks
    packet.stream = target
    container.mux_one(packet)


def _packets(source: InputContainer, stream: VideoStream) -> "Iterator[Packet[VideoStream]]":
    first = True
    for packet in source.demux(stream):
        if packet.size == 0:
            continue
        if packet.is_corrupt:
            raise CorruptSubvideo("a packet is cut short")
        if packet.pts is None or packet.pts != packet.dts:
            raise InvalidRequest("the video has reordered frames; it must be encoded anew")
        if first and not packet.is_keyframe:
            raise InvalidRequest("the video does not start with a key frame")
        first = False
        yield packet


def _offset_of_first_fragment(data: bytes) -> int:
    offset = 0
    while offset + 8 <= len(data):
        size, kind = int.from_bytes(data[offset : offset + 4]), data[offset + 4 : offset + 8]
        if kind in {b"styp", b"sidx", b"moof"}:
            return offset
        offset += max(size, 8)
    raise CorruptSubvideo("no fragment was written")
