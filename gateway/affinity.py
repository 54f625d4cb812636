"""How well a clip suits a node: the similarity of its prompt to the subjects the node says it is good at."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gateway.gate.minilm import MiniLM
from gateway.router import Node

Vectors = NDArray[np.float32]

#: Cosines of all-MiniLM-L6-v2 between a sentence and the name of a subject: below the first they have nothing
#: to do with each other, above the second the sentence is about the subject.
_UNRELATED, _ABOUT = 0.12, 0.35
_CACHE = 4096


class SentenceEncoder(Protocol):
    def encode(self, texts: Sequence[str]) -> Vectors: ...


class Affinity:
    """Affinities from 0 to 1; the encoder is loaded when the first node declares specialities."""

    def __init__(self, encoder: SentenceEncoder | None = None) -> None:
        self._encoder = encoder
        self._known: OrderedDict[str, NDArray[np.float32]] = OrderedDict()

    async def of(self, prompt: str, nodes: Sequence[Node]) -> Mapping[str, float]:
        """By name, for the nodes that have specialities."""
        special = {node.name: node.specialities for node in nodes if node.specialities}
        if not special:
            return {}
        texts = {prompt, *(text for subjects in special.values() for text in subjects)}
        unknown = [text for text in texts if text not in self._known]
        for text in texts.difference(unknown):
            self._known.move_to_end(text)
        if unknown:
            await self._learn(unknown)
        vector = self._known[prompt]
        return {
            name: _scaled(max(float(vector @ self._known[text]) for text in subjects))
            for name, subjects in special.items()
        }

    async def _learn(self, texts: Sequence[str]) -> None:
        vectors = await asyncio.to_thread(self._encode, texts)
        for text, vector in zip(texts, vectors, strict=True):
            self._known[text] = vector
        while len(self._known) > max(_CACHE, len(texts)):
            self._known.popitem(last=False)

    def _encode(self, texts: Sequence[str]) -> Vectors:
        if self._encoder is None:
            self._encoder = MiniLM.load()
        return self._encoder.encode(texts)


def _scaled(cosine: float) -> float:
    return min(1.0, max(0.0, (cosine - _UNRELATED) / (_ABOUT - _UNRELATED)))
