"""How well a clip suits a node: the similarity of its prompt to the subjects the node says it is good at."""

from collections.abc import Mapping, Sequence

from gateway.embeddings import Embeddings
from gateway.router import Node

#: Cosines of all-MiniLM-L6-v2 between a sentence and the name of a subject: below the first they have nothing
#: to do with each other, above the second the sentence is about the subject.
_UNRELATED, _ABOUT = 0.12, 0.35


class Affinity:
    """Affinities from 0 to 1; nothing is computed until the first node declares specialities."""

    def __init__(self, embeddings: Embeddings) -> None:
        self._embeddings = embeddings

    async def of(self, prompt: str, nodes: Sequence[Node]) -> Mapping[str, float]:
        """By name, for the nodes that have specialities."""
        special = {node.name: node.specialities for node in nodes if node.specialities}
        if not special:
            return {}
        texts = {prompt, *(text for subjects in special.values() for text in subjects)}
        vectors = await self._embeddings.of(texts)
        return {
            name: _scaled(max(float(vectors[prompt] @ vectors[text]) for text in subjects))
            for name, subjects in special.items()
        }


def _scaled(cosine: float) -> float:
    return min(1.0, max(0.0, (cosine - _UNRELATED) / (_ABOUT - _UNRELATED)))
