import torch

from training.expert.noise import Process, scheduler
from training.expert.student import grid


def test_the_last_level_has_no_signal_and_velocity_recovers_what_was_mixed():
    process = Process()
    z, noise = torch.randn(3, 2, 4, 4), torch.randn(3, 2, 4, 4)
    levels = torch.tensor([0, 500, 999])
    x, velocity = process.diffused(z, noise, levels), process.velocity(z, noise, levels)
    torch.testing.assert_close(x[2], noise[2])
    torch.testing.assert_close(process.clean(x, velocity, levels), z)
    torch.testing.assert_close(process.noise_in(x, velocity, levels), noise)
    assert process.weight(levels)[2] == 1
    assert process.weight(levels)[0] < 0.01


def test_the_students_levels_are_the_samplers():
    for steps in (4, 6, 24, 25):
        solver = scheduler()
        solver.set_timesteps(steps)
        assert grid(steps).tolist() == solver.timesteps.tolist()
