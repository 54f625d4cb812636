"""A checkpoint in one file, with the names that Stable Diffusion's own training code gives its weights."""

import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from expert_node.engine.checkpoint import Checkpoint, load_checkpoint
from shared.errors import ModelNotFound

CPU = torch.device("cpu")
UNET = (
    (r"^time_embedding\.linear_1", "time_embed.0"),
    (r"^time_embedding\.linear_2", "time_embed.2"),
    (r"^conv_in", "input_blocks.0.0"),
    (r"^conv_norm_out", "out.0"),
    (r"^conv_out", "out.2"),
    (r"^down_blocks\.(\d)\.resnets\.0", lambda m: f"input_blocks.{2 * int(m[1]) + 1}.0"),
    (r"^down_blocks\.(\d)\.attentions\.0", lambda m: f"input_blocks.{2 * int(m[1]) + 1}.1"),
    (r"^down_blocks\.(\d)\.downsamplers\.0\.conv", lambda m: f"input_blocks.{2 * int(m[1]) + 2}.0.op"),
    (r"^up_blocks\.(\d)\.resnets\.(\d)", lambda m: f"output_blocks.{2 * int(m[1]) + int(m[2])}.0"),
    (r"^up_blocks\.(\d)\.attentions\.(\d)", lambda m: f"output_blocks.{2 * int(m[1]) + int(m[2])}.1"),
    (r"^up_blocks\.0\.upsamplers\.0", "output_blocks.1.1"),
    (r"^mid_block\.resnets\.0", "middle_block.0"),
    (r"^mid_block\.attentions\.0", "middle_block.1"),
    (r"^mid_block\.resnets\.1", "middle_block.2"),
    (r"(put_blocks\.\d+\.0|middle_block\.[02])\.norm1", r"\1.in_layers.0"),
    (r"(put_blocks\.\d+\.0|middle_block\.[02])\.conv1", r"\1.in_layers.2"),
    (r"(put_blocks\.\d+\.0|middle_block\.[02])\.norm2", r"\1.out_layers.0"),
    (r"(put_blocks\.\d+\.0|middle_block\.[02])\.conv2", r"\1.out_layers.3"),
    (r"\.time_emb_proj", ".emb_layers.1"),
    (r"\.conv_shortcut", ".skip_connection"),
)
VAE = (
    (r"^encoder\.down_blocks\.(\d)\.resnets", r"encoder.down.\1.block"),
    (r"^encoder\.down_blocks\.(\d)\.downsamplers\.0", r"encoder.down.\1.downsample"),
    (r"^decoder\.up_blocks\.(\d)\.resnets", lambda m: f"decoder.up.{3 - int(m[1])}.block"),
    (r"^decoder\.up_blocks\.(\d)\.upsamplers\.0", lambda m: f"decoder.up.{3 - int(m[1])}.upsample"),
    (r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}"),
    (r"mid_block\.attentions\.0\.group_norm", "mid.attn_1.norm"),
    (r"mid_block\.attentions\.0\.to_out\.0", "mid.attn_1.proj_out"),
    (r"mid_block\.attentions\.0\.to_(\w)", r"mid.attn_1.\1"),
    (r"conv_norm_out", "norm_out"),
    (r"conv_shortcut", "nin_shortcut"),
)


def renamed(name: str, rules: tuple) -> str:
    for pattern, replacement in rules:
        name = re.sub(pattern, replacement, name)
    return name


@pytest.fixture
def single_file(sd_checkpoint: Checkpoint, tmp_path: Path) -> Path:
    weights = {
        f"model.diffusion_model.{renamed(name, UNET)}": value
        for name, value in sd_checkpoint.unet.state_dict().items()
    }
    for name, value in sd_checkpoint.vae.state_dict().items():
        new = renamed(name, VAE)
        is_map = ".attn_1." in new and value.ndim == 2
        weights[f"first_stage_model.{new}"] = value[..., None, None] if is_map else value
    for name, value in sd_checkpoint.text.model.state_dict().items():
        whole = f"cond_stage_model.transformer.text_model.{name.removeprefix('text_model.')}"
        weights[whole] = value
    path = tmp_path / "model.safetensors"
    save_file({name: value.contiguous() for name, value in weights.items()}, path)
    return path


def test_a_single_file_is_the_checkpoint_it_was_made_of(
    single_file: Path, sd_folder: Path, sd_checkpoint: Checkpoint, tmp_path: Path
) -> None:
    loaded = load_checkpoint(str(single_file), device=CPU, cache_dir=tmp_path, layout=str(sd_folder))
    for own, expected in ((loaded.unet, sd_checkpoint.unet), (loaded.vae, sd_checkpoint.vae)):
        wanted = expected.state_dict()
        assert all(torch.equal(value, wanted[name]) for name, value in own.state_dict().items())
    prompts = ["a dog runs", ""]
    assert torch.equal(loaded.text.encode(prompts), sd_checkpoint.text.encode(prompts))
    assert loaded.scheduler_config["beta_start"] == sd_checkpoint.scheduler_config["beta_start"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [("model.ckpt", "is a pickle, which is never loaded"), ("none.safetensors", "there is no file")],
)
def test_pickles_and_missing_files_are_named(name: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=reason):
        load_checkpoint(str(tmp_path / name), device=CPU, cache_dir=tmp_path)


def test_a_file_of_something_else_is_refused(sd_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"weight": torch.zeros(1)}, path)
    with pytest.raises(ModelNotFound, match="cannot load"):
        load_checkpoint(str(path), device=CPU, cache_dir=tmp_path, layout=str(sd_folder))
