"""Fine-tunes a local small LLM to be the gate, with LoRA (Hu et al. 2021).

    python -m training.gate.smollm --out build/gate/smollm2
    python -m training.gate.lora --base build/gate/smollm2 --out build/gate/smollm2-gate

Trains on the chats of `training.gate.chat_data`, the loss on the answer alone, and writes the merged
checkpoint, which any server loads, such as `transformers serve`. Serve it with `GATEWAY_LLM_FINE_TUNED=true`.
"""

import argparse
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase

from training.gate.chat_data import chats
from training.gate.generate import examples
from training.gate.leaks import without_leaks

_IGNORED = -100
_TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True)
class Turn:
    """Token ids of one chat, and where the answer begins."""

    ids: list[int]
    answer_at: int


def encode(chat: dict[str, Any], tokenizer: PreTrainedTokenizerBase) -> Turn:
    messages = chat["messages"]
    asked = tokenizer.apply_chat_template(messages[:-1], add_generation_prompt=True, tokenize=False)
    whole = tokenizer.apply_chat_template(messages, tokenize=False)
    ids = tokenizer(whole.rstrip("\n"), add_special_tokens=False).input_ids
    return Turn(ids, len(tokenizer(asked, add_special_tokens=False).input_ids))


def batches(turns: Sequence[Turn], size: int, rng: random.Random) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Ids, mask and labels, (batch, tokens) each; batches of similar lengths in random order."""
    order = sorted(range(len(turns)), key=lambda index: len(turns[index].ids))
    groups = [order[start : start + size] for start in range(0, len(order), size)]
    rng.shuffle(groups)
    for group in groups:
        length = max(len(turns[index].ids) for index in group)
        ids = torch.zeros(len(group), length, dtype=torch.long)
        mask, labels = torch.zeros_like(ids), torch.full_like(ids, _IGNORED)
        for row, index in enumerate(group):
            turn = turns[index]
            ids[row, : len(turn.ids)] = torch.tensor(turn.ids)
            mask[row, : len(turn.ids)] = 1
            labels[row, turn.answer_at : len(turn.ids)] = torch.tensor(turn.ids[turn.answer_at :])
        yield ids, mask, labels


def train(arguments: argparse.Namespace) -> None:
    torch.manual_seed(arguments.seed)
    tokenizer = AutoTokenizer.from_pretrained(arguments.base)
    model = AutoModelForCausalLM.from_pretrained(arguments.base, dtype=torch.float32)
    config = LoraConfig(r=arguments.rank, lora_alpha=2 * arguments.rank, target_modules=list(_TARGETS))
    tuned = get_peft_model(model, config)
    told = without_leaks(list(examples(arguments.count, arguments.seed)))
    turns = [
        turn for chat in chats(told) if len((turn := encode(chat, tokenizer)).ids) <= arguments.max_tokens
    ]
    parameters = [value for value in tuned.parameters() if value.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=arguments.rate)
    groups = list(batches(turns, arguments.batch, random.Random(arguments.seed)))
    started = time.monotonic()
    for step, (ids, mask, labels) in enumerate(groups, start=1):
        done = max(step / len(groups), (time.monotonic() - started) / (60 * arguments.minutes))
        if done > 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = arguments.rate * min(1.0, step / 10) * max(0.05, 1 - done)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = tuned(input_ids=ids, attention_mask=mask, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 10 == 0:
            elapsed = time.monotonic() - started
            print(f"{step}/{len(groups)} loss {loss.item():.3f} {elapsed:.0f} s", flush=True)
    tuned.merge_and_unload().to(torch.bfloat16).save_pretrained(arguments.out)
    tokenizer.save_pretrained(arguments.out)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=1200)
    parser.add_argument("--minutes", type=float, default=60.0, help="stop after so long, whatever is left")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--max-tokens", type=int, default=320)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    train(arguments)


if __name__ == "__main__":
    main()
