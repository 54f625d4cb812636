"""Decoder refinement: the encoder stays, so that latents made from it stay valid, the decoder gets sharper.

Latents reach the decoder whole and with the little noise that a denoiser leaves.
"""

import torch

from .autoencoder import CHANNELS, CROPS, SEED, Reconstruction, new_autoencoder
from .autoencoder import STAGE as AUTOENCODER
from .checkpoints import Shelf
from .loop import Limits, Recipe, Training, arguments

STAGE = "decoder"
RECIPE = Recipe(learning_rate=4e-4, warmup=200, ema=0.999)


class Refinement(Reconstruction):
    """The autoencoder's losses without what shapes the latents."""

    kept = ((CHANNELS, 1.0),)
    shapes_latents = False


def main() -> None:
    parser = arguments(__doc__ or "", steps=60_000, batch=CROPS, rate=RECIPE.learning_rate)
    options = parser.parse_args()
    torch.manual_seed(SEED)
    model = new_autoencoder()
    start = Shelf(options.work / AUTOENCODER)
    state = start.load("decayed.pt") or start.load("last.pt")
    if state is None:
        raise FileNotFoundError("no autoencoder yet: python -m training.expert.autoencoder")
    model.load_state_dict(state["average"])
    model.encoder.requires_grad_(False)
    training = Training.configured(model, RECIPE, STAGE, options)
    lesson = Refinement(model, count=options.batch, device=options.device)
    raise SystemExit(not training.run(lesson, Limits(options.steps, options.decay), workers=options.workers))


if __name__ == "__main__":
    main()
