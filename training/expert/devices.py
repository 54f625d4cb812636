"""Where the models are trained."""

import torch

CPU = torch.device("cpu")


def mixed(device: torch.device) -> torch.autocast:
    """Matrix products in bfloat16."""
    return torch.autocast(device.type, torch.bfloat16)
