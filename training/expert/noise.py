"""The diffusion process: Stable Diffusion's schedule brought to zero terminal signal, velocity as target.

Zero terminal signal (Lin et al. 2024, arXiv 2305.08891) lets pictures be wholly white, black or green;
velocity (Salimans and Ho 2022, arXiv 2202.00512) is defined there, where ε is not.
"""

from typing import Any

from diffusers import DDIMScheduler
from torch import Tensor

LEVELS = 1000
#: How far the caption is followed (classifier-free guidance, Ho and Salimans 2022, arXiv 2207.12598).
GUIDANCE = 2.0
SCHEDULER: dict[str, Any] = {
    "num_train_timesteps": LEVELS,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "prediction_type": "v_prediction",
    "rescale_betas_zero_snr": True,
    "timestep_spacing": "trailing",
    "clip_sample": False,
    "set_alpha_to_one": True,
}


def scheduler() -> Any:
    return DDIMScheduler(**SCHEDULER)  # type: ignore[no-untyped-call]


class Process:
    """x_t = α z + σ ε and v = α ε − σ z, for batches of latents with one level each."""

    def __init__(self) -> None:
        self.signal: Tensor = scheduler().alphas_cumprod.clamp(0, 1)

    def at(self, levels: Tensor) -> tuple[Tensor, Tensor]:
        """α and σ, each (N, 1, 1, 1)."""
        squared = self._signal_at(levels).reshape(-1, 1, 1, 1)
        return squared.sqrt(), (1 - squared).sqrt()

    def _signal_at(self, levels: Tensor) -> Tensor:
        self.signal = self.signal.to(levels.device)
        return self.signal[levels]

    def diffused(self, z: Tensor, noise: Tensor, levels: Tensor) -> Tensor:
        alpha, sigma = self.at(levels)
        return alpha * z + sigma * noise

    def velocity(self, z: Tensor, noise: Tensor, levels: Tensor) -> Tensor:
        alpha, sigma = self.at(levels)
        return alpha * noise - sigma * z

    def clean(self, x: Tensor, velocity: Tensor, levels: Tensor) -> Tensor:
        """The latents that x and its velocity point to."""
        alpha, sigma = self.at(levels)
        return alpha * x - sigma * velocity

    def noise_in(self, x: Tensor, velocity: Tensor, levels: Tensor) -> Tensor:
        alpha, sigma = self.at(levels)
        return sigma * x + alpha * velocity

    def weight(self, levels: Tensor, *, most: float = 5.0) -> Tensor:
        """Weight of the velocity loss, (N,): less where little noise is left.

        Bounds the weight of the clean latents' error there as min-SNR does (Hang et al. 2023, arXiv
        2303.09556), but keeps the noisiest levels, where a picture's composition is decided.
        """
        squared = self._signal_at(levels)
        return (most * (1 - squared)).clamp(max=1)
