"""LoRA adapters, fused into a checkpoint's weights when it is loaded; safetensors only."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diffusers.loaders.lora_pipeline import StableDiffusionLoraLoaderMixin
from peft.tuners.lora import LoraLayer

from shared.errors import ModelNotFound


@dataclass(frozen=True)
class Lora:
    """An adapter by hub id, or the path of a safetensors file, and how strongly it acts."""

    source: str
    scale: float = 1.0

    @classmethod
    def parse(cls, text: str) -> "Lora":
        """`source` or `source@scale`. Raises ValueError for a scale that is no number."""
        source, _, scale = text.partition("@")
        return cls(source, float(scale) if scale else 1.0)


def fuse(lora: Lora, unet: Any, text_encoder: Any) -> None:
    """Add the adapter to the UNet's and the text encoder's weights; their layers stay what they were.

    Without a text encoder, only its changes of the UNet are made.
    """
    loader = StableDiffusionLoraLoaderMixin
    try:
        path = Path(lora.source)
        location = {"weight_name": path.name} if path.is_file() else {}
        source = str(path.parent) if path.is_file() else lora.source
        weights, alphas = loader.lora_state_dict(source, use_safetensors=True, **location)
        loader.load_lora_into_unet(weights, network_alphas=alphas, unet=unet)
        _settle(unet, lora.scale)
        if text_encoder is not None and any(name.startswith("text_encoder.") for name in weights):
            loader.load_lora_into_text_encoder(weights, alphas, text_encoder, lora_scale=1.0)
            _settle(text_encoder, lora.scale)
    except (OSError, ValueError, KeyError) as error:
        raise ModelNotFound(f"cannot load the LoRA adapter {lora.source!r}: {error}") from error


def _settle(model: Any, scale: float) -> None:
    """Merge the adapters' layers into the plain ones and put those back."""
    for name, layer in list(model.named_modules()):
        if isinstance(layer, LoraLayer):
            for adapter in layer.active_adapters:
                layer.set_scale(adapter, scale)
            layer.merge()
            parent, _, leaf = name.rpartition(".")
            setattr(model.get_submodule(parent), leaf, layer.get_base_layer())
    if hasattr(model, "peft_config"):
        del model.peft_config
    model._hf_peft_config_loaded = False
