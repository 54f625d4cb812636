"""The autoencoder: 256×256 pictures to 16×16 latents of 32 channels and back.

Its linear part is computed, in a minute, from the covariance of patches; what is trained is the network
that mends what the linear part loses. Latents depend on the linear part only, so the decoder can be trained
at any time. Noise is added before decoding, so that small errors of the denoiser do not show.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from expert_node.engine.autoencoder import PatchAutoencoder

from .checkpoints import needed
from .devices import CPU, fused, mixed
from .loop import Given, Limits, Losses, Recipe, Training, arguments
from .perceptual import PerceptualDistance
from .pictures import Mix, picture

STAGE = "autoencoder"
#: The stage after the denoiser, in which the decoder learns once more.
MENDING = "mending"
CHANNELS = 32
PATCH_PX = 16
RECIPE = Recipe(learning_rate=6e-4, warmup=100, ema=0.998)
SEED = 11
CROPS = 12
#: Pictures that the linear part is computed from.
ANALYSED = 3_000
MIX = Mix(keyed=0.1, empty=0.05, several=1.5)
_NOISE = 0.12


def new_autoencoder() -> Any:
    return PatchAutoencoder(latent_channels=CHANNELS, patch_px=PATCH_PX).to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def as_tensor(pictures: np.ndarray) -> Tensor:
    """uint8 (N, H, W, 3) to float (N, 3, H, W) in [−1, 1], channels last in memory."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float().div(127.5).sub(1)


def transform(count: int = ANALYSED) -> tuple[Tensor, Tensor]:
    """Mean colour (3,) and principal components (32, 3, 16, 16) of random pictures' patches."""
    rng, colour = np.random.default_rng(SEED), torch.zeros(3, dtype=torch.double)
    size = 3 * PATCH_PX**2
    moments, patches = torch.zeros(size, size, dtype=torch.double), 0
    for _ in tqdm(range(count), desc="patches", mininterval=10):
        flat = _patches(as_tensor(picture(rng, MIX).pixels[None])).double()
        colour += flat.reshape(len(flat), 3, -1).mean(2).sum(0)
        moments += flat.T @ flat
        patches += len(flat)
    colour /= patches
    mean = colour.repeat_interleave(PATCH_PX**2)
    # Patches' mean is a plain colour, since patches come from everywhere.
    _, vectors = torch.linalg.eigh(moments / patches - mean[:, None] * mean[None])
    components = vectors[:, -CHANNELS:].flip(1).T.reshape(CHANNELS, 3, PATCH_PX, PATCH_PX)
    return colour.float(), components.float().contiguous()


def _patches(pictures: Tensor) -> Tensor:
    """(N, 3, H, W) to (patches, 768)."""
    cut = pictures.unfold(2, PATCH_PX, PATCH_PX).unfold(3, PATCH_PX, PATCH_PX)
    return cut.permute(0, 2, 3, 1, 4, 5).flatten(0, 2).flatten(1)


def crops(rng: np.random.Generator, count: int, side: int) -> Tensor:
    """Random squares, up to three out of a picture."""
    found: list[np.ndarray] = []
    while len(found) < count:
        pixels = picture(rng, MIX).pixels
        for y, x in rng.integers(0, 257 - side, (3, 2)):
            found.append(pixels[y : y + side, x : x + side])
    return as_tensor(np.stack(found[:count]))


def gradient_distance(made: Tensor, wanted: Tensor) -> Tensor:
    """Mean absolute difference of horizontal and vertical derivatives."""
    return sum(((made.diff(dim=d) - wanted.diff(dim=d)).abs().mean() for d in (2, 3)), made.new_zeros(()))


class Mending:
    """The losses of one step."""

    def __init__(
        self, model: Any, *, count: int = CROPS, side: int = 128, device: torch.device = CPU
    ) -> None:
        self.model, self.count, self.side = model, count, side
        self.distance = PerceptualDistance().to(device)
        self._fidelity = fused(self._decoded)

    def given(self, step: int) -> Given:
        return {"wanted": crops(np.random.default_rng([SEED, step]), self.count, self.side)}

    def losses(self, step: int, given: Given) -> Losses:
        wanted = given["wanted"]
        generator = torch.Generator(wanted.device).manual_seed(step)
        with torch.no_grad():
            z = self.model.encoder(wanted)
            strength = _NOISE * torch.rand(len(z), 1, 1, 1, generator=generator, device=z.device)
            noise = torch.randn(z.shape, generator=generator, device=z.device)
            spoiled = z + strength * noise * z.std((0, 2, 3), keepdim=True).sqrt()
        losses: Losses = self._fidelity(spoiled, wanted)
        return losses

    def _decoded(self, z: Tensor, wanted: Tensor) -> Losses:
        with mixed(wanted.device):
            made = self.model.decode(z, return_dict=False)[0].float()
            perceptual = 0.3 * self.distance(made / 2 + 0.5, wanted / 2 + 0.5)
        absolute = (made - wanted).abs().mean()
        return {"absolute": absolute, "gradient": gradient_distance(made, wanted), "perceptual": perceptual}


def trained(work: Path, device: torch.device = CPU) -> Any:
    """The moving average of the weights, from the latest stage that there is."""
    model = new_autoencoder()
    model.load_state_dict(needed(work, MENDING, STAGE))
    return model.eval().requires_grad_(False).to(device)


def main() -> None:
    parser = arguments(__doc__ or "", steps=60_000, batch=CROPS, rate=RECIPE.learning_rate)
    options = parser.parse_args()
    torch.manual_seed(SEED)
    model = new_autoencoder()
    for layer in (model.encoder, model.linear):
        layer.requires_grad_(False)
    training = Training.configured(model, RECIPE, STAGE, options)
    if training.step == 0 and not training.store.load("last.pt"):
        model.set_transform(*transform())
        training.follow(1)
        training.save()
    lesson = Mending(model, count=options.batch, device=options.device)
    raise SystemExit(not training.run(lesson, Limits(options.steps, options.decay), workers=options.workers))


if __name__ == "__main__":
    main()
