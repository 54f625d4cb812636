"""Clips in the making: the prompt cut at its tags, and what each cut says of itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from gateway.gate.tags import Phrase, Role, Start, Tag, Tagging
from gateway.gate.words import Word, join_words, word_set

_ADVERBS = word_set("just nearly almost then still even only again soon now like kinda basically")
#: Links that say nothing, wherever they stand.
_EMPTY = word_set("then next finally later afterwards first both now meanwhile also eventually lastly of")
_PREPOSITIONS = word_set(
    """in on at along through under near by across around over inside outside within among beneath above
    aboard between during beside behind after before throughout amid amidst off upon against past down
    up backstage"""
)
ARTICLES = frozenset({"a", "an", "the"})
_NO_NOUN_END = word_set("of with in on from at by and or the a an to for")
_FILLED = (Role.CONTENT, Role.SHARED, Role.PLACE)


@dataclass(frozen=True, slots=True)
class Token:
    word: Word
    tag: Tag

    @property
    def role(self) -> Role:
        return self.tag.role


@dataclass(frozen=True, slots=True)
class Span:
    """A noun phrase of a draft: tokens `start` to `end`, exclusive."""

    start: int
    end: int
    is_subject: bool


@dataclass
class Draft:
    """One clip on its way: its tokens without links, and the words it stood among."""

    start: Start
    #: All its words, links too, for what they say of regions.
    raw: str
    tokens: list[Token]
    #: The resolved subject, known once `resolve` has run.
    subject: tuple[Word, ...] = ()
    #: The subject as it was told: "her son", where the resolved one is "a mother's son".
    told_subject: tuple[Word, ...] = ()
    carried_place: str = ""
    notes: set[str] = field(default_factory=set)

    @property
    def spans(self) -> list[Span]:
        return list(_spans(self.tokens))

    @property
    def subject_span(self) -> Span | None:
        return next((span for span in self.spans if span.is_subject), None)

    @property
    def place(self) -> list[Token]:
        return [token for token in self.tokens if token.role is Role.PLACE]

    @property
    def is_bare(self) -> bool:
        """Only a subject, so that its predicate must stand elsewhere."""
        return all(
            token.tag.phrase in (Phrase.SUBJECT, Phrase.SUBJECT_INSIDE) or token.word.is_punctuation
            for token in self.tokens
            if token.role is not Role.PLACE
        )

    def words(self, span: Span) -> tuple[Word, ...]:
        return tuple(token.word for token in self.tokens[span.start : span.end])


def _spans(tokens: Sequence[Token]) -> Iterator[Span]:
    index = 0
    while index < len(tokens):
        kind = tokens[index].tag.phrase
        if kind is Phrase.NONE:
            index += 1
            continue
        inside = (
            Phrase.SUBJECT_INSIDE if kind in (Phrase.SUBJECT, Phrase.SUBJECT_INSIDE) else Phrase.OTHER_INSIDE
        )
        end = index + 1
        while end < len(tokens) and tokens[end].tag.phrase is inside:
            end += 1
        last = end
        while end - index > 1 and tokens[end - 1].word.lower in _NO_NOUN_END:
            end -= 1
        yield Span(index, end, is_subject=inside is Phrase.SUBJECT_INSIDE)
        index = last


_Cut = tuple[Start, list[Token]]


def cut(tagging: Tagging) -> list[Draft]:
    """The drafts in the order told. A cut that holds no word of content adds its words to no clip."""
    pieces: list[_Cut] = [(Start.NONE, [])]
    for word, tag in zip(tagging.words, tagging.tags, strict=True):
        if tag.start is not Start.NONE and _is_filled(pieces[-1][1]):
            pieces.append((tag.start, []))
        pieces[-1][1].append(Token(word, tag))
    pieces = _adverbs_joined(pieces)
    if len(pieces) > 1 and not _is_filled(pieces[-1][1]):
        pieces.pop()
    return [_draft(start, tokens) for start, tokens in pieces]


def _adverbs_joined(pieces: list[_Cut]) -> list[_Cut]:
    """A cut that holds only adverbs ("nearly", "just") is the beginning of the next one."""
    joined: list[_Cut] = []
    for start, tokens in pieces:
        if joined and _is_adverbial(joined[-1][1]):
            first, before = joined.pop()
            joined.append((first, before + tokens))
        else:
            joined.append((start, tokens))
    return joined


def _is_adverbial(tokens: Sequence[Token]) -> bool:
    said = [token.word.lower for token in tokens if token.role in _FILLED and not token.word.is_punctuation]
    return bool(said) and all(word in _ADVERBS or word.endswith("ly") for word in said)


def _is_filled(tokens: Sequence[Token]) -> bool:
    return any(
        token.role in (Role.CONTENT, Role.SHARED) and not token.word.is_punctuation for token in tokens
    )


def _draft(start: Start, tokens: list[Token]) -> Draft:
    raw = join_words(token.word for token in tokens if token.role is not Role.STYLE)
    kept = [token for token in _links_mended(tokens) if token.role in _FILLED]
    return Draft(start, raw, _shared_mended(_places_mended(kept)))


def _links_mended(tokens: list[Token]) -> list[Token]:
    """A link within a clip links nothing and is content: "sits for *a while* and waits"."""
    filled = [index for index, token in enumerate(tokens) if token.role in _FILLED]
    first, last = (filled[0], filled[-1]) if filled else (0, 0)
    return [
        Token(token.word, replace(token.tag, role=Role.CONTENT))
        if token.role is Role.LINK and first < index < last and token.word.lower not in _EMPTY
        else token
        for index, token in enumerate(tokens)
    ]


def _shared_mended(tokens: list[Token]) -> list[Token]:
    """A shared predicate is one run, from its verb or preposition to the end of what its clip says."""
    start = next((index for index, token in enumerate(tokens) if token.role is Role.SHARED), None)
    if start is None:
        return tokens
    while start and tokens[start - 1].word.lower in _PREPOSITIONS | ARTICLES:
        start -= 1
    return [
        Token(token.word, replace(token.tag, role=Role.SHARED))
        if index >= start and token.role is Role.CONTENT
        else token
        for index, token in enumerate(tokens)
    ]


def _places_mended(tokens: list[Token]) -> list[Token]:
    """A place is one run of words that begins with its preposition; other words tagged so are content."""
    places = [index for index, token in enumerate(tokens) if token.role is Role.PLACE]
    if not places:
        return tokens
    start = end = places[0]
    while end < len(tokens) and tokens[end].role is Role.PLACE:
        end += 1
    if start and tokens[start].word.lower not in _PREPOSITIONS:
        start -= tokens[start - 1].word.lower in _PREPOSITIONS
    is_place = tokens[start].word.lower in _PREPOSITIONS or start == 0
    return [
        Token(token.word, replace(token.tag, role=Role.PLACE))
        if is_place and start <= index < end
        else Token(token.word, replace(token.tag, role=Role.CONTENT))
        if token.role is Role.PLACE
        else token
        for index, token in enumerate(tokens)
    ]


def chains(drafts: Sequence[Draft]) -> list[list[Draft]]:
    """Drafts that happen at once, together, in the order told."""
    groups: list[list[Draft]] = []
    for draft in drafts:
        if draft.start is Start.CLIP and groups:
            groups[-1].append(draft)
        else:
            groups.append([draft])
    return groups
