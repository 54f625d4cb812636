"""Trains the prior: from a caption's words to a thumbnail of its subject.

It learns two things apart. What the subject is called, out of captions about everything that has a name: the
sentence embedding of the noun phrase by itself, in which kindred names are close. And what it looks like: the
known name nearest to that embedding, with the caption's details. So a name it has never heard shows what the
nearest known one shows.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from expert_node.engine.prior import Prior

from .captions import article
from .checkpoints import needed
from .devices import CPU
from .loop import Given, Limits, Losses, Recipe, Training, arguments
from .pictures import Mix, named, told
from .sources import code_points
from .subjects import subjects
from .text import embedded
from .thumbnails import code, patches, thumbnail

STAGE, LAYOUT = "prior", "layout"
SEED = 29
BATCH = 256
CAPTIONS = 60_000
MIX = Mix(keyed=0.25, empty=0.05, several=0.7)
#: Share of the captions that are about anything that has a name.
NAMED = 0.3
RECIPE = Recipe(learning_rate=1e-3, warmup=200, ema=0.998, weight_decay=0.02)
_CHUNK = 128
Noise = Callable[[tuple[int, ...]], Tensor]


@dataclass(frozen=True)
class Captions:
    """`words` float16 (N, tokens, 384), `phrases` float16 (N, 384) of unit length, `shown` float16
    (N, 64, 96), NaN where it is not told.
    """

    words: Tensor
    phrases: Tensor
    shown: Tensor


def things() -> list[str]:
    """Everything with a render and a plain name, except what the evaluation calls by names kept apart."""
    unseen = {name.lower() for subject in subjects().values() for name in subject.unseen}
    plain = (label.lower() for label in code_points() if re.fullmatch(r"[A-Za-z -]{3,24}", label))
    return sorted({label for label in plain if not any(name in label for name in unseen)})


def sentence(words: Tensor) -> Tensor:
    """Sentence embeddings (N, 384) of hidden states (N, tokens, 384): their mean, of unit length."""
    return F.normalize(words.sum(1), dim=-1)


def captions(count: int, *, seed: int, device: torch.device = CPU) -> Captions:
    rng, everything = np.random.default_rng(seed), things()
    found: list[tuple[Tensor, Tensor, Tensor]] = []
    for _ in tqdm(range(0, count, _CHUNK), desc="captions", mininterval=10):
        lines = [told(rng, MIX) for _ in range(_CHUNK - round(NAMED * _CHUNK))]
        silent = [named(rng, everything) for _ in range(_CHUNK - len(lines))]
        shown = code().encoded(patches(np.stack([thumbnail(line.sprite) for line in lines])))
        unknown = torch.full((len(silent), *shown.shape[1:]), torch.nan)
        words = embedded([line.caption for line in (*lines, *silent)], device)
        phrases = sentence(embedded([line.phrase for line in (*lines, *silent)], device))
        found.append((words.half(), phrases.half(), torch.cat([shown, unknown]).half()))
    return Captions(*(torch.cat(part) for part in zip(*found, strict=True)))


class Imagining:
    """The losses of one step."""

    def __init__(self, model: Prior, known: Captions, *, batch: int = BATCH) -> None:
        self.model, self.known, self.batch = model, known, batch

    def given(self, step: int) -> Given:
        rng, known = np.random.default_rng([SEED, step]), self.known
        picks = torch.from_numpy(rng.integers(len(known.words), size=self.batch))
        parts = {"words": known.words, "phrases": known.phrases, "shown": known.shown}
        return {name: part[picks].float() for name, part in parts.items()}

    def losses(self, step: int, given: Given) -> Losses:
        words, generator = given["words"], torch.Generator(given["words"].device).manual_seed(step)

        def noise(shape: tuple[int, ...]) -> Tensor:
            return torch.randn(shape, generator=generator, device=words.device)

        meaning, details = self.model.understood(words + 0.1 * noise(tuple(words.shape)) * (words != 0))
        told = ~given["shown"].isnan().flatten(1).any(1)
        hidden = noise((len(words), 1)) > 1
        shown = self.model.shown(
            meaning, torch.where(hidden, 0.0, details + 0.3 * noise(tuple(details.shape)))
        )
        errors = (shown - given["shown"].nan_to_num()).square().mean((1, 2))
        return {
            "meaning": 0.3 * (1 - (meaning * given["phrases"]).sum(-1)).mean(),
            "shown": (errors * told).sum() / told.sum(),
        }


def new_prior(device: torch.device = CPU) -> Prior:
    names = [name for subject in subjects().values() for name in (subject.name, *subject.also)]
    prior = Prior(len(names))
    prior.known.copy_(sentence(embedded([f"{article(name)} {name}" for name in names], device)))
    for name in ("mean", "components", "scale"):
        getattr(prior, name).copy_(getattr(code(), name))
    return prior


@cache
def trained(work: Path, device: torch.device = CPU) -> Prior:
    """With its layout, if that is trained."""
    weights = needed(work, LAYOUT, STAGE)
    model = Prior(len(weights["known"]))
    model.load_state_dict(weights)
    return model.eval().requires_grad_(False).to(device)


def main() -> None:
    parser = arguments(__doc__ or "", steps=6_000, batch=BATCH, rate=RECIPE.learning_rate)
    parser.add_argument("--captions", type=int, default=CAPTIONS)
    options = parser.parse_args()
    torch.manual_seed(SEED)
    training = Training.configured(new_prior(options.device), RECIPE, STAGE, options)
    known = captions(options.captions, seed=SEED, device=options.device)
    lesson = Imagining(training.model, known, batch=options.batch)  # type: ignore[arg-type]
    raise SystemExit(not training.run(lesson, Limits(options.steps, options.decay), workers=options.workers))


if __name__ == "__main__":
    main()
