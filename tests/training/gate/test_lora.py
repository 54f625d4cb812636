"""LoRA fine-tuning on a tiny random model: the loss is on the answer alone, and the result loads."""

import argparse
import random
from pathlib import Path

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from training.gate.chat_data import chats
from training.gate.generate import examples
from training.gate.lora import batches, encode, train
from training.gate.smollm import CHAT_TEMPLATE

pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A byte-level model of two small layers, in the layout of the real one."""
    folder = tmp_path_factory.mktemp("base")
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {sign: index for index, sign in enumerate(["<pad>", *alphabet])}
    raw = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="<pad>", chat_template=CHAT_TEMPLATE)
    tokenizer.save_pretrained(folder)
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def test_the_loss_is_on_the_answer_alone(base: Path) -> None:
    tokenizer = PreTrainedTokenizerFast.from_pretrained(base)
    chat = next(chats(list(examples(5, 1))))
    turn = encode(chat, tokenizer)
    _, _, labels = next(batches([turn], 1, random.Random(0)))
    kept = tokenizer.decode(labels[0][labels[0] >= 0])
    assert kept.startswith(chat["messages"][2]["content"])
    assert "Split the" not in kept


def test_a_tuned_model_is_written_and_differs(base: Path, tmp_path: Path) -> None:
    arguments = argparse.Namespace(
        base=base, out=tmp_path, count=8, batch=4, rank=4, rate=1e-3, max_tokens=2000, seed=1, minutes=1.0
    )
    train(arguments)
    tuned, before = (AutoModelForCausalLM.from_pretrained(path) for path in (tmp_path, base))
    name = "model.layers.0.self_attn.q_proj.weight"
    assert tuned.state_dict()[name].shape == before.state_dict()[name].shape
    assert (tuned.state_dict()[name].float() - before.state_dict()[name].float()).abs().max() > 0
