import json

import pytest
import torch
from torch import nn

from training.expert.checkpoints import Shelf
from training.expert.loop import Limits, Recipe, Training

RECIPE = Recipe(learning_rate=0.1, warmup=2, ema=0.9)


def training(folder, **options):
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    return Training(model, RECIPE, Shelf(folder / "stage", folder / "mirror"), **options)


class Parity:
    """Learns whether a step's number is odd."""

    def __init__(self, run, scale=1.0):
        self.run, self.scale = run, scale

    def given(self, step):
        return {"x": torch.eye(3), "wanted": torch.tensor(float(step % 2))}

    def losses(self, step, given):
        return {"error": self.scale * (self.run.model(given["x"]) - given["wanted"]).square().mean()}


def test_a_stopped_run_goes_on_as_if_it_had_not_stopped(tmp_path):
    whole = training(tmp_path / "whole")
    whole.run(Parity(whole), Limits(20))
    first = training(tmp_path / "parts")
    first.run(Parity(first), Limits(9))
    second = training(tmp_path / "parts")
    second.resume()
    assert second.step == 9
    second.run(Parity(second), Limits(20))
    torch.testing.assert_close(second.model.weight, whole.model.weight)
    torch.testing.assert_close(second.average["weight"], whole.average["weight"])


def test_a_lost_folder_is_replaced_by_the_mirror(tmp_path):
    run = training(tmp_path)
    run.run(Parity(run), Limits(5))
    (tmp_path / "stage" / "last.pt").unlink()
    again = training(tmp_path)
    again.resume()
    assert again.step == 5


def test_a_decay_ends_at_zero_and_leaves_the_constant_state_alone(tmp_path):
    run = training(tmp_path)
    run.run(Parity(run), Limits(5))
    final = training(tmp_path, decay=10)
    final.resume()
    assert final.rate() == pytest.approx(0.1)
    assert final.run(Parity(final), Limits(5, decay=10))
    assert final.rate() == 0
    assert final.step == 15
    onward = training(tmp_path)
    onward.resume()
    assert onward.step == 5


def test_losses_are_logged_and_a_broken_one_stops_the_run(tmp_path):
    run = training(tmp_path)
    run.run(Parity(run), Limits(100))
    line = json.loads((tmp_path / "stage" / "log.jsonl").read_text())
    assert line["step"] == 100
    assert line["error"] > 0
    with pytest.raises(FloatingPointError, match="step 100"):
        run.run(Parity(run, scale=float("nan")), Limits(101))


def test_workers_bring_the_same_steps_in_the_same_order(tmp_path):
    alone, helped = training(tmp_path / "alone"), training(tmp_path / "helped")
    alone.run(Parity(alone), Limits(12))
    helped.run(Parity(helped), Limits(12), workers=2)
    torch.testing.assert_close(helped.model.weight, alone.model.weight)


def test_a_half_written_state_is_never_seen(tmp_path):
    shelf = Shelf(tmp_path)
    shelf.save({"step": 1}, "last.pt")
    (tmp_path / "last.part").write_bytes(b"half")
    state = shelf.load("last.pt")
    assert state is not None
    assert state["step"] == 1
