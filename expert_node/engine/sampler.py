"""Text2Video-Zero: one anchor, and frames that are the anchor moved, noised again and denoised beside it.

Khachatryan et al. 2023, algorithm 1. Names are the paper's: `x_t1` is the anchor at the noise that later
frames start from, `x_t0` the anchor, less noisy, that is warped. Latents are float32; only the UNet runs in
the recipe's precision.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from expert_node.engine.attention import AnchorStep, FrameAttention, WordWatch
from expert_node.engine.health import check_latents
from expert_node.engine.motion import progress_at, warp
from expert_node.engine.noise import NoiseStream
from expert_node.engine.prior import Draft
from expert_node.engine.recipe import Recipe
from expert_node.engine.solver import Solver
from shared.schemas import Motion

#: Called at every step boundary with the number of UNet steps just done; raises to stop the work.
StepHook = Callable[[], None]


@dataclass(frozen=True)
class Conditioning:
    """Text embeddings of a batch, (clips, tokens, channels) each: what not to show, and what to show."""

    negative: torch.Tensor
    positive: torch.Tensor
    #: Positions of each clip's subject in its text, to be watched; empty for none.
    subjects: tuple[tuple[int, ...], ...] = ()
    #: What the prompts' pictures should show, for UNets that see it beside the noise.
    draft: Draft | None = None

    def watch(self) -> WordWatch | None:
        """Nothing is to be watched where a draft shows the subjects."""
        return WordWatch(self.subjects) if any(self.subjects) and self.draft is None else None


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
        kept = [self.x_0, self.x_t1, self.x_t0, *([] if self.subjects is None else [self.subjects])]
        return sum(step.size_bytes for step in self.steps) + sum(each.nbytes for each in kept)


class Mover(Protocol):
    """Moves latents by the pictures that they stand for."""

    def moved(self, latents: torch.Tensor, motion: Motion, *, progress: float) -> torch.Tensor: ...


class Trajectory:
    """Some frames of every clip on their way from noise, with a solver of their own."""

    def __init__(self, solver: Solver, x: torch.Tensor) -> None:
        """`x` is (clips, frames, channels, height, width)."""
        self._solver = solver
        self.x = x

    def step(self, prediction: torch.Tensor, timestep: torch.Tensor) -> None:
        flat = self._solver.step(prediction.flatten(0, 1), timestep, self.x.flatten(0, 1))
        self.x = flat.reshape(self.x.shape)


class Sampler:
    """Samples batches of clips from one UNet. Holds no state between calls."""

    def __init__(self, unet: Any, scheduler_config: dict[str, Any], mover: Mover | None = None) -> None:
        """`mover` is for recipes whose warp is "pixels"."""
        self._unet = unet
        self._scheduler_config = scheduler_config
        self._mover = mover

    @property
    def dtype(self) -> torch.dtype:
        dtype: torch.dtype = self._unet.dtype
        return dtype

    @staticmethod
    def can_join(text: Conditioning, recipe: Recipe) -> bool:
        """May later frames share the anchor's batches?"""
        alike = recipe.guide_frames or recipe.guidance_scale <= 1
        return alike and recipe.warp_index < recipe.steps and text.watch() is None

    @torch.inference_mode()
    def anchor(
        self,
        noise: torch.Tensor,
        text: Conditioning,
        recipe: Recipe,
        *,
        joining: Sequence[NoiseStream] = (),
        on_step: StepHook,
    ) -> tuple[Anchor, Denoised | None]:
        """Denoise frame 0 of every clip from `noise` (clips, channels, height, width).

        With the clips' streams `joining` it, all later frames are denoised in the same batches from the
        paper's t0 on: the same result, in less time, since an anchor alone is a small batch.
        """
        solver, guided = self._solver(recipe), recipe.guidance_scale > 1
        first, later = Trajectory(solver, noise[:, None]), None
        x_t1 = x_t0 = noise
        steps: list[AnchorStep] = []
        watch, drafts = text.watch(), drafts_of(text.draft, recipe, range(1))
        for index, timestep in enumerate(solver.timesteps):
            x_t1 = first.x[:, 0] if index == recipe.noise_index else x_t1
            if index == recipe.warp_index:
                x_t0 = first.x[:, 0]
                if joining:
                    x = self._moved(x_t0, x_t1, joining, recipe, range(1, recipe.frames))
                    later = Trajectory(self._solver(recipe), x)
                    drafts = drafts_of(text.draft, recipe, range(recipe.frames))
                    self._replay(later, steps, text, recipe, drafts[1:], watch=None, on_step=on_step)
            x = torch.cat([first.x, later.x], dim=1) if later else first.x
            frames = FrameAttention(AnchorStep(), frames=x.shape[1], watch=watch)
            prediction = self._predict(
                x, timestep, text, frames, drafts, scale=recipe.guidance_scale, guided=guided
            )
            if index >= recipe.noise_index:
                steps.append(frames.anchor)
            first.step(prediction[:, :1], timestep)
            on_step()
            if later:
                later.step(prediction[:, 1:], timestep)
                on_step()
        x_0 = check_latents(first.x[:, 0])
        x_t0 = x_0 if recipe.warp_index == recipe.steps else x_t0
        anchor = Anchor(x_0, x_t1, x_t0, _seen(watch, drafts[:1]), tuple(steps))
        return anchor, Denoised(check_latents(later.x), _seen(None, drafts[1:])) if later else None

    @torch.inference_mode()
    def frames(
        self,
        anchor: Anchor,
        noises: Sequence[NoiseStream],
        text: Conditioning,
        recipe: Recipe,
        *,
        chunk: int,
        on_step: StepHook,
    ) -> Iterator[Denoised]:
        """The frames after the anchor, up to `chunk` at a time.

        The chunk decides memory and latency, not the result.
        """
        for start in range(1, recipe.frames, chunk):
            numbers = range(start, min(start + chunk, recipe.frames))
            x = self._moved(anchor.x_t0, anchor.x_t1, noises, recipe, numbers)
            trajectory, watch = Trajectory(self._solver(recipe), x), text.watch()
            drafts = drafts_of(text.draft, recipe, numbers)
            self._replay(trajectory, anchor.steps, text, recipe, drafts, watch=watch, on_step=on_step)
            yield Denoised(check_latents(trajectory.x), _seen(watch, drafts))

    def _replay(
        self,
        trajectory: Trajectory,
        steps: Sequence[AnchorStep],
        text: Conditioning,
        recipe: Recipe,
        drafts: Sequence[Draft],
        *,
        watch: WordWatch | None,
        on_step: StepHook,
    ) -> None:
        """Take as many steps from t1 on as there are of the anchor, beside its keys and values."""
        guided = recipe.guidance_scale > 1 and recipe.guide_frames
        count = trajectory.x.shape[1]
        timesteps = self._solver(recipe).timesteps[recipe.noise_index :]
        for timestep, step in zip(timesteps, steps, strict=False):
            frames = FrameAttention(step, replay=True, frames=count, watch=watch)
            scale = recipe.guidance_scale
            prediction = self._predict(
                trajectory.x, timestep, text, frames, drafts, scale=scale, guided=guided
            )
            trajectory.step(prediction, timestep)
            on_step()

    def _moved(
        self,
        x_t0: torch.Tensor,
        x_t1: torch.Tensor,
        noises: Sequence[NoiseStream],
        recipe: Recipe,
        numbers: range,
    ) -> torch.Tensor:
        """x_t1 of later frames: the warped x_t0, diffused forward from t0 to t1 (equation 6)."""
        noise = torch.stack([stream.take(len(numbers)) for stream in noises]).to(x_t0.device)
        kept = self._kept_signal(recipe)
        moved = torch.stack([self._warped(x_t0, recipe, frame) for frame in numbers], dim=1)
        if recipe.shared_noise:
            own = (x_t1 - kept.sqrt() * x_t0) / (1 - kept).sqrt()
            shared = torch.stack([self._warped_noise(own, recipe, frame) for frame in numbers], dim=1)
            noise = recipe.shared_noise**0.5 * shared + (1 - recipe.shared_noise) ** 0.5 * noise
        return kept.sqrt() * moved + (1 - kept).sqrt() * noise

    def _warped(self, x: torch.Tensor, recipe: Recipe, frame: int) -> torch.Tensor:
        progress = progress_at(frame, recipe.motion, frames=recipe.frames)
        if recipe.warp == "pixels":
            assert self._mover is not None
            return self._mover.moved(x, recipe.motion, progress=progress)
        return warp(x, recipe.motion, progress=progress, interpolation=recipe.warp)

    def _warped_noise(self, noise: torch.Tensor, recipe: Recipe, frame: int) -> torch.Tensor:
        """As pixels, noise loses variance between latents: it is given back."""
        moved = self._warped(noise, recipe, frame)
        if recipe.warp != "pixels":
            return moved
        spread = (2, 3)
        return moved * (noise.std(spread, keepdim=True) / moved.std(spread, keepdim=True))

    def _kept_signal(self, recipe: Recipe) -> torch.Tensor:
        solver = self._solver(recipe)
        t1 = int(solver.timesteps[recipe.noise_index])
        finished = recipe.warp_index == recipe.steps
        return solver.kept_signal(0 if finished else int(solver.timesteps[recipe.warp_index]), t1)

    def _predict(
        self,
        x: torch.Tensor,
        timestep: torch.Tensor,
        text: Conditioning,
        frames: FrameAttention,
        drafts: Sequence[Draft],
        *,
        scale: float,
        guided: bool,
    ) -> torch.Tensor:
        """The UNet's prediction for (clips, frames, …), float32, guided without a classifier if `guided`.

        What not to show has no draft.
        """
        embeds = torch.cat([text.negative, text.positive]) if guided else text.positive
        seen = torch.cat([x, torch.stack([draft.channels for draft in drafts], 1)], 2) if drafts else x
        flat, blind = seen.flatten(0, 1), seen.clone() if drafts and guided else seen
        if drafts and guided:
            blind[:, :, x.shape[2] :] = 0
        prediction = self._unet(
            (torch.cat([blind.flatten(0, 1), flat]) if guided else flat).to(self._unet.dtype),
            timestep,
            encoder_hidden_states=embeds.to(self._unet.dtype),
            cross_attention_kwargs={"frames": frames},
            return_dict=False,
        )[0].float()
        if guided:
            negative, positive = prediction.chunk(2)
            prediction = negative + scale * (positive - negative)
        return prediction.reshape(x.shape)  # type: ignore[no-any-return]

    def _solver(self, recipe: Recipe) -> Solver:
        return Solver(recipe.solver, self._scheduler_config, steps=recipe.steps, device=self._unet.device)


def drafts_of(draft: Draft | None, recipe: Recipe, numbers: range) -> list[Draft]:
    """Of the frames with these numbers: moved as they are, if by pixels; none if the UNet sees none."""
    if draft is None:
        return []
    if recipe.warp != "pixels":
        return [draft] * len(numbers)
    return [draft.moved(recipe.motion, frame, frames=recipe.frames) for frame in numbers]


def _seen(watch: WordWatch | None, drafts: Sequence[Draft]) -> torch.Tensor | None:
    """Where subjects are, as `Denoised.subjects`: as the drafts show it, or as the text attention saw it."""
    if drafts:
        return torch.stack([draft.pixels[:, 3].flatten(1) for draft in drafts], 1)
    return watch.finest() if watch else None
