"""The few-step student: the denoiser with low-rank changes, which does in six steps, without guidance,
what the guided denoiser does in twelve.

Progressive distillation (Salimans and Ho 2022, arXiv 2202.00512) of a guided teacher (Meng et al. 2023,
arXiv 2210.03142), onto a fixed grid of levels: from a training latent diffused to one of the student's
levels, the teacher takes several guided DDIM steps to the next one, and the student learns the one
velocity that gets there at once. The changes are low-rank (Hu et al. 2021, arXiv 2106.09685), so that
teacher and student ship for little more than the price of one.
"""

from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from expert_node.engine.prior import Prior

from . import denoiser
from .denoiser import WIDTHS, drafted, new_denoiser, predicted
from .devices import fused
from .latents import STAGE as LATENTS
from .latents import Shards
from .loop import Given, Limits, Losses, Recipe, Training, arguments
from .noise import GUIDANCE, LEVELS, Process
from .prior import trained as trained_prior
from .text import nothing

STAGE = "student"
STEPS = 6
TEACHER_STEPS = 2
RANK = 12
BATCH = 24
SEED = 53
RECIPE = Recipe(learning_rate=5e-4, warmup=100, ema=0.998, weight_decay=0.0)


#: Words, and the draft beside the latents.
Told = tuple[Tensor, Tensor]


class LowRank(nn.Module):
    """W + up · down, with `up` zero at first."""

    def __init__(self, weight: Tensor, rank: int) -> None:
        super().__init__()
        out, inner = weight.shape[0], weight[0].numel()
        self.up = nn.Parameter(torch.zeros(out, rank))
        self.down = nn.Parameter(torch.randn(rank, inner) / inner**0.5)

    def forward(self, weight: Tensor) -> Tensor:
        return weight + (self.up @ self.down).reshape(weight.shape)


def new_student(rank: int = RANK, widths: tuple[int, ...] = WIDTHS) -> Any:
    """A denoiser of which only low-rank changes of its convolutions and projections are trained."""
    model = new_denoiser(widths)
    model.requires_grad_(False)
    for layer in [m for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear)]:
        parametrize.register_parametrization(layer, "weight", LowRank(layer.weight, rank))
    return model


def load_base(student: nn.Module, weights: dict[str, Tensor]) -> None:
    """Gives a student its teacher's weights."""
    own = {_base_name(name): value for name, value in student.state_dict().items() if not _is_factor(name)}
    for name, value in own.items():
        value.copy_(weights[name])


