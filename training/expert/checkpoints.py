"""Training states on disk: written whole or not at all, mirrored, and read back after a crash."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Shelf:
    """A stage's folder; `mirror` receives a copy of each state, and replaces the folder if it is lost."""

    folder: Path
    mirror: Path | None = None

    def save(self, state: dict[str, Any], name: str) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / name
        part = path.with_suffix(".part")
        with part.open("wb") as stream:
            torch.save(state, stream)
            stream.flush()
            os.fsync(stream.fileno())
        part.rename(path)
        if self.mirror:
            self._copy(path, self.mirror)
        return path

    def load(self, name: str) -> dict[str, Any] | None:
        """The newest state, or None when there is none at all."""
        for folder in (self.folder, self.mirror):
            path = folder / name if folder else None
            if path and path.exists():
                state: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu", mmap=True)
                return state
        return None

    @staticmethod
    def _copy(path: Path, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{path.name}.part"
        shutil.copyfile(path, part)
        part.rename(folder / path.name)


def newest(work: Path, *stages: str) -> dict[str, Tensor] | None:
    """The moving average of the first stage's weights that has a state, the finished one if there is one."""
    found = (Shelf(work / stage).load(name) for stage in stages for name in ("decayed.pt", "last.pt"))
    state = next((state for state in found if state), None)
    return None if state is None else state["average"]


def needed(work: Path, *stages: str) -> dict[str, Tensor]:
    """The same, of stages of which the last has to be there; else FileNotFoundError, with the remedy."""
    weights = newest(work, *stages)
    if weights is None:
        raise FileNotFoundError(f"no {stages[-1]} yet: python -m training.expert.{stages[-1]}")
    return weights
