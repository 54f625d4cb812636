"""The examiner: tells the subject and the setting of a picture; trained on rendered pictures only.

Its pictures come from other seeds than the generator's, and are spoiled (blur, noise, colour, size), so
that it looks at what is shown rather than at how cleanly it was made.
"""

from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from .checkpoints import needed
from .devices import mixed
from .loop import Given, Limits, Losses, Recipe, Training, arguments
from .perceptual import PerceptualDistance
from .pictures import KEYS, Mix, picture
from .scenes import SETTINGS
from .subjects import subjects

STAGE = "classifier"
SIDE_PX = 160
BATCH = 32
SEED = 71
MIX = Mix(keyed=0.12, empty=0.02, several=1)
RECIPE = Recipe(learning_rate=6e-4, warmup=200, ema=0.999, weight_decay=0.05)


def subject_names() -> list[str]:
    return list(subjects())


def setting_names() -> list[str]:
    """Settings, then key colours."""
    return [*SETTINGS, *(f"plain {key}" for key in KEYS)]


class Classifier(nn.Module):
    """Five stages of EfficientNet-Lite0, fine-tuned, two convolutions more, and a head for each question."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = PerceptualDistance()
        self.backbone.requires_grad_(True)
        self.neck = nn.Sequential(
            nn.Conv2d(80, 192, 3, 2, 1), nn.GroupNorm(12, 192), nn.SiLU(),
            nn.Conv2d(192, 384, 3, 1, 1), nn.GroupNorm(12, 384), nn.SiLU(),
        )  # fmt: skip
        self.subject = nn.Linear(768, len(subject_names()))
        self.setting = nn.Linear(768, len(setting_names()))

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of subjects and settings for pictures (N, 3, H, W) in [0, 1]."""
        x = self.neck(self.backbone.last(pictures.to(self.subject.weight.device)))
        pooled = torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1)
        return self.subject(pooled), self.setting(pooled)


def as_input(pictures: NDArray[np.uint8]) -> Tensor:
    """uint8 (N, H, W, 3) to float (N, 3, 160, 160) in [0, 1]."""
    small = [cv2.resize(p, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA) for p in pictures]
    return torch.from_numpy(np.stack(small)).permute(0, 3, 1, 2).float().div(255)


def spoiled(rng: np.random.Generator, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture blurred, noisy, shifted in colour, cut a little."""
    inset = int(rng.integers(0, 14))
    y, x = rng.integers(0, inset + 1, 2)
    view = pixels[y : 256 - inset + y, x : 256 - inset + x].astype(np.float32)
    view = np.asarray(cv2.GaussianBlur(view, (0, 0), float(rng.uniform(0.3, 2.2))), np.float32)
    toned = (view - 128) * rng.uniform(0.85, 1.15) + 128 + rng.uniform(-10, 10, 3)
    grainy = toned + rng.normal(0, rng.uniform(0, 7), view.shape)
    return np.clip(grainy, 0, 255).astype(np.uint8)


class Lesson:
    """The loss of one step."""

    def __init__(self, model: Classifier, batch: int = BATCH) -> None:
        self.model, self.batch = model.to(memory_format=torch.channels_last), batch

    def given(self, step: int) -> Given:
        rng = np.random.default_rng([SEED, step])
        shown = [picture(rng, MIX) for _ in range(self.batch)]
        names, places = subject_names(), setting_names()
        return {
            "pictures": as_input([spoiled(rng, p.pixels) for p in shown]),  # type: ignore[arg-type]
            "subject": torch.tensor([names.index(p.subject) if p.subject else -1 for p in shown]),
            "setting": torch.tensor([places.index(p.setting or f"plain {p.key}") for p in shown]),
        }

    def losses(self, _step: int, given: Given) -> Losses:
        pictures = given["pictures"].contiguous(memory_format=torch.channels_last)
        # Not compiled: torch 2.13's code for CPUs reads beyond the end of a tensor of this model.
        with mixed(pictures.device):
            subject, setting = self.model(pictures)
        return {
            "subject": F.cross_entropy(
                subject.float(), given["subject"], ignore_index=-1, label_smoothing=0.05
            ),
            "setting": F.cross_entropy(setting.float(), given["setting"], label_smoothing=0.05),
        }


@torch.inference_mode()
def judged(model: Classifier, pictures: NDArray[np.uint8], *, batch: int = 64) -> list[tuple[str, str]]:
    """(subject, setting) of each picture."""
    names, places, found = subject_names(), setting_names(), []
    for start in range(0, len(pictures), batch):
        subject, setting = model(as_input(pictures[start : start + batch]))
        found += [(names[s], places[p]) for s, p in zip(subject.argmax(1), setting.argmax(1), strict=True)]
    return found


def trained(work: Path) -> Classifier:
    model = Classifier()
    model.load_state_dict(needed(work, STAGE))
    return model.eval().requires_grad_(False)


def main() -> None:
    parser = arguments(__doc__ or "", steps=2_500, batch=BATCH, rate=RECIPE.learning_rate)
    options = parser.parse_args()
    torch.manual_seed(SEED)
    model = Classifier()
    training = Training.configured(model, RECIPE, STAGE, options)
    lesson = Lesson(model, options.batch)
    raise SystemExit(not training.run(lesson, Limits(options.steps, options.decay), workers=options.workers))


if __name__ == "__main__":
    main()
