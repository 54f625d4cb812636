"""An autoencoder of square patches: linear into latents, linear back, and a network that mends what is lost.

The linear part is the patches' Karhunen-Loève transform. Of drawn pictures it keeps more in 32 channels for
16×16 pixels than a convolutional encoder learns in hours on a small machine, it costs next to nothing, and
its channels are ordered from coarse to fine, which denoisers like.
"""

from typing import Any

import torch
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTinyOutput
from diffusers.models.autoencoders.vae import DecoderOutput
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn

from expert_node.engine.motion import warp
from shared.schemas import Motion

#: The mending network works on squares of so many pixels.
_FINE_PX = 4


def _silence(layer: nn.Conv2d) -> None:
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)


class Block(nn.Module):
    """A residual block of two convolutions that begins by doing nothing."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        _silence(self.second)

    def forward(self, x: Tensor) -> Tensor:
        changed: Tensor = self.second(F.silu(self.first(F.silu(x))))
        return x + changed


class PatchAutoencoder(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """Pictures (N, 3, H, W) in [−1, 1] to latents (N, C, H/16, W/16) and back."""

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self,
        *,
        latent_channels: int = 32,
        patch_px: int = 16,
        width: int = 256,
        fine_width: int = 64,
        blocks: int = 2,
        fine_blocks: int = 3,
        scaling_factor: float = 1.0,
        block_out_channels: tuple[int, ...] = (0, 0, 0, 0, 0),
    ) -> None:
        """`block_out_channels`, by their number, tell diffusers' pipelines the pixels per latent."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.spatial_compression_ratio = patch_px
        self.encoder = nn.Conv2d(3, latent_channels, patch_px, stride=patch_px)
        self.linear = nn.ConvTranspose2d(latent_channels, 3, patch_px, stride=patch_px)
        squares = (patch_px // _FINE_PX) ** 2
        self.coarse = nn.Sequential(
            nn.Conv2d(latent_channels, width, 3, padding=1),
            *(Block(width) for _ in range(blocks)),
            nn.SiLU(),
            nn.Conv2d(width, fine_width * squares, 3, padding=1),
            nn.PixelShuffle(patch_px // _FINE_PX),
        )
        self.seen = nn.Conv2d(3 * _FINE_PX**2, fine_width, 3, padding=1)
        mended = nn.Conv2d(fine_width, 3 * _FINE_PX**2, 3, padding=1)
        _silence(mended)
        self.fine = nn.Sequential(*(Block(fine_width) for _ in range(fine_blocks)), nn.SiLU(), mended)

    def encode(self, x: Tensor, return_dict: bool = True) -> Any:
        latents = self.encoder(x)
        return AutoencoderTinyOutput(latents=latents) if return_dict else (latents,)

    def decode(self, z: Tensor, return_dict: bool = True) -> Any:
        flat = self.linear(z)
        fine = self.coarse(z) + self.seen(F.pixel_unshuffle(flat, _FINE_PX))
        sample = flat + F.pixel_shuffle(self.fine(fine), _FINE_PX)
        return DecoderOutput(sample=sample) if return_dict else (sample,)

    @torch.no_grad()
    def set_transform(self, colour: Tensor, components: Tensor) -> None:
        """The linear part: the mean colour (3,) and orthonormal components (C, 3, p, p) of patches."""
        offset = -(components * colour[:, None, None]).sum((1, 2, 3))
        for layer, bias in ((self.encoder, offset), (self.linear, colour)):
            layer.weight.copy_(components)
            layer.bias = nn.Parameter(bias)


class PatchMover:
    """Moves latents as the pictures of their linear part, so that a move by any number of pixels is exact."""

    def __init__(self, autoencoder: PatchAutoencoder, mean: Tensor, std: Tensor) -> None:
        """`mean` and `std` (1, C, 1, 1) : the autoencoder has z·std + mean of the denoiser's z."""
        self._autoencoder, self._mean, self._std = autoencoder, mean, std

    def moved(self, latents: Tensor, motion: Motion, *, progress: float) -> Tensor:
        pictures = self._autoencoder.linear(latents.float() * self._std + self._mean)
        shifted = warp(pictures, motion, progress=progress, interpolation="bicubic")
        found: Tensor = (self._autoencoder.encoder(shifted) - self._mean) / self._std
        return found
