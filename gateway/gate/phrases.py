"""Noun phrases: number, gender, and what they share, from closed lists and endings."""

from collections.abc import Sequence

from gateway.gate.words import Word, word_set

_FEMININE = word_set(
    """woman girl lady mother mom mum grandmother grandma aunt sister daughter niece wife bride
    queen princess actress waitress ballerina witch mermaid goddess nun hostess heroine
    businesswoman policewoman fisherwoman empress duchess stewardess housewife maid lioness hen cow
    mare ewe schoolgirl cowgirl granny"""
)
_MASCULINE = word_set(
    """man boy guy gentleman father dad grandfather grandpa uncle brother son nephew husband groom
    king prince actor waiter monk wizard god priest hero businessman policeman fisherman fireman
    mailman postman emperor duke cowboy knight schoolboy blacksmith rooster bull stallion sailor
    lumberjack samurai viking pirate"""
)
_EITHER = word_set("person child kid baby toddler teacher student doctor")
_PERSON = _FEMININE | _MASCULINE | _EITHER
_PLURAL = word_set(
    """two three four five six seven eight nine ten several many some few both these those people
    children men women kids mice geese sheep fish police they dozens hundreds thousands pair couple
    crowd group family everyone everybody"""
)
_SINGULAR_ENDINGS = ("ss", "us", "is", "as", "os")
_ONE = frozenset({"a", "an", "one", "another", "each", "every"})
_DETERMINERS = _ONE | frozenset({"the", "his", "her", "its", "their", "my", "two", "three", "some"})
_ARTICLES = frozenset({"a", "an", "the", "one", "another", "this", "that"})
#: Words after which a noun phrase describes its noun and names it no more.
_MODIFIERS = word_set("of with in on from wearing holding who that at which carrying dressed near under by ,")
#: Endings of words that mostly name people.
_PERSON_ENDINGS = ("er", "or", "ist", "ian", "man", "woman", "ess")
_THINGS_LIKE_PEOPLE = word_set(
    """tiger paper water flower tower door motor tractor scooter computer helicopter panther spider hamster
    letter river counter lighter cracker beaver badger otter rooster lobster oyster feather mirror floor
    corner number weather fire air chair hammer boiler toaster sweater poster roller trailer rover razor"""
)


def _core(phrase: Sequence[Word]) -> list[str]:
    """The phrase's words up to its noun, in lower case."""
    words = [word.lower for word in phrase]
    return words[
        : next((index for index, word in enumerate(words) if index and word in _MODIFIERS), len(words))
    ]


def _joins_two(core: list[str]) -> bool:
    """ "a cat and a dog", and not "a black and white cat"."""
    if "and" not in core[1:-1]:
        return False
    return core[0] not in _ONE or core[core.index("and") + 1] in _DETERMINERS


def head_of(phrase: Sequence[Word]) -> str:
    """The noun itself: "girl" of "the girl in red", "cat" of "a cat and a dog"."""
    core = _core(phrase)
    if _joins_two(core):
        core = core[: core.index("and")]
    return core[-1] if core else ""


def is_plural(phrase: Sequence[Word]) -> bool:
    core = _core(phrase)
    if not core or _joins_two(core):
        return bool(core)
    if core[0] in _ONE and not set(core) & {"pair", "couple", "group"}:
        return False
    if any(word in _PLURAL for word in (*core[:2], core[-1])):
        return True
    return core[-1].endswith("s") and not core[-1].endswith(_SINGULAR_ENDINGS)


def is_person(phrase: Sequence[Word]) -> bool:
    """Probably: from lists, from the noun's ending, or a name without an article."""
    core = _core(phrase)
    if not core:
        return False
    is_name = len(core) < 3 and phrase[0].text[:1].isupper() and core[0] not in _ARTICLES | _DETERMINERS
    head = core[-1]
    return (
        bool(set(core) & _PERSON)
        or is_name
        or (head.endswith(_PERSON_ENDINGS) and head not in _THINGS_LIKE_PEOPLE)
    )


def agrees(pronoun: str, phrase: Sequence[Word]) -> bool:
    """Could the pronoun stand for the phrase? Rules out what number and gender exclude, no more."""
    words = set(_core(phrase))
    if pronoun in {"they", "them", "their", "theirs"}:
        return is_plural(phrase) or bool(words & _EITHER) or head_of(phrase) == "someone"
    if is_plural(phrase):
        return False
    excluded = {"it": _PERSON, "its": _PERSON, "he": _FEMININE, "him": _FEMININE, "his": _FEMININE}
    return not words & excluded.get(pronoun, _MASCULINE)


def fits(pronoun: str, phrase: Sequence[Word]) -> bool:
    """Does it agree, and is a person called "he" or "she" and a thing "it"? The better of two that agree."""
    return agrees(pronoun, phrase) and (
        pronoun in {"they", "them", "their", "theirs"} or is_person(phrase) != (pronoun in {"it", "its"})
    )


def names_again(phrase: Sequence[Word], earlier: Sequence[Word]) -> bool:
    """Is "the dog" said of "a small white dog"? Then the longer form says more."""
    if len(phrase) < 2 or phrase[0].lower != "the" or len(earlier) <= len(phrase):
        return False
    rest = [word.lower for word in phrase[1:]]
    return rest[-1] == head_of(earlier) and set(rest) <= {word.lower for word in earlier}


def possessive(phrase: Sequence[Word]) -> tuple[Word, ...]:
    """ "an old man's" of "an old man in a coat": the owner up to the noun, with its mark."""
    core = phrase[: len(_core(phrase))]
    last = core[-1]
    mark = "'" if last.text.endswith("s") and is_plural(core) else "'s"
    return (*core[:-1], Word(last.text + mark, last.spaced))


def bare(phrase: Sequence[Word]) -> tuple[Word, ...]:
    """The noun and what stands before it, without an article: names the subject in few words."""
    core = tuple(phrase[: len(_core(phrase))])
    return core[1:] if len(core) > 1 and core[0].lower in _ARTICLES else core
