"""Solvers: diffusers' schedulers, one fresh object per trajectory, so that no state crosses the warp."""

from typing import Any, Literal

import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, UniPCMultistepScheduler

SolverName = Literal["ddim", "dpm++", "unipc"]

_CLASSES: dict[SolverName, tuple[Any, dict[str, Any]]] = {
    "ddim": (DDIMScheduler, {}),
    "dpm++": (DPMSolverMultistepScheduler, {"algorithm_type": "dpmsolver++"}),
    "unipc": (UniPCMultistepScheduler, {}),
}


class Solver:
    """One trajectory of a variance-preserving solver."""

    def __init__(self, name: SolverName, config: dict[str, Any], *, steps: int, device: torch.device) -> None:
        cls, options = _CLASSES[name]
        self._scheduler = cls.from_config(config, **options)
        self._scheduler.set_timesteps(steps, device=device)
        self.timesteps: torch.Tensor = self._scheduler.timesteps
        assert len(self.timesteps) == steps

    def step(self, prediction: torch.Tensor, timestep: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """The latents one step earlier in noise; all float32."""
        return self._scheduler.step(prediction, timestep, x).prev_sample  # type: ignore[no-any-return]

    def kept_signal(self, t0: int, t1: int) -> torch.Tensor:
        """Share of the signal's variance that diffusing from training time `t0` on to `t1` keeps."""
        return torch.prod(self._scheduler.alphas[t0:t1])
