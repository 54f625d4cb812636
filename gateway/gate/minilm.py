"""The sentence encoder all-MiniLM-L6-v2 in NumPy: no torch, one copy of the weights in memory.

Architecture: BERT (Devlin et al. 2019) with 6 layers, width 384, 12 heads, exact GELU, post-layer norm;
sentence embedding = mean over tokens, L2-normalised (Reimers & Gurevych 2019).
"""

import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load
from threadpoolctl import ThreadpoolController
from tokenizers import Tokenizer

from shared import minilm

Array = NDArray[np.float32]
Weights = Mapping[str, Array]

WIDTH = 384
#: The longest input the sentence encoder was trained on, in tokens.
MAX_TOKENS = 256
_HEADS = 12
_LAYERS = 6
_LAYER_NORM_EPSILON = 1e-12


@functools.cache
def load_weights() -> Weights:
    """The encoder's weights, their checksum verified, once per process (about 90 MB)."""
    return prepared(load(minilm.read(minilm.WEIGHTS)))


def prepared(weights: Mapping[str, NDArray[Any]]) -> Weights:
    """Float32, the matrices of the layers transposed to (in, out) as the forward pass multiplies them."""
    ready = {}
    for name, value in weights.items():
        if np.issubdtype(value.dtype, np.floating):
            is_layer = value.ndim == 2 and not name.startswith("embeddings.")
            ready[name] = np.ascontiguousarray(value.T if is_layer else value, dtype=np.float32)
    return ready


@functools.cache
def load_tokenizer() -> Tokenizer:
    """WordPiece, lower-casing, without padding or truncation."""
    tokenizer = Tokenizer.from_str(minilm.read("tokenizer.json").decode())
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


@functools.cache
def _limit_threads() -> None:
    """At these sizes more threads than one only wait for each other, on a busy machine for long."""
    ThreadpoolController().select(internal_api="openblas").limit(limits=1)


class Encoder:
    """The forward pass over one set of weights; layers may be replaced by fine-tuned ones."""

    def __init__(self, weights: Weights) -> None:
        _limit_threads()
        self._weights = weights

    def __call__(self, ids: NDArray[np.int64], mask: NDArray[np.float32]) -> Array:
        """Hidden states (batch, tokens, 384) of token ids and their 0/1 mask (batch, tokens)."""
        hidden = (1.0 - mask[:, None, None, :]) * np.float32(-1e9)
        states = self._embedded(ids)
        for layer in range(_LAYERS):
            states = self._layer(states, hidden, f"encoder.layer.{layer}.")
        return states

    def _embedded(self, ids: NDArray[np.int64]) -> Array:
        table = self._weights
        states = (
            table["embeddings.word_embeddings.weight"][ids]
            + table["embeddings.position_embeddings.weight"][: ids.shape[1]]
            + table["embeddings.token_type_embeddings.weight"][0]
        )
        return self._normalised(states, "embeddings.LayerNorm.")

    def _layer(self, states: Array, hidden: Array, name: str) -> Array:
        attended = self._dense(self._attention(states, hidden, name), f"{name}attention.output.dense.")
        states = self._normalised(attended + states, f"{name}attention.output.LayerNorm.")
        inner = _gelu(self._dense(states, f"{name}intermediate.dense."))
        return self._normalised(
            self._dense(inner, f"{name}output.dense.") + states, f"{name}output.LayerNorm."
        )

    def _attention(self, states: Array, hidden: Array, name: str) -> Array:
        batch, tokens, width = states.shape

        def heads(kind: str) -> Array:
            projected = self._dense(states, f"{name}attention.self.{kind}.")
            return projected.reshape(batch, tokens, _HEADS, -1).transpose(0, 2, 1, 3)

        scores = heads("query") @ heads("key").transpose(0, 1, 3, 2) / np.float32(math.sqrt(width // _HEADS))
        scores += hidden
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        mixed: Array = (weights @ heads("value")).transpose(0, 2, 1, 3).reshape(batch, tokens, width)
        return mixed

    def _dense(self, states: Array, name: str) -> Array:
        result: Array = states @ self._weights[f"{name}weight"] + self._weights[f"{name}bias"]
        return result

    def _normalised(self, states: Array, name: str) -> Array:
        centred = states - states.mean(-1, keepdims=True)
        variance = np.square(centred).mean(-1, keepdims=True)
        scaled = centred / np.sqrt(variance + np.float32(_LAYER_NORM_EPSILON))
        result: Array = scaled * self._weights[f"{name}weight"] + self._weights[f"{name}bias"]
        return result


def _gelu(values: Array) -> Array:
    """x · Φ(x), with the error function of Abramowitz & Stegun 7.1.26 (absolute error below 1.5e-7)."""
    scaled = np.abs(values) * np.float32(math.sqrt(0.5))
    t = 1.0 / (1.0 + np.float32(0.3275911) * scaled)
    poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    erf = np.copysign(1.0 - poly * np.exp(-scaled * scaled), values)
    result: Array = (0.5 * values * (1.0 + erf)).astype(np.float32, copy=False)
    return result


def pad(rows: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Token ids of unequal length as one array, and its mask."""
    ids = np.zeros((len(rows), max(map(len, rows))), np.int64)
    mask = np.zeros(ids.shape, np.float32)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = row
        mask[index, : len(row)] = 1
    return ids, mask


class MiniLM:
    """Sentence embeddings: the cosine of two is their dot product."""

    def __init__(self, weights: Weights) -> None:
        self._encoder = Encoder(weights)
        self._tokenizer: Any = load_tokenizer()

    @classmethod
    @functools.cache
    def load(cls) -> "MiniLM":
        """The one instance of the process; about 90 MB, read at the first call."""
        return cls(load_weights())

    def encode(self, texts: Sequence[str]) -> Array:
        """(texts, 384) float32, each row of length 1."""
        rows = [self._tokenizer.encode(text).ids for text in texts]
        rows = [row if len(row) <= MAX_TOKENS else [*row[: MAX_TOKENS - 1], row[-1]] for row in rows]
        if not rows:
            return np.zeros((0, WIDTH), np.float32)
        ids, mask = pad(rows)
        states = self._encoder(ids, mask)
        mean = (states * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
        result: Array = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return result
