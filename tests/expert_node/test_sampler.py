"""The engine against diffusers' own Text2Video-Zero pipeline, on the same weights."""

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from expert_node.engine.checkpoint import Checkpoint
from expert_node.engine.generator import Generator
from expert_node.engine.noise import NoiseStream
from expert_node.engine.packing import packed
from expert_node.engine.recipe import Recipe
from expert_node.engine.sampler import Conditioning, Sampler
from expert_node.engine.solver import SolverName
from shared.schemas import Motion

TOLERANCE = 1e-4


def reference_frames(folder: Path, prompt: str, recipe: Recipe, *, seed: int) -> np.ndarray:
    """(frames, height, width, 3) in [0, 1], by diffusers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from diffusers import TextToVideoZeroPipeline

        pipeline = TextToVideoZeroPipeline.from_pretrained(
            folder, safety_checker=None, feature_extractor=None, requires_safety_checker=False
        )
        pipeline.set_progress_bar_config(disable=True)
        return pipeline(
            prompt=prompt,
            video_length=recipe.frames,
            height=recipe.height_px,
            width=recipe.width_px,
            num_inference_steps=recipe.steps,
            guidance_scale=recipe.guidance_scale,
            generator=torch.Generator().manual_seed(seed),
            motion_field_strength_x=recipe.motion.x,
            motion_field_strength_y=recipe.motion.y,
            t0=recipe.t0,
            t1=recipe.t1,
        ).images


def engine_latents(
    checkpoint: Checkpoint, prompts: list[str], recipe: Recipe, *, seeds: list[int], chunk: int | None = 8
) -> torch.Tensor:
    """(clips, frames, C, h, w), by the engine; without a chunk, all frames beside the anchor."""
    sampler = Sampler(packed(checkpoint.unet), checkpoint.scheduler_config)
    encode = checkpoint.text.encode
    text = Conditioning(encode([""] * len(prompts)), encode(prompts))
    shape = (4, recipe.height_px // 8, recipe.width_px // 8)
    noises = [NoiseStream(seed, shape, frames=recipe.frames) for seed in seeds]
    first = torch.cat([noise.anchor for noise in noises])
    joining = () if chunk else noises
    anchor, joined = sampler.anchor(first, text, recipe, joining=joining, on_step=lambda: None)
    later = (
        [joined]
        if joined
        else sampler.frames(anchor, noises, text, recipe, chunk=chunk or 1, on_step=lambda: None)
    )
    return torch.cat([anchor.x_0[:, None], *(frames.latents for frames in later)], dim=1)


def decoded(checkpoint: Checkpoint, latents: torch.Tensor) -> np.ndarray:
    with torch.inference_mode():
        pixels = checkpoint.vae.decode(latents / checkpoint.vae.config.scaling_factor, return_dict=False)[0]
    return (pixels / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).numpy()


RECIPES = {
    "defaults": Recipe(height_px=64, width_px=64, frames=8),
    "portrait": Recipe(height_px=96, width_px=48, frames=3, steps=20, t0=14, t1=17),
    "odd latents": Recipe(height_px=72, width_px=40, frames=6, steps=12, t0=6, t1=10),
    "other motion": Recipe(
        height_px=64, width_px=64, frames=5, steps=10, t0=4, t1=6, motion=Motion(x=-40, y=12.5)
    ),
    "two frames": Recipe(height_px=64, width_px=96, frames=2, steps=10, t0=7, t1=9, guidance_scale=2.0),
    "many frames": Recipe(height_px=40, width_px=40, frames=19, steps=6, t0=2, t1=4, guidance_scale=12.0),
}


@pytest.mark.parametrize("chunk", [8, None])
@pytest.mark.parametrize("name", RECIPES)
def test_frames_equal_the_reference(
    name: str,
    chunk: int | None,
    sd_folder: Path,
    generator: Generator,
    record_property: Callable[[str, object], None],
) -> None:
    recipe, checkpoint = RECIPES[name], generator.checkpoint
    prompt = "a dog runs in a park"
    expected = reference_frames(sd_folder, prompt, recipe, seed=11)
    actual = decoded(checkpoint, engine_latents(checkpoint, [prompt], recipe, seeds=[11], chunk=chunk)[0])
    difference = float(np.abs(actual - expected).max())
    record_property("largest_difference", difference)
    print(f"{name}: largest difference {difference:.2e}")
    assert expected.std() > 0.01
    assert difference < TOLERANCE


@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 8, None])
def test_result_does_not_depend_on_the_chunk(chunk: int | None, generator: Generator) -> None:
    recipe = Recipe(height_px=72, width_px=40, frames=8, steps=8, t0=4, t1=6)
    checkpoint = generator.checkpoint
    whole = decoded(checkpoint, engine_latents(checkpoint, ["a cat"], recipe, seeds=[3], chunk=7)[0])
    chunked = decoded(checkpoint, engine_latents(checkpoint, ["a cat"], recipe, seeds=[3], chunk=chunk)[0])
    assert np.abs(whole - chunked).max() < 1e-5


@pytest.mark.parametrize("chunk", [2, None])
@pytest.mark.parametrize("guidance_scale", [0.0, 1.0, 7.5])
def test_batch_gives_what_each_gives_alone(
    guidance_scale: float, chunk: int | None, generator: Generator
) -> None:
    recipe = Recipe(height_px=64, width_px=64, frames=4, steps=8, t0=4, t1=6, guidance_scale=guidance_scale)
    prompts, seeds = ["a cat", "a dog in a park", "the sea"], [1, 2, 1]
    checkpoint = generator.checkpoint
    together = engine_latents(checkpoint, prompts, recipe, seeds=seeds, chunk=chunk)
    for index, (prompt, seed) in enumerate(zip(prompts, seeds, strict=True)):
        alone = engine_latents(checkpoint, [prompt], recipe, seeds=[seed])[0]
        assert np.abs(decoded(checkpoint, together[index]) - decoded(checkpoint, alone)).max() < 1e-5


@pytest.mark.parametrize("solver", ["ddim", "dpm++", "unipc"])
def test_shared_noise_without_motion_repeats_the_anchor(solver: SolverName, generator: Generator) -> None:
    """A later frame that starts where the anchor started ends where it ended, if no solver state leaks."""
    recipe = Recipe(
        height_px=64,
        width_px=64,
        frames=3,
        solver=solver,
        steps=12,
        t0=4,
        t1=11,
        motion=Motion(x=0, y=0),
        warp="nearest",
        shared_noise=1.0,
    )
    for chunk in (8, None):
        latents = engine_latents(generator.checkpoint, ["a cat"], recipe, seeds=[5], chunk=chunk)
        frames = decoded(generator.checkpoint, latents[0])
        assert np.abs(frames[1:] - frames[0]).max() < 1e-3
