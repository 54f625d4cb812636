"""Words and text, there and back."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.gate.words import join_words, split_words, strip_punctuation

PROMPTS = st.text(max_size=300)


@given(PROMPTS)
def test_words_give_their_text_back(text: str) -> None:
    words = split_words(text)
    again = split_words(join_words(words))
    assert [word.text for word in again] == [word.text for word in words]


def test_signs_hug_their_words() -> None:
    text = 'a dog\'s "long" walk (in 4.5 km), then: sleep!'
    assert join_words(split_words(text)) == text


def test_a_cut_leaves_no_loose_signs() -> None:
    words = list(split_words(', - a "wild" cat (tabby), .'))
    assert join_words(strip_punctuation(words)) == 'a "wild" cat (tabby'
