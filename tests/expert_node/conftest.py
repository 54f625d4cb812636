"""A random checkpoint in the Stable Diffusion 1.x layout, small enough for tests, and the embedded one."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer
from transformers.utils import logging

from expert_node.engine.autoencoder import PatchAutoencoder
from expert_node.engine.checkpoint import Checkpoint, load_checkpoint
from expert_node.engine.generator import Generator
from expert_node.engine.prior import DRAFT_CHANNELS, Prior
from expert_node.engine.prior import FILE_NAME as PRIOR

logging.disable_progress_bar()
torch.set_num_threads(1)  # tests share the machine

MODEL_INDEX = {
    "_class_name": "StableDiffusionPipeline",
    "feature_extractor": [None, None],
    "safety_checker": [None, None],
    "scheduler": ["diffusers", "DDIMScheduler"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
}


def tiny_unet(*, text_channels: int = 16, **options: Any) -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=8,
        layers_per_block=1,
        block_out_channels=(16, 32),
        norm_num_groups=8,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=text_channels,
        attention_head_dim=4,
        **options,
    )


def tiny_vae() -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(8, 8, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        norm_num_groups=4,
    )


def tiny_text(folder: Path) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    tokenizer = CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=24)
    tokenizer.save_pretrained(folder / "tokenizer")
    config = CLIPTextConfig(
        vocab_size=len(tokens),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=24,
        bos_token_id=vocabulary["<|startoftext|>"],
        eos_token_id=vocabulary["<|endoftext|>"],
    )
    CLIPTextModel(config).save_pretrained(folder / "text_encoder")


@pytest.fixture(scope="session")
def sd_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint in the layout of Stable Diffusion 1.x, random, with the schedule of the original."""
    folder = tmp_path_factory.mktemp("checkpoint")
    torch.manual_seed(7)
    tiny_unet().save_pretrained(folder / "unet")
    tiny_vae().save_pretrained(folder / "vae")
    tiny_text(folder)
    scheduler = DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
    )
    scheduler.save_pretrained(folder / "scheduler")
    (folder / "model_index.json").write_text(json.dumps(MODEL_INDEX))
    return folder


@pytest.fixture(scope="session")
def patch_folder(tmp_path_factory: pytest.TempPathFactory, sd_folder: Path) -> Path:
    """A checkpoint of the embedded kind, random: an autoencoder of patches, MiniLM with a prior behind it."""
    folder = tmp_path_factory.mktemp("patches")
    torch.manual_seed(8)
    unet = tiny_unet(
        in_channels=8 + DRAFT_CHANNELS,
        out_channels=8,
        text_channels=384,
        addition_embed_type="text",
        addition_embed_type_num_heads=4,
        resnet_time_scale_shift="scale_shift",
    )
    unet.save_pretrained(folder / "unet")
    vae = PatchAutoencoder(latent_channels=8, width=16, fine_width=8, blocks=1, fine_blocks=1)
    vae.save_pretrained(folder / "vae")
    save_file({name: value.clone() for name, value in Prior(5).state_dict().items()}, folder / PRIOR)
    (folder / "scheduler").symlink_to(sd_folder / "scheduler")
    small = {"warp": "pixels", "warp_level": -1, "noise_level": 0.5, "shared_noise": 0.9, "steps": 4}
    described = {
        "native_size": 64,
        "text": {"encoder": "all-minilm-l6-v2", "tokens": 24},
        "profiles": {"fast": small | {"solver": "dpm++", "guidance_scale": 3}},
    }
    (folder / "expert.json").write_text(json.dumps(described))
    return folder


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def sd_checkpoint(sd_folder: Path, cache_dir: Path) -> Checkpoint:
    return load_checkpoint(str(sd_folder), device=torch.device("cpu"), cache_dir=cache_dir)


@pytest.fixture(scope="session")
def generator(sd_checkpoint: Checkpoint) -> Generator:
    return Generator(sd_checkpoint)


@pytest.fixture(scope="session")
def embedded(cache_dir: Path) -> Checkpoint:
    return load_checkpoint("embedded", device=torch.device("cpu"), cache_dir=cache_dir)
