"""Trains the prior's layout: from a caption's words to where its subjects are, out of the latents' shards."""

import numpy as np
import torch

from expert_node.engine.prior import Prior

from .latents import STAGE as LATENTS
from .latents import Shards
from .loop import Given, Limits, Losses, Recipe, Training, arguments
from .prior import LAYOUT, trained

SEED = 31
BATCH = 256
RECIPE = Recipe(learning_rate=1e-3, warmup=100, ema=0.998)


class Placing:
    """The losses of one step."""

    def __init__(self, model: Prior, data: Shards, *, batch: int = BATCH) -> None:
        self.model, self.data, self.batch = model, data, batch

    def given(self, step: int) -> Given:
        batch = self.data.batch(np.random.default_rng([SEED, step]), self.batch)
        return {"words": batch.words, "places": batch.places}

    def losses(self, _step: int, given: Given) -> Losses:
        words, places = given["words"], given["places"]
        with torch.no_grad():
            understood = self.model.understood(words)
        placed = self.model.placed(words, *understood)
        there = places[..., 0]
        distance = (placed[..., 1:] - places[..., 1:]).square().sum(-1)
        return {
            "there": (placed[..., 0] - there).square().mean(),
            "where": 10 * (distance * there).sum() / there.sum(),
        }


def main() -> None:
    parser = arguments(__doc__ or "", steps=2_000, batch=BATCH, rate=RECIPE.learning_rate)
    options = parser.parse_args()
    torch.manual_seed(SEED)
    model = trained(options.work)
    model.layout.requires_grad_(True)
    training = Training.configured(model, RECIPE, LAYOUT, options)
    lesson = Placing(model, Shards(options.work / LATENTS), batch=options.batch)
    raise SystemExit(not training.run(lesson, Limits(options.steps, options.decay), workers=options.workers))


if __name__ == "__main__":
    main()
