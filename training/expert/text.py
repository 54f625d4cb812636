"""Captions as the denoiser sees them: hidden states of the frozen MiniLM encoder."""

from functools import cache

import torch
from torch import Tensor

from expert_node.engine.text import MiniLmText
from shared import minilm

from .devices import CPU, mixed
from .places import DOWNLOADS

TOKENS = 24
CHANNELS = 384


@cache
def encoder(device: torch.device) -> MiniLmText:
    return MiniLmText.load(minilm.unpacked(DOWNLOADS), device, tokens=TOKENS)


def embedded(captions: list[str], device: torch.device = CPU) -> Tensor:
    """float32 (captions, tokens, channels), zeros after the last token of each; on the CPU."""
    with mixed(device):
        return encoder(device).encode(captions).float().cpu()


@cache
def nothing() -> Tensor:
    """The empty caption, which guidance is taken against."""
    return embedded([""])
