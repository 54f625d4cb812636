"""Pictures out of a denoiser while it is being trained, without going through an export."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from expert_node.engine.prior import Prior

from . import autoencoder, prior, student
from .checkpoints import needed
from .denoiser import STAGE, predicted, trained
from .devices import CPU, mixed
from .latents import STAGE as LATENTS
from .latents import Statistics
from .loop import arguments, shelf
from .noise import GUIDANCE, scheduler
from .text import embedded, nothing

#: What a glance at a model should show: people, animals, vehicles, things, keys, the paper's prompts.
GLANCE = (
    "School teacher teaching in a classroom",
    "School students walking in classroom",
    "school student studying in classroom",
    "a dog in a park",
    "an astronaut on the moon",
    "a red car on a city street",
    "a cat on the beach",
    "a wizard in a forest",
    "a woman dancing on a stage",
    "a teacher on a plain green background",
    "a fox in the snow",
    "a lion in the desert",
    "a shark underwater",
    "a rocket in space",
    "an old man in a library",
    "an empty scene in a classroom",
)


@dataclass(frozen=True)
class Model:
    """All that makes pictures; `steps` and `guidance` as the model was made for."""

    denoiser: Any
    autoencoder: Any
    prior: Prior
    statistics: Statistics
    steps: int = 25
    guidance: float = GUIDANCE

    @classmethod
    def trained(cls, work: Path, *, stage: str = STAGE, device: torch.device = CPU) -> "Model":
        """From the newest state of a stage; the finished one if there is one."""
        denoiser, statistics = trained(work, device), Statistics.read(work / LATENTS)
        if stage == student.STAGE:
            changes = student.factors(needed(work, stage))
            denoiser.load_state_dict(student.merged(denoiser.state_dict(), changes))
        return cls(denoiser, autoencoder.trained(work, device), prior.trained(work, device), statistics)

    @property
    def device(self) -> torch.device:
        return next(self.denoiser.parameters()).device  # type: ignore[no-any-return]

    @torch.inference_mode()
    def pictures(self, captions: Sequence[str], *, seed: int = 0) -> NDArray[np.uint8]:
        """uint8 (captions, 256, 256, 3) RGB."""
        x = self._denoised(embedded(list(captions), self.device).to(self.device), seed)
        z = x * self.statistics.std.to(x.device) + self.statistics.mean.to(x.device)
        with mixed(x.device):
            return as_pixels(self.autoencoder.decode(z.contiguous(memory_format=torch.channels_last)).sample)

    def _denoised(self, words: Tensor, seed: int) -> Tensor:
        solver: Any = scheduler()
        solver.set_timesteps(self.steps)
        shape = (1, self.denoiser.config.out_channels, 16, 16)
        x = torch.cat(
            [torch.randn(shape, generator=torch.Generator().manual_seed(seed + i)) for i in range(len(words))]
        ).to(self.device)
        draft = self.prior.draft(words, height=16, width=16).channels
        for level in solver.timesteps:
            x = solver.step(self._velocity(x, level, words, draft), level, x).prev_sample
        return x

    def _velocity(self, x: Tensor, level: Tensor, words: Tensor, draft: Tensor) -> Tensor:
        seen = torch.cat([x, draft], 1)
        if self.guidance > 1:
            unguided = torch.cat([x, torch.zeros_like(draft)], 1)
            seen = torch.cat([unguided, seen])
            words = torch.cat([nothing().to(x.device).expand_as(words), words])
        velocity = predicted(self.denoiser, seen, level, words)
        if self.guidance <= 1:
            return velocity
        free, bound = velocity.chunk(2)
        return free + self.guidance * (bound - free)


def as_pixels(made: Tensor) -> NDArray[np.uint8]:
    """(N, 3, H, W) in [−1, 1] as uint8 (N, H, W, 3) on the CPU."""
    scaled = ((made.float() + 1) * 127.5).round().clamp(0, 255).byte()
    pixels: NDArray[np.uint8] = scaled.permute(0, 2, 3, 1).cpu().numpy()
    return pixels


def sheet(pictures: NDArray[np.uint8], columns: int, path: Path, *, side: int = 192) -> None:
    """A contact sheet, row by row."""
    small = [cv2.resize(p, (side, side), interpolation=cv2.INTER_AREA) for p in pictures]
    small += [np.zeros_like(small[0])] * (-len(small) % columns)
    rows = [np.concatenate(small[i : i + columns], 1) for i in range(0, len(small), columns)]
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.concatenate(rows)[..., ::-1])


def main() -> None:
    parser = arguments(__doc__ or "", steps=25)
    parser.add_argument("--stage", default=STAGE, help="denoiser or student")
    parser.add_argument("--guidance", type=float, default=GUIDANCE)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    folder = shelf(options, "samples").folder
    model = Model.trained(options.work, stage=options.stage, device=options.device)
    model = replace(model, steps=options.steps, guidance=options.guidance)
    path = folder / f"{options.stage}.png"
    sheet(model.pictures(GLANCE, seed=options.seed), 8, path)
    print(path)


if __name__ == "__main__":
    main()
