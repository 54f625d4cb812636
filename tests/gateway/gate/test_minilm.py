"""The NumPy encoder is the encoder: equal to transformers' on the same weights."""

import numpy as np
import pytest

from gateway.gate.minilm import WIDTH, MiniLM

TEXTS = (
    "a cat",
    "A school teacher teaching while a student is studying in a classroom",
    "日本の猫 🐶, naïve café — 12:00!",
    "word " * 250,
)


def test_embeddings_equal_those_of_transformers() -> None:
    torch = pytest.importorskip("torch")
    from training.gate.model import pretrained

    encoder = pretrained().eval()
    ours = MiniLM.load().encode(TEXTS)
    for text, vector in zip(TEXTS, ours, strict=True):
        from gateway.gate.minilm import load_tokenizer

        ids = torch.tensor([load_tokenizer().encode(text).ids])
        with torch.no_grad():
            states = encoder(input_ids=ids).last_hidden_state[0]
        theirs = torch.nn.functional.normalize(states.mean(0), dim=0).numpy()
        assert np.abs(vector - theirs).max() < 1e-4


def test_a_text_has_the_same_embedding_alone_and_in_company() -> None:
    encoder = MiniLM.load()
    together = encoder.encode(TEXTS[:2])
    assert together.shape == (2, WIDTH)
    assert np.abs(together[0] - encoder.encode(TEXTS[:1])[0]).max() < 1e-5
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)


def test_texts_without_words_and_no_texts() -> None:
    encoder = MiniLM.load()
    assert encoder.encode([]).shape == (0, WIDTH)
    assert np.isfinite(encoder.encode(["", "\x00", "x" * 5000])).all()


def test_meaning_is_near() -> None:
    cat, kitten, truck = MiniLM.load().encode(["a cat sleeping", "a kitten asleep", "a truck on a road"])
    assert cat @ kitten > 0.6 > cat @ truck
