"""Forms of the verbs that training prompts are made of."""

import pytest

from training.gate.inflection import inflect


@pytest.mark.parametrize(
    ("predicate", "third", "gerund", "past"),
    [
        ("run home", "runs home", "running home", "ran home"),
        ("carry [a box]", "carries [a box]", "carrying [a box]", "carried [a box]"),
        ("lie down", "lies down", "lying down", "lay down"),
        ("dance", "dances", "dancing", "danced"),
        ("hatch", "hatches", "hatching", "hatched"),
        ("stop", "stops", "stopping", "stopped"),
    ],
)
def test_forms(predicate: str, third: str, gerund: str, past: str) -> None:
    assert inflect(predicate, "third") == third
    assert inflect(predicate, "gerund") == gerund
    assert inflect(predicate, "past") == past
    assert inflect(predicate, "base") == predicate
