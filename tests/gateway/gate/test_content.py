"""Content words: what must be kept and may not be invented."""

from gateway.gate.content import content_words, invented_share, kept_share, stem


def test_forms_of_a_word_are_one() -> None:
    assert len({stem(word) for word in ("study", "studies", "studying", "studied")}) == 1
    assert len({stem(word) for word in ("run", "runs", "running")}) == 1
    assert len({stem(word) for word in ("bake", "bakes", "baking", "baked")}) == 1
    assert stem("glass") != stem("gla")


def test_function_words_do_not_count() -> None:
    assert content_words("And then it is on the other, while he does") == set()


def test_marks_of_a_list_do_not_count() -> None:
    steps = "1. boil 3 eggs\n(2) Step 2: peel them [3] Scene four: eat"
    assert content_words(steps) == content_words("boil 3 eggs, peel them, eat")


def test_shares() -> None:
    prompt = "a dog runs, then a cat sleeps"
    assert kept_share(prompt, ["a dog running", "a cat"]) == 0.75
    assert kept_share("", ["anything"]) == 1
    assert invented_share(prompt, "a dog and a castle") == 0.5
