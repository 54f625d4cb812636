"""The questions of the evaluation: captions phrased as none in training is, with what they should show."""

from dataclasses import dataclass

import numpy as np

from .captions import article
from .scenes import SETTINGS
from .subjects import Subject, subjects

#: None of these frames a training caption.
PHRASINGS = (
    "{where}, there is {what}",
    "Here you see {what} {where}.",
    "{what} which is {where}",
    "Show {what} {where}",
)


@dataclass(frozen=True)
class Question:
    caption: str
    subject: str
    setting: str


def _named(subject: Subject, name: str) -> str:
    own = subject.article if subject.article is not None else article(name)
    return f"{own} {name}".strip()


def phrased(rng: np.random.Generator, subject: Subject, setting: str, *, name: str | None = None) -> Question:
    unseen = SETTINGS[setting].unseen
    where = unseen[int(rng.integers(len(unseen)))]
    frame = PHRASINGS[int(rng.integers(len(PHRASINGS)))]
    caption = frame.format(what=_named(subject, name or subject.name), where=where)
    return Question(caption[0].upper() + caption[1:], subject.name, setting)


def all_pairs(seed: int = 101) -> list[Question]:
    """Every subject in every setting, once, in an order of which any beginning is a fair sample."""
    rng = np.random.default_rng(seed)
    pairs = [(subject, setting) for subject in subjects().values() for setting in SETTINGS]
    return [phrased(rng, *pairs[int(i)]) for i in rng.permutation(len(pairs))]


def paraphrases(seed: int = 103) -> list[Question]:
    """Every name that training has never seen, in a setting each, in an order without meaning."""
    rng = np.random.default_rng(seed)
    settings = list(SETTINGS)
    names = [(subject, name) for subject in subjects().values() for name in subject.unseen]
    return [
        phrased(rng, subject, settings[int(rng.integers(len(settings)))], name=name)
        for subject, name in (names[int(i)] for i in rng.permutation(len(names)))
    ]
