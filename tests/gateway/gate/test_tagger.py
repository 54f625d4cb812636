"""The trained tagger as it ships: any text is a valid plan, quickly."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.gate.compose import compose
from gateway.gate.embedded import EmbeddedGate
from gateway.gate.minilm import pad
from gateway.gate.tagger import NeuralTagger, pieces
from gateway.gate.words import split_words
from shared.schemas import MAX_CLIPS, MAX_STAGES, Mode, Plan

LONG = "A dog runs in the park, then it sleeps while a cat watches from the fence. " * 53


@pytest.fixture(scope="module")
def gate() -> EmbeddedGate:
    return EmbeddedGate(NeuralTagger.load())


def plan_of(gate: EmbeddedGate, prompt: str, mode: Mode | None = None) -> Plan:
    plan = gate.plan(prompt, mode=mode)
    assert 1 <= len(plan.stages) <= MAX_STAGES
    assert all(1 <= len(stage.clips) <= MAX_CLIPS for stage in plan.stages)
    assert 0 <= plan.confidence <= 1
    return plan


@settings(max_examples=150, deadline=None)
@given(st.text(min_size=1, max_size=200).filter(lambda text: bool(text.strip())))
def test_any_text_is_a_plan(text: str) -> None:
    plan_of(EmbeddedGate(NeuralTagger.load()), text)


WORDS = [
    "a dog",
    "the cat",
    "then",
    "while",
    ",",
    ".",
    "and",
    "it",
    "runs",
    "in a park",
    "on the left of",
    "before",
    "their",
]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=30),
    st.sampled_from([None, "temporal", "spatial", "single"]),
)
def test_any_order_of_words_is_a_plan(words: list[str], mode: Mode | None) -> None:
    plan = plan_of(EmbeddedGate(NeuralTagger.load()), " ".join(words), mode)
    assert mode is None or plan.mode in {mode, "single"}


@pytest.mark.parametrize(
    "prompt",
    [
        "猫", "🐶", "?", "a", "\u200b", "\x00", "x" * 4000, LONG[:4000], "then then then", ", , ,",
        "猫がソファで寝ている、" * 300, "https://example.com/" + "a/" * 1900, "'; DROP TABLE videos; --",
        "{}[]()\"'", "\n\n\n-\n-\n-", "1. 2. 3.", "and", "while while",
    ],
)  # fmt: skip
def test_odd_prompts_are_plans_quickly(gate: EmbeddedGate, prompt: str) -> None:
    started = time.process_time()
    plan_of(gate, prompt)
    assert time.process_time() - started < 3


def test_four_thousand_characters_lose_nothing_at_the_seams(gate: EmbeddedGate) -> None:
    plan = plan_of(gate, LONG[:3900])
    assert plan.mode == "hybrid"
    assert "fence" in plan.clips[-1].prompt


@pytest.mark.parametrize(
    ("prompt", "clips"),
    [
        ("an astronaut in space", ["an astronaut in space"]),
        ("A knight fights a dragon", ["A knight fights a dragon"]),
        ("a boy throws a ball to his dog", ["a boy throws a ball to his dog"]),
        (
            "A dog runs in a park, then a cat walks on the beach",
            ["a dog runs in a park", "a cat walks on the beach"],
        ),
        ("A man wakes up, yawns and drinks", ["a man wakes up", "a man yawns", "a man drinks"]),
        (
            "A school teacher teaching while a student is studying in a classroom",
            ["a school teacher teaching in a classroom", "a student studying in a classroom"],
        ),
        (
            "a teacher teaches while students study, then everyone leaves",
            ["a teacher teaches", "students study", "everyone leaves"],
        ),
    ],
)
def test_what_counts_as_what(gate: EmbeddedGate, prompt: str, clips: list[str]) -> None:
    assert [clip.prompt for clip in plan_of(gate, prompt).clips] == clips


def test_the_network_in_numpy_is_the_one_in_torch() -> None:
    torch = pytest.importorskip("torch")
    from importlib.resources import files

    from safetensors.torch import load

    from training.gate.model import GateNetwork

    prompt = "A cat stalks a toy mouse, then pounces on it while a dog sleeps in the sun, watercolor"
    tagger, network = NeuralTagger.load(), GateNetwork().eval()
    shipped = load(files("gateway.gate").joinpath("tagger.safetensors").read_bytes())
    own = {name if name.startswith("heads.") else f"encoder.{name}": value for name, value in shipped.items()}
    missing = network.load_state_dict({name: value.float() for name, value in own.items()}, strict=False)
    assert not missing.unexpected_keys
    assert all(".embeddings." in name for name in missing.missing_keys)
    words = split_words(prompt)
    ids, mask = pad([pieces(words)[0]])
    with torch.no_grad():
        outputs = network(torch.from_numpy(ids), torch.from_numpy(mask).long())
    theirs = torch.log_softmax(outputs.start[0, pieces(words)[1]], -1).numpy()
    assert np.abs(tagger.scores(words).start - theirs).max() < 1e-3


def test_tags_cover_every_word_of_a_long_prompt() -> None:
    tagging = NeuralTagger.load().tag(LONG)
    assert len(tagging.tags) == len(tagging.words)
    compose(LONG, tagging)
