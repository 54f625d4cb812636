"""Captions as the denoiser sees them: hidden states of the frozen MiniLM encoder."""

from functools import cache

import torch
from torch import Tensor

from expert_node.engine.text import MiniLmText
from shared import minilm

from .places import DOWNLOADS

TOKENS = 24
CHANNELS = 384


@cache
def encoder() -> MiniLmText:
    return MiniLmText.load(minilm.unpacked(DOWNLOADS), torch.device("cpu"), tokens=TOKENS)


def embedded(captions: list[str]) -> Tensor:
    """float32 (captions, tokens, channels), zeros after the last token of each."""
    return encoder().encode(captions)


@cache
def nothing() -> Tensor:
    """The empty caption, which guidance is taken against."""
    return embedded([""])
