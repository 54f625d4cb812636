"""The gate's measures: mode, number of clips, match with the gold parts, content kept, latency."""

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gateway.gate.content import kept_share
from gateway.gate.minilm import MiniLM
from shared.schemas import Mode, Plan

_DATA = Path(__file__).parent / "data"
GATE_DEV, HARD, EVERYDAY, HELD_OUT = (
    _DATA / f"{name}.jsonl" for name in ("gate_dev", "hard", "everyday", "held_out")
)
TEST_SETS = (GATE_DEV, HARD, EVERYDAY, HELD_OUT)
_MATCH = 0.75

Planner = Callable[[str], Plan]


@dataclass(frozen=True)
class Case:
    prompt: str
    mode: Mode
    parts: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class Answer:
    case: Case
    plan: Plan
    latency_ms: float

    @property
    def mode_right(self) -> bool:
        return self.plan.mode == self.case.mode

    @property
    def count_right(self) -> bool | None:
        """None where the gold parts are not given."""
        return len(self.plan.clips) == len(self.case.parts) if self.case.parts else None

    @property
    def kept(self) -> float:
        return kept_share(self.case.prompt, [clip.prompt for clip in self.plan.clips])


def read_cases(path: Path) -> list[Case]:
    with path.open() as file:
        rows = [json.loads(line) for line in file]
    return [
        Case(row["prompt"], row["mode"], tuple(row["parts"]), row.get("source") or row.get("kind", ""))
        for row in rows
    ]


def ask(planner: Planner, cases: Sequence[Case]) -> list[Answer]:
    answers = []
    for case in cases:
        started = time.perf_counter()
        plan = planner(case.prompt)
        answers.append(Answer(case, plan, (time.perf_counter() - started) * 1000))
    return answers


def figures(answers: Sequence[Answer], encoder: MiniLM) -> dict[str, float]:
    """Shares in per cent, latencies in milliseconds."""
    counted = [answer.count_right for answer in answers if answer.count_right is not None]
    latencies = [answer.latency_ms for answer in answers]
    return {
        "prompts": len(answers),
        "mode": _percent(answer.mode_right for answer in answers),
        "clips": _percent(counted),
        "match": 100 * float(np.mean([clip_match(answer, encoder) for answer in answers])),
        "kept": 100 * float(np.mean([answer.kept for answer in answers])),
        "p50_ms": float(np.percentile(latencies, 50)),
        "p95_ms": float(np.percentile(latencies, 95)),
    }


def _percent(values: Iterable[bool]) -> float:
    listed = list(values)
    return 100 * sum(listed) / len(listed) if listed else float("nan")


def clip_match(answer: Answer, encoder: MiniLM) -> float:
    """The share of gold parts (or clips, if more) paired by the best one-to-one matching."""
    clips = [clip.prompt for clip in answer.plan.clips]
    gold = list(answer.case.parts)
    if not gold:
        return 1.0
    vectors = encoder.encode(clips + gold)
    close = vectors[: len(clips)] @ vectors[len(clips) :].T >= _MATCH
    return _matching(close) / max(len(clips), len(gold))


def _matching(close: np.ndarray) -> int:
    """The size of the largest matching of a bipartite graph (augmenting paths)."""
    partner = [-1] * close.shape[1]

    def augment(row: int, tried: set[int]) -> bool:
        for column in np.flatnonzero(close[row]):
            if column not in tried:
                tried.add(int(column))
                if partner[column] < 0 or augment(partner[column], tried):
                    partner[column] = row
                    return True
        return False

    return sum(augment(row, set()) for row in range(close.shape[0]))
