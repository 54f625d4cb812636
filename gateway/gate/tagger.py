"""The trained tagger: MiniLM with fine-tuned layers and one linear head per kind of tag (`training/gate`)."""

import functools
import hashlib
import importlib.resources
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable

import numpy as np
from safetensors.numpy import load

from gateway.gate.decoding import MODES, Scores, decode
from gateway.gate.minilm import Array, Encoder, Weights, load_tokenizer, load_weights, pad, prepared
from gateway.gate.tags import Phrase, Role, Tag, Tagging
from gateway.gate.words import Word, split_words
from shared.schemas import Mode

WEIGHTS = "tagger.safetensors"
#: Longer prompts are tagged in windows, each with the words before it as context.
_WINDOW_WORDS = 80
_CONTEXT_WORDS = 24
#: What a word of many pieces (a URL, a text without spaces) may take of a window.
_MAX_PIECES = 6
#: Beyond this, words belong to the clip that is open; bounds the time that a prompt can cost.
_MAX_WORDS = 900


@dataclass(frozen=True, slots=True)
class _Window:
    """Words `start` to `end` are tagged; `first` to `start` are context."""

    first: int
    start: int
    end: int


class NeuralTagger:
    """Tags words in one forward pass and decodes them jointly with the mode."""

    def __init__(self, weights: Weights, *, version: str) -> None:
        layers = {name: value for name, value in weights.items() if not name.startswith("heads.")}
        self._encoder = Encoder({**load_weights(), **layers})
        self._heads = {
            name: (weights[f"heads.{name}.weight"], weights[f"heads.{name}.bias"])
            for name in ("role", "start", "phrase", "mode")
        }
        self.name = f"minilm-tagger-{version}"

    @classmethod
    @functools.cache
    def load(cls) -> "NeuralTagger":
        """With the weights of the package, once per process."""
        return cls.read(importlib.resources.files("gateway.gate").joinpath(WEIGHTS))

    @classmethod
    def read(cls, path: Traversable) -> "NeuralTagger":
        """With the weights of a file; its checksum becomes the tagger's version."""
        data = path.read_bytes()
        return cls(prepared(load(data)), version=hashlib.sha256(data).hexdigest()[:8])

    def tag(self, prompt: str, *, mode: Mode | None = None) -> Tagging:
        words = split_words(prompt)
        if not words:
            return Tagging((), (), 1.0)
        scores = self.scores(words[:_MAX_WORDS])
        starts, confidence = decode(scores, mode)
        roles, phrases = scores.role.argmax(-1), scores.phrase.argmax(-1)
        tags = [
            Tag(Role(int(role)), start, Phrase(int(phrase)))
            for role, start, phrase in zip(roles, starts, phrases, strict=True)
        ]
        tags += [Tag()] * (len(words) - len(tags))
        return Tagging(words, tuple(tags), confidence)

    def scores(self, words: Sequence[Word]) -> Scores:
        """Log probabilities of every word's tags and of the modes."""
        windows = _windows(len(words))
        rows, firsts = zip(*(pieces(words[window.first : window.end]) for window in windows), strict=True)
        ids, mask = pad(rows)
        states = self._encoder(ids, mask)
        kept = [
            states[index, first[window.start - window.first :]]
            for index, (window, first) in enumerate(zip(windows, firsts, strict=True))
        ]
        each = np.concatenate(kept)
        mean = (states * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
        mode = self._head("mode", mean)[0] if len(windows) == 1 else np.zeros(len(MODES), np.float32)
        return Scores(self._head("role", each), self._head("start", each), self._head("phrase", each), mode)

    def _head(self, name: str, states: Array) -> Array:
        weight, bias = self._heads[name]
        return _log_softmax(states @ weight + bias)


def pieces(words: Sequence[Word]) -> tuple[list[int], list[int]]:
    """Token ids, with the marks at both ends, and where each word begins among them."""
    tokenizer = load_tokenizer()
    opening, closing, unknown = (_mark(mark) for mark in ("[CLS]", "[SEP]", "[UNK]"))
    ids, firsts = [opening], []
    for each in tokenizer.encode_batch([word.text[:100] for word in words], add_special_tokens=False):
        firsts.append(len(ids))
        ids += each.ids[:_MAX_PIECES] or [unknown]
    return [*ids, closing], firsts


@functools.cache
def _mark(mark: str) -> int:
    token = load_tokenizer().token_to_id(mark)
    assert token is not None, f"the vocabulary has no {mark}"
    return token


def _log_softmax(scores: Array) -> Array:
    shifted = scores - scores.max(-1, keepdims=True)
    result: Array = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return result


def _windows(count: int) -> list[_Window]:
    starts = range(0, count, _WINDOW_WORDS)
    return [
        _Window(max(0, start - _CONTEXT_WORDS), start, min(count, start + _WINDOW_WORDS)) for start in starts
    ]
