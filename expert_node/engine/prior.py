"""The prior: from what a text encoder understood of a prompt to a draft of the picture.

A small network imagines a thumbnail of the prompt's subject, as unCLIP's prior imagines a picture's embedding
(Ramesh et al. 2022, arXiv 2204.06125), and where it is in the picture. The UNet is shown this draft beside
the noise, as other checkpoints are shown a depth map, so that it need not keep every subject's looks in its
own weights: it learns to draw what the draft shows, and the setting around it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from expert_node.engine.motion import progress_at, warp
from shared.schemas import Motion, Region

#: The thumbnail: 64×64 pixels as 8×8 patches, each by so many principal components.
SIDE_PX, GRID, CHANNELS = 64, 8, 96
PATCHES, PATCH_PX = GRID * GRID, SIDE_PX // GRID
TEXT_CHANNELS = 384
#: As many as a draft shows at most, and what is told of each: whether it is there, x, lower edge, side.
PLACES, PLACE = 3, 4
#: Middles of the regions, as shares of the width; as the merger has them.
MIDDLES: dict[Region, float] = {"left": 0.24, "center": 0.5, "right": 0.76}
#: Pixels of the draft for each latent, along each side; as channels beside the latents.
DRAFT_PX = 4
DRAFT_CHANNELS = 4 * DRAFT_PX**2
#: How sharply one known name is chosen among those of similar meaning, in cosines.
_TEMPERATURE = 0.02
FILE_NAME = "prior.safetensors"
#: Alpha below which a thumbnail shows nothing.
_FAINT = 0.08
#: Of the meaning where it enters the layers: about one for each channel.
_LENGTH = TEXT_CHANNELS**0.5


@dataclass(frozen=True)
class Draft:
    """What pictures should show, roughly: `pixels` (N, 4, h, w), RGBA multiplied by alpha, in [0, 1]."""

    pixels: Tensor

    @property
    def channels(self) -> Tensor:
        """As the UNet sees it: (N, 64, h / 4, w / 4)."""
        return F.pixel_unshuffle(self.pixels, DRAFT_PX)

    def moved(self, motion: Motion, frame: int, *, frames: int) -> "Draft":
        """What a later frame should show; nothing comes in from beyond the border."""
        progress = progress_at(frame, motion, frames=frames)
        pixels = warp(self.pixels, motion, progress=progress, interpolation="bicubic", beyond="zeros")
        return Draft(pixels.clamp(0, 1))


class Prior(nn.Module):
    """Hidden states of a prompt's words to its subject's looks and places."""

    def __init__(
        self, known: int, *, questions: int = 6, answer: int = 96, width: int = 1024, code: int = 384
    ) -> None:
        """`known` is how many names of subjects it remembers."""
        super().__init__()
        self.known: Tensor
        self.components: Tensor
        self.mean: Tensor
        self.scale: Tensor
        self.register_buffer("known", F.normalize(torch.randn(known, TEXT_CHANNELS), dim=-1))
        self.register_buffer("components", torch.zeros(CHANNELS, 4 * PATCH_PX**2))
        self.register_buffer("mean", torch.zeros(4 * PATCH_PX**2))
        self.register_buffer("scale", torch.ones(CHANNELS))
        self.questions = nn.Parameter(0.05 * torch.randn(1 + questions, TEXT_CHANNELS))
        self.meaning = nn.Linear(TEXT_CHANNELS, TEXT_CHANNELS)
        self.answer = nn.Linear(TEXT_CHANNELS, answer)
        understood = TEXT_CHANNELS + questions * answer
        self.layers = nn.Sequential(
            nn.Linear(understood, width),
            nn.GELU(),
            nn.Linear(width, code),
            nn.GELU(),
            nn.Linear(code, PATCHES * CHANNELS),
        )
        self.layout = nn.Sequential(
            nn.Linear(understood + TEXT_CHANNELS, 192), nn.GELU(), nn.Linear(192, PLACES * PLACE)
        )

    def understood(self, words: Tensor) -> tuple[Tensor, Tensor]:
        """Of words (N, tokens, 384), zero after the last of each: what their subject means, (N, 384), of unit
        length as sentence embeddings are, so that kindred names come out alike; and details, (N, 576).
        """
        scores = torch.einsum("ntc,qc->nqt", words, self.questions)
        weights = scores.masked_fill((words == 0).all(-1)[:, None], -torch.inf).softmax(-1)
        about = torch.einsum("nqt,ntc->nqc", weights, words)
        return F.normalize(self.meaning(about[:, 0]), dim=-1), self.answer(about[:, 1:]).flatten(1)

    def recalled(self, meaning: Tensor) -> Tensor:
        """The known meaning that is nearest, (N, 384)."""
        near = (meaning @ self.known.T / _TEMPERATURE).softmax(-1)
        return F.normalize(near @ self.known, dim=-1)

    def shown(self, meaning: Tensor, details: Tensor) -> Tensor:
        """What the patches show of the nearest known subject: (N, 64, 96)."""
        shown: Tensor = self.layers(torch.cat([_LENGTH * self.recalled(meaning), details], 1))
        return shown.reshape(-1, PATCHES, CHANNELS)

    def placed(self, words: Tensor, meaning: Tensor, details: Tensor) -> Tensor:
        """Where subjects are: (N, 3, 4), as fractions of the picture; the first number tells whether."""
        whole = F.normalize(words.sum(1), dim=-1)
        seen = torch.cat([_LENGTH * self.recalled(meaning), details, _LENGTH * whole], 1)
        places: Tensor = self.layout(seen)
        return places.reshape(-1, PLACES, PLACE)

    def thumbnails(self, shown: Tensor) -> Tensor:
        """Patches (N, 64, 96) to pictures (N, 4, 64, 64), RGBA multiplied by alpha, in [0, 1]."""
        flat = (shown * self.scale) @ self.components + self.mean
        split = flat.reshape(-1, GRID, GRID, PATCH_PX, PATCH_PX, 4)
        pictures = split.permute(0, 5, 1, 3, 2, 4).reshape(-1, 4, SIDE_PX, SIDE_PX).clamp(0, 1)
        return pictures * (pictures[:, 3:] > _FAINT)

    def draft(
        self,
        words: Tensor,
        *,
        height: int,
        width: int,
        jitter: Tensor | None = None,
        regions: Sequence[Region | None] = (),
    ) -> Draft:
        """Of words (N, tokens, 384), for latents of that height and width.

        `jitter` (N, 3) moves the places: x and lower edge by so much, the size by the exponential of it.
        `regions`, one for each text, are where the middle of what is shown goes, as far as it fits.
        """
        meaning, details = self.understood(words)
        places = self.placed(words, meaning, details)
        if jitter is not None:
            x, base, side = places[..., 1:].unbind(-1)
            sides = side * jitter[:, 2:].exp()
            places = torch.stack([places[..., 0], x + jitter[:, :1], base + jitter[:, 1:2], sides], -1)
        thumbnails = self.thumbnails(self.shown(meaning, details))
        for index, region in enumerate(regions):
            if region:
                places[index] = _aside(places[index], thumbnails[index], MIDDLES[region])
        return composed(thumbnails, places, height_px=height * DRAFT_PX, width_px=width * DRAFT_PX)


def _aside(places: Tensor, thumbnail: Tensor, middle: float) -> Tensor:
    """Places (3, 4) moved along x so that their middle is there, or as near as the border allows."""
    there = places[:, 0] > 0.5
    if not there.any():
        return places
    share = float((thumbnail[3].amax(0) > 0.5).float().mean())
    x, half = places[there, 1], share * places[there, 3] / 2
    left, right = float((x - half).min()), float((x + half).max())
    wanted = middle - (left + right) / 2
    room = sorted((-left, 1 - right))
    moved = places.clone()
    moved[:, 1] += min(max(wanted, room[0]), room[1])
    return moved


def composed(thumbnails: Tensor, places: Tensor, *, height_px: int, width_px: int) -> Draft:
    """Thumbnails (N, 4, 64, 64) at their places (N, 3, 4), one over the other."""
    rows = (torch.arange(height_px, device=places.device) + 0.5) / height_px
    columns = (torch.arange(width_px, device=places.device) + 0.5) / width_px
    square = min(height_px, width_px)
    pixels = thumbnails.new_zeros(len(thumbnails), 4, height_px, width_px)
    for there, x, base, side in (place.unbind(-1) for place in places.unbind(1)):
        high = (side * square / height_px).clamp(min=0.02)[:, None]
        wide = (side * square / width_px).clamp(min=0.02)[:, None]
        v = (rows[None] - base[:, None] + high / 2) / high * 2
        u = (columns[None] - x[:, None]) / wide * 2
        grid = torch.stack([u[:, None].expand(-1, height_px, -1), v[:, :, None].expand(-1, -1, width_px)], -1)
        top = F.grid_sample(thumbnails, grid, align_corners=False) * (there > 0.5)[:, None, None, None]
        pixels = top + pixels * (1 - top[:, 3:])
    return Draft(pixels)


def load_prior(path: Path, device: torch.device) -> Prior:
    """Raises RuntimeError if the file holds no prior."""
    weights = {name: value.float() for name, value in load_file(path).items()}
    prior = Prior(len(weights["known"]) if "known" in weights else 0)
    prior.load_state_dict(weights)
    return prior.eval().requires_grad_(False).to(device)
