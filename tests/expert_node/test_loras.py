"""LoRA adapters: what is added to the weights, and what is said when there is nothing to add."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from expert_node.engine.checkpoint import load_checkpoint
from expert_node.engine.loras import Lora
from shared.errors import ModelNotFound

CPU = torch.device("cpu")
LAYER = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"


@pytest.fixture
def lora_file(tmp_path: Path) -> Path:
    path = tmp_path / "style.safetensors"
    down, up = torch.full((2, 16), 0.5), torch.full((16, 2), 0.25)
    save_file({f"unet.{LAYER}.lora_A.weight": down, f"unet.{LAYER}.lora_B.weight": up}, path)
    return path


@pytest.mark.parametrize("scale", [1.0, 0.4])
def test_an_adapter_is_fused_at_its_scale(
    scale: float, lora_file: Path, sd_folder: Path, cache_dir: Path
) -> None:
    plain = load_checkpoint(str(sd_folder), device=CPU, cache_dir=cache_dir)
    fused = load_checkpoint(
        str(sd_folder), device=CPU, cache_dir=cache_dir, loras=(Lora(str(lora_file), scale),)
    )
    changed = fused.unet.get_submodule(LAYER)
    assert type(changed) is torch.nn.Linear
    difference = changed.weight - plain.unet.get_submodule(LAYER).weight
    assert torch.allclose(difference, torch.full((16, 16), 0.25 * scale), atol=1e-6)
    assert set(fused.unet.state_dict()) == set(plain.unet.state_dict())


def test_a_missing_adapter_is_named(sd_folder: Path, cache_dir: Path, tmp_path: Path) -> None:
    missing = Lora(str(tmp_path / "none.safetensors"))
    with pytest.raises(ModelNotFound, match="LoRA"):
        load_checkpoint(str(sd_folder), device=CPU, cache_dir=cache_dir, loras=(missing,))


def test_source_and_scale_are_parsed() -> None:
    assert Lora.parse("some/style@0.7") == Lora("some/style", 0.7)
    assert Lora.parse("/a/b.safetensors") == Lora("/a/b.safetensors", 1.0)
    with pytest.raises(ValueError, match="could not convert"):
        Lora.parse("style@much")
