"""The benchmark's measures, on plans whose figures are known."""

import pytest

from gateway.gate.compose import single_clip
from gateway.gate.embedded import EmbeddedGate
from gateway.gate.minilm import MiniLM
from gateway.gate.rules import RulesTagger
from gateway.gate.tagger import NeuralTagger
from shared.schemas import Clip, Plan, Stage
from training.gate.benchmark import (
    GATE_DEV,
    HARD,
    Answer,
    Case,
    Planner,
    ask,
    clip_match,
    figures,
    read_cases,
)


def plan(*stages: list[str]) -> Plan:
    return Plan(
        stages=tuple(
            Stage(clips=tuple(Clip(id=f"s{s}c{c}", prompt=text) for c, text in enumerate(texts)))
            for s, texts in enumerate(stages)
        )
    )


CASE = Case("a dog runs, then a cat sleeps", "temporal", ("a dog runs", "a cat sleeps"), "test")


def test_a_right_plan_has_full_marks() -> None:
    answer = Answer(CASE, plan(["a dog runs"], ["a cat sleeps"]), 5.0)
    measured = figures([answer], MiniLM.load())
    assert [measured[name] for name in ("mode", "clips", "match", "kept", "p50_ms")] == [
        100,
        100,
        100,
        100,
        5,
    ]


def test_a_wrong_plan_has_not() -> None:
    answer = Answer(CASE, plan(["a dog runs", "a volcano"]), 5.0)
    measured = figures([answer], MiniLM.load())
    assert [measured[name] for name in ("mode", "clips", "match", "kept")] == [0, 100, 50, 50]


def test_clips_are_matched_one_to_one() -> None:
    answer = Answer(CASE, plan(["a dog runs"], ["a dog running"]), 5.0)
    assert clip_match(answer, MiniLM.load()) == 0.5
    assert clip_match(Answer(CASE, Plan(stages=single_clip("a truck")), 5.0), MiniLM.load()) == 0


@pytest.fixture(scope="module")
def trained() -> Planner:
    return EmbeddedGate(NeuralTagger.load()).plan


def shares(answers: list[Answer]) -> tuple[float, float, float]:
    """Modes right, clip counts right, content kept, in per cent."""
    counted = [answer.count_right for answer in answers if answer.count_right is not None]
    mode = sum(answer.mode_right for answer in answers) / len(answers)
    kept = sum(answer.kept for answer in answers) / len(answers)
    return 100 * mode, 100 * sum(counted) / len(counted), 100 * kept


def test_the_gate_that_ships_is_good_on_the_public_prompts(trained: Planner) -> None:
    mode, clips, kept = shares(ask(trained, read_cases(GATE_DEV)))
    assert (mode >= 95, clips >= 92, kept >= 97) == (True, True, True)


def test_the_gate_that_ships_is_good_on_hard_prompts_and_beats_rules_by_far(trained: Planner) -> None:
    cases = read_cases(HARD)
    mode, clips, kept = shares(ask(trained, cases))
    assert (mode >= 88, clips >= 80, kept >= 97) == (True, True, True)
    rules, _, _ = shares(ask(EmbeddedGate(RulesTagger()).plan, cases))
    assert mode >= rules + 10
