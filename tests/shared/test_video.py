"""The video codec, on decoded pixels, and on files that were damaged or made to harm."""

import struct
import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.errors import CorruptSubvideo, InvalidRequest, PayloadTooLarge
from shared.video import (
    DecodeLimits,
    Frames,
    concat_mp4,
    decode,
    encode_lossless,
    encode_mp4,
    frames_at,
    make_ref,
    probe,
    segment,
    signature,
)
from shared.video.container import BoundedReader

COLOURS = ((220, 30, 40), (20, 200, 60), (30, 60, 230), (240, 230, 20), (128, 128, 128))


def moving_square(frames: int, colour: tuple[int, int, int] = COLOURS[0], *, width: int = 96) -> Frames:
    video = np.full((frames, 64, width, 3), 90, np.uint8)
    for index in range(frames):
        video[index, 16:40, 8 + index % 16 * 2 : 40 + index % 16 * 2] = colour
    return video


def noise_with_alpha(frames: int = 5) -> Frames:
    return np.random.default_rng(0).integers(0, 256, (frames, 48, 64, 4), dtype=np.uint8)


@pytest.mark.parametrize("colour", COLOURS)
def test_mp4_keeps_colours_and_counts(colour: tuple[int, int, int]) -> None:
    video = moving_square(11, colour)
    decoded, info = decode(encode_mp4(video, fps=8))
    assert (info.width, info.height, info.fps, info.frames, info.codec) == (96, 64, 8.0, 11, "h264")
    assert info.seconds == pytest.approx(11 / 8)
    inside = decoded[0, 20:36, 14:34].astype(int)
    assert np.abs(inside.mean(axis=(0, 1)) - np.array(colour)).max() <= 2


def test_lossless_is_lossless_with_alpha() -> None:
    video = noise_with_alpha()
    decoded, info = decode(encode_lossless(video, fps=7))
    assert np.array_equal(decoded, video)
    assert (info.codec, info.has_alpha, info.fps) == ("ffv1", True, 7.0)


def test_equal_frames_are_equal_bytes() -> None:
    video = moving_square(9)
    assert encode_mp4(video, fps=8) == encode_mp4(iter(video), fps=8)
    assert encode_lossless(noise_with_alpha(), fps=8) == encode_lossless(noise_with_alpha(), fps=8)


def test_the_index_is_in_front_and_the_first_frame_is_a_key_frame() -> None:
    data = encode_mp4(moving_square(20), fps=8)
    assert 0 < data.find(b"moov") < data.find(b"mdat")
    joined = concat_mp4([data, data])
    assert 0 < joined.find(b"moov") < joined.find(b"mdat")


def test_joining_keeps_every_frame_of_every_part() -> None:
    parts = [
        encode_mp4(moving_square(count, colour), fps=8)
        for count, colour in zip((16, 9, 1), COLOURS, strict=False)
    ]
    joined, info = decode(concat_mp4(parts))
    assert info.frames == 26
    assert info.seconds == pytest.approx(26 / 8)
    assert np.array_equal(joined, np.concatenate([decode(part)[0] for part in parts]))


def test_odd_sides_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="65x64"):
        encode_mp4(moving_square(1, width=96)[:, :, :65], fps=8)


def test_parts_that_differ_do_not_join() -> None:
    part = encode_mp4(moving_square(4), fps=8)
    for other in (
        encode_mp4(moving_square(4), fps=9),
        encode_mp4(moving_square(4, width=104), fps=8),
        encode_lossless(noise_with_alpha(), fps=8),
    ):
        assert signature(part) != signature(other)
        with pytest.raises(InvalidRequest, match="of one size"):
            concat_mp4([part, other])
    assert signature(part) == signature(encode_mp4(moving_square(7, COLOURS[2]), fps=8))
    with pytest.raises(InvalidRequest):
        concat_mp4([])


def test_segments_after_one_init_are_the_whole_video() -> None:
    first, second = (encode_mp4(moving_square(count, COLOURS[count % 5]), fps=8) for count in (16, 7))
    init, media = segment(first, start_frame=0, sequence=0)
    other_init, other_media = segment(second, start_frame=16, sequence=1)
    assert init == other_init
    assert media[4:8] in {b"styp", b"moof"}
    decoded, info = decode(init + media + other_media)
    assert info.frames == 23
    assert np.array_equal(decoded, np.concatenate([decode(first)[0], decode(second)[0]]))


def test_a_segment_says_when_it_starts() -> None:
    _, media = segment(encode_mp4(moving_square(8), fps=8), start_frame=16, sequence=3)
    tfdt, mfhd = media.find(b"tfdt"), media.find(b"mfhd")
    (ticks,) = struct.unpack(">Q", media[tfdt + 8 : tfdt + 16])
    (number,) = struct.unpack(">I", media[mfhd + 8 : mfhd + 12])
    assert (ticks, number) == (16 * 512, 4)


