"""The denoiser: a UNet over 16×16 latents, beside the prior's draft of the picture, that attends to the
caption; trained to predict velocity.
"""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor

from expert_node.engine.prior import DRAFT_CHANNELS, DRAFT_PX, Prior, composed

from .autoencoder import CHANNELS
from .checkpoints import needed
from .devices import CPU, fused, mixed
from .latents import GRID, Shards
from .latents import STAGE as LATENTS
from .loop import Given, Limits, Losses, Recipe, Training, arguments
from .noise import LEVELS, Process
from .prior import trained as trained_prior
from .text import nothing

STAGE = "denoiser"
RECIPE = Recipe(learning_rate=5e-4, warmup=400, ema=0.997)
BATCH = 48
#: Channels at 16×16, 8×8 and 4×4.
WIDTHS = (128, 192, 256)
SEED = 37
WITHOUT_CAPTION = 0.1
REFRESH_EVERY = 500


def new_denoiser(widths: tuple[int, ...] = WIDTHS) -> Any:
    model: Any = UNet2DConditionModel(  # type: ignore[no-untyped-call]
        sample_size=16,
        in_channels=CHANNELS + DRAFT_CHANNELS,
        out_channels=CHANNELS,
        layers_per_block=1,
        block_out_channels=widths,
        down_block_types=("CrossAttnDownBlock2D",) * 3,
        up_block_types=("CrossAttnUpBlock2D",) * 3,
        cross_attention_dim=384,
        attention_head_dim=8,
        norm_num_groups=16,
        use_linear_projection=True,
        resnet_time_scale_shift="scale_shift",
        addition_embed_type="text",  # the pooled caption scales and shifts every block's features
        addition_embed_type_num_heads=8,
    )
    # With heads this narrow, CPUs take twice as long for the fused attention as for plain products.
    model.set_attn_processor(AttnProcessor())
    return model.to(memory_format=torch.channels_last)


class Denoising:
    """The loss of one step."""

    def __init__(self, model: Any, prior: Prior, data: Shards, *, batch: int = BATCH) -> None:
        self.model, self.prior, self.data, self.batch = model, prior, data, batch
        self.process = Process()
        self._predicted = fused(partial(predicted, model))

    def given(self, step: int) -> Given:
        if step % REFRESH_EVERY == 0:
            self.data.refresh()
        batch = self.data.batch(np.random.default_rng([SEED, step]), self.batch)
        generator = torch.Generator().manual_seed(step)
        known = torch.rand(self.batch, generator=generator) >= WITHOUT_CAPTION
        return {
            "z": batch.z,
            "words": torch.where(known[:, None, None], batch.words, nothing()),
            "draft": drafted(self.prior, batch.words, batch.places) * known[:, None, None, None],
            "levels": self._levels(generator),
        }

    def losses(self, step: int, given: Given) -> Losses:
        z, levels = given["z"], given["levels"]
        noise = torch.randn(z.shape, generator=torch.Generator(z.device).manual_seed(step), device=z.device)
        x = torch.cat([self.process.diffused(z, noise, levels), given["draft"]], 1)
        velocity = self._predicted(x, levels, given["words"])
        wanted = self.process.velocity(z, noise, levels)
        errors = (velocity - wanted).square().mean((1, 2, 3))
        return {"velocity": (errors * self.process.weight(levels)).mean()}

    def _levels(self, generator: torch.Generator) -> Tensor:
        """One level per picture, spread evenly over the batch for a quieter loss."""
        offset = torch.rand(1, generator=generator)
        places = (torch.randperm(self.batch, generator=generator) + offset) / self.batch
        return (places * LEVELS).long().clamp(0, LEVELS - 1)


def predicted(model: Any, x: Tensor, levels: Tensor, words: Tensor) -> Tensor:
    """The velocity that a denoiser sees in latents beside their draft, (N, 96, 16, 16)."""
    with mixed(x.device):
        velocity: Tensor = model(
            x.contiguous(memory_format=torch.channels_last), levels, words, return_dict=False
        )[0]
    return velocity.float()


@torch.no_grad()
def drafted(prior: Prior, words: Tensor, places: Tensor) -> Tensor:
    """What the prior imagines, where the pictures show it: (N, 64, 16, 16)."""
    thumbnails = prior.thumbnails(prior.shown(*prior.understood(words)))
    side = GRID * DRAFT_PX
    return composed(thumbnails, places, height_px=side, width_px=side).channels


def trained(work: Path, device: torch.device = CPU) -> Any:
    """The moving average of the weights, from the finished training if there is one."""
    model = new_denoiser()
    model.load_state_dict(needed(work, STAGE))
    return model.eval().requires_grad_(False).to(device)


def main() -> None:
    parser = arguments(__doc__ or "", steps=1_000_000, batch=BATCH, rate=RECIPE.learning_rate)
    options = parser.parse_args()
    torch.manual_seed(SEED)
    model = new_denoiser()
    training = Training.configured(model, RECIPE, STAGE, options)
    prior = trained_prior(options.work)  # on the CPU, where drafts are made
    lesson = Denoising(model, prior, Shards(options.work / LATENTS), batch=options.batch)
    raise SystemExit(not training.run(lesson, Limits(options.steps, options.decay), workers=options.workers))


if __name__ == "__main__":
    main()
