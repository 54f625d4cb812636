"""The autoencoder: 256×256 pictures to 16×16 latents of 32 channels and back.

`AutoencoderDC` (Chen et al. 2024, arXiv 2410.10733) of convolutions only, without blocks at full
resolution. Three things make its latents easy to denoise for a small model:
- channels are dropped from the end in half of the batches, so that the first ones carry the objects
  (Chen et al. 2025, DC-AE 1.5, arXiv 2508.00413);
- halved latents must decode to halved pictures, which keeps noise out of high frequencies
  (Skorokhodov et al. 2025, arXiv 2502.14831);
- noise is added before decoding, so that small errors of the denoiser do not show.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderDC
from torch import Tensor

from .checkpoints import Shelf
from .devices import CPU, mixed
from .loop import Given, Limits, Losses, Recipe, Training, arguments
from .perceptual import PerceptualDistance
from .pictures import Mix, picture

STAGE = "autoencoder"
CHANNELS = 32
RECIPE = Recipe(learning_rate=8e-4, warmup=300, ema=0.999)
SEED = 11
CROPS = 8
#: Channels kept, and how often.
KEPT = ((8, 0.12), (16, 0.2), (24, 0.13), (CHANNELS, 0.55))


def new_autoencoder() -> Any:
    model: Any = AutoencoderDC(  # type: ignore[no-untyped-call]
        latent_channels=CHANNELS,
        encoder_block_out_channels=(24, 32, 64, 128, 256),
        decoder_block_out_channels=(24, 48, 96, 192, 256),
        encoder_layers_per_block=(0, 1, 1, 2, 1),
        decoder_layers_per_block=(0, 2, 2, 3, 2),
        encoder_qkv_multiscales=((),) * 5,
        decoder_qkv_multiscales=((),) * 5,
    )
    for name, gain in model.named_parameters():
        if name.endswith("norm.weight"):  # residual blocks begin close to doing nothing
            torch.nn.init.constant_(gain, 0.1)
    return model.to(memory_format=torch.channels_last)


def as_tensor(pictures: np.ndarray) -> Tensor:
    """uint8 (N, H, W, 3) to float (N, 3, H, W) in [−1, 1], channels last in memory."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float().div(127.5).sub(1)


def crops(rng: np.random.Generator, count: int, side: int) -> Tensor:
    """Random squares out of half as many pictures."""
    found = []
    for _ in range(count // 2):
        pixels = picture(rng, Mix(keyed=0.1, empty=0.05, several=1.5)).pixels
        for y, x in rng.integers(0, 257 - side, (2, 2)):
            found.append(pixels[y : y + side, x : x + side])
    return as_tensor(np.stack(found))


def gradient_distance(made: Tensor, wanted: Tensor) -> Tensor:
    """Mean absolute difference of horizontal and vertical derivatives."""
    return sum(((made.diff(dim=d) - wanted.diff(dim=d)).abs().mean() for d in (2, 3)), made.new_zeros(()))


class Reconstruction:
    """The losses of one step."""

    kept: tuple[tuple[int, float], ...] = KEPT
    shapes_latents = True

    def __init__(
        self, model: Any, *, count: int = CROPS, side: int = 128, device: torch.device = CPU
    ) -> None:
        self.model, self.count, self.side = model, count, side
        self.distance = PerceptualDistance().to(device)

    def given(self, step: int) -> Given:
        rng = np.random.default_rng([SEED, step])
        wanted = crops(rng, self.count, self.side)
        counts, shares = zip(*self.kept, strict=True)
        return {"wanted": wanted, "kept": torch.from_numpy(rng.choice(counts, size=len(wanted), p=shares))}

    def losses(self, step: int, given: Given) -> Losses:
        wanted = given["wanted"]
        generator = torch.Generator(wanted.device).manual_seed(step)
        with mixed(wanted.device):
            z = self.model.encoder(wanted)
            latents = self._spoiled(z, given["kept"], generator)
            losses = self._fidelity(self.model.decoder(latents), wanted)
            if self.shapes_latents and step % 3 == 0:
                losses["equivariance"] = 0.5 * self._equivariance(latents, wanted)
        if self.shapes_latents:
            losses["latents"] = 0.01 * self._moments(z.float())
        return losses

    @staticmethod
    def _spoiled(z: Tensor, kept: Tensor, generator: torch.Generator) -> Tensor:
        """Latents with channels dropped from the end and noise added."""
        mask = torch.arange(z.shape[1], device=z.device)[None, :] < kept[:, None]
        strength = 0.15 * torch.rand(len(z), 1, 1, 1, generator=generator, device=z.device)
        noisy = z + strength * torch.randn(z.shape, generator=generator, device=z.device)
        return noisy * mask[:, :, None, None]

    def _fidelity(self, made: Tensor, wanted: Tensor) -> Losses:
        losses = {"gradient": gradient_distance(made.float(), wanted)}
        losses["perceptual"] = 0.3 * self.distance(made / 2 + 0.5, wanted / 2 + 0.5)
        losses["absolute"] = (made.float() - wanted).abs().mean()
        return losses

    def _equivariance(self, latents: Tensor, wanted: Tensor) -> Tensor:
        made: Tensor = self.model.decoder(F.avg_pool2d(latents, 2)).float()
        return (made - F.avg_pool2d(wanted, 2)).abs().mean()

    @staticmethod
    def _moments(z: Tensor) -> Tensor:
        """How far channels are from zero mean and unit variance."""
        return z.mean((0, 2, 3)).square().mean() + (z.std((0, 2, 3)) - 1).square().mean()


def trained(work: Path, device: torch.device = CPU) -> Any:
    """The moving average of the weights, from the finished training if there is one."""
    store = Shelf(work / STAGE)
    state = store.load("decayed.pt") or store.load("last.pt")
    if state is None:
        raise FileNotFoundError("no autoencoder yet: python -m training.expert.autoencoder")
    model = new_autoencoder()
    model.load_state_dict(state["average"])
    return model.eval().requires_grad_(False).to(device)


def main() -> None:
    parser = arguments(__doc__ or "", steps=60_000, batch=CROPS, rate=RECIPE.learning_rate)
    options = parser.parse_args()
    torch.manual_seed(SEED)
    model = new_autoencoder()
    training = Training.configured(model, RECIPE, STAGE, options)
    lesson = Reconstruction(model, count=options.batch, device=options.device)
    raise SystemExit(not training.run(lesson, Limits(options.steps, options.decay), workers=options.workers))


if __name__ == "__main__":
    main()
