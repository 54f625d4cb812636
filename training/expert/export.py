"""The trained models as a checkpoint that the expert loads like any other: half precision, safetensors.

`fast.safetensors` is the few-step student, as a LoRA adapter of the denoiser.
"""

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from expert_node.engine.prior import FILE_NAME as PRIOR_FILE

from . import autoencoder, denoiser
from .checkpoints import needed, newest
from .latents import STAGE as LATENTS
from .latents import Statistics
from .noise import GUIDANCE, scheduler
from .pictures import KEYS
from .places import WORK
from .prior import LAYOUT
from .prior import STAGE as PRIOR
from .student import STAGE as STUDENT
from .student import STEPS, adapter, factors
from .text import TOKENS

#: Words of subjects that wear the key colour, by key; the engine then takes the next.
WORN = {
    "green": "frog crocodile turtle snake dragon dinosaur rex tree cactus palm sunflower alien rickshaw "
    "tractor tent avocado caterpillar lizard troll elf mermaid merman broccoli truck rose tulip globe apple",
    "blue": "whale dolphin shark fish police policeman cop mermaid jeep suv superhero hero wizard mage "
    "magician suitcase jellyfish peacock mechanic welder genie train man bed canoe rower swimmer globe",
    "magenta": "pig flamingo octopus unicorn princess queen squid heart backpack bag bag student",
}
#: Later frames are the finished first one, moved with its draft, and drawn again from some noise on.
_MOVED = {
    "warp": "pixels", "warp_level": -1, "noise_level": 0.8, "shared_noise": 0.2, "precision": "bfloat16",
}  # fmt: skip
PROFILES: dict[str, Any] = {
    "exact": {"solver": "ddim", "steps": 50, "guidance_scale": GUIDANCE},
    "balanced": {"solver": "dpm++", "steps": 20, "guidance_scale": GUIDANCE} | _MOVED,
    "fast": {"solver": "dpm++", "steps": 10, "guidance_scale": GUIDANCE} | _MOVED,
}
#: The `fast` profile if there is a student: what it was distilled for.
STUDENT_PROFILE = {"solver": "ddim", "steps": STEPS, "guidance_scale": 1.0} | _MOVED
INDEX = {
    "_class_name": "StableDiffusionPipeline",
    "scheduler": ["diffusers", "DDIMScheduler"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["expert_node.engine.autoencoder", "PatchAutoencoder"],
}
LIMIT_BYTES = 80_000_000


def manifest(statistics: Statistics, *, student: bool) -> dict[str, Any]:
    """What `expert.json` says."""
    keys = [
        {"name": name, "rgb": [round(255 * v) for v in KEYS[name]], "avoid": sorted(set(worn.split()))}
        for name, worn in WORN.items()
    ]
    return {
        "format": 1,
        "latents_mean": statistics.mean.flatten().tolist(),
        "latents_std": statistics.std.flatten().tolist(),
        "pixel_range": [-1, 1],
        "native_size": 256,
        "text": {"encoder": "all-minilm-l6-v2", "tokens": TOKENS},
        "key": {"prompt": "{prompt} on a plain {colour} background", "noise_shift": 0.0, "colours": keys},
        "profiles": PROFILES | ({"fast": STUDENT_PROFILE} if student else {}),
    }


def export(work: Path, folder: Path) -> int:
    """Writes the checkpoint; returns the size of its weights in bytes."""
    shutil.rmtree(folder, ignore_errors=True)
    vae = autoencoder.trained(work)
    unet = denoiser.trained(work)
    weights = unet.state_dict()
    for model, name in ((vae, "vae"), (unet, "unet")):
        model.to(torch.float16).save_pretrained(folder / name, variant="fp16", safe_serialization=True)
    changes = newest(work, STUDENT)
    if changes:
        lora = adapter(weights, factors(changes))
        half = {name: value.half().contiguous() for name, value in lora.items()}
        save_file(half, folder / "fast.safetensors")
    imagined = needed(work, LAYOUT, PRIOR)
    save_file({name: value.half().contiguous() for name, value in imagined.items()}, folder / PRIOR_FILE)
    scheduler().save_pretrained(folder / "scheduler")
    (folder / "model_index.json").write_text(json.dumps(INDEX, indent=2) + "\n")
    statistics = Statistics.read(work / LATENTS)
    described = manifest(statistics, student=changes is not None)
    (folder / "expert.json").write_text(json.dumps(described, indent=2) + "\n")
    return sum(path.stat().st_size for path in folder.rglob("*.safetensors"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--to", type=Path, default=WORK / "export")
    options = parser.parse_args()
    size = export(options.work, options.to)
    print(f"{options.to}: {size / 1e6:.1f} MB")
    if size > LIMIT_BYTES:
        raise SystemExit(f"more than the {LIMIT_BYTES / 1e6:.0f} MB that may ship")


if __name__ == "__main__":
    main()
