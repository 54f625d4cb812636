"""A prompt as words with their places, and words as a prompt again."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

#: A word with inner apostrophes, hyphens, dots or slashes (`dog's`, `close-up`, `4.5`, a URL), or one sign.
_WORD = re.compile(r"https?://\S+|\w+(?:['’.\-/&]\w+)*|[^\w\s]")
_OPENING = frozenset("([{“‘#@$")
_CLOSING = frozenset(")]}”’,.;:!?%…")


@dataclass(frozen=True, slots=True)
class Word:
    """One word or sign of the prompt, and whether white space stands before it."""

    text: str
    spaced: bool = True

    @property
    def lower(self) -> str:
        return self.text.lower()

    @property
    def is_sign(self) -> bool:
        """True for punctuation and other lone signs; emoji count as signs that are kept."""
        return len(self.text) == 1 and not self.text.isalnum()

    @property
    def is_punctuation(self) -> bool:
        return (
            self.text in _CLOSING
            or self.text in _OPENING
            or self.text in {'"', "'", "-", "–", "—", "|", "*", "/"}
        )


def split_words(text: str) -> tuple[Word, ...]:
    """Words and signs in order; joined again they give the text back, white space normalised."""
    return tuple(
        Word(match.group(), spaced=match.start() == 0 or text[match.start() - 1].isspace())
        for match in _WORD.finditer(text)
    )


def join_words(words: Iterable[Word]) -> str:
    """The text of words that need not have stood beside each other in the prompt."""
    text = ""
    for word in words:
        glued = (
            not text or (word.is_sign and word.text in _CLOSING) or text[-1] in _OPENING or not word.spaced
        )
        text += word.text if glued else f" {word.text}"
    return text.strip()


def to_words(text: str) -> list[Word]:
    """Words made by us (an antecedent, a carried place), as if they had stood in the prompt."""
    words = list(split_words(text))
    return [Word(words[0].text), *words[1:]] if words else []


def strip_punctuation(words: list[Word]) -> list[Word]:
    """Without the commas, stops, dashes and conjunctions that a cut leaves at either end."""
    start, end = 0, len(words)
    while start < end and _is_loose(words[start], opening=False):
        start += 1
    while end > start and _is_loose(words[end - 1], opening=True):
        end -= 1
    return words[start:end]


def _is_loose(word: Word, *, opening: bool) -> bool:
    """A closing sign has nothing to close at the start, nor an opening one anything to open at the end."""
    if not word.is_punctuation:
        return False
    if word.text in {'"', "'"}:
        return False
    return opening or word.text not in _OPENING


def word_set(text: str) -> frozenset[str]:
    """A closed list of words, as it is best read and edited."""
    return frozenset(text.split())


#: Words that lose their capital when a clip begins with them; names keep theirs.
_CAPITAL_ONLY_AT_START = word_set(
    """a an the two three four five several some one another many his her its their this these that those
    both she he it they we someone everyone everybody in on at under over near inside outside behind
    beside young old little"""
)


def uncapitalised(text: str) -> str:
    """The text as it stands within a sentence, if it begins with an article or the like."""
    first, space, rest = text.partition(" ")
    return first.lower() + space + rest if first.lower() in _CAPITAL_ONLY_AT_START else text
