"""Number, gender and persons, from closed lists."""

import pytest

from gateway.gate.phrases import agrees, fits, head_of, is_person, is_plural, names_again
from gateway.gate.words import split_words


@pytest.mark.parametrize(
    ("phrase", "head", "plural"),
    [
        ("a black and white cat", "cat", False),
        ("a cat and a dog", "cat", True),
        ("the girl in a red coat and a hat", "girl", False),
        ("two dogs", "dogs", True),
        ("the glass", "glass", False),
        ("students", "students", True),
        ("a pair of shoes", "pair", True),
        ("the octopus", "octopus", False),
    ],
)
def test_head_and_number(phrase: str, head: str, plural: bool) -> None:
    words = split_words(phrase)
    assert head_of(words) == head
    assert is_plural(words) is plural


@pytest.mark.parametrize(
    ("phrase", "person"),
    [
        ("Anna", True),
        ("a guitarist", True),
        ("the old clockmaker", True),
        ("a tiger", False),
        ("the parcel", False),
        ("a woman in a boat", True),
        ("a boat with a woman", False),
    ],
)
def test_persons(phrase: str, person: bool) -> None:
    assert is_person(split_words(phrase)) is person


def test_pronouns() -> None:
    woman, ball, kids = map(split_words, ("an old woman", "a red ball", "three kids"))
    assert agrees("she", woman) and not agrees("he", woman) and not agrees("it", woman)
    assert fits("it", ball) and not fits("she", ball)
    assert agrees("them", kids) and not agrees("it", kids)


def test_the_same_again() -> None:
    assert names_again(split_words("the dog"), split_words("a small white dog"))
    assert not names_again(split_words("the dog"), split_words("a small white cat"))
    assert not names_again(split_words("a dog"), split_words("a small white dog"))
