"""The stages on untrained weights and few pictures: shapes, gradients, what a stage leaves for the next."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from expert_node.engine.checkpoint import load_checkpoint
from expert_node.engine.generator import Generator
from expert_node.engine.loras import Lora, fuse
from expert_node.engine.prior import PATCHES, Prior, composed
from expert_node.engine.solver import Solver
from shared.schemas import SubvideoSpec
from training.expert import autoencoder, denoiser, latents, layout, mending, prior, student, thumbnails
from training.expert.autoencoder import Mending, new_autoencoder
from training.expert.checkpoints import Shelf
from training.expert.export import LIMIT_BYTES, export
from training.expert.latents import Statistics
from training.expert.loop import Training
from training.expert.pictures import Mix, keyed, picture
from training.expert.restore import restore
from training.expert.subjects import subjects

SLIM = (16, 32, 32)
pytestmark = pytest.mark.usefixtures("downloads")


@pytest.fixture(scope="module")
def work(tmp_path_factory, downloads):
    """A work folder in which every stage has run for no time at all."""
    folder = tmp_path_factory.mktemp("work")
    torch.manual_seed(1)
    parts = {"autoencoder": new_autoencoder(), "prior": Prior(3), "denoiser": denoiser.new_denoiser()}
    for stage, model in parts.items():
        Shelf(folder / stage).save({"average": model.state_dict(), "step": 0}, "last.pt")
    changed = student.new_student()
    Shelf(folder / "student").save({"average": changed.state_dict(), "step": 0}, "last.pt")
    latents.make_shard(autoencoder.trained(folder), folder / "latents", 0, size=4)
    return folder


def first_losses(lesson):
    return lesson.losses(0, lesson.given(0))


def losses_of(lesson, optimizer, *, steps):
    losses = []
    for step in range(steps):
        loss = torch.stack(list(lesson.losses(step, lesson.given(step)).values())).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def test_patches_keep_most_of_a_picture_before_anything_is_trained():
    model = new_autoencoder()
    model.set_transform(*autoencoder.transform(60))
    rng = np.random.default_rng(99)
    shown = autoencoder.as_tensor(np.stack([picture(rng).pixels for _ in range(4)]))
    with torch.inference_mode():
        z = model.encode(shown).latents
        back = model.decode(z).sample
    assert z.shape == (4, 32, 16, 16)
    assert float((back - shown).square().mean()) < 0.04
    assert float(z.std((0, 2, 3))[:8].min()) > float(z.std((0, 2, 3))[-8:].max()), "from coarse to fine"


def test_the_decoder_learns_to_mend_and_the_linear_part_stays():
    model = new_autoencoder()
    model.set_transform(*autoencoder.transform(20))
    for layer in (model.encoder, model.linear):
        layer.requires_grad_(False)
    losses = first_losses(Mending(model, count=2, side=64))
    assert set(losses) == {"gradient", "absolute", "perceptual"}
    torch.stack(list(losses.values())).sum().backward()
    assert model.fine[-1].weight.grad.abs().sum() > 0
    assert model.encoder.weight.grad is None


def test_the_decoder_learns_from_what_the_denoiser_makes(work):
    """Of a denoiser that sees no velocity, latents are the noisy ones, weakened."""
    model, mute = autoencoder.trained(work).train(), denoiser.new_denoiser(SLIM).eval()
    torch.nn.init.zeros_(mute.conv_out.weight)
    torch.nn.init.zeros_(mute.conv_out.bias)
    model.fine.requires_grad_(True)
    lesson = mending.Mending(model, mute, Prior(3), Statistics.read(work / "latents"), count=2)
    given = lesson.given(0)
    assert given["wanted"].shape == (2, 3, 256, 256)
    made = lesson._denoised(0, given | {"levels": torch.tensor([0, 0])})
    torch.testing.assert_close(made, model.encoder(given["wanted"]), atol=0.3, rtol=0)
    torch.stack(list(lesson.losses(0, given).values())).sum().backward()
    assert model.fine[-1].weight.grad.abs().sum() > 0


def test_a_thumbnail_survives_its_code():
    looks = [subjects()[name].look(np.random.default_rng(7)).sprite for name in ("teacher", "dog", "car")]
    small = np.stack([thumbnails.thumbnail(sprite) for sprite in (*looks, None)])
    back = prior.new_prior().thumbnails(thumbnails.code().encoded(thumbnails.patches(small)))
    wanted = torch.from_numpy(small).permute(0, 3, 1, 2) / 255
    assert float((back - wanted).square().mean().sqrt()) < 0.04
    assert float(back[3].abs().max()) == 0


def test_the_prior_learns_captions_by_heart():
    torch.manual_seed(4)
    known = prior.captions(128, seed=5)
    assert known.shown.shape == (128, PATCHES, thumbnails.CHANNELS)
    assert 0.2 < float(known.shown[:, 0, 0].isnan().float().mean()) < 0.4
    lesson = prior.Imagining(prior.new_prior(), known, batch=32)
    optimizer = torch.optim.AdamW(lesson.model.parameters(), 1e-3)
    losses = losses_of(lesson, optimizer, steps=40)
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])


def test_no_name_that_is_kept_for_the_evaluation_is_in_the_captions_about_everything():
    everything = prior.things()
    unseen = [name.lower() for subject in subjects().values() for name in subject.unseen]
    assert len(everything) > 800
    assert not [thing for thing in everything if any(name in thing for name in unseen)]


def test_a_draft_is_what_was_rendered_without_its_surroundings(work):
    """Thumbnails at the places that pictures tell lie where their subjects are."""
    shown = [
        keyed(np.random.default_rng(seed), subjects()["dog"], "green", Mix(several=0)) for seed in range(4)
    ]
    small = np.stack([thumbnails.thumbnail(picture.sprite) for picture in shown])
    pixels = torch.from_numpy(small).permute(0, 3, 1, 2) / 255
    draft = composed(pixels, torch.from_numpy(latents.placed(shown)), height_px=64, width_px=64)
    for made, wanted in zip(draft.pixels, shown, strict=True):
        green = wanted.pixels.astype(float)[::4, ::4] - wanted.pixels[0, 0]
        subject = torch.from_numpy(np.abs(green).sum(-1) > 60)
        assert float((made[3] > 0.5).eq(subject).float().mean()) > 0.97


def test_the_layout_learns_where_subjects_are(work):
    model = Prior(3)
    optimizer = torch.optim.AdamW(model.layout.parameters(), 3e-3)
    lesson = layout.Placing(model, latents.Shards(work / "latents"), batch=8)
    losses = losses_of(lesson, optimizer, steps=30)
    assert losses[-1] < 0.5 * losses[0]


def test_padding_means_nothing_to_the_prior():
    words = torch.randn(2, 24, 384)
    words[:, 9:] = 0
    model = Prior(3)
    drafts = [model.draft(part, height=16, width=24).pixels for part in (words, words[:, :12])]
    assert drafts[0].shape == (2, 4, 64, 96)
    torch.testing.assert_close(*drafts)


def test_a_checkpoint_is_what_training_goes_on_from(work, tmp_path):
    export(work, tmp_path / "export")
    stages = restore(tmp_path / "export", tmp_path / "work")
    assert stages == ["autoencoder", "prior", "denoiser", "latents"]
    assert not restore(tmp_path / "export", tmp_path / "work")
    run = Training(denoiser.new_denoiser(), denoiser.RECIPE, Shelf(tmp_path / "work" / "denoiser"))
    run.resume()
    shipped = Shelf(work / "denoiser").load("last.pt")["average"]
    for name, value in run.model.state_dict().items():
        torch.testing.assert_close(value, shipped[name], rtol=1e-3, atol=1e-3)
    latents.make_shard(autoencoder.trained(tmp_path / "work"), tmp_path / "work" / "latents", 0, size=4)
    old, new = (latents.Statistics.read(f / "latents") for f in (work, tmp_path / "work"))
    torch.testing.assert_close(old.mean, new.mean)


def test_a_shard_is_the_same_when_it_is_made_again(work, tmp_path):
    latents.make_shard(autoencoder.trained(work), tmp_path, 0, size=4)
    first, second = (np.load(folder / "0000" / "latents.npy") for folder in (work / "latents", tmp_path))
    np.testing.assert_array_equal(first, second)
    assert len(json.loads((tmp_path / "0000" / "captions.json").read_text())) == 4


def test_batches_are_normalised(work):
    batch = latents.Shards(work / "latents").batch(np.random.default_rng(0), 64)
    assert batch.z.shape == (64, 32, 16, 16)
    assert batch.words.shape == (64, 24, 384)
    assert abs(float(batch.z.mean())) < 0.2
    assert 0.7 < float(batch.z.std()) < 1.3


def test_the_denoiser_starts_from_the_loss_of_knowing_nothing(work):
    model, data = denoiser.new_denoiser(SLIM), latents.Shards(work / "latents")
    lesson = denoiser.Denoising(model, Prior(3), data, batch=2)
    loss = first_losses(lesson)["velocity"]
    assert 0.05 < loss.item() < 2


def test_an_untrained_student_is_its_teacher_and_its_factors_add_up(work):
    torch.manual_seed(2)
    teacher, pupil = denoiser.new_denoiser(SLIM), student.new_student(widths=SLIM)
    weights = teacher.state_dict()
    student.load_base(pupil, weights)
    x, level, text = torch.randn(1, 96, 16, 16), torch.tensor([500]), torch.randn(1, 24, 384)
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
        pupil, teacher, Prior(3), latents.Shards(work / "latents"), batch=2, ratio=1, guidance=1.0
    )
    assert first_losses(lesson)["velocity"].item() < 1e-2


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
    assert checkpoint.prior is not None
    spec = SubvideoSpec(prompt="a dog", frames=2, profile="fast")
    assert [clip.shape for clip in Generator(checkpoint).generate([spec], on_step=lambda: None)]
