"""A tagger of hand-written rules: no weights, no learning. The baseline for the trained one."""

import re
from collections.abc import Iterator, Sequence

from gateway.gate.tags import Phrase, Role, Start, Tag, Tagging
from gateway.gate.words import Word, split_words, word_set
from shared.schemas import Mode

_ARTICLES = word_set("a an the one another two three four five six several many some his her its their my")
_PRONOUNS = word_set("it he she they everyone everybody someone")
_PREPOSITIONS = word_set(
    """in on at under over near inside outside behind beside through across into onto from to with
    of by along around above below between among towards against for after before off out up down"""
)
_VERBS = word_set("is are was were has have can will gets starts begins does do")
_PLACE_NOUNS = word_set(
    """classroom park beach kitchen forest street room space office garden city garage desert
    library museum cafe restaurant bar hospital school station airport market field meadow mountain
    mountains lake river ocean sea sky snow rain night sunset sunrise dawn dusk morning afternoon
    evening stage stadium gym bedroom bathroom jungle cave castle village town house barn farm yard
    backyard square harbor harbour bridge island moon mars storm fog church temple workshop studio
    theater theatre zoo pool court playground hallway attic basement"""
)
_STYLE = re.compile(
    r"\b(?:(?:in|with) (?:the |a )?[\w ]{0,30}\bstyle(?: of [\w ]+)?|front view|side view|slow motion"
    r"|black and white"
    r"|\d?[48]k|cinematic[\w ]{0,20}|oil painting|watercolor[\w ]{0,12}|drone shot"
    r"|close-?up|photorealistic|anime)\b",
    re.I,
)

#: Words that join clips, longest first, and what they begin.
_LINKS: tuple[tuple[tuple[str, ...], Start], ...] = tuple(
    sorted(
        (
            (tuple(text.split()), start)
            for start, texts in {
                Start.STAGE: (
                    "then|and then|but then|, then|and finally|finally|after that|and after that|afterwards"
                    "|, followed by|followed by|before|later|next ,|and later|and eventually|eventually"
                ),
                Start.CLIP: (
                    "while|whereas|meanwhile|as a|as the|next to|beside|at the same time|on the left of"
                    "|on the right of|to the left of|to the right of|on the top of|on top of|on the bottom of"
                ),
            }.items()
            for text in texts.split("|")
        ),
        key=lambda link: -len(link[0]),
    )
)


class RulesTagger:
    """Cuts at connectives, at verbs after commas and between nouns joined by "and"."""

    name = "rules"

    def tag(self, prompt: str, *, mode: Mode | None = None) -> Tagging:
        words = split_words(prompt)
        roles = [Role.CONTENT] * len(words)
        starts = _starts(words, roles)
        _mark_style(prompt, words, roles)
        _mark_places(words, roles)
        phrases = _phrases(words, roles, starts)
        tags = tuple(Tag(*each) for each in zip(roles, starts, phrases, strict=True))
        return Tagging(words, tags, confidence=0.5)


def _starts(words: Sequence[Word], roles: list[Role]) -> list[Start]:
    lower = [word.lower for word in words]
    starts = [Start.NONE] * len(words)
    index = 0
    while index < len(words):
        length, start = _link_at(lower, index)
        if length:
            end = index + length - (lower[index + length - 1] in _ARTICLES)
            dropped = index if lower[end - 1] != "of" else end - 1  # "on the left" stays, its "of" goes
            roles[dropped:end] = [Role.LINK] * (end - dropped)
            if index and end < len(words):
                starts[end] = start
            index = end
        elif index and starts[index] is Start.NONE:
            starts[index] = _unlinked(lower, index, roles)
        index += 1
    return starts


def _link_at(lower: Sequence[str], index: int) -> tuple[int, Start]:
    for link, start in _LINKS:
        if tuple(lower[index : index + len(link)]) == link:
            return len(link), start
    return 0, Start.NONE


def _unlinked(lower: Sequence[str], index: int, roles: list[Role]) -> Start:
    """A verb after a comma and a new sentence are new events; "a … and a …" are two things."""
    before = lower[index - 1]
    if before in {".", ";", "!"}:
        return Start.STAGE
    third_person = lower[index].endswith("s") and not lower[index].endswith("ss") and len(lower[index]) > 3
    if before == "," and third_person:
        return Start.STAGE
    if before == "and" and index > 1 and lower[index - 2] == "," and third_person:
        roles[index - 1] = Role.LINK
        return Start.STAGE
    if before == "and" and lower[index] in _ARTICLES and not _has_verb(lower[: index - 1]):
        roles[index - 1] = Role.LINK
        return Start.CLIP
    return Start.NONE


def _has_verb(lower: Sequence[str]) -> bool:
    return any(word.endswith("ing") or word in _VERBS or word in _PREPOSITIONS for word in lower)


def _mark_style(prompt: str, words: Sequence[Word], roles: list[Role]) -> None:
    text = prompt.lower()
    places, position = [], 0
    for word in words:
        position = text.index(word.lower, position)
        places.append(position)
        position += len(word.text)
    for match in _STYLE.finditer(text):
        for index, place in enumerate(places):
            if match.start() <= place < match.end():
                roles[index] = Role.STYLE


def _mark_places(words: Sequence[Word], roles: list[Role]) -> None:
    """ "in a classroom": a preposition, at most three words, and a noun that is a place."""
    for index, word in enumerate(words):
        if word.lower not in {"in", "at", "on", "inside", "near"} or roles[index] is not Role.CONTENT:
            continue
        for end in range(index + 1, min(index + 5, len(words))):
            if words[end].is_sign or words[end].lower in _PREPOSITIONS:
                break
            if words[end].lower in _PLACE_NOUNS:
                roles[index : end + 1] = [Role.PLACE] * (end + 1 - index)
                break


def _phrases(words: Sequence[Word], roles: Sequence[Role], starts: Sequence[Start]) -> list[Phrase]:
    phrases = [Phrase.NONE] * len(words)
    for begin, end in _segments(starts):
        inside = [
            index for index in range(begin, end) if roles[index] is Role.CONTENT and not words[index].is_sign
        ]
        if not inside or words[inside[0]].lower not in _ARTICLES | _PRONOUNS:
            continue
        for position, index in enumerate(inside):
            word = words[index].lower
            if position and (_has_verb([word]) or (position > 1 and word.endswith("s"))):
                break
            phrases[index] = Phrase.SUBJECT_INSIDE if position else Phrase.SUBJECT
            if word in _PRONOUNS:
                break
    return phrases


def _segments(starts: Sequence[Start]) -> Iterator[tuple[int, int]]:
    begins = [0, *(index for index, start in enumerate(starts) if start is not Start.NONE)]
    yield from zip(begins, [*begins[1:], len(starts)], strict=True)
