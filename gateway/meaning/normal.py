"""The normal form of a prompt: what it shows, whatever way of saying it was chosen.

Left out is what shows nothing: articles, forms of "to be", "a video of". Undone are the passive, "a car that
is red" and phrases of place and time in front; adjectives of one noun, such phrases at the end and what "and"
joins at the start stand in alphabetical order. Nothing that names, counts, colours, directs or negates is
ever left out.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from gateway.meaning.classes import (
    ARTICLES,
    BE,
    CLOTHES,
    COLOURS,
    DEPICTIONS,
    DOINGS,
    FEMININE,
    FUNCTION_WORDS,
    INVARIANT,
    MASCULINE,
    OPEN_PLACES,
    PHRASES,
    PLACES,
    POSSESSIVES,
    PREPOSITIONS,
    RELATIVES,
    ROADS,
    SETTING_PREPOSITIONS,
    SETTINGS,
    SHADES,
    SPELLINGS,
    TIMES,
    YOUNG_PEOPLE,
)
from gateway.meaning.lexicon import Reading, count, is_animate, readings, representative

_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+(?:[.:]\d+)*|[^\s\w]|_")
_LEAD = re.compile(
    r"""^\W*(?:(?:please\s+)?(?:make|create|generate|show|render|produce)\s+(?:me\s+)?)?
    (?:(?:an?|the|this)\s+)?(?:short\s+|brief\s+)?
    (?:video\s+clip|video|clip|footage|scene)\s+
    (?:of|showing|that\s+shows|which\s+shows|shows|depicting|that\s+depicts|depicts|featuring|in\s+which|where)\s+
    |^\W*(?:here\s+)?(?:we\s+(?:can\s+)?see|you\s+can\s+see|there\s+(?:is|are)|there['’]s)\s+""",
    re.IGNORECASE | re.VERBOSE,
)
_SEEN = re.compile(
    r"\b(?:can\s+be|is|are)\s+(?:seen|shown|visible)\b(?!\s+by\b)|\bcurrently\b", re.IGNORECASE
)
_OWNS = "_"
_CONTRACTED = (
    (re.compile(r"\bcan['’]t\b", re.IGNORECASE), "can not"),
    (re.compile(r"\bcannot\b", re.IGNORECASE), "can not"),
    (re.compile(r"n['’]t\b", re.IGNORECASE), " not"),
    (re.compile(r"\b(there|he|she|it|who|that)['’]s\b", re.IGNORECASE), r"\1 is"),
    (re.compile(r"['’]re\b", re.IGNORECASE), " are"),
    (re.compile(r"(?<=\w)['’]s\b|(?<=s)['’](?=\s)", re.IGNORECASE), f" {_OWNS}"),
)
_LONGEST_PHRASE = max(map(len, PHRASES))


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a normal form: lower case, with what it can be where it stands."""

    text: str
    readings: tuple[Reading, ...] = ()
    #: Capitalised inside a sentence; matches nothing but itself.
    is_name: bool = False
    is_first: bool = False
    #: A form of "to be" stood before it.
    after_be: bool = False
    #: An article stood before it.
    after_article: bool = False
    #: May be missing in the other prompt.
    is_optional: bool = False

    @property
    def is_noun(self) -> bool:
        return self.is_name or self._most() in {"n", ""}

    @property
    def is_adjective(self) -> bool:
        return self.text in COLOURS or self._most() == "a"

    @property
    def is_nominal(self) -> bool:
        """Could stand within a noun phrase."""
        if self.text in FUNCTION_WORDS:
            return False
        kinds = {reading.kind for reading in self.readings}
        return self.is_name or (self.text.isalnum() and (not kinds or bool(kinds & {"n", "a"})))

    @property
    def key(self) -> str:
        """The same for synonyms, for putting things in order."""
        first = "a" if self.is_adjective else "n"
        best = max(
            self.readings, key=lambda reading: (reading.kind == first, *_weight(reading)), default=None
        )
        return self.text if best is None or self.is_name else representative(best.kind, best.lemma)

    @property
    def is_animate(self) -> bool:
        return any(reading.kind == "n" and is_animate(reading.lemma) for reading in self.readings)

    def _most(self) -> str:
        best = max(self.readings, key=_weight, default=None)
        return "" if best is None else best.kind


Tokens = list[Token]


def _weight(reading: Reading) -> tuple[int, bool]:
    plain = count(reading.lemma, reading.kind)
    return (plain, reading.kind == "n")


def normal_form(prompt: str) -> tuple[Token, ...]:
    """What the prompt shows, as words in an order of ours."""
    tokens = _tokens(prompt)
    for step in (
        _owned,
        _active,
        _attributive,
        _predicative,
        _trailing,
        _stripped,
        _worn,
        _sorted_adjectives,
        _sorted_settings,
    ):
        tokens = _read(step(tokens))
    return tuple(_sorted_pair(tokens))


def _tokens(prompt: str) -> Tokens:
    text = _SEEN.sub("", _LEAD.sub("", " ".join(prompt.split())))
    for pattern, replacement in _CONTRACTED:
        text = pattern.sub(replacement, text)
    words = _TOKEN.findall(text.replace("-", " ").rstrip(" .!"))
    titled = sum(word[0].isupper() for word in words if len(word) > 3) * 2 > len(
        [w for w in words if len(w) > 3]
    )
    start, tokens = True, []
    for word in words:
        is_name = word[0].isupper() and not start and not titled and word.lower() not in FUNCTION_WORDS
        tokens.append(Token(SPELLINGS.get(word.lower(), word.lower()), is_name=is_name, is_first=start))
        start = word in {".", "!", "?", '"', "“"}
    return _read(_joined(tokens))


def _joined(tokens: Tokens) -> Tokens:
    """Several words that are one become one."""
    joined: Tokens = []
    at = 0
    while at < len(tokens):
        for length in range(min(_LONGEST_PHRASE, len(tokens) - at), 0, -1):
            result = PHRASES.get(tuple(token.text for token in tokens[at : at + length]))
            if result:
                joined += [Token(text, is_first=tokens[at].is_first) for text in result]
                at += length
                break
        else:
            joined.append(tokens[at])
            at += 1
    return joined


def _read(tokens: Tokens) -> Tokens:
    """What each word can be behind the one before it."""
    return [
        token if token.readings or token.is_name else replace(token, readings=_possible(tokens, at))
        for at, token in enumerate(tokens)
    ]


def _possible(tokens: Sequence[Token], at: int) -> tuple[Reading, ...]:
    word, before = tokens[at].text, tokens[at - 1].text if at else ""
    if word in FUNCTION_WORDS:
        return (Reading("r", word, "plain"),)
    found = readings(word)
    if before in BE:  # what follows is no finite verb; "cut" and "hit" are participles here
        found = tuple(
            replace(reading, form="participle")
            if reading.form == "finite" and reading.lemma == word
            else reading
            for reading in found
            if reading.form != "finite" or reading.lemma == word
        )
    elif before in ARTICLES or before in POSSESSIVES or before in PREPOSITIONS or before.isdecimal():
        found = tuple(reading for reading in found if reading.form != "finite") or found
    return found


def _owned(tokens: Tokens) -> Tokens:
    """ "a ship's mast" as "mast of a ship"."""
    at = next((at for at, token in enumerate(tokens) if token.text == _OWNS), 0)
    start = next((start for start in range(at) if _phrase_end(tokens, start) == at), at)
    end = _phrase_end(tokens, at + 1)
    if start == at or end == at + 1 or tokens[end - 1].text in DEPICTIONS:
        return tokens
    owner, thing = tokens[start:at], tokens[at + 1 : end]
    return [*tokens[:start], *thing, Token("of"), *owner, *tokens[end:]]


def _phrase_end(tokens: Sequence[Token], start: int, *, of_several: bool = False) -> int:
    """Where the noun phrase that begins at `start` ends; `start` if there is none."""
    at = start
    while at < len(tokens) and (tokens[at].text in ARTICLES or tokens[at].text in POSSESSIVES):
        at += 1
    first = at
    while (
        at < len(tokens)
        and tokens[at].is_nominal
        and not (at > first and _is_verb(tokens, at, of_several=of_several))
    ):
        at += 1
    return at if at > first else start


def _could_be_verb(token: Token) -> bool:
    return any(reading.kind == "v" for reading in token.readings)


def _is_verb(tokens: Sequence[Token], at: int, *, of_several: bool) -> bool:
    """Probably the verb of the noun before it."""
    before, token = tokens[at - 1], tokens[at]
    if token.is_name or before.is_adjective or before.text.isdecimal():
        return False
    verbs = [reading for reading in token.readings if reading.form in {"finite", "gerund"}]
    is_inflected = any(reading.lemma != token.text for reading in verbs)
    of_several = of_several or any(reading.form == "plural" for reading in before.readings)
    if not is_inflected and not of_several:
        return False
    as_verb = max((count(reading.lemma, "v") for reading in verbs), default=-1)
    as_noun = max(
        (count(reading.lemma, "n") for reading in token.readings if reading.kind == "n"), default=-1
    )
    return 2 * as_verb >= as_noun and as_verb >= 0


def _participle(token: Token) -> Reading | None:
    return next((reading for reading in token.readings if reading.form == "participle"), None)


def _active(tokens: Tokens) -> Tokens:
    """ "a ball is kicked by a boy" as "a boy kicks a ball".

    What acts must be alive, for "by" says where, too.
    """
    by = next((at for at, token in enumerate(tokens) if token.text == "by"), 0)
    end = _phrase_end(tokens, by + 1)
    patient_end = _phrase_end(tokens, 0)
    verb = patient_end
    while verb < by and tokens[verb].text in BE:
        verb += 1
    if not 0 < patient_end < verb < by or end == by + 1 or not tokens[end - 1].is_animate:
        return tokens
    done = _participle(tokens[verb])
    if done is None:
        return tokens
    active = Token(done.lemma, readings=(Reading("v", done.lemma, "finite"),))
    return [*tokens[by + 1 : end], active, *tokens[:patient_end], *tokens[verb + 1 : by], *tokens[end:]]


def _attributive(tokens: Tokens) -> Tokens:
    """ "a car that is red" and "the car is red" as "a red car", at the start."""
    end = _phrase_end(tokens, 0)
    at = end
    while at < len(tokens) and tokens[at].text in RELATIVES:
        at += 1
    if not 0 < end < len(tokens) or at >= len(tokens) or tokens[at].text not in BE:
        return tokens
    last = at + 1
    while last < len(tokens) and (_is_plain_adjective(tokens[last]) or _joins(tokens, last)):
        last += 1
    rest = tokens[last:]
    if last == at + 1 or (rest and rest[0].is_nominal and not _could_be_verb(rest[0])):
        return tokens
    if len(rest) > 1 and rest[0].text == "and" and _participle(rest[1]):
        rest = rest[1:]
    return [*tokens[: end - 1], *tokens[at + 1 : last], tokens[end - 1], *rest]


def _predicative(tokens: Tokens) -> Tokens:
    """ "a barking dog" as "a dog barking", where nothing else happens."""
    end = _phrase_end(tokens, 0)
    start = next((at for at in range(end - 1) if tokens[at].text in DOINGS), None)
    if start is None or (end < len(tokens) and tokens[end].text not in PREPOSITIONS):
        return tokens
    return [*tokens[:start], *tokens[start + 1 : end], tokens[start], *tokens[end:]]


def _is_plain_adjective(token: Token) -> bool:
    if token.text in COLOURS:
        return True
    regular = any(
        reading.form in {"gerund", "participle"} and reading.lemma != token.text for reading in token.readings
    )
    return token.is_adjective and not regular


def _joins(tokens: Sequence[Token], at: int) -> bool:
    return tokens[at].text == "and" and at + 1 < len(tokens) and _is_plain_adjective(tokens[at + 1])


def _trailing(tokens: Tokens) -> Tokens:
    """A phrase of place or time that stands first, at the end."""
    if not tokens or tokens[0].text not in SETTING_PREPOSITIONS:
        return tokens
    end = _phrase_end(tokens, 1)
    has_comma = end < len(tokens) and tokens[end].text == ","
    if (
        end == 1
        or end == len(tokens)
        or not (has_comma or tokens[end].text in ARTICLES or tokens[end].text.isdecimal())
    ):
        return tokens
    alone = sum(token.is_animate for token in tokens) < 2
    if not alone and tokens[end - 1].text not in SETTINGS:
        return tokens
    return [*tokens[end + has_comma :], *tokens[:end]]


def _stripped(tokens: Tokens) -> Tokens:
    """Without articles, forms of "to be", relative pronouns and commas."""
    kept: Tokens = []
    genders = {
        "m" if token.text in MASCULINE else "f" for token in tokens if token.text in MASCULINE | FEMININE
    }
    for at, token in enumerate(tokens):
        after = tokens[at + 1] if at + 1 < len(tokens) else None
        is_one = token.text == "1" and after is not None and after.is_nominal
        if not is_one and token.text != "," and token.text not in ARTICLES | RELATIVES | BE:
            owns = token.text in POSSESSIVES and after is not None and after.is_nominal
            optional = owns and {POSSESSIVES[token.text]} <= genders | {""}
            before = tokens[at - 1].text if at else ""
            told = token
            if token.text in INVARIANT:  # its article is all that tells one from many
                told = Token(f"{before}{token.text}" if before in ARTICLES else token.text + "0")
            kept.append(
                replace(told, is_optional=optional, after_article=before in ARTICLES, after_be=before in BE)
            )
    return kept


def _worn(tokens: Tokens) -> Tokens:
    """One word for wearing, for being at a place or time, for following a road, for being a small child."""
    result = list(tokens)
    for at, token in enumerate(tokens):
        end = _phrase_end(tokens, at + 1)
        head = tokens[end - 1].text if end > at + 1 else ""
        before = tokens[at - 1] if at else None
        result[at] = _said_alike(token, before, head)
        if token.text in {"little", "young", "small"} and head in YOUNG_PEOPLE:
            result[at] = Token("young")
    return result


def _said_alike(token: Token, before: Token | None, head: str) -> Token:
    after_noun = before is not None and before.is_noun and before.text not in FUNCTION_WORDS
    text = token.text
    if text in {"have", "has", "having"} and after_noun and head:
        text = "with"
    if head in CLOTHES and (text in {"wears", "wear", "wearing"} or (text in {"in", "with"} and after_noun)):
        return Token("wearing")
    if text in {"at", "in", "inside", "within", "during"} and head in PLACES | TIMES:
        return Token("at")
    if text == "on" and head in OPEN_PLACES | TIMES:
        return Token("at")
    if head in ROADS and text in {"down", "along"}:
        return Token("along")
    return token if text == token.text else Token(text)


def _sorted_adjectives(tokens: Tokens) -> Tokens:
    result: Tokens = []
    run: Tokens = []
    for token in [*tokens, Token("")]:
        if token.text and token.is_adjective and not token.is_name:
            run.append(token)
            continue
        shaded = any(adjective.text in SHADES for adjective in run)
        result += run if shaded else sorted(run, key=lambda adjective: adjective.key)
        run = []
        result.append(token)
    return result[:-1]


def _sorted_settings(tokens: Tokens) -> Tokens:
    """Phrases of place and time at the end, in alphabetical order."""
    chunks: list[Tokens] = []
    end = len(tokens)
    for at in range(len(tokens) - 1, 0, -1):
        if tokens[at].text in PREPOSITIONS:
            if _phrase_end(tokens, at + 1) != end:
                break
            chunks.insert(0, tokens[at:end])
            end = at
        elif not tokens[at].is_nominal:
            break
    moved = [chunk for chunk in chunks if _is_setting(chunk)]
    stay = [chunk for chunk in chunks if not _is_setting(chunk)]
    return [*tokens[:end], *_flat(stay), *_flat(sorted(moved, key=_keys))]


def _is_setting(chunk: Tokens) -> bool:
    return chunk[0].text in SETTING_PREPOSITIONS and chunk[-1].text in SETTINGS


def _sorted_pair(tokens: Tokens) -> Tokens:
    """ "a cat and a dog play" and "a dog and a cat play" alike."""
    first = _phrase_end(tokens, 0)
    if not 0 < first < len(tokens) - 1 or tokens[first].text != "and":
        return tokens
    second = _phrase_end(tokens, first + 1, of_several=True)
    if second == first + 1:
        return tokens
    rest = tokens[second:]
    if rest and not (rest[0].after_be or _is_setting(rest) or _is_finite(rest[0])):
        return tokens  # it is said of the second alone, perhaps
    pair = sorted([tokens[:first], tokens[first + 1 : second]], key=_keys)
    return [*pair[0], tokens[first], *pair[1], *rest]


def _is_finite(token: Token) -> bool:
    return any(reading.form == "finite" for reading in token.readings)


def _keys(tokens: Sequence[Token]) -> tuple[str, ...]:
    return tuple(token.key for token in tokens)


def _flat(chunks: Iterable[Tokens]) -> Tokens:
    return [token for chunk in chunks for token in chunk]
