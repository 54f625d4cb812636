"""How well the autoencoder gives back pictures it has not seen: PSNR, and a sheet to look at."""

import json
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from . import autoencoder
from .canvas import Pixels
from .devices import mixed
from .latents import encoded
from .loop import arguments, shelf
from .pictures import Mix, picture
from .sampling import as_pixels, sheet

STAGE = "reconstruction"
SEED = 90_001


@torch.inference_mode()
def reconstructed(model: Any, pixels: Pixels, *, channels: int = autoencoder.CHANNELS) -> Pixels:
    """uint8 pictures after a round trip through the first `channels` channels of the latents."""
    device = next(model.parameters()).device
    z = encoded(model, pixels).to(device)
    z[:, channels:] = 0
    with mixed(device):
        made = model.decode(z.contiguous(memory_format=torch.channels_last)).sample
    return as_pixels(made)


def psnr(made: Pixels, wanted: Pixels) -> NDArray[np.float32]:
    """Peak signal-to-noise ratio in dB of each picture."""
    error = (made.astype(np.float32) - wanted.astype(np.float32)) ** 2
    decibels: NDArray[np.float32] = 10 * np.log10(255**2 / error.mean((1, 2, 3)).clip(1e-6))
    return decibels


def main() -> None:
    options = arguments(__doc__ or "", steps=64).parse_args()
    folder = shelf(options, STAGE).folder
    model = autoencoder.trained(options.work, options.device)
    rng = np.random.default_rng(SEED)
    wanted = np.stack([picture(rng, Mix(keyed=0)).pixels for _ in range(options.steps)])
    values = {count: psnr(reconstructed(model, wanted, channels=count), wanted) for count in (8, 16, 24, 32)}
    made = reconstructed(model, wanted[:16])
    sheet(
        np.concatenate([wanted[:8], made[:8], wanted[8:16], made[8:]]),
        8,
        folder / "reconstruction.png",
        side=256,
    )
    print(json.dumps({f"psnr_db_{count}_channels": round(float(v.mean()), 2) for count, v in values.items()}))


if __name__ == "__main__":
    main()
