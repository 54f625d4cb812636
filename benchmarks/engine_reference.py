"""The peer: diffusers' Text2Video-Zero pipeline on a checkpoint's own weights."""

import warnings
from typing import Any

import numpy as np
import torch
from diffusers import DDIMScheduler

from expert_node.engine.checkpoint import Checkpoint
from expert_node.engine.recipe import Recipe
from shared.schemas import SubvideoSpec

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from diffusers import TextToVideoZeroPipeline


class ReferencePipeline(TextToVideoZeroPipeline):  # type: ignore[misc]
    """The pipeline as it is, with the checkpoint's own text encoder in place of CLIP."""

    checkpoint: Checkpoint

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> "ReferencePipeline":
        pipeline = cls(
            vae=checkpoint.vae,
            text_encoder=None,
            tokenizer=None,
            unet=checkpoint.unet.to(memory_format=torch.contiguous_format),
            scheduler=DDIMScheduler.from_config(checkpoint.scheduler_config),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
        pipeline.checkpoint = checkpoint
        pipeline.set_progress_bar_config(disable=True)
        return pipeline

    def encode_prompt(self, prompt: list[str], *_: Any, **__: Any) -> tuple[torch.Tensor, torch.Tensor]:
        return self.checkpoint.text.encode(prompt), self.checkpoint.text.encode([""])

    def decode_latents(self, latents: torch.Tensor) -> np.ndarray:
        """(frames, height, width, 3) in [0, 1], in one batch, as the pipeline's own method does."""
        mean, std = self.checkpoint.latents_scaling()
        low, high = self.checkpoint.manifest.pixel_range
        pixels = self.vae.decode(latents * std + mean, return_dict=False)[0]
        scaled = ((pixels - low) / (high - low)).clamp(0, 1).permute(0, 2, 3, 1)
        return np.asarray(scaled.float().numpy())

    def frames(self, spec: SubvideoSpec, recipe: Recipe) -> np.ndarray:
        """The clip of a spec by the reference: (frames, height, width, 3) in [0, 1]."""
        result = self(
            prompt=spec.prompt,
            video_length=recipe.frames,
            height=recipe.height_px,
            width=recipe.width_px,
            num_inference_steps=recipe.steps,
            guidance_scale=recipe.guidance_scale,
            generator=torch.Generator().manual_seed(spec.seed),
            motion_field_strength_x=recipe.motion.x,
            motion_field_strength_y=recipe.motion.y,
            t0=recipe.t0,
            t1=recipe.t1,
        )
        return np.asarray(result.images)

    @property
    def _execution_device(self) -> torch.device:
        return torch.device("cpu")
