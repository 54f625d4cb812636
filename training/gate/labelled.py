"""Labelled text: pieces of a prompt that know what each of their words does."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gateway.gate.tags import Phrase, Role, Start, Tag
from gateway.gate.words import Word, join_words, split_words


@dataclass(frozen=True)
class Piece:
    """Words and their tags. Pieces are joined with `+`."""

    words: tuple[Word, ...] = ()
    tags: tuple[Tag, ...] = ()

    def __add__(self, other: "Piece") -> "Piece":
        return Piece(self.words + other.words, self.tags + other.tags)

    def __bool__(self) -> bool:
        return bool(self.words)

    def starting(self, start: Start) -> "Piece":
        """The same, as the beginning of a clip."""
        first = replace(self.tags[0], start=start)
        return Piece(self.words, (first, *self.tags[1:]))

    def as_role(self, role: Role) -> "Piece":
        return Piece(self.words, tuple(replace(tag, role=role) for tag in self.tags))

    def unphrased(self) -> "Piece":
        return Piece(self.words, tuple(replace(tag, phrase=Phrase.NONE) for tag in self.tags))

    @property
    def text(self) -> str:
        return join_words(self.words)


def piece(text: str, role: Role = Role.CONTENT) -> Piece:
    """Plain text in one role; `[…]` marks a noun phrase."""
    result = Piece()
    for index, part in enumerate(text.replace("]", "[").split("[")):
        made = _flat(part, role)
        result += phrase(made, Phrase.OTHER) if index % 2 and made else made
    return result


def _flat(text: str, role: Role) -> Piece:
    words = split_words(text)
    spaced = tuple(
        replace(word, spaced=True) if index == 0 and not word.is_punctuation else word
        for index, word in enumerate(words)
    )
    return Piece(spaced, tuple(Tag(role) for _ in words))


def phrase(noun_phrase: Piece, kind: Phrase) -> Piece:
    """The piece as one noun phrase: a subject or another."""
    inside = Phrase.SUBJECT_INSIDE if kind is Phrase.SUBJECT else Phrase.OTHER_INSIDE
    tags = tuple(replace(tag, phrase=inside if index else kind) for index, tag in enumerate(noun_phrase.tags))
    return Piece(noun_phrase.words, tags)


def link(text: str) -> Piece:
    return piece(text, Role.LINK)


def place(text: str) -> Piece:
    return piece(text, Role.PLACE)


def style(text: str) -> Piece:
    return piece(text, Role.STYLE)


def shared(made: Piece) -> Piece:
    return made.as_role(Role.SHARED)


def joined(pieces: Iterable[Piece]) -> Piece:
    result = Piece()
    for part in pieces:
        result += part
    return result
