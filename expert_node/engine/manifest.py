"""`expert.json`: what a checkpoint's files do not say of it: its latents' statistics, its profiles.

A Stable Diffusion 1.x folder needs none: everything here has that family's value as its default.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from expert_node.engine.recipe import ProfileSettings
from shared.errors import ModelNotFound
from shared.schemas import Profile, Wire

FILE_NAME = "expert.json"


class TextSettings(Wire):
    #: "clip" is the checkpoint's own text_encoder and tokenizer.
    encoder: Literal["clip", "all-minilm-l6-v2"] = "clip"
    tokens: int = Field(77, ge=4, le=512)


class KeyColour(Wire):
    """A background colour that the model paints flat and clean when asked."""

    name: str = Field(min_length=1, max_length=30)
    rgb: tuple[int, int, int]
    #: Words of prompts whose subject wears this colour; another one is chosen for them.
    avoid: tuple[str, ...] = ()


class KeySettings(Wire):
    """How to ask a checkpoint for a subject on a plain background."""

    prompt: str = "{prompt}, isolated on a plain solid {colour} background"
    #: By preference: the first that the prompt's subject does not wear.
    colours: tuple[KeyColour, ...] = (
        KeyColour(name="green", rgb=(0, 177, 64)),
        KeyColour(name="blue", rgb=(0, 71, 187)),
    )
    #: How far the starting noise's channel means move toward the key colour's latents (TKG-DM); 0 is off.
    noise_shift: float = Field(0.0, ge=0, le=2)


def _default_profiles() -> dict[Profile, ProfileSettings]:
    """Stable Diffusion 1.x: the paper's own, a few-step solver, and later frames without guidance."""
    return {
        "exact": ProfileSettings(),
        "balanced": ProfileSettings(
            solver="dpm++", steps=20, precision="bfloat16", warp_level=0.5, noise_level=0.8
        ),
        "fast": ProfileSettings(
            solver="dpm++",
            steps=12,
            precision="bfloat16",
            warp_level=0.4,
            noise_level=0.6,
            guide_frames=False,
        ),
    }


class Manifest(Wire):
    format: Literal[1] = 1
    #: Per channel; latents are (encoded - mean) / std. Absent: the autoencoder's own scaling factor.
    latents_mean: tuple[float, ...] = ()
    latents_std: tuple[float, ...] = ()
    #: What the autoencoder's decoder gives for black and for white.
    pixel_range: tuple[float, float] = (-1.0, 1.0)
    #: Side in pixels of the square pictures it was trained on; absent: the UNet's sample size.
    native_size: int | None = Field(None, ge=32, le=2048)
    text: TextSettings = TextSettings()
    key: KeySettings = KeySettings()
    profiles: dict[Profile, ProfileSettings] = Field(default_factory=_default_profiles)


def read_manifest(folder: Path) -> Manifest:
    """The folder's manifest, or the defaults if it has none."""
    path = folder / FILE_NAME
    if not path.is_file():
        return Manifest()
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise ModelNotFound(f"{path} is not a valid {FILE_NAME}: {error}") from error