@pytest.mark.parametrize(
    ("limits", "what"),
    [
        (DecodeLimits(pixels=96 * 64 - 1), "pixels"),
        (DecodeLimits(frames=15), "frames"),
        (DecodeLimits(seconds=1.9), "plays for"),
        (DecodeLimits(size_bytes=100), "bytes"),
        (DecodeLimits(decoded_bytes=96 * 64 * 3 * 16 - 1), "decoded"),
    ],
)
def test_limits_refuse_what_is_over_them(limits: DecodeLimits, what: str) -> None:
    with pytest.raises(PayloadTooLarge, match=what):
        decode(encode_mp4(moving_square(16), fps=8), limits=limits)


def test_a_spent_deadline_ends_the_decode() -> None:
    with pytest.raises(CorruptSubvideo, match="too long"):
        decode(encode_mp4(moving_square(16), fps=8), limits=DecodeLimits(time_s=0))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 4096,
        b"#EXTM3U\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile '/etc/passwd'\n",
        b"GIF89a",
    ],
)
def test_other_formats_are_not_even_opened(data: bytes) -> None:
    with pytest.raises(CorruptSubvideo, match="not an MP4 or Matroska"):
        probe(data)


@pytest.mark.parametrize("keep", [0.05, 0.3, 0.6, 0.9])
@pytest.mark.parametrize(
    "make", [lambda: encode_mp4(moving_square(16), fps=8), lambda: encode_lossless(noise_with_alpha(), fps=8)]
)
def test_what_is_cut_short_is_corrupt(make: Callable[[], bytes], keep: float) -> None:
    data = make()
    with pytest.raises(CorruptSubvideo):
        decode(data[: int(len(data) * keep)])


def test_a_cut_packet_is_found_without_decoding() -> None:
    data = encode_mp4(moving_square(16), fps=8)
    for work in (probe, lambda cut: concat_mp4([cut]), lambda cut: segment(cut, start_frame=0, sequence=0)):
        with pytest.raises(CorruptSubvideo):
            work(data[:-3])


def test_reading_over_and_over_ends() -> None:
    reader = BoundedReader(b"x" * 1000, deadline=time.monotonic() + 60)
    with pytest.raises(CorruptSubvideo, match="too long"):
        while True:
            reader.seek(0)
            reader.read()
    with pytest.raises(CorruptSubvideo, match="too long"):
        BoundedReader(b"x", deadline=0).read()


def test_a_small_file_of_a_huge_picture_is_refused() -> None:
    data = encode_mp4(np.zeros((1, 2304, 2304, 3), np.uint8), fps=1)
    assert len(data) < 20_000
    with pytest.raises(PayloadTooLarge, match="2304x2304"):
        probe(data)


SAMPLES = (
    encode_mp4(moving_square(6), fps=8),
    encode_lossless(noise_with_alpha(2), fps=8),
    b"".join(segment(encode_mp4(moving_square(6), fps=8), start_frame=0, sequence=0)),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    sample=st.sampled_from(SAMPLES),
    edits=st.lists(st.tuples(st.integers(0, 10**6), st.binary(max_size=6)), max_size=8),
    cut=st.integers(0, 2**16),
)
def test_damage_ends_in_frames_or_in_an_error_of_ours(
    sample: bytes, edits: list[tuple[int, bytes]], cut: int
) -> None:
    damaged = bytearray(sample)
    for place, replacement in edits:
        start = place % len(damaged)
        damaged[start : start + len(replacement)] = replacement
    whole = bytes(damaged[: len(damaged) - cut % len(damaged)])
    for work in (
        decode,
        lambda data: concat_mp4([data, data]),
        lambda data: segment(data, start_frame=0, sequence=0),
    ):
        try:
            work(whole)
        except (CorruptSubvideo, InvalidRequest):
            continue


def test_single_frames_are_found_without_decoding_the_rest() -> None:
    data = encode_mp4(moving_square(30), fps=8)
    whole, _ = decode(data)
    wanted = [0, 7, 8, 23, 29, 3]
    assert np.array_equal(frames_at(data, wanted), whole[wanted])
    with pytest.raises(InvalidRequest):
        frames_at(data, [30])


def test_a_reference_describes_its_bytes() -> None:
    data = encode_mp4(moving_square(16), fps=8)
    ref = make_ref("0" * 64, data, "video/mp4", probe(data), notes={"made": "here"})
    assert (ref.width, ref.height, ref.frames, ref.fps, ref.seconds) == (96, 64, 16, 8.0, 2.0)
    assert ref.size_bytes == len(data)
    assert ref.notes == {"made": "here"}
