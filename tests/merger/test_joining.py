"""Seams: only what they change is encoded again."""

import numpy as np
import pytest

from merger.joining import Seams, faded, matched, pieces, statistics
from shared.video import DecodeLimits, concat_mp4, decode, encode_mp4
from tests.merger.conftest import classroom


def parts(*lengths: int) -> list[bytes]:
    clips = [classroom(length) for length in lengths]
    return [encode_mp4(255 - clip if index % 2 else clip, fps=8) for index, clip in enumerate(clips)]


def joined(clips: list[bytes], seams: Seams) -> np.ndarray:
    made = pieces(clips, seams, fps=8, limits=DecodeLimits(), checkpoint=lambda: None)
    return decode(concat_mp4(list(made)))[0]


def test_without_options_the_parts_are_passed_on() -> None:
    clips = parts(9, 20)
    made = list(pieces(clips, Seams(), fps=8, limits=DecodeLimits(), checkpoint=lambda: None))
    assert made == clips


@pytest.mark.parametrize("lengths", [(32, 32), (20, 9, 30), (4, 5, 3), (1, 1), (16, 16, 16, 16)])
def test_a_crossfade_overlaps_the_parts_and_leaves_the_rest_alone(lengths: tuple[int, ...]) -> None:
    clips = parts(*lengths)
    video = joined(clips, Seams(crossfade=4))
    fade = min(4, *(length // 2 for length in lengths))
    assert len(video) == sum(lengths) - fade * (len(lengths) - 1)
    before, after = decode(clips[0])[0], decode(clips[1])[0]
    start = lengths[0] - fade
    if fade:
        middle = video[start : start + fade].astype(float)
        expected = faded(before[start:], after[:fade])
        assert np.abs(middle - expected).mean() < 4
    if lengths == (32, 32):
        assert np.array_equal(video[:24], before[:24]), "whole groups before the seam are copied"
        assert np.array_equal(video[36:], after[8:]), "whole groups after it too"


def test_a_held_end_repeats_the_last_frame() -> None:
    clips = parts(8)
    video = joined(clips, Seams(hold=5))
    whole = decode(clips[0])[0]
    assert np.array_equal(video[:8], whole)
    assert len(video) == 13
    assert np.abs(video[8:].astype(int) - whole[-1]).mean() < 2


def test_matched_colours_start_like_the_predecessor_and_return_to_their_own() -> None:
    clips = parts(16, 32)
    video = joined(clips, Seams(match=8))
    before, after = decode(clips[0])[0], decode(clips[1])[0]
    assert len(video) == 48
    assert np.abs(statistics(video[16])[0] - statistics(before[-1])[0]).max() < 6
    assert np.abs(statistics(after[0])[0] - statistics(before[-1])[0]).max() > 20
    assert np.array_equal(video[24:], after[8:])
    drift = [
        np.abs(statistics(video[16 + index])[0] - statistics(after[index])[0]).max() for index in (0, 3, 6)
    ]
    assert drift[0] > 1.4 * drift[1] > 2 * drift[2], "the predecessor's colours fade"


def test_matching_is_the_identity_at_no_share_and_for_equal_statistics() -> None:
    frame = classroom(1)[0]
    own = statistics(frame)
    assert np.array_equal(matched(frame, own, own + 5, 0), frame)
    assert np.abs(matched(frame, own, own, 1).astype(int) - frame).max() <= 1


async def test_the_reply_says_which_seams_were_made(client, put, store) -> None:
    for name, clip in zip("ab", parts(16, 16), strict=True):
        await put(name, clip)
    body = {"stages": ["a" * 64, "b" * 64], "width": 160, "height": 120, "fps": 8}
    body |= {"crossfade_s": 0.5, "hold_s": 1}
    reply = (await client.post("/v1/videos", json=body)).json()
    assert reply["video"]["notes"] == {
        "merge": "remuxed",
        "seams": "crossfades of 4 frames, end held for 8 frames",
    }
    assert reply["video"]["frames"] == 16 + 16 - 4 + 8
