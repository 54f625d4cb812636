"""Where clips begin, decided jointly with the mode: likely cuts and a likely mode may exclude each other."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gateway.gate.minilm import Array
from gateway.gate.tags import Start
from shared.schemas import Mode

MODES: tuple[Mode, ...] = ("single", "temporal", "spatial", "hybrid")
_LATER = (Start.STAGE, Start.EARLIER)
#: Which cuts a mode may have, and of which kinds it needs one at least.
_ALLOWED: dict[Mode, tuple[Start, ...]] = {
    "single": (),
    "temporal": _LATER,
    "spatial": (Start.CLIP,),
    "hybrid": (*_LATER, Start.CLIP),
}
_NEEDED: dict[Mode, tuple[tuple[Start, ...], ...]] = {
    "single": (),
    "temporal": (_LATER,),
    "spatial": ((Start.CLIP,),),
    "hybrid": (_LATER, (Start.CLIP,)),
}
#: A mode that the caller forces gets a cut if the best one has this probability at least.
_LEAST_FORCED = math.log(0.02)


@dataclass(frozen=True, slots=True)
class Scores:
    """Log probabilities: (words, classes) of the tags, (modes,) of the mode in the order of `MODES`."""

    role: Array
    start: Array
    phrase: Array
    mode: Array


@dataclass(frozen=True, slots=True)
class _Candidate:
    starts: tuple[Start, ...]
    score: float


def decode(scores: Scores, forced: Mode | None = None) -> tuple[tuple[Start, ...], float]:
    """The starts of the best mode and its probability among the modes; `forced` leaves no choice."""
    start = scores.start.copy()
    start[0] = [0.0, -np.inf, -np.inf, -np.inf]  # the first word begins the first clip, always
    candidates = {mode: _best(start, mode) for mode in MODES}
    totals = {
        mode: candidate.score + float(scores.mode[index])
        for index, (mode, candidate) in enumerate(candidates.items())
        if candidate is not None
    }
    if forced is not None:
        return _forced(candidates, start, forced), 1.0
    best = max(totals, key=totals.__getitem__)
    chosen = candidates[best]
    assert chosen is not None
    odds = sum(math.exp(total - totals[best]) for total in totals.values())
    return chosen.starts, 1.0 / odds


def _best(start: Array, mode: Mode) -> _Candidate | None:
    """The likeliest cuts of the mode: freely chosen, then the cheapest ones it needs and does not have."""
    allowed = (Start.NONE, *_ALLOWED[mode])
    limited = start[:, list(allowed)]
    choice = [allowed[index] for index in limited.argmax(-1)]
    for needed in _NEEDED[mode]:
        if not _force(choice, start, needed):
            return None
    score = float(sum(start[index, chosen] for index, chosen in enumerate(choice)))
    return _Candidate(tuple(choice), score) if math.isfinite(score) else None


def _force(choice: list[Start], start: Array, needed: Sequence[Start]) -> bool:
    """Give `choice` a cut of the needed kinds where it costs least; False if there is no place for one."""
    if any(chosen in needed for chosen in choice):
        return True
    current = start[np.arange(len(choice)), choice]
    costs = start[:, list(needed)] - current[:, None]
    if len(choice) < 2 or not np.isfinite(costs).any():
        return False
    index, kind = np.unravel_index(int(np.argmax(costs)), costs.shape)
    choice[int(index)] = needed[int(kind)]
    return True


def _forced(candidates: dict[Mode, _Candidate | None], start: Array, forced: Mode) -> tuple[Start, ...]:
    """The likeliest cuts of any kind, for the composer to bend; failing those, the mode's own best one."""
    uncut = (Start.NONE,) * len(start)
    free = tuple(Start(int(index)) for index in start.argmax(-1))
    if forced == "single" or any(chosen is not Start.NONE for chosen in free):
        return uncut if forced == "single" else free
    own = candidates[forced]
    return own.starts if own and own.score >= _LEAST_FORCED else uncut
