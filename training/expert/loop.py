"""The training loop of every stage: resumable at any step, logged, with a moving average of the weights.

The learning rate warms up and stays; a final run with `--decay N` lets it fall to zero over N steps and
keeps its state apart, so that the constant part can go on for as many sessions as there are.
"""

import argparse
import json
import math
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import cv2
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from .checkpoints import Shelf
from .devices import CPU
from .places import WORK
from .threads import IdleThreads, extend_niceness

Losses = dict[str, Tensor]
Given = dict[str, Tensor]


class Lesson(Protocol):
    """What a stage teaches."""

    def given(self, step: int) -> Given:
        """What the step learns from, by its number alone; made in worker processes, on the CPU."""

    def losses(self, step: int, given: Given) -> Losses:
        """The losses on the training's device."""


@dataclass(frozen=True)
class Recipe:
    learning_rate: float
    warmup: int
    ema: float
    weight_decay: float = 0.01
    betas: tuple[float, float] = (0.9, 0.99)
    clip: float = 1.0


@dataclass(frozen=True)
class Limits:
    """How long to go on: up to `steps` in all, or for `decay` steps of falling learning rate."""

    steps: int
    decay: int = 0
    save_every_s: float = 180


def arguments(description: str, *, steps: int, batch: int = 0, rate: float = 0) -> argparse.ArgumentParser:
    """Options that every stage has; those that learn have a batch and a learning rate."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--steps", type=int, default=steps, help="steps in all, over every run")
    parser.add_argument(
        "--decay", type=int, default=0, help="finish: let the learning rate fall over so many steps"
    )
    parser.add_argument("--work", type=Path, default=WORK, help="folder of checkpoints and logs")
    parser.add_argument("--mirror", type=Path, help="folder that gets a copy of each checkpoint")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", type=torch.device, default=CPU, help="cpu, cuda, cuda:1")
    parser.add_argument(
        "--workers", type=int, default=0, help="processes that render pictures; 0: none of their own"
    )
    if batch:
        parser.add_argument("--batch", type=int, default=batch)
        parser.add_argument("--rate", type=float, default=rate, help="learning rate, of this batch")
    return parser


def shelf(options: argparse.Namespace, stage: str) -> Shelf:
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    extend_niceness()
    return Shelf(options.work / stage, options.mirror / stage if options.mirror else None)


class Training:
    """A model, its optimiser and its moving average, advanced step by step."""

    def __init__(
        self,
        model: nn.Module,
        recipe: Recipe,
        store: Shelf,
        *,
        decay: int = 0,
        device: torch.device = CPU,
    ) -> None:
        self.model, self.recipe, self.store, self.device = model.to(device), recipe, store, device
        self.step, self.decay, self.decay_start = 0, decay, -1
        trained = [p for p in model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(
            trained, recipe.learning_rate, betas=recipe.betas, weight_decay=recipe.weight_decay, fused=True
        )
        self.average = {name: value.detach().clone() for name, value in model.state_dict().items()}
        self._stop = False

    @classmethod
    def configured(
        cls, model: nn.Module, recipe: Recipe, stage: str, options: argparse.Namespace
    ) -> "Training":
        """As the command line says, resumed."""
        recipe = replace(recipe, learning_rate=options.rate)
        made = cls(model, recipe, shelf(options, stage), decay=options.decay, device=options.device)
        made.resume()
        return made

    @property
    def state_name(self) -> str:
        return "decayed.pt" if self.decay else "last.pt"

    @property
    def done(self) -> int:
        """Steps since the decay began."""
        return self.step - self.decay_start if self.decay_start >= 0 else 0

    def resume(self) -> None:
        """From the newest state; a decay begins at the newest constant one."""
        state = self.store.load(self.state_name) or self.store.load("last.pt")
        if state is not None:
            self.model.load_state_dict(state["model"])
            if "optimizer" in state:  # else the weights come from a checkpoint
                self.optimizer.load_state_dict(state["optimizer"])
            self.average = {
                name: value.to(self.device, copy=True) for name, value in state["average"].items()
            }
            self.step, self.decay_start = state["step"], state["decay_start"]
        if self.decay and self.decay_start < 0:
            self.decay_start = self.step

    def save(self) -> None:
        state = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average,
            "step": self.step,
            "decay_start": self.decay_start,
        }
        self.store.save(state, self.state_name)

    def rate(self) -> float:
        """The learning rate: linear warm-up, constant, then 1 − √(share of the decay)."""
        warm = min(1.0, (self.step + 1) / self.recipe.warmup)
        left = 1 - math.sqrt(min(1.0, self.done / self.decay)) if self.decay else 1.0
        return self.recipe.learning_rate * warm * left

    def advance(self, losses: Losses) -> None:
        """One step down the gradient of the losses' sum."""
        self.optimizer.zero_grad(set_to_none=True)
        total = torch.stack(list(losses.values())).sum()
        if not torch.isfinite(total):
            raise FloatingPointError(
                f"loss is {total.item()} at step {self.step}; resume from the last checkpoint"
            )
        torch.autograd.backward(total)
        nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip)
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate()
        self.optimizer.step()
        self.step += 1
        self.follow(1 - min(self.recipe.ema, (1 + self.step) / (10 + self.step)))

    @torch.no_grad()
    def follow(self, weight: float) -> None:
        """Moves the average toward the weights; by 1, it becomes them."""
        for name, value in self.model.state_dict().items():
            if value.is_floating_point():
                self.average[name].lerp_(value, weight)
            else:
                self.average[name].copy_(value)

    def run(self, lesson: Lesson, limits: Limits, *, workers: int = 0) -> bool:
        """Trains until the limits or SIGTERM, and saves. True if complete."""
        signal.signal(signal.SIGTERM, self._terminate)
        log, saved = Log(self.store.folder / "log.jsonl"), time.monotonic()
        threads = IdleThreads(torch.get_num_threads())
        total = self.decay_start + self.decay if self.decay else limits.steps
        with tqdm(total=total, initial=self.step, desc=self.store.folder.name, mininterval=30) as bar:
            for given in self._given(lesson, range(self.step, total), workers):
                if self._stop:
                    break
                if self.device.type == "cpu" and not workers:
                    threads.adapt()
                losses = lesson.losses(
                    self.step,
                    {name: value.to(self.device, non_blocking=True) for name, value in given.items()},
                )
                self.advance(losses)
                log.add(self.step, self.rate(), losses)
                bar.update()
                if time.monotonic() - saved > limits.save_every_s:
                    self.save()
                    saved = time.monotonic()
        self.save()
        return not self._stop

    def _given(self, lesson: Lesson, steps: range, workers: int) -> "DataLoader[Given]":
        return DataLoader(
            _Given(lesson),
            sampler=steps,
            batch_size=None,
            num_workers=workers,
            prefetch_factor=4 if workers else None,
            pin_memory=self.device.type == "cuda",
            worker_init_fn=_outlive if workers else None,
        )

    def _terminate(self, _signal: int, _frame: FrameType | None) -> None:
        self._stop = True


def _outlive(_worker: int) -> None:
    """Signals to stop go to all of a run's processes; the main one then saves, and ends the workers."""
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, signal.SIG_IGN)


class _Given(Dataset[Given]):
    def __init__(self, lesson: Lesson) -> None:
        self._lesson = lesson

    def __getitem__(self, step: int) -> Given:
        return self._lesson.given(step)


class Log:
    """Losses averaged over 100 steps, one JSON line each."""

    def __init__(self, path: Path, every: int = 100) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path, self.every = path, every
        self.sums: dict[str, float] = {}
        self.count, self.began = 0, time.monotonic()

    def add(self, step: int, rate: float, losses: Losses) -> None:
        for name, value in losses.items():
            self.sums[name] = self.sums.get(name, 0.0) + float(value.detach())
        self.count += 1
        if self.count < self.every:
            return
        seconds = time.monotonic() - self.began
        line: dict[str, Any] = {"step": step, "rate": rate, "s_per_step": round(seconds / self.count, 3)}
        line |= {name: round(value / self.count, 5) for name, value in self.sums.items()}
        with self.path.open("a") as stream:
            stream.write(json.dumps(line) + "\n")
        self.sums, self.count, self.began = {}, 0, time.monotonic()
