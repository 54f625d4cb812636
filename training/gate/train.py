"""Trains the embedded gate's tagger.

    python -m training.gate.train --count 40000 --out build/gate

Writes `tagger.safetensors`, every 250 steps and at the end.
"""

import argparse
import json
import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from gateway.gate.decoding import MODES
from gateway.gate.tagger import pieces
from gateway.gate.words import split_words
from training.gate.generate import Example, examples
from training.gate.leaks import HELD_BACK, without_leaks
from training.gate.model import HEADS, GateNetwork

_IGNORED = -100
#: Tags of rare classes decide the plan, so that a cut missed weighs more than a content word mistaken.
_START_WEIGHTS = torch.tensor([1.0, 2.0, 2.0, 2.0])


@dataclass(frozen=True)
class Batch:
    """Token ids and mask (batch, tokens); labels of the words' first tokens, elsewhere ignored."""

    ids: Tensor
    mask: Tensor
    labels: dict[str, Tensor]


@dataclass(frozen=True)
class Encoded:
    ids: list[int]
    labels: dict[str, list[int]]
    mode: int


def encode(example: Example, *, limit: int) -> Encoded:
    """The prompt as the gate will see it; the first token of a word carries the word's labels."""
    ids, firsts = pieces(split_words(example.prompt))
    tags = {"role": example.roles, "start": example.starts, "phrase": example.phrases}
    labels = {name: [_IGNORED] * len(ids) for name in tags}
    for name, values in tags.items():
        for first, value in zip(firsts, values, strict=True):
            labels[name][first] = value
    cut = {name: values[:limit] for name, values in labels.items()}
    return Encoded(ids[:limit], cut, MODES.index(example.mode))


def batches(encoded: Sequence[Encoded], size: int, rng: random.Random) -> Iterator[Batch]:
    """Batches of similar lengths in random order."""
    order = sorted(range(len(encoded)), key=lambda index: len(encoded[index].ids) + rng.random() * 4)
    groups = [order[start : start + size] for start in range(0, len(order), size)]
    rng.shuffle(groups)
    for group in groups:
        yield _collate([encoded[index] for index in group])


def _collate(group: Sequence[Encoded]) -> Batch:
    length = max(len(each.ids) for each in group)
    ids = torch.zeros(len(group), length, dtype=torch.long)
    mask = torch.zeros(len(group), length, dtype=torch.long)
    labels = {name: torch.full((len(group), length), _IGNORED) for name in ("role", "start", "phrase")}
    for row, each in enumerate(group):
        ids[row, : len(each.ids)] = torch.tensor(each.ids)
        mask[row, : len(each.ids)] = 1
        for name, label in labels.items():
            label[row, : len(each.ids)] = torch.tensor(each.labels[name])
    return Batch(ids, mask, labels | {"mode": torch.tensor([each.mode for each in group])})


def loss_of(network: GateNetwork, batch: Batch) -> Tensor:
    outputs = network(batch.ids, batch.mask)
    total = 0.5 * functional.cross_entropy(outputs.mode, batch.labels["mode"], label_smoothing=0.05)
    for name in ("role", "start", "phrase"):
        scores = getattr(outputs, name).reshape(-1, HEADS[name])
        weight = _START_WEIGHTS if name == "start" else None
        total = total + functional.cross_entropy(
            scores, batch.labels[name].reshape(-1), weight=weight, ignore_index=_IGNORED
        )
    return total


@torch.no_grad()
def agreement(network: GateNetwork, encoded: Sequence[Encoded], size: int) -> dict[str, float]:
    """The share of words (prompts, for the mode) whose tag is right."""
    network.eval()
    right, seen = dict.fromkeys(HEADS, 0), dict.fromkeys(HEADS, 0)
    for batch in batches(encoded, size, random.Random(0)):
        outputs = network(batch.ids, batch.mask)
        for name in HEADS:
            label = batch.labels[name]
            counted = label != _IGNORED
            right[name] += int((getattr(outputs, name).argmax(-1) == label)[counted].sum())
            seen[name] += int(counted.sum())
    network.train()
    return {name: right[name] / seen[name] for name in HEADS}


def train(arguments: argparse.Namespace) -> None:
    torch.manual_seed(arguments.seed)
    rng = random.Random(arguments.seed)
    told = without_leaks(list(examples(arguments.count + HELD_BACK, arguments.seed)))
    encoded = [encode(each, limit=arguments.max_tokens) for each in told]
    held, encoded = encoded[:HELD_BACK], encoded[HELD_BACK:]
    network = GateNetwork()
    steps = arguments.epochs * math.ceil(len(encoded) / arguments.batch)
    optimizer, scheduler = _optimizer(network, arguments.rate, steps)
    step, started = 0, time.monotonic()
    for epoch in range(arguments.epochs):
        for batch in batches(encoded, arguments.batch, rng):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = loss_of(network, batch)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            step += 1
            if step % 100 == 0:
                elapsed = time.monotonic() - started
                print(f"{step}/{steps} loss {loss.item():.3f} {elapsed:.0f} s", flush=True)
            if step % 250 == 0:
                save(network, arguments.out)
        print(json.dumps({"epoch": epoch + 1} | agreement(network, held, arguments.batch)), flush=True)
        save(network, arguments.out)


def _optimizer(
    network: GateNetwork, rate: float, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """AdamW, the heads ten times as fast; linear warm-up over 5 % and linear decay."""
    encoder = [value for value in network.encoder.parameters() if value.requires_grad]
    groups = [{"params": encoder, "lr": rate}, {"params": network.heads.parameters(), "lr": 10 * rate}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    warm = max(1, steps // 20)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warm, max(0.0, (steps - step) / max(1, steps - warm)))
    )
    return optimizer, schedule


def save(network: GateNetwork, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    save_file(network.shipped(), folder / "tagger.safetensors")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=40_000)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=2e-4)
    parser.add_argument("--max-tokens", type=int, default=128)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("build/gate"))
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    train(arguments)


if __name__ == "__main__":
    main()
