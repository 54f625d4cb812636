"""A UNet of a profile's own, from an adapter or whole, beside the base."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from expert_node.engine.checkpoint import Checkpoint, load_checkpoint
from expert_node.engine.generator import Generator
from expert_node.engine.loras import Lora
from shared.errors import ModelNotFound
from shared.schemas import SubvideoSpec

CPU = torch.device("cpu")
LAYER = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"


@pytest.fixture
def folder(sd_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sd_folder, tmp_path / "checkpoint"))


def load(folder: Path, **options: object) -> Checkpoint:
    return load_checkpoint(str(folder), device=CPU, cache_dir=folder, **options)  # type: ignore[arg-type]


def adapter(path: Path, *, layer: str = f"unet.{LAYER}") -> Path:
    down, up = torch.full((2, 16), 0.5), torch.full((16, 2), 0.25)
    save_file({f"{layer}.lora_A.weight": down, f"{layer}.lora_B.weight": up}, path)
    return path


def frames(generator: Generator, profile: str) -> np.ndarray:
    spec = SubvideoSpec.model_validate(
        {"prompt": "a dog", "profile": profile, "frames": 2, "steps": 4, "width": 64, "height": 64}
    )
    return np.concatenate(list(generator.generate([spec], on_step=lambda: None)), axis=1)


def test_an_adapter_changes_its_profile_and_no_other(folder: Path, generator: Generator) -> None:
    adapter(folder / "fast.safetensors")
    checkpoint = load(folder)
    unets = checkpoint.unet, checkpoint.students["fast"]
    base, student = (unet.get_submodule(LAYER).weight for unet in unets)
    assert torch.allclose(student - base, torch.full((16, 16), 0.25), atol=1e-6)
    own = Generator(checkpoint)
    assert not np.array_equal(frames(own, "fast"), frames(generator, "fast"))
    assert np.array_equal(frames(own, "balanced"), frames(generator, "balanced"))


def test_a_whole_unet_is_a_student_too(folder: Path) -> None:
    weights = load_file(folder / "unet" / "diffusion_pytorch_model.safetensors")
    doubled = {name: 2 * value for name, value in weights.items()}
    save_file(doubled, folder / "fast.safetensors")
    checkpoint = load(folder)
    student, base = checkpoint.students["fast"].state_dict(), checkpoint.unet.state_dict()
    assert all(torch.equal(student[name], 2 * base[name]) for name in base)


def test_clips_of_a_student_and_of_the_base_share_no_batch(folder: Path) -> None:
    adapter(folder / "fast.safetensors")
    (folder / "expert.json").write_text('{"profiles": {"fast": {"steps": 9}, "balanced": {"steps": 9}}}')
    generator = Generator(load(folder))
    fast, balanced = (
        generator.recipe(SubvideoSpec.model_validate({"prompt": "a dog", "profile": profile}))
        for profile in ("fast", "balanced")
    )
    assert (fast.student, balanced.student) == ("fast", None)
    assert fast != balanced


def test_an_adapter_by_configuration_acts_on_students_as_well(folder: Path, tmp_path: Path) -> None:
    adapter(folder / "fast.safetensors")
    style = Lora(str(adapter(tmp_path / "style.safetensors")), 1.0)
    plain, styled = load(folder), load(folder, loras=(style,))
    change = styled.students["fast"].get_submodule(LAYER).weight - plain.unet.get_submodule(LAYER).weight
    assert torch.allclose(change, torch.full((16, 16), 0.5), atol=1e-6)


def test_what_is_no_student_is_refused_with_a_reason(folder: Path) -> None:
    path = folder / "fast.safetensors"
    path.write_bytes(b"\x80\x02}q\x00.")
    with pytest.raises(ModelNotFound, match=r"fast\.safetensors"):
        load(folder)
    save_file({"conv_in.weight": torch.zeros(1)}, path)
    with pytest.raises(ModelNotFound, match="neither an adapter nor a UNet"):
        load(folder)
    adapter(path, layer="text_encoder.text_model.encoder.layers.0.self_attn.q_proj")
    with pytest.raises(ModelNotFound, match="more than the UNet"):
        load(folder)
