"""Generates the gate's training prompts: structures, styles, voices and typing errors.

python -m training.gate.generate --count 40000 --out build/gate/train.jsonl
"""

import argparse
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gateway.gate.tags import Role, Start
from gateway.gate.words import join_words, split_words
from shared.schemas import Mode
from training.gate import lexicon as lex
from training.gate.events import HYBRID, SPATIAL, TEMPORAL
from training.gate.labelled import Piece, link, piece, style
from training.gate.singles import SINGLES

_MODES: tuple[Mode, ...] = ("single", "temporal", "spatial", "hybrid")
_SHARES = (40, 28, 22, 10)
_TIMES = tuple(
    tuple(text.split())
    for text in (
        "suddenly",
        "immediately",
        "moments later",
        "a moment later",
        "an hour later",
        "minutes later",
        "the next day",
        "weeks later",
        "out of nowhere",
        "in the background",
        "nearby",
        "elsewhere",
    )
)
_FILLERS = (
    "like",
    "just",
    "kinda",
    "um",
    "basically",
    "literally",
    "sort of",
    "actually",
    "really",
    "totally",
)
_RECIPES = {"single": SINGLES, "temporal": TEMPORAL, "spatial": SPATIAL, "hybrid": HYBRID}


@dataclass(frozen=True)
class Example:
    """One labelled prompt; roles, starts and phrases are one number a word, as in `gateway.gate.tags`."""

    prompt: str
    mode: Mode
    roles: tuple[int, ...]
    starts: tuple[int, ...]
    phrases: tuple[int, ...]


def examples(count: int, seed: int) -> Iterator[Example]:
    rng = random.Random(seed)
    seen: set[str] = set()
    while len(seen) < count:
        example = one(rng)
        if example is not None and example.prompt not in seen:
            seen.add(example.prompt)
            yield example


def one(rng: random.Random) -> Example | None:
    """One example; None if its text does not give its own words back."""
    mode = rng.choices(_MODES, _SHARES)[0]
    made = _pick(rng, _RECIPES[mode])(rng)
    made = _spoken(rng, _styled(rng, _with_times(made)), mode)
    return _labelled(_noisy(rng, made), mode)


def _pick(rng: random.Random, recipes: Sequence[tuple[object, int]]) -> Callable[[random.Random], Piece]:
    chosen = rng.choices([recipe for recipe, _ in recipes], [weight for _, weight in recipes])[0]
    assert callable(chosen)
    return chosen


def _with_times(made: Piece) -> Piece:
    """When and how suddenly a clip comes is part of it: "an hour later" is content, "then" is not."""
    lower = [word.lower for word in made.words]
    tags = list(made.tags)
    for index, tag in enumerate(made.tags):
        if tag.start is Start.NONE:
            continue
        begin = index
        while begin and tags[begin - 1].role is Role.LINK:
            begin -= 1
        for at in range(begin, index):
            length = next((len(each) for each in _TIMES if tuple(lower[at : at + len(each)]) == each), 0)
            if length:
                tags[index] = replace(tags[index], start=Start.NONE)
                tags[at : at + length] = [replace(each, role=Role.CONTENT) for each in tags[at : at + length]]
                tags[at] = replace(tags[at], start=tag.start)
                break
    return Piece(made.words, tuple(tags))


def _styled(rng: random.Random, made: Piece) -> Piece:
    chosen = rng.random()
    if chosen < 0.07:
        made = style(rng.choice(lex.STYLE_PREFIXES)) + made
    elif chosen < 0.12:
        label = rng.choice(lex.STYLE_LABELS)
        made = style(label + rng.choice((":", ",", ".", " -", " video:"))) + made
    if rng.random() < 0.2:
        for suffix in rng.sample(lex.STYLE_SUFFIXES, rng.choices((1, 2), (8, 2))[0]):
            made += style(rng.choice((", ", ", ", ". ", " ")) + suffix)
    return made


