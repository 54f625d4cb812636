"""The forms a predicate takes in a clip of its own."""

import pytest

from gateway.gate.grammar import in_progress, third_person
from gateway.gate.words import Word, join_words, split_words


@pytest.mark.parametrize(
    ("verb", "third"),
    [
        ("sleep", "sleeps"), ("carry", "carries"), ("play", "plays"), ("catch", "catches"),
        ("go", "goes"), ("are", "is"), ("pass", "passes"), ("sleeping", "sleeping"),
        ("jumped", "jumped"), ("sleeps", "sleeps"), ("sat", "sat"),
    ],
)  # fmt: skip
def test_third_person(verb: str, third: str) -> None:
    assert third_person(Word(verb)).text == third


@pytest.mark.parametrize(
    ("text", "caption"),
    [
        ("a boy is running home", "a boy running home"),
        ("the king is dead", "the king is dead"),
        ("kids are playing", "kids playing"),
        ("is running", "is running"),
    ],
)
def test_captions(text: str, caption: str) -> None:
    assert join_words(in_progress(list(split_words(text)))) == caption
