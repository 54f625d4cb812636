"""Sentence embeddings for the whole process: one encoder, loaded when first asked, and what it said last."""

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gateway.gate.minilm import MiniLM

Vector = NDArray[np.float32]
_CACHE = 4096


class SentenceEncoder(Protocol):
    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]: ...


class Embeddings:
    """Vectors of length 1; the cosine of two is their dot product."""

    def __init__(self, encoder: SentenceEncoder | None = None) -> None:
        self._encoder = encoder
        self._known: OrderedDict[str, Vector] = OrderedDict()

    async def of(self, texts: Collection[str]) -> Mapping[str, Vector]:
        """By text. Raises Unavailable without the encoder's weights."""
        unknown = [text for text in dict.fromkeys(texts) if text not in self._known]
        if unknown:
            vectors = await asyncio.to_thread(self._encode, unknown)
            self._known.update(zip(unknown, vectors, strict=True))
        found = {text: self._known[text] for text in texts}
        for text in found:
            self._known.move_to_end(text)
        while len(self._known) > max(_CACHE, len(found)):
            self._known.popitem(last=False)
        return found

    def _encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if self._encoder is None:
            self._encoder = MiniLM.load()
        return self._encoder.encode(texts)
