"""The embedded checkpoint, from a spec to pictures of what the spec asks for."""

import numpy as np
import pytest
import torch

from expert_node.engine.checkpoint import Checkpoint
from expert_node.engine.generator import Generator
from expert_node.engine.prior import MIDDLES
from shared.errors import Cancelled
from shared.schemas import Region, SubvideoSpec

GREEN = (0, 177, 64)


@pytest.fixture(scope="module")
def embedded_generator(embedded: Checkpoint) -> Generator:
    return Generator(embedded)


def key_frames(generator: Generator, *specs: SubvideoSpec) -> np.ndarray:
    return np.concatenate(list(generator.generate(specs, on_step=lambda: None)), axis=1)


def spec_of(prompt: str, **options: object) -> SubvideoSpec:
    return SubvideoSpec.model_validate({"prompt": prompt, "profile": "fast", "frames": 3} | options)


def mean_colour(pictures: np.ndarray) -> np.ndarray:
    return pictures.reshape(-1, 3).mean(0)


def test_settings_look_like_the_prompt(embedded_generator: Generator) -> None:
    prompts = ("an astronaut in space", "a dog running in a park", "a lion in the desert")
    space, park, desert = key_frames(embedded_generator, *map(spec_of, prompts))
    red, green, blue = mean_colour(space[:, :30])
    assert max(red, green, blue) < 60, "space is dark"
    assert blue > red
    red, green, blue = mean_colour(park[:, -20:])
    assert green > red + 20, "a park has grass"
    assert green > blue + 20
    red, green, blue = mean_colour(desert[:, -20:])
    assert red > blue + 60, "a desert has sand"


def test_a_keyed_clip_has_a_flat_background_in_its_key_colour(embedded_generator: Generator) -> None:
    (frames,) = key_frames(embedded_generator, spec_of("a student studying", keyed=True, subject="student"))
    rgb, hint = frames[..., :3], frames[..., 3]
    corners = np.concatenate([rgb[:, :12, :12], rgb[:, :12, -12:]], axis=2).reshape(-1, 3)
    assert np.abs(corners.mean(0) - GREEN).max() < 20
    assert corners.std(0).max() < 8
    subject = np.abs(rgb.astype(int) - GREEN).sum(-1) > 120
    assert 0.1 < subject.mean() < 0.8, "there is a subject"
    assert hint[subject].mean() > hint[~subject].mean() + 30, "the model knows where it is"


@pytest.mark.parametrize("region", ["left", "center", "right"])
def test_a_subject_stands_in_its_region_and_inside_the_picture(
    region: Region, embedded_generator: Generator
) -> None:
    specs = spec_of("a teacher in a classroom", region=region), spec_of("two dogs in a park")
    words = embedded_generator.checkpoint.text.encode([spec.prompt for spec in specs])
    draft = embedded_generator.draft(words, specs, embedded_generator.recipe(specs[0]))
    assert draft is not None
    teacher, dogs = (torch.nonzero(alpha.amax(0) > 0.5).flatten() + 0.5 for alpha in draft.pixels[:, 3])
    width = draft.pixels.shape[-1]
    middle, half = MIDDLES[region], (teacher.max() - teacher.min()).item() / 2 / width
    assert teacher.median().item() / width == pytest.approx(min(max(middle, half), 1 - half), abs=0.04)
    assert dogs.median().item() / width == pytest.approx(0.5, abs=0.15), "who has no region stays"


@pytest.mark.parametrize(
    ("prompt", "colour"), [("a frog", "blue"), ("a teacher", "green"), ("a whale and a turtle", "magenta")]
)
def test_the_key_colour_is_not_the_subjects(prompt: str, colour: str, embedded: Checkpoint) -> None:
    from expert_node.engine.keying import key_colour, prompt_of

    spec = spec_of(prompt, keyed=True)
    assert key_colour(spec, embedded.manifest.key).name == colour
    assert prompt_of(spec, embedded.manifest.key) == f"{prompt} on a plain {colour} background"


def test_size_keeps_the_native_area_and_the_asked_aspect(embedded_generator: Generator) -> None:
    recipe = embedded_generator.recipe(spec_of("a cat", width=512, height=256))
    assert (recipe.width_px, recipe.height_px) == (368, 176)
    assert key_frames(embedded_generator, spec_of("a cat", width=512, height=256)).shape == (
        1,
        3,
        176,
        368,
        3,
    )


def test_a_step_hook_that_raises_stops_at_that_step(embedded_generator: Generator) -> None:
    steps = 0

    def stop() -> None:
        nonlocal steps
        steps += 1
        if steps == 4:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        list(embedded_generator.generate([spec_of("a cat")], on_step=stop))
    assert steps == 4
    assert key_frames(embedded_generator, spec_of("a cat", frames=1)).std() > 5  # and the next clip is made


def test_a_clip_is_extended_from_its_stored_anchor(embedded: Checkpoint) -> None:
    keeping, plain = Generator(embedded, anchor_bytes=2**28), Generator(embedded)
    short, long = spec_of("a cat on the beach", frames=3), spec_of("a cat on the beach", frames=5, seconds=3)
    first = key_frames(keeping, short)
    assert keeping.anchors.size_bytes > 0
    calls = 0

    def count() -> None:
        nonlocal calls
        calls += 1

    extended = np.concatenate(list(keeping.generate([long], on_step=count)), axis=1)
    assert calls == keeping.steps(keeping.recipe(long))
    whole = key_frames(plain, long).astype(int)
    assert np.abs(extended - whole).mean() < 0.5  # bfloat16, in other chunks
    assert np.abs(extended[:, :3] - first.astype(int)).mean() < 0.5


def test_frames_of_a_clip_resemble_each_other(embedded_generator: Generator) -> None:
    (clip,) = key_frames(embedded_generator, spec_of("an astronaut in space", frames=4)).astype(float)
    (other,) = key_frames(embedded_generator, spec_of("a red car on a city street", frames=1)).astype(float)
    within = np.abs(clip[1:] - clip[0]).mean()
    assert 0.5 < within < 0.3 * np.abs(clip[0] - other[0]).mean()
