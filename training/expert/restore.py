"""Begins where a checkpoint stands: its weights become the states that autoencoder, prior and denoiser go on
from, and its latents' statistics those of new shards. What has a state already is left as it is.
"""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from expert_node.engine.checkpoint import EMBEDDED_FOLDER
from expert_node.engine.manifest import read_manifest
from expert_node.engine.prior import FILE_NAME as PRIOR_FILE

from . import autoencoder, denoiser, prior
from .checkpoints import Shelf
from .latents import STAGE as LATENTS
from .latents import STATISTICS
from .places import WORK

WEIGHTS = "diffusion_pytorch_model.fp16.safetensors"
FILES = {
    autoencoder.STAGE: f"vae/{WEIGHTS}",
    prior.STAGE: PRIOR_FILE,
    denoiser.STAGE: f"unet/{WEIGHTS}",
}


def restore(source: Path, work: Path) -> list[str]:
    """The stages that were given a state."""
    restored = []
    for stage, file in FILES.items():
        shelf = Shelf(work / stage)
        if shelf.load("last.pt") or shelf.load("decayed.pt"):
            continue
        weights: dict[str, Tensor] = {n: v.float() for n, v in load_file(source / file).items()}
        shelf.save({"model": weights, "average": weights, "step": 0, "decay_start": -1}, "last.pt")
        restored.append(stage)
    statistics = work / LATENTS / STATISTICS
    if not statistics.exists():
        manifest = read_manifest(source)
        statistics.parent.mkdir(parents=True, exist_ok=True)
        values = {"mean": manifest.latents_mean, "std": manifest.latents_std}
        statistics.write_text(json.dumps(values, indent=1))
        restored.append(LATENTS)
    return restored


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--source", type=Path, default=EMBEDDED_FOLDER, help="the checkpoint's folder")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print("restored:", ", ".join(restore(options.source, options.work)) or "nothing, all have states")


if __name__ == "__main__":
    main()
