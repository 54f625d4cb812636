"""The peer: ffmpeg's chromakey, despill and overlay, run as its command line."""

import itertools
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.merge_mattes import KEYS, Picture, Sample
from benchmarks.merge_scores import Score, mean, score


@dataclass(frozen=True)
class Chromakey:
    """Parameters of the filters `chromakey` and `despill`."""

    similarity: float
    blend: float
    mix: float = 0.5
    expand: float = 0.0

    def filters(self, key: str) -> str:
        """For pictures on one of our key colours; ffmpeg is told the true colour, we find it."""
        colour = "0x" + "".join(f"{value:02x}" for value in KEYS[key])
        keying = f"chromakey=color={colour}:similarity={self.similarity}:blend={self.blend}"
        return f"{keying},despill=type={key}:mix={self.mix}:expand={self.expand}"


def cut(samples: Sequence[Sample], parameters: Chromakey) -> list[Picture]:
    """(H, W, 4) of every sample."""
    results: dict[str, Picture] = {}
    for key in KEYS:
        group = [sample for sample in samples if sample.key == key]
        if group:
            frames = _run(np.stack([sample.picture for sample in group]), parameters.filters(key))
            results |= {sample.name: frame for sample, frame in zip(group, frames, strict=True)}
    return [results[sample.name] for sample in samples]


def tuned(samples: Sequence[Sample]) -> Chromakey:
    """The parameters with the least MSE, and then the least edge colour error, on these very samples."""
    grid = itertools.product((0.06, 0.09, 0.12, 0.15, 0.18, 0.22), (0.0, 0.04, 0.08, 0.12, 0.16, 0.2))
    best = min((Chromakey(*pair) for pair in grid), key=lambda item: _mean(samples, item).mse)
    finer = itertools.product((-0.02, -0.01, 0, 0.01, 0.02), (-0.03, -0.015, 0, 0.015, 0.03))
    near = [
        Chromakey(best.similarity + similarity, max(0.0, best.blend + blend)) for similarity, blend in finer
    ]
    best = min(near, key=lambda item: _mean(samples, item).mse)
    spills = [
        Chromakey(best.similarity, best.blend, mix, expand)
        for mix, expand in itertools.product((0.1, 0.3, 0.5, 0.7, 0.9), (0.0, 0.3, 0.6))
    ]
    return min(spills, key=lambda item: _mean(samples, item).edge_colour)


def _mean(samples: Sequence[Sample], parameters: Chromakey) -> Score:
    pictures = cut(samples, parameters)
    return mean([score(picture, sample) for picture, sample in zip(pictures, samples, strict=True)])


def _run(frames: Picture, filters: str) -> Picture:
    count, height, width, _ = frames.shape
    command = [executable(), "-v", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}"]
    command += ["-i", "-", "-vf", f"format=yuva444p,{filters},format=rgba"]
    command += ["-f", "rawvideo", "-pix_fmt", "rgba", "-"]
    made = subprocess.run(command, input=frames.tobytes(), check=True, capture_output=True)
    return np.frombuffer(made.stdout, np.uint8).reshape(count, height, width, 4)


def executable(name: str = "ffmpeg") -> str:
    path = shutil.which(name)
    if path is None:
        raise SystemExit(f"{name} is needed to compare with: install it with the system's packages")
    return path
