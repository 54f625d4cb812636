"""Pictures as the denoiser sees them: shards of latents and caption embeddings, made once.

More shards can be made at any time, also while the denoiser trains.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from expert_node.engine.prior import PLACE, PLACES

from .autoencoder import CHANNELS, as_tensor, trained
from .loop import arguments, shelf
from .pictures import Picture, picture
from .text import CHANNELS as TEXT_CHANNELS
from .text import TOKENS, embedded

STAGE = "latents"
SHARD = 2048
BATCH = 32
GRID = 16
SEED = 23
STATISTICS = "statistics.json"


@dataclass(frozen=True)
class Statistics:
    """Per channel (1, C, 1, 1), of the autoencoder's latents: the mean, and what they are divided by."""

    mean: Tensor
    std: Tensor

    @classmethod
    def read(cls, folder: Path) -> "Statistics":
        values = json.loads((folder / STATISTICS).read_text())
        return cls(*(torch.tensor(values[name]).reshape(1, -1, 1, 1) for name in ("mean", "std")))

    @staticmethod
    def write(folder: Path, latents: Tensor) -> None:
        """Channels are brought halfway to equal variance, so that noise hides what is fine first."""
        flat = latents.float().transpose(0, 1).flatten(1)
        std = flat.std(1)
        scale = (std * std.mean()).sqrt()
        scale *= (std / scale).square().mean().sqrt()
        values = {"mean": flat.mean(1).tolist(), "std": scale.tolist()}
        (folder / STATISTICS).write_text(json.dumps(values, indent=1))


def shards(folder: Path) -> list[Path]:
    """Finished shards, by number."""
    return sorted(folder.glob("[0-9]*[0-9]"))


@torch.inference_mode()
def encoded(model: Any, pixels: NDArray[np.uint8]) -> Tensor:
    """float32 latents (N, C, 16, 16) of pictures (N, 256, 256, 3)."""
    device = next(model.parameters()).device
    z: Tensor = model.encode(as_tensor(pixels).to(device)).latents
    return z.cpu()


def rendered(number: int, start: int, size: int) -> list[Picture]:
    """The pictures of a shard from `start` on, at most a batch of them; the same each time."""
    rng = np.random.default_rng([SEED, number, start])
    return [picture(rng) for _ in range(min(BATCH, size - start))]


def placed(pictures: Sequence[Picture]) -> NDArray[np.float32]:
    """Where the subjects are, as the prior tells it: (N, 3, 4)."""
    places = np.zeros((len(pictures), PLACES, PLACE), np.float32)
    for index, shown in enumerate(pictures):
        for number, place in enumerate(shown.places):
            places[index, number] = (1, *place)
    return places


class _Rendering(Dataset[tuple[NDArray[np.uint8], list[str], NDArray[np.float32]]]):
    """Pixels, captions and places by a batch's number within the shard."""

    def __init__(self, number: int, size: int) -> None:
        self._number, self._size = number, size

    def __len__(self) -> int:
        return math.ceil(self._size / BATCH)

    def __getitem__(self, index: int) -> tuple[NDArray[np.uint8], list[str], NDArray[np.float32]]:
        if index >= len(self):
            raise IndexError(index)
        batch = rendered(self._number, index * BATCH, self._size)
        return np.stack([p.pixels for p in batch]), [p.caption for p in batch], placed(batch)


def make_shard(model: Any, folder: Path, number: int, *, size: int = SHARD, workers: int = 0) -> None:
    """Renders, encodes and writes one shard; all of it or nothing."""
    pictures = np.zeros((size, CHANNELS, GRID, GRID), np.float16)
    texts = np.zeros((size, TOKENS, TEXT_CHANNELS), np.float16)
    places = np.zeros((size, PLACES, PLACE), np.float32)
    captions: list[str] = []
    device = next(model.parameters()).device
    for pixels, told, where in DataLoader(_Rendering(number, size), batch_size=None, num_workers=workers):
        start, end = len(captions), len(captions) + len(told)
        pictures[start:end] = encoded(model, np.asarray(pixels)).numpy()
        texts[start:end] = embedded(list(told), device).numpy()
        places[start:end] = np.asarray(where)
        captions += told
    part = folder / f"{number:04d}.part"
    part.mkdir(parents=True, exist_ok=True)
    np.save(part / "latents.npy", pictures)
    np.save(part / "texts.npy", texts)
    np.save(part / "places.npy", places)
    (part / "captions.json").write_text(json.dumps(captions))
    if not (folder / STATISTICS).exists():
        Statistics.write(folder, torch.from_numpy(pictures))
    part.rename(folder / f"{number:04d}")


@dataclass(frozen=True)
class Batch:
    """Normalised latents (N, C, 16, 16), words (N, tokens, channels) and places (N, 3, 4), float32."""

    z: Tensor
    words: Tensor
    places: Tensor


class Shards:
    """All finished shards as one collection, read from disk as needed."""

    _PARTS = ("latents", "texts", "places")

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.statistics = Statistics.read(folder)
        self._open: dict[Path, list[NDArray[Any]]] = {}
        self.refresh()

    def refresh(self) -> None:
        for path in shards(self.folder):
            if path not in self._open:
                self._open[path] = [np.load(path / f"{part}.npy", mmap_mode="r") for part in self._PARTS]

    def batch(self, rng: np.random.Generator, count: int) -> Batch:
        opened = list(self._open.values())
        numbers, rows = rng.integers(len(opened), size=count), rng.random(count)
        picks = [(int(s), int(r * len(opened[s][0]))) for s, r in zip(numbers, rows, strict=True)]
        z, words, places = (
            torch.from_numpy(np.stack([opened[s][part][i] for s, i in picks])).float() for part in range(3)
        )
        return Batch((z - self.statistics.mean) / self.statistics.std, words, places)


def main() -> None:
    parser = arguments(__doc__ or "", steps=40)
    parser.add_argument("--size", type=int, default=SHARD, help="pictures in a shard")
    options = parser.parse_args()
    folder = shelf(options, STAGE).folder
    model = trained(options.work, options.device)
    for number in tqdm(range(options.steps), desc=STAGE, unit="shard"):
        if not (folder / f"{number:04d}").exists():
            make_shard(model, folder, number, size=options.size, workers=options.workers)


if __name__ == "__main__":
    main()
