"""Cuts and mode, decided together."""

import numpy as np
import pytest

from gateway.gate.decoding import MODES, Scores, decode
from gateway.gate.tags import Start


def scores(starts: list[list[float]], modes: list[float]) -> Scores:
    with np.errstate(divide="ignore"):
        start, mode = np.log(np.array(starts, np.float32)), np.log(np.array(modes, np.float32))
    nothing = np.zeros((len(starts), 5), np.float32)
    return Scores(nothing, start, nothing, mode)


CERTAIN = [1.0, 0.0, 0.0, 0.0]
SURE_CUT = [0.02, 0.96, 0.01, 0.01]
UNSURE = [0.45, 0.2, 0.34, 0.01]


def test_a_sure_cut_decides() -> None:
    starts, confidence = decode(scores([CERTAIN, CERTAIN, SURE_CUT], [0.25] * 4))
    assert starts == (Start.NONE, Start.NONE, Start.STAGE)
    assert confidence > 0.9


def test_the_mode_decides_where_the_cuts_do_not() -> None:
    told = [CERTAIN, CERTAIN, UNSURE]
    spatial = [0.01, 0.01, 0.97, 0.01]
    assert decode(scores(told, spatial))[0][2] is Start.CLIP
    single = [0.97, 0.01, 0.01, 0.01]
    assert decode(scores(told, single))[0][2] is Start.NONE


def test_doubt_is_told() -> None:
    _, confidence = decode(scores([CERTAIN, UNSURE], [0.4, 0.2, 0.39, 0.01]))
    assert 0.3 < confidence < 0.8


def test_the_first_word_begins_no_second_clip() -> None:
    starts, _ = decode(scores([[0.0, 1.0, 0.0, 0.0], CERTAIN], [0.25] * 4))
    assert starts == (Start.NONE, Start.NONE)


@pytest.mark.parametrize("mode", MODES)
def test_one_word_is_one_clip(mode: str) -> None:
    assert decode(scores([CERTAIN], [0.25] * 4), mode)[0] == (Start.NONE,)


def test_a_forced_mode_takes_a_possible_cut_and_no_impossible_one() -> None:
    hesitant = [0.9, 0.02, 0.07, 0.01]
    assert decode(scores([CERTAIN, hesitant], [0.97, 0.01, 0.01, 0.01]), "spatial")[0][1] is Start.CLIP
    assert decode(scores([CERTAIN, CERTAIN], [0.97, 0.01, 0.01, 0.01]), "spatial")[0][1] is Start.NONE
    assert decode(scores([CERTAIN, SURE_CUT], [0.25] * 4), "single")[0][1] is Start.NONE
