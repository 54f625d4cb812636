"""What a tagger says of each word of a prompt, and what the composer makes clips from."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from gateway.gate.words import Word
from shared.schemas import Mode


class Role(IntEnum):
    """What a word does in the plan."""

    #: Says what is seen in its clip.
    CONTENT = 0
    #: Joins clips ("then", "while", "2.") and is left out of them.
    LINK = 1
    #: Where or when; also holds for clips that name no place of their own.
    PLACE = 2
    #: How it looks or is filmed; holds for every clip.
    STYLE = 3
    #: A predicate that several subjects have in common ("a cat and a dog *sleep*").
    SHARED = 4


class Start(IntEnum):
    """Whether a clip begins at a word, and how it relates to the one before."""

    NONE = 0
    #: Happens after it.
    STAGE = 1
    #: Happens at the same time.
    CLIP = 2
    #: Happens before it, though told later ("eats after washing", "before leaving, she waves").
    EARLIER = 3


class Phrase(IntEnum):
    """Noun phrases, for ellipsis and pronouns: the subject of a clip, or another."""

    NONE = 0
    SUBJECT = 1
    SUBJECT_INSIDE = 2
    OTHER = 3
    OTHER_INSIDE = 4


@dataclass(frozen=True, slots=True)
class Tag:
    role: Role = Role.CONTENT
    start: Start = Start.NONE
    phrase: Phrase = Phrase.NONE


@dataclass(frozen=True, slots=True)
class Tagging:
    """One tag per word and the tagger's probability that the plan's shape is right."""

    words: tuple[Word, ...]
    tags: tuple[Tag, ...]
    confidence: float


class Tagger(Protocol):
    """Turns a prompt into tags; `mode` forces the shape."""

    name: str

    def tag(self, prompt: str, *, mode: Mode | None = None) -> Tagging: ...
