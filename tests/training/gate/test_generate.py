"""The generated prompts are labelled as the gate reads them, and none is a test prompt."""

import collections
import random

import pytest

from gateway.gate.tags import Role, Start
from gateway.gate.words import split_words
from training.gate.benchmark import EVERYDAY, GATE_DEV, HARD, HELD_OUT, read_cases
from training.gate.chat_data import gold_plan
from training.gate.generate import Example, examples, one
from training.gate.leaks import LeakCheck, benchmark_prompts, without_leaks


@pytest.fixture(scope="module")
def told() -> list[Example]:
    return list(examples(1500, seed=3))


def test_every_word_has_its_labels(told: list[Example]) -> None:
    for example in told:
        count = len(split_words(example.prompt))
        assert count == len(example.roles) == len(example.starts) == len(example.phrases)


def test_cuts_and_mode_agree(told: list[Example]) -> None:
    for example in told:
        starts = set(example.starts)
        later, beside = bool(starts & {Start.STAGE, Start.EARLIER}), Start.CLIP in starts
        expected = {(0, 0): "single", (1, 0): "temporal", (0, 1): "spatial", (1, 1): "hybrid"}[later, beside]
        assert example.mode == expected, example.prompt


def test_labels_compose_to_the_mode(told: list[Example]) -> None:
    wrong = [example.prompt for example in told if gold_plan(example).mode != example.mode]
    assert len(wrong) <= len(told) // 100, wrong[:5]


def test_all_modes_and_roles_occur(told: list[Example]) -> None:
    assert set(collections.Counter(example.mode for example in told)) == {
        "single",
        "temporal",
        "spatial",
        "hybrid",
    }
    assert {role for example in told for role in example.roles} == {int(role) for role in Role}


def test_the_same_seed_gives_the_same_prompts() -> None:
    assert one(random.Random(5)) == one(random.Random(5))


def test_no_training_prompt_is_near_a_test_prompt(told: list[Example]) -> None:
    check = LeakCheck(benchmark_prompts())
    assert all(check.near_copy(example.prompt) is None for example in without_leaks(told))


def test_near_copies_are_found() -> None:
    check = LeakCheck(["A dog runs in a park, then a cat walks on the beach"])
    assert check.near_copy("a dog runs in the park and then a cat walks on a beach!")
    assert check.near_copy("then a cat walks on the beach; a dog runs in a park")
    assert not check.near_copy("a horse runs in a park, then a boy swims")


def test_the_test_sets_are_labelled_soundly() -> None:
    for path, least in ((GATE_DEV, 300), (HARD, 200), (EVERYDAY, 200), (HELD_OUT, 150)):
        cases = read_cases(path)
        assert len({case.prompt for case in cases}) == len(cases) >= least
        for case in cases:
            if case.parts:
                assert (len(case.parts) == 1) == (case.mode == "single"), case.prompt
                assert case.mode != "hybrid" or len(case.parts) > 2
