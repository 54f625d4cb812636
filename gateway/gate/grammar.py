"""The few changes of form that a predicate needs in a clip of its own."""

from gateway.gate.words import Word, word_set

_AUXILIARIES = frozenset({"is", "are", "was", "were", "am", "'s", "'re"})
_SINGULAR = {"are": "is", "were": "was", "have": "has", "do": "does", "go": "goes"}
_NO_VERB_ENDINGS = ("ing", "ed", "ly", "s")
#: Past tense and participles, and words that begin a predicate without being its verb.
_UNCHANGED = word_set(
    """in on at by under near with inside outside over above below behind beside between both all
    each quietly ran sat stood slept ate drank sang swam flew fell rode drove wrote fought built
    made took went came gave saw lay held threw caught left sprang hid wore shook woke broke grew
    blew drew spun swung dug hung leapt swept together alone side back to from across around through
    along can will must may might could would should is was has does not never always often still
    just also then"""
)


def in_progress(words: list[Word]) -> list[Word]:
    """Captions say "a student studying", so that "is studying" names the same subvideo."""
    kept: list[Word] = []
    for word, following in zip(words, [*words[1:], None], strict=False):
        gerund = following is not None and following.lower.endswith("ing") and len(following.text) > 4
        if not (kept and word.lower in _AUXILIARIES and gerund):
            kept.append(word)
    return kept


def third_person(word: Word) -> Word:
    """The verb of several subjects, for one of them: "sleep" becomes "sleeps"."""
    lower = word.lower
    if lower in _SINGULAR:
        return Word(_SINGULAR[lower], word.spaced)
    if (
        lower in _UNCHANGED
        or (lower.endswith(_NO_VERB_ENDINGS) and not lower.endswith("ss"))
        or len(lower) < 2
    ):
        return word
    if lower.endswith(("sh", "ch", "ss", "x", "z", "o")):
        return Word(f"{word.text}es", word.spaced)
    if lower.endswith("y") and lower[-2] not in "aeiou":
        return Word(f"{word.text[:-1]}ies", word.spaced)
    return Word(f"{word.text}s", word.spaced)
