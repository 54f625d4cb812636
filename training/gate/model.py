"""The gate's network: MiniLM with one linear head per kind of tag and one for the mode."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn
from transformers import AutoModel, PreTrainedModel

from gateway.gate.decoding import MODES
from gateway.gate.tags import Phrase, Role, Start
from shared import minilm

HEADS = {"role": len(Role), "start": len(Start), "phrase": len(Phrase), "mode": len(MODES)}


def pretrained() -> PreTrainedModel:
    """sentence-transformers/all-MiniLM-L6-v2, from its wheel."""
    with tempfile.TemporaryDirectory() as folder:
        encoder = minilm.unpacked(Path(folder))
        return AutoModel.from_pretrained(encoder, add_pooling_layer=False, attn_implementation="sdpa")


@dataclass(frozen=True)
class Outputs:
    """Scores: (batch, tokens, classes) for the tags, (batch, classes) for the mode."""

    role: Tensor
    start: Tensor
    phrase: Tensor
    mode: Tensor


class GateNetwork(nn.Module):
    """The encoder's word embeddings stay as they were, so that only its layers need to be shipped."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = pretrained()
        self.encoder.embeddings.requires_grad_(requires_grad=False)
        width = self.encoder.config.hidden_size
        self.heads = nn.ModuleDict({name: nn.Linear(width, classes) for name, classes in HEADS.items()})

    def forward(self, ids: Tensor, mask: Tensor) -> Outputs:
        """`ids`, `mask`: (batch, tokens)."""
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        weights = mask[..., None].to(states.dtype)
        mean = (states * weights).sum(1) / weights.sum(1)
        tags = {name: self.heads[name](states) for name in ("role", "start", "phrase")}
        return Outputs(**tags, mode=self.heads["mode"](mean))

    def shipped(self) -> dict[str, Tensor]:
        """What goes into the package: the layers and heads in half precision."""
        state = self.state_dict()
        kept = {name: value for name, value in state.items() if ".embeddings." not in name}
        return {name.removeprefix("encoder."): value.half().contiguous() for name, value in kept.items()}
