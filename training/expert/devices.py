"""Where the models are trained."""

from collections.abc import Callable
from typing import Any

import torch

CPU = torch.device("cpu")


def mixed(device: torch.device) -> torch.autocast:
    """Matrix products in bfloat16."""
    return torch.autocast(device.type, torch.bfloat16)


def fused(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compiled: on CPUs three to five times as fast, since what is between convolutions is bound by memory.

    The code adapts to the number of threads; each new shape of the arguments is compiled by itself.
    """
    torch._inductor.config.cpp.dynamic_threads = True
    compiled: Callable[..., Any] = torch.compile(function, dynamic=False)
    return compiled
