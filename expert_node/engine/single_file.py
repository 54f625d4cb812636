"""Checkpoints in one safetensors file, as Stable Diffusion 1.x and its fine-tunes are passed around."""

from pathlib import Path
from typing import Any

import torch
from diffusers import StableDiffusionPipeline
from diffusers.loaders.single_file_utils import SingleFileComponentError

from expert_node.engine.text import ClipText
from shared.errors import ModelNotFound

#: Endings of files that hold a whole model; all but the first are pickles.
SAFE, PICKLES = ".safetensors", (".ckpt", ".pt", ".pth", ".bin")


def is_single_file(model: str) -> bool:
    """Is it a file of weights? Raises ModelNotFound for pickles and for files that are not there."""
    if model.endswith(PICKLES):
        raise ModelNotFound(f"{model} is a pickle, which is never loaded: convert it to safetensors")
    if model.endswith(SAFE) and not Path(model).is_file():
        raise ModelNotFound(f"there is no file {model}")
    return model.endswith(SAFE)


def load_parts(path: str, layout: str, device: torch.device) -> tuple[Any, Any, ClipText, dict[str, Any]]:
    """UNet, autoencoder, text encoder and the scheduler's configuration.

    `layout` is a folder or hub id in the Stable Diffusion 1.x layout, of which only configurations and the
    tokenizer are read: the file has neither.
    """
    try:
        pipeline = StableDiffusionPipeline.from_single_file(
            path,
            config=layout,
            local_files_only=Path(layout).is_dir(),
            torch_dtype=torch.float32,
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
    except SingleFileComponentError as error:
        raise ModelNotFound(f"cannot load {path!r}: {str(error).splitlines()[0]}", param="model") from error
    tokens = pipeline.tokenizer.model_max_length
    text = ClipText(pipeline.tokenizer, pipeline.text_encoder, device, tokens=tokens)
    return pipeline.unet, pipeline.vae, text, dict(pipeline.scheduler.config)
