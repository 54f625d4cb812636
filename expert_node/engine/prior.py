"""The prior: from what a text encoder understood of a prompt to what its subject looks like.

A small network that imagines a thumbnail of the subject, as unCLIP's prior imagines a picture's embedding
(Ramesh et al. 2022, arXiv 2204.06125). The UNet attends to the thumbnail's patches as to words, so that it
need not keep every subject's looks in its own weights: it learns to draw what the thumbnail shows.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

#: The thumbnail's patches, a grid of 8×8, and the channels that describe one.
GRID, CHANNELS = 8, 96
PATCHES = GRID * GRID
TEXT_CHANNELS = 384
_PLACES = 32
#: Of the meaning where it enters the layers: about one for each channel.
_LENGTH = TEXT_CHANNELS**0.5
#: How sharply one known name is chosen among those of similar meaning, in cosines.
_TEMPERATURE = 0.02
FILE_NAME = "prior.safetensors"


class Prior(nn.Module):
    """Hidden states of a prompt's words to further tokens that describe its subject's looks."""

    def __init__(
        self, known: int, *, questions: int = 6, answer: int = 96, width: int = 1024, code: int = 384
    ) -> None:
        """`known` is how many names of subjects it remembers."""
        super().__init__()
        self.known: Tensor
        self.register_buffer("known", F.normalize(torch.randn(known, TEXT_CHANNELS), dim=-1))
        self.questions = nn.Parameter(0.05 * torch.randn(1 + questions, TEXT_CHANNELS))
        self.meaning = nn.Linear(TEXT_CHANNELS, TEXT_CHANNELS)
        self.answer = nn.Linear(TEXT_CHANNELS, answer)
        self.layers = nn.Sequential(
            nn.Linear(TEXT_CHANNELS + questions * answer, width),
            nn.GELU(),
            nn.Linear(width, code),
            nn.GELU(),
            nn.Linear(code, PATCHES * CHANNELS),
        )
        mixing = torch.randn(TEXT_CHANNELS, TEXT_CHANNELS, generator=torch.Generator().manual_seed(0))
        basis = torch.linalg.qr(mixing)[0]
        self.basis: Tensor
        self.places: Tensor
        self.register_buffer("basis", basis[:CHANNELS].contiguous())
        self.register_buffer("places", _waves() @ basis[CHANNELS : CHANNELS + _PLACES])

    def understood(self, words: Tensor) -> tuple[Tensor, Tensor]:
        """Of words (N, tokens, 384), zero after the last of each: what their subject means, (N, 384), of unit
        length as sentence embeddings are, so that kindred names come out alike; and details, (N, 576).
        """
        scores = torch.einsum("ntc,qc->nqt", words, self.questions)
        weights = scores.masked_fill((words == 0).all(-1)[:, None], -torch.inf).softmax(-1)
        about = torch.einsum("nqt,ntc->nqc", weights, words)
        return F.normalize(self.meaning(about[:, 0]), dim=-1), self.answer(about[:, 1:]).flatten(1)

    def shown(self, meaning: Tensor, details: Tensor) -> Tensor:
        """What the patches show: (N, 64, 96). The subject is the known one that is nearest in meaning."""
        near = (meaning @ self.known.T / _TEMPERATURE).softmax(-1)
        recalled = F.normalize(near @ self.known, dim=-1)
        shown: Tensor = self.layers(torch.cat([_LENGTH * recalled, details], 1))
        return shown.reshape(-1, PATCHES, CHANNELS)

    def forward(self, words: Tensor) -> Tensor:
        return self.shown(*self.understood(words))

    def tokens(self, words: Tensor) -> Tensor:
        """The words, and behind them the patches as tokens: (N, tokens + 64, 384)."""
        return torch.cat([words, self(words) @ self.basis + self.places], 1)


def _waves() -> Tensor:
    """Sines and cosines of the patches' rows and columns: (64, 32)."""
    frequencies = torch.pi * torch.arange(1, _PLACES // 4 + 1) / GRID
    angles = (torch.arange(GRID) + 0.5)[:, None] * frequencies
    waves = torch.cat([angles.sin(), angles.cos()], 1)
    rows = waves[:, None].expand(GRID, GRID, -1)
    columns = waves[None].expand(GRID, GRID, -1)
    return torch.cat([rows, columns], -1).flatten(0, 1)


def load_prior(path: Path, device: torch.device) -> Prior:
    """Raises RuntimeError if the file holds no prior."""
    weights = {name: value.float() for name, value in load_file(path).items()}
    prior = Prior(len(weights["known"]) if "known" in weights else 0)
    prior.load_state_dict(weights)
    return prior.eval().requires_grad_(False).to(device)