def factors(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """What is added to the teacher: `<layer>.up` (out, rank) and `<layer>.down` (rank, in · kernel)."""
    return {
        name.replace(".parametrizations.weight.0", ""): value
        for name, value in state.items()
        if _is_factor(name)
    }


def adapter(weights: dict[str, Tensor], changes: dict[str, Tensor]) -> dict[str, Tensor]:
    """The changes as a LoRA file: `unet.<layer>.lora_A` (rank, in, …kernel) and `lora_B` (out, rank, …1)."""
    found = {}
    for name in [n.removesuffix(".up") for n in changes if n.endswith(".up")]:
        up, down = changes[f"{name}.up"], changes[f"{name}.down"]
        inner = weights[f"{name}.weight"].shape[1:]
        found[f"unet.{name}.lora_A.weight"] = down.reshape(len(down), *inner)
        found[f"unet.{name}.lora_B.weight"] = up.reshape(*up.shape, *[1] * (len(inner) - 1))
    return found


def merged(weights: dict[str, Tensor], changes: dict[str, Tensor]) -> dict[str, Tensor]:
    """The teacher's weights with the student's changes added."""
    found = dict(weights)
    for name in [n.removesuffix(".up") for n in changes if n.endswith(".up")]:
        base = weights[f"{name}.weight"]
        found[f"{name}.weight"] = base + (changes[f"{name}.up"] @ changes[f"{name}.down"]).reshape(base.shape)
    return found


def _is_factor(name: str) -> bool:
    return name.endswith((".up", ".down")) and ".parametrizations." in name


def _base_name(name: str) -> str:
    return name.replace(".parametrizations.weight.original", ".weight")


def grid(steps: int) -> Tensor:
    """Levels of a sampler of so many steps, as diffusers' trailing spacing has them, noisiest first."""
    return torch.from_numpy(np.round(np.arange(LEVELS, 0, -LEVELS / steps))).long() - 1


class Distillation:
    """The loss of one step; `ratio` is the teacher's steps for one of the student's."""

    def __init__(
        self,
        student: Any,
        teacher: Any,
        prior: Prior,
        data: Shards,
        *,
        batch: int = BATCH,
        ratio: int = TEACHER_STEPS,
        guidance: float = GUIDANCE,
    ) -> None:
        self.prior, self.data, self.batch = prior, data, batch
        self.ratio, self.guidance = ratio, guidance
        self._student, self._teacher = (fused(partial(predicted, model)) for model in (student, teacher))
        self.process = Process()
        self.levels = torch.cat([grid(STEPS * ratio), torch.tensor([-1])])

    def given(self, step: int) -> Given:
        batch = self.data.batch(np.random.default_rng([SEED, step]), self.batch)
        generator = torch.Generator().manual_seed(step)
        starts = torch.randint(0, STEPS, (self.batch,), generator=generator) * self.ratio
        draft = drafted(self.prior, batch.words, batch.places)
        return {"z": batch.z, "words": batch.words, "draft": draft, "starts": starts}

    def losses(self, step: int, given: Given) -> Losses:
        z, starts, told = given["z"], given["starts"], (given["words"], given["draft"])
        self.levels = self.levels.to(z.device)
        levels = self.levels[starts]
        noise = torch.randn(z.shape, generator=torch.Generator(z.device).manual_seed(step), device=z.device)
        x = self.process.diffused(z, noise, levels)
        wanted = self._destination(x, told, starts)
        target = self._velocity_to(x, wanted, levels, self.levels[starts + self.ratio])
        return {
            "velocity": (self._student(torch.cat([x, told[1]], 1), levels, told[0]) - target).square().mean()
        }

    @torch.no_grad()
    def _destination(self, x: Tensor, told: Told, starts: Tensor) -> Tensor:
        """Where the guided teacher gets from x in its steps."""
        for offset in range(self.ratio):
            now, then = self.levels[starts + offset], self.levels[starts + offset + 1]
            velocity = self._guided(x, now, told)
            clean, noise = self.process.clean(x, velocity, now), self.process.noise_in(x, velocity, now)
            alpha, sigma = self._at(then)
            x = alpha * clean + sigma * noise
        return x

    def _velocity_to(self, x: Tensor, wanted: Tensor, levels: Tensor, then: Tensor) -> Tensor:
        """The velocity whose one DDIM step from x ends at `wanted` (Salimans and Ho, appendix G)."""
        alpha, sigma = self._at(levels)
        alpha_then, sigma_then = self._at(then)
        ratio = sigma_then / sigma
        clean = (wanted - ratio * x) / (alpha_then - ratio * alpha)
        return (alpha * x - clean) / sigma

    def _at(self, levels: Tensor) -> tuple[Tensor, Tensor]:
        """α and σ; level −1 is no noise at all."""
        alpha, sigma = self.process.at(levels.clamp(min=0))
        clean = (levels < 0).reshape(-1, 1, 1, 1)
        return torch.where(clean, 1.0, alpha), torch.where(clean, 0.0, sigma)

    def _guided(self, x: Tensor, levels: Tensor, told: Told) -> Tensor:
        words, draft = (
            torch.cat([unguided, part]) for unguided, part in zip(self._untold(told), told, strict=True)
        )
        seen = torch.cat([torch.cat([x, x]), draft], 1)
        velocity: Tensor = self._teacher(seen, levels.repeat(2), words)
        free, bound = velocity.chunk(2)
        return free + self.guidance * (bound - free)

    @staticmethod
    def _untold(told: Told) -> Told:
        words, draft = told
        return nothing().to(words.device).expand_as(words), torch.zeros_like(draft)


def main() -> None:
    parser = arguments(__doc__ or "", steps=6_000, batch=BATCH, rate=RECIPE.learning_rate)
    options = parser.parse_args()
    torch.manual_seed(SEED)
    teacher, student = denoiser.trained(options.work, options.device), new_student()
    training = Training.configured(student, RECIPE, STAGE, options)
    load_base(student, teacher.state_dict())  # after what is resumed: the newest teacher's
    prior = trained_prior(options.work)  # on the CPU, where drafts are made
    lesson = Distillation(student, teacher, prior, Shards(options.work / LATENTS), batch=options.batch)
    raise SystemExit(not training.run(lesson, Limits(options.steps, options.decay), workers=options.workers))


if __name__ == "__main__":
    main()
