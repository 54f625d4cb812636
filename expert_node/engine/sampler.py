"""Text2Video-Zero: one anchor, and frames that are the anchor moved, noised again and denoised beside it.

Khachatryan et al. 2023, algorithm 1. Names are the paper's: `x_t1` is the anchor at the noise that later
frames start from, `x_t0` the anchor, less noisy, that is warped. Latents are float32; only the UNet runs in
the recipe's precision.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from expert_node.engine.attention import AnchorStep, FrameAttention, WordWatch
from expert_node.engine.health import check_latents
from expert_node.engine.motion import progress_at, warp
from expert_node.engine.noise import NoiseStream
from expert_node.engine.recipe import Recipe
from expert_node.engine.solver import Solver

#: Called at every step boundary with the number of UNet steps just done; raises to stop the work.
StepHook = Callable[[], None]


@dataclass(frozen=True)
class Conditioning:
    """Text embeddings of a batch, (clips, tokens, channels) each: what not to show, and what to show."""

    negative: torch.Tensor
    positive: torch.Tensor
    #: Positions of each clip's subject in its text, to be watched; empty for none.
    subjects: tuple[tuple[int, ...], ...] = ()

    def watch(self) -> WordWatch | None:
        return WordWatch(self.subjects) if any(self.subjects) else None


@dataclass(frozen=True)
class Denoised:
    """Finished frames of a batch."""

    #: (clips, frames, channels, height, width)
    latents: torch.Tensor
    #: Where the text attention saw the subjects: (clips, frames, places) in [0, 1], coarser than the latents.
    subjects: torch.Tensor | None = None


@dataclass(frozen=True)
class Anchor:
    """Frame 0 of a batch of clips, and all that later frames need of it."""

    #: (clips, channels, height, width), like x_t1 and x_t0.
    x_0: torch.Tensor
    x_t1: torch.Tensor
    x_t0: torch.Tensor
    subjects: torch.Tensor | None
    #: One per step from the paper's t1 on.
    steps: tuple[AnchorStep, ...]

    @property
    def size_bytes(self) -> int:
        return sum(step.size_bytes for step in self.steps)


class Sampler:
    """Samples batches of clips from one UNet. Holds no state between calls."""

    def __init__(self, unet: Any, scheduler_config: dict[str, Any]) -> None:
        self._unet = unet
        self._scheduler_config = scheduler_config

    @property
    def dtype(self) -> torch.dtype:
        dtype: torch.dtype = self._unet.dtype
        return dtype

    @torch.inference_mode()
    def anchor(self, noise: torch.Tensor, text: Conditioning, recipe: Recipe, *, on_step: StepHook) -> Anchor:
        """Denoise frame 0 of every clip from `noise` (clips, channels, height, width)."""
        solver = self._solver(recipe)
        guided = recipe.guidance_scale > 1
        x = x_t1 = x_t0 = noise
        steps, watch = [], text.watch()
        for index, timestep in enumerate(solver.timesteps):
            x_t1 = x if index == recipe.noise_index else x_t1
            x_t0 = x if index == recipe.warp_index else x_t0
            frames = FrameAttention(AnchorStep(), watch=watch)
            prediction = self._predict(x, timestep, text, frames, scale=recipe.guidance_scale, guided=guided)
            if index >= recipe.noise_index:
                steps.append(frames.anchor)
            x = solver.step(prediction, timestep, x)
            on_step()
        x_t0 = x if recipe.warp_index == recipe.steps else x_t0
        subjects = watch.finest() if watch else None
        return Anchor(check_latents(x), x_t1, x_t0, subjects, tuple(steps))

    @torch.inference_mode()
    def frames(
        self,
        anchor: Anchor,
        noises: Sequence[NoiseStream],
        text: Conditioning,
        recipe: Recipe,
        *,
        chunk: int,
        first: int = 1,
        on_step: StepHook,
    ) -> Iterator[Denoised]:
        """Frames `first` to the last, up to `chunk` at a time.

        The chunk decides memory and latency, not the result.
        """
        for start in range(first, recipe.frames, chunk):
            numbers = range(start, min(start + chunk, recipe.frames))
            noise = torch.stack([stream.take(len(numbers)) for stream in noises])
            x = self._moved(anchor, noise.to(anchor.x_0.device), recipe, numbers)
            yield self._denoised(x, anchor, text, recipe, on_step=on_step)

    def _moved(self, anchor: Anchor, noise: torch.Tensor, recipe: Recipe, numbers: range) -> torch.Tensor:
        """x_t1 of later frames: the warped x_t0, diffused forward from t0 to t1 (equation 6)."""
        kept = self._kept_signal(recipe)
        x_t0 = torch.stack([self._warped(anchor.x_t0, recipe, frame) for frame in numbers], dim=1)
        if recipe.shared_noise:
            own = (anchor.x_t1 - kept.sqrt() * anchor.x_t0) / (1 - kept).sqrt()
            shared = torch.stack([self._warped(own, recipe, frame) for frame in numbers], dim=1)
            noise = recipe.shared_noise**0.5 * shared + (1 - recipe.shared_noise) ** 0.5 * noise
        return kept.sqrt() * x_t0 + (1 - kept).sqrt() * noise

    def _warped(self, x: torch.Tensor, recipe: Recipe, frame: int) -> torch.Tensor:
        progress = progress_at(frame, recipe.motion, frames=recipe.frames)
        return warp(x, recipe.motion, progress=progress, interpolation=recipe.warp)

    def _kept_signal(self, recipe: Recipe) -> torch.Tensor:
        solver = self._solver(recipe)
        t1 = int(solver.timesteps[recipe.noise_index])
        finished = recipe.warp_index == recipe.steps
        return solver.kept_signal(0 if finished else int(solver.timesteps[recipe.warp_index]), t1)

    def _denoised(
        self, x: torch.Tensor, anchor: Anchor, text: Conditioning, recipe: Recipe, *, on_step: StepHook
    ) -> Denoised:
        """(clips, n, …) latents at t1 to finished ones, beside the anchor's keys and values."""
        clips, count = x.shape[:2]
        solver, watch = self._solver(recipe), text.watch()
        guided = recipe.guidance_scale > 1 and recipe.guide_frames
        x = x.flatten(0, 1)
        for timestep, step in zip(solver.timesteps[recipe.noise_index :], anchor.steps, strict=True):
            frames = FrameAttention(step, replay=True, frames=count, watch=watch)
            prediction = self._predict(x, timestep, text, frames, scale=recipe.guidance_scale, guided=guided)
            x = solver.step(prediction, timestep, x)
            on_step()
        latents = check_latents(x).reshape(clips, count, *x.shape[1:])
        return Denoised(latents, watch.finest() if watch else None)

    def _predict(
        self,
        x: torch.Tensor,
        timestep: torch.Tensor,
        text: Conditioning,
        frames: FrameAttention,
        *,
        scale: float,
        guided: bool,
    ) -> torch.Tensor:
        """The UNet's prediction in float32, with classifier-free guidance if `guided`."""
        embeds = torch.cat([text.negative, text.positive]) if guided else text.positive
        prediction = self._unet(
            (torch.cat([x, x]) if guided else x).to(self._unet.dtype),
            timestep,
            encoder_hidden_states=embeds.to(self._unet.dtype),
            cross_attention_kwargs={"frames": frames},
            return_dict=False,
        )[0].float()
        if not guided:
            return prediction  # type: ignore[no-any-return]
        negative, positive = prediction.chunk(2)
        return negative + scale * (positive - negative)  # type: ignore[no-any-return]

    def _solver(self, recipe: Recipe) -> Solver:
        return Solver(recipe.solver, self._scheduler_config, steps=recipe.steps, device=self._unet.device)
