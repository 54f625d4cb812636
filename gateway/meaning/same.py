"""Whether two prompts show the same: their normal forms agree word by word.

Two words agree if they are equal, forms of one verb, or synonyms of one kind and number. All else
differs: what is not proved to be the same is not, so that colours, numbers, names, negations, directions,
genders and activities are never confused.
"""

from gateway.meaning.lexicon import Reading, representative
from gateway.meaning.normal import Token, normal_form

_ACTIVE = frozenset({"finite", "gerund"})


def same_meaning(one: str, other: str) -> bool:
    """Symmetric; True only for what would be the same picture."""
    return agree(normal_form(one), normal_form(other))


def agree(one: tuple[Token, ...], other: tuple[Token, ...]) -> bool:
    """Whether two normal forms do, word by word."""
    while one and other:
        if same_word(one[0], other[0]):
            one, other = one[1:], other[1:]
        elif one[0].is_optional:
            one = one[1:]
        elif other[0].is_optional:
            other = other[1:]
        else:
            return False
    return all(token.is_optional for token in (*one, *other))


def same_word(one: Token, other: Token) -> bool:
    if one.is_name or other.is_name:
        known = one.is_name == other.is_name or one.is_first or other.is_first
        return known and one.text == other.text
    if one.text == other.text:
        return not (_may_be_name(one) and other.after_article) and not (
            _may_be_name(other) and one.after_article
        )
    return any(_same_reading(reading, known) for reading in one.readings for known in other.readings)


def _same_reading(one: Reading, other: Reading) -> bool:
    if one.kind != other.kind or representative(one.kind, one.lemma) != representative(
        other.kind, other.lemma
    ):
        return False
    return one.form == other.form or {one.form, other.form} <= _ACTIVE


def _may_be_name(token: Token) -> bool:
    """ "Rose" at the start, which is no rose unless an article says so."""
    if not token.is_first or token.after_article or token.is_animate:
        return False
    return any(reading.form == "singular" for reading in token.readings)
