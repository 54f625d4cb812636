"""The decoder's last lesson: to mend also what the denoiser makes of latents.

Latents out of a denoiser are less sure of what is fine than those of pictures, and patches do not quite
meet. So the decoder is shown what the denoiser makes of training pictures in one step from any of the
less noisy levels, and learns what the pictures were.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from expert_node.engine.prior import Prior

from . import autoencoder, denoiser
from .autoencoder import CROPS, MENDING, MIX, PATCH_PX, as_tensor, new_autoencoder
from .denoiser import drafted, predicted
from .devices import CPU
from .latents import GRID, Statistics, placed
from .latents import STAGE as LATENTS
from .loop import Given, Limits, Losses, Recipe, Training, arguments
from .noise import Process
from .pictures import picture
from .prior import trained as trained_prior
from .text import embedded

RECIPE = Recipe(learning_rate=4e-4, warmup=50, ema=0.995)
SEED = 13
#: The noisiest level predicted from; beyond, the picture is another one.
NOISIEST = 500
#: Latents of a crop, along each side.
CROP = 8


class Mending(autoencoder.Mending):
    """The losses of one step, as of the decoder's first lesson."""

    def __init__(
        self,
        model: Any,
        drawing: Any,
        prior: Prior,
        statistics: Statistics,
        *,
        count: int = CROPS,
        device: torch.device = CPU,
    ) -> None:
        super().__init__(model, count=count, side=CROP * PATCH_PX, device=device)
        self.denoiser, self.prior, self.statistics, self.process = drawing, prior, statistics, Process()

    def given(self, step: int) -> Given:
        rng = np.random.default_rng([SEED, step])
        shown = [picture(rng, MIX) for _ in range(self.count)]
        words, places = embedded([p.caption for p in shown]), torch.from_numpy(placed(shown))
        return {
            "wanted": as_tensor(np.stack([p.pixels for p in shown])),
            "words": words,
            "draft": drafted(self.prior, words, places),
            "levels": torch.from_numpy(rng.integers(0, NOISIEST, self.count)),
            "corners": torch.from_numpy(rng.integers(0, GRID - CROP + 1, (self.count, 2))),
        }

    def losses(self, step: int, given: Given) -> Losses:
        made, corners = self._denoised(step, given), given["corners"].tolist()
        z = torch.stack([m[:, y : y + CROP, x : x + CROP] for m, (y, x) in zip(made, corners, strict=True)])
        side = CROP * PATCH_PX
        wanted = torch.stack(
            [
                w[:, y * PATCH_PX :, x * PATCH_PX :][:, :side, :side]
                for w, (y, x) in zip(given["wanted"], corners, strict=True)
            ]
        )
        losses: Losses = self._fidelity(
            z.contiguous(memory_format=torch.channels_last),
            wanted.contiguous(memory_format=torch.channels_last),
        )
        return losses

    @torch.no_grad()
    def _denoised(self, step: int, given: Given) -> Tensor:
        mean, std = (part.to(given["wanted"].device) for part in (self.statistics.mean, self.statistics.std))
        z, levels = (self.model.encoder(given["wanted"]) - mean) / std, given["levels"]
        noise = torch.randn(z.shape, generator=torch.Generator(z.device).manual_seed(step), device=z.device)
        x = self.process.diffused(z, noise, levels)
        velocity = predicted(self.denoiser, torch.cat([x, given["draft"]], 1), levels, given["words"])
        return self.process.clean(x, velocity, levels) * std + mean


def main() -> None:
    parser = arguments(__doc__ or "", steps=3_000, batch=CROPS, rate=RECIPE.learning_rate)
    options = parser.parse_args()
    torch.manual_seed(SEED)
    model = new_autoencoder()
    model.load_state_dict(autoencoder.trained(options.work).state_dict())
    for layer in (model.encoder, model.linear):
        layer.requires_grad_(False)
    training = Training.configured(model, RECIPE, MENDING, options)
    lesson = Mending(
        model,
        denoiser.trained(options.work, options.device),
        trained_prior(options.work),
        Statistics.read(options.work / LATENTS),
        count=options.batch,
        device=options.device,
    )
    raise SystemExit(not training.run(lesson, Limits(options.steps, options.decay), workers=options.workers))


if __name__ == "__main__":
    main()
