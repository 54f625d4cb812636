"""Keyed generation: the subject on a plain colour that it does not wear itself, for the merger to key out."""

import re

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from expert_node.engine.checkpoint import Checkpoint
from expert_node.engine.manifest import KeyColour, KeySettings
from shared.schemas import SubvideoSpec


def key_colour(spec: SubvideoSpec, settings: KeySettings) -> KeyColour:
    """The first key colour that no word of the clip's prompt is known to wear."""
    words = set(re.findall(r"[a-z]+", f"{spec.prompt} {spec.subject}".lower()))
    free = [colour for colour in settings.colours if not words & {colour.name, *colour.avoid}]
    return free[0] if free else settings.colours[0]


def prompt_of(spec: SubvideoSpec, settings: KeySettings) -> str:
    """What the text encoder is given: the clip's prompt, on a key colour if it is a foreground."""
    if not spec.keyed:
        return spec.prompt
    if re.search(r"\bplain \w+ background\b", spec.prompt):
        return spec.prompt
    return settings.prompt.format(prompt=spec.prompt, colour=key_colour(spec, settings).name)


def hint(attention: torch.Tensor, size: tuple[int, int]) -> NDArray[np.uint8]:
    """A rough matte, (frames, H, W, 1), from attention to the subject, (frames, places) in [0, 1].

    The square root lifts the inside of a subject, which is attended to less than its edge.
    """
    height, width = size
    places = attention.shape[-1]
    square = (places * height / width) ** 0.5
    rows = min((n for n in range(1, places + 1) if places % n == 0), key=lambda n: abs(n - square))
    maps = attention.sqrt().reshape(len(attention), 1, rows, -1)
    smooth = F.interpolate(maps, size=size, mode="bicubic").clamp(0, 1)
    levels: NDArray[np.uint8] = smooth.mul(255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
    return levels


@torch.inference_mode()
def noise_offset(spec: SubvideoSpec, checkpoint: Checkpoint) -> torch.Tensor:
    """What is added to a clip's starting noise, per channel: (C, 1, 1).

    Moves the channel means toward those of the key colour's latents, which draws the background to that
    colour (TKG-DM, Morita et al. 2024). Zero for a scene.
    """
    settings = checkpoint.manifest.key
    channels = checkpoint.unet.config.out_channels
    if not spec.keyed or not settings.noise_shift:
        return torch.zeros(channels, 1, 1)
    low, high = checkpoint.manifest.pixel_range
    rgb = torch.tensor(key_colour(spec, settings).rgb) / 255 * (high - low) + low
    side = 8 * checkpoint.latent_scale
    picture = rgb.reshape(1, 3, 1, 1).expand(1, 3, side, side).to(checkpoint.unet.device)
    encoded = checkpoint.vae.encode(picture)
    latents = encoded.latents if hasattr(encoded, "latents") else encoded.latent_dist.mode()
    mean, std = checkpoint.latents_scaling()
    means: torch.Tensor = ((latents.cpu() - mean) / std).mean((0, 2, 3))
    return settings.noise_shift * means.reshape(-1, 1, 1)
