"""The peer: diffusers' Text2Video-Zero pipeline on a checkpoint's own weights."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from diffusers import DDIMScheduler

from expert_node.engine.checkpoint import Checkpoint
from expert_node.engine.prior import Draft
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

    def frames(self, spec: SubvideoSpec, recipe: Recipe, draft: Draft | None = None) -> np.ndarray:
        """The clip of a spec by the reference: (frames, height, width, 3) in [0, 1]."""
        scale, generator = self.checkpoint.latent_scale, torch.Generator().manual_seed(spec.seed)
        shape = (1, self.unet.config.out_channels, recipe.height_px // scale, recipe.width_px // scale)
        with self._shown(draft):
            return self._frames(spec, recipe, torch.randn(shape, generator=generator), generator)

    @contextmanager
    def _shown(self, draft: Draft | None) -> Iterator[None]:
        """While the UNet sees the draft beside the noise, in the prompted half of its rows."""
        if draft is None:
            yield
            return
        channels = draft.channels

        def beside(_module: torch.nn.Module, given: tuple[torch.Tensor, ...]) -> torch.Tensor:
            blind, seeing = (half.shape[0] for half in given[0].chunk(2))
            seen = torch.cat(
                [torch.zeros_like(channels).repeat(blind, 1, 1, 1), channels.repeat(seeing, 1, 1, 1)]
            )
            return torch.cat([given[0], seen], 1)

        hook = self.unet.conv_in.register_forward_pre_hook(beside)
        try:
            yield
        finally:
            hook.remove()

    def _frames(
        self, spec: SubvideoSpec, recipe: Recipe, latents: torch.Tensor, generator: torch.Generator
    ) -> np.ndarray:
        result = self(
            prompt=spec.prompt,
            video_length=recipe.frames,
            height=recipe.height_px,
            width=recipe.width_px,
            num_inference_steps=recipe.steps,
            guidance_scale=recipe.guidance_scale,
            generator=generator,
            latents=latents,
            motion_field_strength_x=recipe.motion.x,
            motion_field_strength_y=recipe.motion.y,
            t0=recipe.t0,
            t1=recipe.t1,
        )
        return np.asarray(result.images)

    @property
    def _execution_device(self) -> torch.device:
        return torch.device("cpu")
