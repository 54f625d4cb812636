"""An honest measure of a checkpoint: is what captions ask for in the pictures, by an examiner's judgement?

Prints, for the profiles asked for, subject and setting accuracy over subjects × settings on unseen
phrasings, subject accuracy on paraphrases, and seconds; writes two sheets: a hundred pictures, and
pictures above the nearest of the training set.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from expert_node.engine.checkpoint import load_checkpoint
from expert_node.engine.generator import Generator
from shared.schemas import Profile, SubvideoSpec

from . import classifier
from .devices import CPU
from .examination import Question, all_pairs, paraphrases
from .latents import BATCH, SHARD, rendered
from .pictures import picture
from .places import DOWNLOADS, WORK
from .sampling import GLANCE, sheet

SIDE_PX = 256
Pictures = NDArray[np.uint8]


def _specs(captions: Sequence[str], profile: Profile, *, frames: int) -> list[SubvideoSpec]:
    return [
        SubvideoSpec(prompt=c, seed=i, frames=frames, width=SIDE_PX, height=SIDE_PX, profile=profile)
        for i, c in enumerate(captions)
    ]


@dataclass(frozen=True)
class Camera:
    """Takes single pictures with the expert's own engine."""

    engine: Generator
    profile: Profile
    batch: int = 16

    def pictures(self, captions: Sequence[str]) -> Pictures:
        specs, found = _specs(captions, self.profile, frames=1), []
        for start in tqdm(range(0, len(specs), self.batch), desc=self.profile, mininterval=10):
            batch = specs[start : start + self.batch]
            found += [chunk[:, 0] for chunk in self.engine.generate(batch, on_step=lambda: None)]
        return np.concatenate(found)

    def seconds(self, *, frames: int, rounds: int = 3) -> float:
        """Median time of one clip by itself, after a first one that is not counted."""
        times = []
        for _ in range(rounds + 1):
            began = time.perf_counter()
            for _chunk in self.engine.generate(
                _specs(GLANCE[:1], self.profile, frames=frames), on_step=lambda: None
            ):
                pass
            times.append(time.perf_counter() - began)
        return sorted(times[1:])[rounds // 2]


def accuracy(
    made: Pictures, questions: Sequence[Question], judge: classifier.Classifier
) -> dict[str, object]:
    """Shares of right subjects and settings, and those most often missed."""
    answers = classifier.judged(judge, made)
    pairs = list(zip(questions, answers, strict=True))
    missed = Counter(f"{q.subject} as {a[0]}" for q, a in pairs if q.subject != a[0])
    astray = Counter(f"{q.setting} as {a[1]}" for q, a in pairs if q.setting != a[1])
    return {
        "pictures": len(pairs),
        "subject": round(sum(q.subject == a[0] for q, a in pairs) / len(pairs), 4),
        "setting": round(sum(q.setting == a[1] for q, a in pairs) / len(pairs), 4),
        "missed subjects": dict(missed.most_common(12)),
        "missed settings": dict(astray.most_common(12)),
    }


def reference(judge: classifier.Classifier, *, count: int = 400, seed: int = 7_777) -> dict[str, float]:
    """The examiner's own accuracy on rendered pictures that nobody was trained on."""
    rng = np.random.default_rng(seed)
    shown = [picture(rng, classifier.MIX) for _ in range(count)]
    answers = classifier.judged(judge, np.stack([p.pixels for p in shown]))
    pairs = [(p, a) for p, a in zip(shown, answers, strict=True) if p.subject and p.setting]
    return {
        "subject": round(sum(p.subject == a[0] for p, a in pairs) / len(pairs), 4),
        "setting": round(sum(p.setting == a[1] for p, a in pairs) / len(pairs), 4),
    }


def nearest(made: Pictures, *, shards: int, size: int = SHARD) -> Pictures:
    """For each picture the closest of the training set, by squared distance at 32×32 pixels."""
    goals = _small(made)
    best, found = np.full(len(made), np.inf), np.zeros_like(made)
    for number, start in ((n, s) for n in range(shards) for s in range(0, size, BATCH)):
        for shown in rendered(number, start, size):
            distance = ((_small(shown.pixels[None]) - goals) ** 2).mean((1, 2, 3))
            closer = distance < best
            best[closer], found[closer] = distance[closer], shown.pixels
    return found


def _small(pictures: Pictures) -> NDArray[np.float32]:
    blocks = pictures.reshape(len(pictures), 32, 8, 32, 8, 3)
    means: NDArray[np.float32] = blocks.mean((2, 4), dtype=np.float32)
    return means


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="embedded", help="embedded, or a checkpoint's folder")
    parser.add_argument("--work", type=Path, default=WORK, help="folder with the examiner")
    parser.add_argument("--pairs", type=int, default=1_000, help="questions of each kind; 0 is all")
    parser.add_argument("--profiles", nargs="+", default=["balanced", "fast"])
    parser.add_argument("--shards", type=int, default=4, help="training shards searched for nearest pictures")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", type=torch.device, default=CPU)
    return parser.parse_args()


def main() -> None:
    options = _arguments()
    torch.set_num_threads(options.threads)
    judge, folder = classifier.trained(options.work).to(options.device), options.work / "measure"
    checkpoint = load_checkpoint(options.model, device=options.device, cache_dir=DOWNLOADS)
    engine, questions = Generator(checkpoint), all_pairs()
    questions = questions[: options.pairs or None]
    report: dict[str, object] = {"examiner on rendered pictures": reference(judge)}
    for profile in options.profiles:
        camera = Camera(engine, profile)
        made = camera.pictures([q.caption for q in questions])
        others = paraphrases()[: options.pairs or None]
        report[profile] = {
            "unseen phrasings": accuracy(made, questions, judge),
            "paraphrases": accuracy(camera.pictures([q.caption for q in others]), others, judge),
            "seconds per picture": round(camera.seconds(frames=1), 2),
            "seconds per clip of 8 frames": round(camera.seconds(frames=8), 2),
        }
        sheet(made[:100], 10, folder / f"{profile}.png")
        close = nearest(made[:16], shards=options.shards)
        sheet(
            np.concatenate([made[:8], close[:8], made[8:16], close[8:]]), 8, folder / f"{profile}_nearest.png"
        )
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
