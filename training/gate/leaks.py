"""Proves that no test prompt, nor a near copy, is in the training data."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from gateway.gate.words import word_set
from training.gate.benchmark import TEST_SETS, read_cases
from training.gate.generate import Example, examples

_WORD = re.compile(r"[^\W_]+")
_FUNCTION_WORDS = word_set(
    "a an the and then is are it its he she they his her their in on at of to with while as next"
)
#: Prompts that training keeps back to measure itself on.
HELD_BACK = 1000
#: Jaccard similarity of the content words above which two prompts are near copies.
_NEAR = 0.75


def fingerprint(prompt: str) -> frozenset[str]:
    """The prompt's words without function words, case, order and punctuation."""
    words = [word.lower() for word in _WORD.findall(prompt)]
    return frozenset(word for word in words if word not in _FUNCTION_WORDS) or frozenset(words)


class LeakCheck:
    """Finds the test prompt that a text is a near copy of."""

    def __init__(self, prompts: Sequence[str]) -> None:
        self._prints = [(fingerprint(prompt), prompt) for prompt in prompts]
        self._by_word: dict[str, list[int]] = {}
        for index, (words, _) in enumerate(self._prints):
            for word in words:
                self._by_word.setdefault(word, []).append(index)

    def near_copy(self, text: str) -> str | None:
        words = fingerprint(text)
        shared: dict[int, int] = {}
        for word in words:
            for index in self._by_word.get(word, ()):
                shared[index] = shared.get(index, 0) + 1
        for index, count in shared.items():
            other, prompt = self._prints[index]
            if count / (len(words) + len(other) - count) >= _NEAR:
                return prompt
        return None


def benchmark_prompts(sets: Sequence[Path] = TEST_SETS) -> list[str]:
    return [case.prompt for path in sets if path.exists() for case in read_cases(path)]


def main() -> None:
    """Count the near copies among the prompts for training, before they are left out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=40_000)
    parser.add_argument("--seed", type=int, default=3)
    arguments = parser.parse_args()
    check, found = LeakCheck(benchmark_prompts()), 0
    for example in examples(arguments.count + HELD_BACK, arguments.seed):
        near = check.near_copy(example.prompt)
        if near is not None:
            found += 1
            print(f"{example.prompt!r} is near {near!r}")
    tested = len(benchmark_prompts())
    print(f"{found} of {arguments.count} prompts are near copies of one of {tested} test prompts")


def without_leaks(told: Sequence[Example]) -> list[Example]:
    """The examples that are no near copy of a test prompt."""
    check = LeakCheck(benchmark_prompts())
    return [example for example in told if check.near_copy(example.prompt) is None]


if __name__ == "__main__":
    main()
