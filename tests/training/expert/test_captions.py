import numpy as np
import pytest

from training.expert.captions import Wording, article
from training.expert.subjects import Look, subjects

BLANK = np.zeros((1, 1, 4), np.uint8)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("dog", "a"),
        ("elephant", "an"),
        ("umbrella", "an"),
        ("unicorn", "a"),
        ("UFO", "a"),
        ("old man", "an"),
    ],
)
def test_articles(words, expected):
    assert article(words) == expected


def test_words_are_true_of_the_look():
    rng = np.random.default_rng(0)
    subject = subjects()["person waving"]
    phrases = {Wording(rng).one(subject, Look(BLANK, "woman", "1f3ff", ())) for _ in range(200)}
    assert any("woman waving" in phrase for phrase in phrases)
    assert any("dark-skinned" in phrase for phrase in phrases)
    assert not any(" man" in phrase or "male" in phrase.replace("female", "") for phrase in phrases)


def test_keyed_captions_name_the_key():
    words = Wording(np.random.default_rng(1))
    assert all("magenta" in words.keyed("a dog", "magenta") for _ in range(50))
