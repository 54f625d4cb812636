"""Health: faults made on purpose in the engine, what is done about them, and that nothing of them stays."""

import threading
from collections.abc import Callable

import numpy as np
import pytest
import torch

from expert_node.engine.checkpoint import Checkpoint
from expert_node.engine.generator import Generator
from expert_node.engine.sampler import Sampler
from expert_node.studio import DiffusionStudio
from shared.errors import ExpertFault
from shared.schemas import SubvideoSpec

Predict = Callable[..., torch.Tensor]


def quiet(step: int, steps: int) -> None:
    pass


def spec_of(prompt: str = "a cat", **options: object) -> SubvideoSpec:
    fields = {"prompt": prompt, "frames": 5, "steps": 4, "width": 64, "height": 64, "profile": "balanced"}
    return SubvideoSpec.model_validate(fields | options)


@pytest.fixture
def studio(sd_checkpoint: Checkpoint) -> DiffusionStudio:
    return DiffusionStudio(Generator(sd_checkpoint, chunk=4))


def faulty(monkeypatch: pytest.MonkeyPatch, fault: Callable[[Sampler, torch.Tensor], torch.Tensor]) -> None:
    """Every prediction of the UNet goes through `fault`."""
    sound: Predict = Sampler._predict

    def predict(self: Sampler, *args: object, **options: object) -> torch.Tensor:
        return fault(self, sound(self, *args, **options))

    monkeypatch.setattr(Sampler, "_predict", predict)


def test_overflow_in_half_precision_is_computed_again_in_float32(
    studio: DiffusionStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    faulty(monkeypatch, lambda sampler, x: x if sampler.dtype == torch.float32 else x * float("nan"))
    (clip,) = studio.make([spec_of()], report=quiet)
    assert clip.ref.notes["retried_in"] == "float32"
    assert clip.ref.frames == 16


def test_overflow_in_float32_is_reported(studio: DiffusionStudio, monkeypatch: pytest.MonkeyPatch) -> None:
    faulty(monkeypatch, lambda _, x: x * float("inf"))
    with pytest.raises(ExpertFault, match="no sound frames in float32"):
        studio.make([spec_of()], report=quiet)


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory"), MemoryError()])
def test_out_of_memory_halves_the_chunk_and_the_clip_is_made(
    error: Exception, studio: DiffusionStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(_: Sampler, x: torch.Tensor) -> torch.Tensor:
        if x.shape[1] > 2:
            raise error
        return x

    faulty(monkeypatch, fault)
    mended = studio.make([spec_of(profile="exact")], report=quiet)
    assert studio._generator.chunk == 2
    assert mended[0].ref.frames == 16
    assert studio._generator.anchors.size_bytes == 0


def test_memory_that_is_not_enough_for_one_frame_is_a_fault(
    studio: DiffusionStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(_: Sampler, x: torch.Tensor) -> torch.Tensor:
        raise MemoryError

    faulty(monkeypatch, fault)
    with pytest.raises(MemoryError):
        studio.make([spec_of()], report=quiet)


def test_an_error_midway_leaves_nothing_behind(studio: DiffusionStudio) -> None:
    before = studio.make([spec_of()], report=quiet)[0].data

    def break_off(step: int, steps: int) -> None:
        if step == 6:
            raise RuntimeError("device lost")

    with pytest.raises(RuntimeError, match="device lost"):
        studio.make([spec_of("a dog", keyed=True, subject="dog")], report=break_off)
    assert studio.make([spec_of()], report=quiet)[0].data == before


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """Mean absolute difference in 8-bit steps."""
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


def test_two_threads_on_one_model_do_not_disturb_each_other(generator: Generator) -> None:
    specs = [spec_of("a cat", profile="exact"), spec_of("the sea", profile="exact", seed=3, frames=3)]

    def frames(spec: SubvideoSpec) -> np.ndarray:
        return np.concatenate(list(generator.generate([spec], on_step=lambda: None)), axis=1)

    alone = [frames(spec) for spec in specs]
    together: list[np.ndarray] = [np.empty(0)] * 2

    def work(index: int) -> None:
        for _ in range(3):
            together[index] = frames(specs[index])

    threads = [threading.Thread(target=work, args=(index,)) for index in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Kernels sum in an order of their own in other threads, which may turn a rounding; a clip that another
    # one got into would differ as the two do.
    far = difference(alone[0][:, :3], alone[1][:, :3])
    assert far > 1
    assert all(difference(*pair) < far / 100 for pair in zip(alone, together, strict=True))


def test_the_warm_up_measures_the_speed(studio: DiffusionStudio) -> None:
    studio.warm_up("embedded")
    assert studio.speed["balanced"] > 0
