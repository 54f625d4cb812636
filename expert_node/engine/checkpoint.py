"""Checkpoints: a folder, file or hub id of the Stable Diffusion 1.x family, to models. Safetensors only."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import diffusers
import torch
from diffusers.utils import logging as diffusers_logging
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
from transformers.utils import logging as transformers_logging

from expert_node.engine.attention import FrameUNet
from expert_node.engine.autoencoder import PatchAutoencoder
from expert_node.engine.loras import Lora, fuse
from expert_node.engine.manifest import FILE_NAME, Manifest, read_manifest
from expert_node.engine.prior import FILE_NAME as PRIOR
from expert_node.engine.prior import Prior, load_prior
from expert_node.engine.single_file import is_single_file, load_parts
from expert_node.engine.students import file_beside, load_students
from expert_node.engine.text import ClipText, MiniLmText, TextEncoder
from shared import minilm
from shared.errors import ModelNotFound
from shared.schemas import Profile

EMBEDDED = "embedded"
#: Describes single files, which carry weights only: configurations and the tokenizer.
LAYOUT = "stable-diffusion-v1-5/stable-diffusion-v1-5"
EMBEDDED_FOLDER = Path(__file__).resolve().parents[1] / "weights" / "embedded"
_AUTOENCODERS = ("AutoencoderKL", "AutoencoderTiny", "AutoencoderDC", PatchAutoencoder.__name__)


@dataclass(frozen=True)
class Checkpoint:
    """Models of one checkpoint, in float32 on one device, with what the manifest says of them."""

    name: str
    unet: Any
    vae: Any
    text: TextEncoder
    scheduler_config: dict[str, Any]
    manifest: Manifest
    #: UNets of profiles that have one of their own.
    students: Mapping[Profile, Any] = field(default_factory=dict)
    #: Drafts what the UNet sees beside the noise, if it was made for that.
    prior: Prior | None = None

    @property
    def latent_scale(self) -> int:
        """Pixels per latent, along each side."""
        own = getattr(self.vae, "spatial_compression_ratio", None)
        return int(own or 2 ** (len(self.vae.config.block_out_channels) - 1))

    @property
    def native_size(self) -> int:
        return self.manifest.native_size or int(self.unet.config.sample_size) * self.latent_scale

    def latents_scaling(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and std that turn the UNet's latents z into the decoder's: z·std + mean; (1, C, 1, 1) each."""
        manifest, config = self.manifest, self.vae.config
        std = manifest.latents_std or (1 / config.scaling_factor,)
        mean = manifest.latents_mean or (getattr(config, "shift_factor", None) or 0.0,)
        return torch.tensor(mean).reshape(1, -1, 1, 1), torch.tensor(std).reshape(1, -1, 1, 1)


def load_checkpoint(
    model: str, *, device: torch.device, cache_dir: Path, loras: Sequence[Lora] = (), layout: str = LAYOUT
) -> Checkpoint:
    """Load the embedded checkpoint, a local folder, a single file, or a hub id.

    `layout` describes single files. Raises ModelNotFound with the reason.
    """
    source = str(EMBEDDED_FOLDER) if model == EMBEDDED else model
    try:
        if is_single_file(source):
            checkpoint = _load_file(source, layout, device)
        else:
            checkpoint = _load(model, source, device, cache_dir)
    except (OSError, ValueError, HfHubHTTPError) as error:
        raise ModelNotFound(f"cannot load {model!r}: {_reason(source, error)}", param="model") from error
    for lora in loras:
        for unet in (checkpoint.unet, *checkpoint.students.values()):
            fuse(lora, unet, checkpoint.text.model if unet is checkpoint.unet else None)
    return checkpoint


def quiet_libraries() -> None:
    """Their warnings and progress bars are not for the node's log."""
    diffusers_logging.set_verbosity_error()
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]


def _load(model: str, source: str, device: torch.device, cache_dir: Path) -> Checkpoint:
    manifest = _manifest(source)
    scheduler_config = _config(source, "scheduler", "scheduler_config.json")
    vae_class = _config(source, "vae", "config.json").get("_class_name")
    if vae_class not in _AUTOENCODERS:
        raise ValueError(f"its autoencoder is a {vae_class}; supported are {', '.join(_AUTOENCODERS)}")
    unet = _placed(_weights(FrameUNet, source, "unet"), device)
    own = vae_class == PatchAutoencoder.__name__
    if not own and any(profile.warp == "pixels" for profile in manifest.profiles.values()):
        raise ValueError(f"the warp of pixels needs a {PatchAutoencoder.__name__}, not a {vae_class}")
    vae = _placed(_weights(PatchAutoencoder if own else getattr(diffusers, vae_class), source, "vae"), device)
    text = _text_encoder(source, manifest, device, cache_dir)
    students = load_students(source, unet)
    path = file_beside(source, PRIOR)
    prior = load_prior(path, device) if path else None
    return Checkpoint(model, unet, vae, text, scheduler_config, manifest, students, prior)


def _load_file(path: str, layout: str, device: torch.device) -> Checkpoint:
    unet, vae, text, scheduler_config = load_parts(path, layout, device)
    manifest = _manifest(layout)
    return Checkpoint(path, _placed(unet, device), _placed(vae, device), text, scheduler_config, manifest)


def _placed(part: Any, device: torch.device) -> Any:
    return part.eval().requires_grad_(False).to(device, memory_format=torch.channels_last)


def _text_encoder(source: str, manifest: Manifest, device: torch.device, cache_dir: Path) -> TextEncoder:
    if manifest.text.encoder == "clip":
        return ClipText.load(source, device)
    return MiniLmText.load(minilm.unpacked(cache_dir), device, tokens=manifest.text.tokens)


def _weights(cls: Any, source: str, part: str) -> Any:
    """A model in float32, from its full-precision weights or else from the `fp16` variant."""
    options = {"subfolder": part, "use_safetensors": True, "torch_dtype": torch.float32}
    if any(Path(source, part).glob("*.fp16.safetensors")):
        options["variant"] = "fp16"
    try:
        return cls.from_pretrained(source, **options)
    except OSError as error:
        try:
            return cls.from_pretrained(source, variant="fp16", **options)
        except (OSError, ValueError):
            raise error from None


def _config(source: str, part: str, name: str) -> dict[str, Any]:
    if Path(source).is_dir():
        path = Path(source) / part / name
    else:
        path = Path(hf_hub_download(source, f"{part}/{name}"))
    config = json.loads(path.read_bytes())
    if not isinstance(config, dict):
        raise ValueError(f"{part}/{name} is not a JSON object")  # noqa: TRY004
    return config


def _manifest(source: str) -> Manifest:
    if Path(source).is_dir():
        return read_manifest(Path(source))
    try:
        return read_manifest(Path(hf_hub_download(source, FILE_NAME)).parent)
    except (HfHubHTTPError, LocalEntryNotFoundError):
        return Manifest()


def _reason(source: str, error: Exception) -> str:
    """Why, in words; a folder that only holds pickles is the commonest reason."""
    pickles = [file.name for file in Path(source).rglob("*.bin")] if Path(source).is_dir() else []
    hint = f" ({pickles[0]} is a pickle, which is never loaded: convert it to safetensors)" if pickles else ""
    return f"{error}{hint}"
