"""Cross-frame attention: later frames look at the anchor, frame 0 (Khachatryan et al. 2023, section 3.3.2).

The anchor's self-attention keys and values are recorded step by step. A later frame replays them, so it needs
neither the anchor nor its sibling frames in its batch. All that passes between frames is in `FrameAttention`,
which travels with the call; nothing on the model changes, so calls from several threads do not meet.
"""

from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import Attention

#: Keys and values of one self-attention layer: each (rows, tokens, channels).
KeyValue = tuple[torch.Tensor, torch.Tensor]

_FEW_KEYS = 80


@dataclass
class AnchorStep:
    """The anchor's keys and values of one denoising step, by layer; rows are [unguided…, prompted…]."""

    layers: dict[str, KeyValue] = field(default_factory=dict)

    @property
    def size_bytes(self) -> int:
        return sum(part.nbytes for pair in self.layers.values() for part in pair)


@dataclass
class WordWatch:
    """Adds up how much each place of each frame attends to some words: a rough matte of what they name.

    Tang et al. 2022, "What the DAAM"; the maps of a clip's words are summed, heads and layers averaged.
    """

    #: Positions of the watched words in each clip's text; a clip may have none.
    words: tuple[tuple[int, ...], ...]
    #: By number of places: sum of (clips, frames, places) maps, and how many were added.
    sums: dict[int, tuple[torch.Tensor, int]] = field(default_factory=dict)

    def add(self, weights: torch.Tensor, frames: int) -> None:
        """Attention of one layer: (rows, heads, frames·places, tokens), the last rows the prompted clips'."""
        mean = weights[-len(self.words) :].float().mean(1)
        maps = torch.stack(
            [clip[:, list(words)].sum(-1) for clip, words in zip(mean, self.words, strict=True)]
        )
        maps = maps.reshape(len(maps), frames, -1)
        known, count = self.sums.get(maps.shape[-1], (torch.zeros_like(maps), 0))
        self.sums[maps.shape[-1]] = known + maps, count + 1

    def finest(self) -> torch.Tensor:
        """The map with most places, each frame's stretched to [0, 1]: (clips, frames, places)."""
        total, count = self.sums[max(self.sums)]
        mean = total / count
        low, high = mean.amin(-1, keepdim=True), mean.amax(-1, keepdim=True)
        return (mean - low) / (high - low).clamp_min(1e-6)


@dataclass(frozen=True)
class FrameAttention:
    """What a call of the UNet does with the anchor: record it, or replay it to `frames` frames per row.

    When it is recorded, it is the first of its row's frames.
    """

    anchor: AnchorStep
    replay: bool = False
    frames: int = 1
    watch: WordWatch | None = None


class CrossFrameProcessor:
    """Attention processor of one layer. Text attention is per row, shared by the row's frames."""

    def __init__(self, layer: str) -> None:
        self.layer = layer

    def __call__(
        self,
        attn: Attention,
        hidden_states: torch.Tensor,
        encoder_hidden_states: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        temb: torch.Tensor | None = None,
        *,
        frames: FrameAttention,
    ) -> torch.Tensor:
        rows_frames, tokens, _ = hidden_states.shape
        rows = rows_frames // frames.frames
        query = _heads(attn.to_q(hidden_states).reshape(rows, frames.frames * tokens, -1), attn.heads)
        key, value = self._key_value(attn, hidden_states, encoder_hidden_states, frames)
        key, value = _heads(key[-rows:], attn.heads), _heads(value[-rows:], attn.heads)
        if (encoder_hidden_states is not None and frames.watch) or self._is_small(key):
            weights = torch.softmax(query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5, dim=-1)
            if frames.watch:
                frames.watch.add(weights, frames.frames)
            mixed = weights @ value
        else:
            mixed = F.scaled_dot_product_attention(query, key, value)
        mixed = mixed.transpose(1, 2).reshape(rows_frames, tokens, -1)
        for layer in attn.to_out:
            mixed = layer(mixed)
        return mixed

    @staticmethod
    def _is_small(key: torch.Tensor) -> bool:
        """On CPUs plain products beat the fused kernel where keys are few: of text, of small pictures."""
        return key.device.type == "cpu" and key.shape[-2] <= _FEW_KEYS

    def _key_value(
        self, attn: Attention, hidden: torch.Tensor, text: torch.Tensor | None, frames: FrameAttention
    ) -> KeyValue:
        if text is not None:
            text = attn.norm_encoder_hidden_states(text) if attn.norm_cross else text
            return attn.to_k(text), attn.to_v(text)
        if frames.replay:
            return frames.anchor.layers[self.layer]
        anchor = hidden.reshape(-1, frames.frames, *hidden.shape[1:])[:, 0]
        pair = attn.to_k(anchor), attn.to_v(anchor)
        frames.anchor.layers[self.layer] = pair
        return pair


class FrameUNet(UNet2DConditionModel):
    """A UNet that is given one row of text for all frames of a clip, also where it pools the text."""

    def get_aug_embed(
        self, emb: torch.Tensor, encoder_hidden_states: torch.Tensor, added_cond_kwargs: dict[str, Any]
    ) -> torch.Tensor | None:
        pooled: torch.Tensor | None = super().get_aug_embed(  # type: ignore[misc]
            emb, encoder_hidden_states, added_cond_kwargs
        )
        return None if pooled is None else pooled.repeat_interleave(len(emb) // len(pooled), 0)


def install_cross_frame_attention(unet: Any) -> None:
    """Give every attention layer its processor, once; from then on the UNet is called with `frames=`."""
    processors: dict[str, Any] = {name: CrossFrameProcessor(name) for name in unet.attn_processors}
    unet.set_attn_processor(processors)


def _heads(x: torch.Tensor, heads: int) -> torch.Tensor:
    """(rows, tokens, heads·d) to (rows, heads, tokens, d)."""
    rows, tokens, channels = x.shape
    return x.reshape(rows, tokens, heads, channels // heads).transpose(1, 2)
