"""The gate's benchmark: every backend on every set of labelled prompts.

    python -m training.gate.evaluate                        embedded and rules only
    python -m training.gate.evaluate --llm http://127.0.0.1:8080/v1 --llm-model NAME --limit 40
    python -m training.gate.evaluate --wrong                also prints what went wrong

Modes and clips: share right. Match: sub-prompts paired one to one with the gold parts, cosine ≥ 0.75.
Kept: share of the prompt's content words that appear in some clip.
"""

import argparse
import asyncio
import random
from collections.abc import Sequence
from pathlib import Path

from gateway.gate.embedded import EmbeddedGate
from gateway.gate.llm import LlmGate, LlmUnavailable
from gateway.gate.minilm import MiniLM
from gateway.gate.rules import RulesTagger
from gateway.gate.settings import GateSettings
from gateway.gate.tagger import NeuralTagger
from shared.schemas import Plan
from training.gate.benchmark import (
    TEST_SETS,
    Answer,
    Case,
    Planner,
    ask,
    figures,
    read_cases,
)

_COLUMNS = ("prompts", "mode", "clips", "match", "kept", "p50_ms", "p95_ms")


def report(name: str, answers: Sequence[Answer], encoder: MiniLM) -> None:
    """One line for all prompts, and one per source."""
    _print_line(name, figures(answers, encoder))
    sources = sorted({answer.case.source for answer in answers})
    for source in sources if len(sources) > 1 else ():
        part = [answer for answer in answers if answer.case.source == source]
        _print_line(f"  {source}", figures(part, encoder))


def _print_line(name: str, measured: dict[str, float]) -> None:
    cells = " ".join(f"{measured[column]:8.{0 if column == 'prompts' else 1}f}" for column in _COLUMNS)
    print(f"{name:44s}{cells}", flush=True)


def print_wrong(answers: Sequence[Answer]) -> None:
    for answer in answers:
        if answer.mode_right and answer.count_right is not False and answer.kept >= 0.97:
            continue
        print(f"- {answer.case.mode} {len(answer.case.parts)}: {answer.case.prompt!r} kept {answer.kept:.2f}")
        for stage in answer.plan.stages:
            print("   ", " | ".join(clip.prompt for clip in stage.clips))


def llm_answers(cases: Sequence[Case], settings: GateSettings) -> tuple[list[Answer], int]:
    """What the LLM gate plans, the embedded gate where it fails; how often the LLM's plan was used."""
    embedded = EmbeddedGate(NeuralTagger.load())
    with asyncio.Runner() as runner:
        gate = LlmGate(settings)
        used = 0

        def plan(prompt: str) -> Plan:
            nonlocal used
            try:
                planned = runner.run(gate.plan(prompt))
            except LlmUnavailable as error:
                print(f"    embedded instead: {error}", flush=True)
                return embedded.plan(prompt)
            used += 1
            return planned

        answers = ask(plan, cases)
        runner.run(gate.close())
    return answers, used


def _llm_settings(arguments: argparse.Namespace) -> GateSettings:
    return GateSettings(
        llm_base_url=arguments.llm,
        llm_model=arguments.llm_model,
        llm_timeout_s=arguments.llm_timeout,
        llm_fine_tuned=arguments.llm_fine_tuned,
        llm_max_tokens=arguments.llm_max_tokens,
        llm_breaker_failures=100,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "sets", type=Path, nargs="*", default=TEST_SETS, help="other labelled prompts (JSONL)"
    )
    parser.add_argument("--weights", type=Path, help="other weights than the package's")
    parser.add_argument("--wrong", action="store_true")
    parser.add_argument("--llm", metavar="URL")
    parser.add_argument("--llm-model", default="")
    parser.add_argument("--llm-timeout", type=float, default=8.0)
    parser.add_argument("--llm-max-tokens", type=int, default=1200)
    parser.add_argument("--llm-fine-tuned", action="store_true")
    parser.add_argument("--limit", type=int, default=0, help="ask the LLM only this many prompts of each set")
    arguments = parser.parse_args()
    encoder = MiniLM.load()
    tagger = NeuralTagger.read(arguments.weights) if arguments.weights else NeuralTagger.load()
    backends: dict[str, Planner] = {
        "embedded": EmbeddedGate(tagger).plan,
        "rules": EmbeddedGate(RulesTagger()).plan,
    }
    print(" " * 44 + " ".join(f"{column:>8s}" for column in _COLUMNS))
    for path in arguments.sets:
        cases = read_cases(path)
        for name, planner in backends.items():
            planner("a warm-up")
            answers = ask(planner, cases)
            report(f"{name} / {path.stem}", answers, encoder)
            if arguments.wrong and name == "embedded":
                print_wrong(answers)
        if arguments.llm:
            chosen = random.Random(0).sample(cases, min(arguments.limit or len(cases), len(cases)))
            answers, used = llm_answers(chosen, _llm_settings(arguments))
            report(f"llm ({used} of {len(chosen)} its own) / {path.stem}", answers, encoder)


if __name__ == "__main__":
    main()
