"""What a faster profile loses: text alignment and subject consistency.

No model of pictures and text ships with the system, so text alignment is asked of the checkpoint's own UNet
in float32: a frame is noised, and the better the UNet predicts that noise when it is told the prompt, the
more of the prompt the frame shows. The score is the share of the error without a prompt that the prompt
removes (Kong et al. 2024, arXiv 2310.07972, normalised); every frame meets the same noise. Subject
consistency is VBench's formula, the mean of the cosines to the frame before and to the first, on features
of an ImageNet classifier, EfficientNet-Lite0 up to stride 16, averaged over the picture.
"""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import DDIMScheduler

from expert_node.engine.attention import AnchorStep, FrameAttention
from expert_node.engine.checkpoint import Checkpoint
from expert_node.engine.prior import Draft
from training.expert.perceptual import PerceptualDistance

_TIMES = range(100, 900, 50)
_SIDE_PX = 224


class Judge:
    """Scores clips with one checkpoint."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self._features = PerceptualDistance()
        self._kept = DDIMScheduler.from_config(checkpoint.scheduler_config).alphas_cumprod

    @torch.inference_mode()
    def text_alignment(self, frames: np.ndarray, prompt: str, drafts: Sequence[Draft] = ()) -> float:
        """How much of the prompt (N, H, W, 3) uint8 frames show; at most 1.

        `drafts` are what each frame was shown, where the checkpoint drafts pictures: part of being told.
        """
        x_0, text = self._latents(frames), self._checkpoint.text.encode([prompt, ""])
        texts = text.repeat_interleave(len(x_0), 0)
        generator = torch.Generator().manual_seed(0)
        errors = torch.zeros(2)
        for time in _TIMES:
            noise = torch.randn(x_0[:1].shape, generator=generator).expand_as(x_0)
            x_t = self._kept[time].sqrt() * x_0 + (1 - self._kept[time]).sqrt() * noise
            predicted = self._predict(torch.cat([x_t, x_t]), time, texts, drafts).unflatten(0, (2, -1))
            errors += (predicted - self._target(x_0, noise, time)).square().mean((1, 2, 3, 4))
        return float(1 - errors[0] / errors[1])

    @torch.inference_mode()
    def subject_consistency(self, frames: np.ndarray) -> float:
        """VBench's formula on (N, H, W, 3) uint8 frames, in [0, 1]."""
        pixels = torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255
        sized = F.interpolate(pixels, size=(_SIDE_PX, _SIDE_PX), mode="bilinear")
        unit = F.normalize(self._features.last(sized).mean((2, 3)), dim=-1)
        before, first = (unit[1:] * unit[:-1]).sum(-1), unit[1:] @ unit[0]
        return float((before.clamp_min(0) + first.clamp_min(0)).mean() / 2)

    def _target(self, x_0: torch.Tensor, noise: torch.Tensor, time: int) -> torch.Tensor:
        """What the UNet was trained to predict: the noise, or the velocity (Salimans and Ho 2022)."""
        if self._checkpoint.scheduler_config.get("prediction_type") != "v_prediction":
            return noise
        return self._kept[time].sqrt() * noise - (1 - self._kept[time]).sqrt() * x_0

    def _predict(
        self, x: torch.Tensor, time: int, text: torch.Tensor, drafts: Sequence[Draft]
    ) -> torch.Tensor:
        frames = {"frames": FrameAttention(AnchorStep())}
        if drafts:
            shown = torch.cat([draft.channels for draft in drafts])
            x = torch.cat([x, torch.cat([shown, torch.zeros_like(shown)])], 1)
        predicted: torch.Tensor = self._checkpoint.unet(
            x, time, encoder_hidden_states=text, cross_attention_kwargs=frames, return_dict=False
        )[0]
        return predicted

    def _latents(self, frames: np.ndarray) -> torch.Tensor:
        low, high = self._checkpoint.manifest.pixel_range
        pixels = torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255 * (high - low) + low
        encoded = self._checkpoint.vae.encode(pixels)
        latents = encoded.latents if hasattr(encoded, "latents") else encoded.latent_dist.mode()
        mean, std = self._checkpoint.latents_scaling()
        scaled: torch.Tensor = (latents - mean) / std
        return scaled