def _spoken(rng: random.Random, made: Piece, mode: Mode) -> Piece:
    """Everyday wrapping: requests before, pleas after."""
    if rng.random() < 0.1:
        made = link(rng.choice(lex.EVENTS_REQUESTS if mode != "single" else lex.REQUESTS)) + made
    if rng.random() < 0.04:
        made += link(
            rng.choice(
                (" please", " pls", ", thanks", ", ok?", " lol", ", thank you!", " :)", ", please!", "!!!")
            )
        )
    elif rng.random() < 0.5:
        made += piece(rng.choice((".", ".", ".", "!", "...")))
    return made


# --- noise ---


def _noisy(rng: random.Random, made: Piece) -> Piece:
    if rng.random() < 0.04:
        made = _chatty(rng, made)
    if rng.random() < 0.16:
        made = _mistyped(rng, made)
    if rng.random() < 0.1:
        made = _unpunctuated(rng, made)
    return _cased(rng, made)


def _chatty(rng: random.Random, made: Piece) -> Piece:
    """With a filler word somewhere, as people talk."""
    at = rng.randrange(1, len(made.words) + 1)
    if at < len(made.tags) and (
        made.tags[at].start is not Start.NONE or made.tags[at].role is not Role.CONTENT
    ):
        return made
    filler = piece(rng.choice(_FILLERS))
    return Piece(
        made.words[:at] + filler.words + made.words[at:], made.tags[:at] + filler.tags + made.tags[at:]
    )


def _mistyped(rng: random.Random, made: Piece) -> Piece:
    words = list(made.words)
    chosen = rng.sample(range(len(words)), min(len(words), rng.choice((1, 1, 2))))
    links = [
        index for index, tag in enumerate(made.tags) if tag.role is Role.LINK and words[index].text.isalpha()
    ]
    if links and rng.random() < 0.4:
        chosen.append(rng.choice(links))
    for index in chosen:
        text = words[index].text
        if len(text) < 4 or not text.isalpha():
            continue
        words[index] = replace(words[index], text=_typo(rng, text))
    return Piece(tuple(words), made.tags)


def _typo(rng: random.Random, text: str) -> str:
    at = rng.randrange(1, len(text) - 1)
    kind = rng.randrange(4)
    if kind == 0:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if kind == 1:
        return text[:at] + text[at + 1 :]
    if kind == 2:
        return text[:at] + text[at] + text[at:]
    return text[:at] + rng.choice("abcdefghijklmnopqrstuvwxyz") + text[at + 1 :]


def _unpunctuated(rng: random.Random, made: Piece) -> Piece:
    """Without commas and stops, where a word marks the cut all the same or is wanted to."""
    if not any(
        tag.role is Role.LINK and word.text.isalpha() for word, tag in zip(made.words, made.tags, strict=True)
    ):
        return made
    kept = [
        (word, tag)
        for word, tag in zip(made.words, made.tags, strict=True)
        if word.text not in {",", ".", ";"} or tag.start is not Start.NONE
    ]
    return Piece(tuple(word for word, _ in kept), tuple(tag for _, tag in kept))


def _cased(rng: random.Random, made: Piece) -> Piece:
    chosen = rng.random()
    if chosen < 0.02:
        return Piece(tuple(replace(word, text=word.text.upper()) for word in made.words), made.tags)
    if chosen < 0.25:
        return Piece(tuple(replace(word, text=word.text.lower()) for word in made.words), made.tags)
    capital, words = chosen < 0.8, []
    for word in made.words:
        words.append(replace(word, text=word.text[0].upper() + word.text[1:]) if capital else word)
        capital = word.text in {".", "!"}
    return Piece(tuple(words), made.tags)


def _labelled(made: Piece, mode: Mode) -> Example | None:
    prompt = join_words(made.words)
    if [word.text for word in split_words(prompt)] != [word.text for word in made.words]:
        return None
    return Example(
        prompt,
        mode,
        tuple(int(tag.role) for tag in made.tags),
        tuple(int(tag.start) for tag in made.tags),
        tuple(int(tag.phrase) for tag in made.tags),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=40_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("build/gate/train.jsonl"))
    arguments = parser.parse_args()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    with arguments.out.open("w") as file:
        for example in examples(arguments.count, arguments.seed):
            file.write(json.dumps(example.__dict__, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
