"""What a word can be: its readings as noun, verb, adjective or adverb, from WordNet 3.0, and its synonyms."""

import functools
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gateway.gate.words import word_set

Kind = Literal["n", "v", "a", "r"]
#: Nouns are singular or plural; verbs finite (present, or past that differs from the participle), gerunds or
#: participles, which are what a regular past looks like; all else is plain.
Form = Literal["singular", "plural", "finite", "gerund", "participle", "plain"]

_FOLDER = Path(__file__).parent
_KINDS: tuple[Kind, ...] = ("n", "v", "a", "r")
_VOWELS = frozenset("aeiou")
#: Pasts that are no participles.
_PASTS = word_set(
    """ran came became ate rode wrote swam sang drew flew threw took drove fell gave grew knew saw went began
    broke chose sprang drank rang rose sank shook spoke stole swore tore wore woke froze forgot blew hid
    bit"""
)
#: Participles that look like the present.
_UNCHANGED = word_set("cut hit put shut set hurt split spread let burst cast")


@dataclass(frozen=True, slots=True)
class Entry:
    counts: tuple[int, int, int, int]
    animate: bool
    irregular: tuple[tuple[Kind, str], ...]

    def count(self, kind: Kind) -> int:
        """How often it is so used; -1: never."""
        return self.counts[_KINDS.index(kind)]


@dataclass(frozen=True, slots=True)
class Reading:
    kind: Kind
    lemma: str
    form: Form


@functools.cache
def _lexicon() -> dict[str, Entry]:
    rows = gzip.decompress((_FOLDER / "lexicon.txt.gz").read_bytes()).decode().splitlines()
    return {fields[0]: _entry(fields[1:]) for fields in (row.split(" ") for row in rows)}


def _entry(fields: list[str]) -> Entry:
    numbers = [-1 if field == "-" else int(field) for field in fields[:4]]
    irregular = [field.split(":") for field in fields[4:] if ":" in field]
    return Entry(
        (numbers[0], numbers[1], numbers[2], numbers[3]),
        bool({"p", "a"}.intersection(fields[4:])),
        tuple(("n" if kind == "n" else "v", lemma) for kind, lemma in irregular),
    )


@functools.cache
def _groups() -> dict[tuple[str, str], str]:
    """(kind, word) → the first word of its group."""
    rows = [line.split() for line in (_FOLDER / "synonyms.txt").read_text().splitlines() if line[0] != "#"]
    return {(kind, word): words[0] for kind, *words in rows for word in words}


def representative(kind: Kind, lemma: str) -> str:
    """The same word for all synonyms."""
    return _groups().get((kind, lemma), lemma)


def is_animate(lemma: str) -> bool:
    entry = _lexicon().get(lemma)
    return entry is not None and entry.animate


def count(word: str, kind: Kind) -> int:
    """How often it is so used in tagged texts; -1: never, and it has no synonyms so used."""
    entry = _lexicon().get(word)
    known = 0 if (kind, word) in _groups() else -1
    return known if entry is None else max(known, entry.count(kind))


@functools.lru_cache(maxsize=16384)
def readings(word: str) -> tuple[Reading, ...]:
    """All that the lower-case word can be, by WordNet's lists and rules of detachment (Morphy)."""
    return tuple(dict.fromkeys([*_plain(word), *_irregular(word), *_regular(word)]))


def _plain(word: str) -> Iterator[Reading]:
    if count(word, "n") >= 0:
        yield Reading("n", word, "singular")
    if count(word, "v") >= 0:
        yield Reading("v", word, "participle" if word in _UNCHANGED else "finite")
    if count(word, "a") >= 0:
        yield Reading("a", word, "plain")
    if count(word, "r") >= 0:
        yield Reading("r", word, "plain")


def _irregular(word: str) -> Iterator[Reading]:
    entry = _lexicon().get(word)
    for kind, lemma in entry.irregular if entry else ():
        if kind == "n":
            yield Reading("n", lemma, "plural")
        elif word.endswith("ing"):
            yield Reading("v", lemma, "gerund")
        elif word.endswith("s"):
            yield Reading("v", lemma, "finite")
        else:
            yield Reading("v", lemma, "finite" if word in _PASTS else "participle")


def _regular(word: str) -> Iterator[Reading]:
    for ending, stems in (("s", ("",)), ("es", ("", "e")), ("ies", ("y",)), ("men", ("man",))):
        for lemma in _stems(word, ending, stems):
            if count(lemma, "n") >= 0 and not word.endswith("ss"):
                yield Reading("n", lemma, "plural")
            if count(lemma, "v") >= 0 and not word.endswith("ss") and ending != "men":
                yield Reading("v", lemma, "finite")
    for ending, form in (("ing", "gerund"), ("ed", "participle")):
        for lemma in (*_stems(word, ending, ("", "e")), *_undoubled(word, ending)):
            if count(lemma, "v") >= 0:
                yield Reading("v", lemma, "gerund" if form == "gerund" else "participle")
    for lemma in _stems(word, "ied", ("y",)):
        if count(lemma, "v") >= 0:
            yield Reading("v", lemma, "participle")


def _stems(word: str, ending: str, replacements: tuple[str, ...]) -> tuple[str, ...]:
    if not word.endswith(ending) or len(word) - len(ending) < 2:
        return ()
    return tuple(word[: -len(ending)] + replacement for replacement in replacements)


def _undoubled(word: str, ending: str) -> tuple[str, ...]:
    stem = word.removesuffix(ending)
    doubled = stem != word and len(stem) > 2 and stem[-1] == stem[-2] and stem[-1] not in _VOWELS
    return (stem[:-1],) if doubled else ()
