"""The stages on untrained weights and few pictures: shapes, gradients, what a stage leaves for the next."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from expert_node.engine.checkpoint import load_checkpoint
from expert_node.engine.generator import Generator
from expert_node.engine.loras import Lora, fuse
from expert_node.engine.solver import Solver
from shared.schemas import SubvideoSpec
from training.expert import autoencoder, denoiser, latents, student
from training.expert.autoencoder import Reconstruction, new_autoencoder
from training.expert.checkpoints import Shelf
from training.expert.export import LIMIT_BYTES, export
from training.expert.refinement import Refinement

SLIM = (16, 32, 32)
pytestmark = pytest.mark.usefixtures("downloads")


@pytest.fixture(scope="module")
def work(tmp_path_factory, downloads):
    """A work folder in which every stage has run for no time at all."""
    folder = tmp_path_factory.mktemp("work")
    torch.manual_seed(1)
    for stage, model in (("autoencoder", new_autoencoder()), ("denoiser", denoiser.new_denoiser())):
        Shelf(folder / stage).save({"average": model.state_dict(), "step": 0}, "last.pt")
    changed = student.new_student()
    Shelf(folder / "student").save({"average": changed.state_dict(), "step": 0}, "last.pt")
    latents.make_shard(autoencoder.trained(folder), folder / "latents", 0, size=4)
    return folder


def first_losses(lesson):
    return lesson.losses(0, lesson.given(0))


def test_the_autoencoder_learns_from_every_loss_and_the_refinement_only_in_the_decoder():
    model = new_autoencoder()
    losses = first_losses(Reconstruction(model, count=2, side=64))
    assert set(losses) == {"gradient", "perceptual", "absolute", "equivariance", "latents"}
    torch.stack(list(losses.values())).sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    model.zero_grad(set_to_none=True)
    model.encoder.requires_grad_(False)
    torch.stack(list(first_losses(Refinement(model, count=2, side=64)).values())).sum().backward()
    assert all(p.grad is None for p in model.encoder.parameters())
    assert all(p.grad is not None for p in model.decoder.parameters())


def test_a_shard_is_the_same_when_it_is_made_again(work, tmp_path):
    latents.make_shard(autoencoder.trained(work), tmp_path, 0, size=4)
    first, second = (np.load(folder / "0000" / "latents.npy") for folder in (work / "latents", tmp_path))
    np.testing.assert_array_equal(first, second)
    assert len(json.loads((tmp_path / "0000" / "captions.json").read_text())) == 4


def test_batches_are_normalised(work):
    z, texts = latents.Shards(work / "latents").batch(np.random.default_rng(0), 64)
    assert z.shape == (64, 32, 16, 16)
    assert texts.shape == (64, 24, 384)
    assert abs(float(z.mean())) < 0.2
    assert 0.7 < float(z.std()) < 1.3


def test_the_denoiser_starts_from_the_loss_of_knowing_nothing(work):
    lesson = denoiser.Denoising(denoiser.new_denoiser(SLIM), latents.Shards(work / "latents"), batch=2)
    loss = first_losses(lesson)["velocity"]
    assert 0.05 < loss.item() < 2


def test_an_untrained_student_is_its_teacher_and_its_factors_add_up(work):
    torch.manual_seed(2)
    teacher, pupil = denoiser.new_denoiser(SLIM), student.new_student(widths=SLIM)
    weights = teacher.state_dict()
    student.load_base(pupil, weights)
    x, level, text = torch.randn(1, 32, 16, 16), torch.tensor([500]), torch.randn(1, 24, 384)
    with torch.inference_mode():
        torch.testing.assert_close(pupil(x, level, text).sample, teacher(x, level, text).sample)
    with torch.no_grad():
        for name, value in pupil.named_parameters():
            if name.endswith(".up"):
                value.normal_(std=0.02)
    both = denoiser.new_denoiser(SLIM)
    both.load_state_dict(student.merged(weights, student.factors(pupil.state_dict())))
    with torch.inference_mode():
        torch.testing.assert_close(
            both(x, level, text).sample, pupil(x, level, text).sample, rtol=1e-3, atol=1e-3
        )


def test_the_student_is_an_adapter_that_the_engine_fuses(tmp_path):
    torch.manual_seed(3)
    unet, pupil = denoiser.new_denoiser(SLIM), student.new_student(widths=SLIM)
    weights = {name: value.clone() for name, value in unet.state_dict().items()}
    with torch.no_grad():
        for name, value in pupil.named_parameters():
            if name.endswith(".up"):
                value.normal_(std=0.02)
    changes = student.factors(pupil.state_dict())
    lora = {name: value.contiguous() for name, value in student.adapter(weights, changes).items()}
    save_file(lora, tmp_path / "fast.safetensors")
    fuse(Lora(str(tmp_path / "fast.safetensors")), unet, None)
    wanted = student.merged(weights, changes)
    for name, value in unet.state_dict().items():
        torch.testing.assert_close(value, wanted[name], rtol=1e-4, atol=1e-5)


def test_distillation_wants_nothing_of_a_student_that_already_arrives(work):
    """With one teacher step to each of the student's and no guidance, teacher and student agree."""
    teacher, pupil = denoiser.new_denoiser(SLIM), student.new_student(widths=SLIM)
    student.load_base(pupil, teacher.state_dict())
    lesson = student.Distillation(
        pupil, teacher, latents.Shards(work / "latents"), batch=2, ratio=1, guidance=1.0
    )
    assert first_losses(lesson)["clean"].item() < 1e-2


def test_an_export_loads_in_the_engine_and_may_ship(work, tmp_path):
    size = export(work, tmp_path / "export")
    assert size <= LIMIT_BYTES
    checkpoint = load_checkpoint(str(tmp_path / "export"), device=torch.device("cpu"), cache_dir=tmp_path)
    assert checkpoint.native_size == 256
    assert checkpoint.latent_scale == 16
    assert set(checkpoint.students) == {"fast"}
    fast = checkpoint.manifest.profiles["fast"]
    assert (fast.solver, fast.steps, fast.guidance_scale) == ("ddim", student.STEPS, 1.0)
    solver = Solver("ddim", checkpoint.scheduler_config, steps=fast.steps, device=torch.device("cpu"))
    assert solver.timesteps.tolist() == student.grid(student.STEPS).tolist()
    spec = SubvideoSpec(prompt="a dog", frames=2, profile="fast")
    assert [clip.shape for clip in Generator(checkpoint).generate([spec], on_step=lambda: None)]
