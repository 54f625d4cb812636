"""The training prompts as chats: what an LLM is fine-tuned on to become the gate.

    python -m training.gate.chat_data --count 2000 --out build/gate/chat.jsonl

One `{"messages": [system, user, assistant]}` a line, the format of the chat API's fine-tuning. The
assistant's answer is what the composer makes of the prompt's labels; every line is
validated as the gate would.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from gateway.gate.compose import compose
from gateway.gate.llm_answer import BadAnswer, read_answer
from gateway.gate.llm_prompt import BRIEF, example_answer, user_message
from gateway.gate.tags import Phrase, Role, Start, Tag, Tagging
from gateway.gate.words import split_words
from shared.schemas import Plan
from training.gate.generate import Example, examples
from training.gate.leaks import without_leaks


class ChatMessage(BaseModel):
    model_config = ConfigDict(extra="forbid")

    role: str = Field(pattern="^(system|user|assistant)$")
    content: str = Field(min_length=1)


class Chat(BaseModel):
    """One line of the fine-tuning file."""

    model_config = ConfigDict(extra="forbid")

    messages: list[ChatMessage] = Field(min_length=3, max_length=3)


def gold_plan(example: Example) -> Plan:
    """What the labels say, composed."""
    tags = tuple(
        Tag(Role(role), Start(start), Phrase(phrase))
        for role, start, phrase in zip(example.roles, example.starts, example.phrases, strict=True)
    )
    return compose(example.prompt, Tagging(split_words(example.prompt), tags, 1.0))


def answer_of(plan: Plan) -> str:
    clips = tuple(
        (index, clip.prompt, clip.subject, clip.region or "none")
        for index, stage in enumerate(plan.stages)
        for clip in stage.clips
    )
    return example_answer(plan.setting, plan.style, clips)


def chats(told: Sequence[Example]) -> Iterator[dict[str, Any]]:
    """The chats whose answer the gate itself would accept; labels that compose to less are left out."""
    for example in told:
        answer = answer_of(gold_plan(example))
        try:
            read_answer(answer, example.prompt, mode=None)
        except BadAnswer:
            continue
        yield {
            "messages": [
                {"role": "system", "content": BRIEF},
                {"role": "user", "content": user_message(example.prompt)},
                {"role": "assistant", "content": answer},
            ]
        }


def validate(path: Path) -> int:
    """The number of chats; raises ValueError, with the line's number, for the first that is wrong."""
    count = 0
    with path.open() as file:
        for number, line in enumerate(file, start=1):
            try:
                chat = Chat.model_validate_json(line)
                roles = [message.role for message in chat.messages]
                if roles != ["system", "user", "assistant"]:
                    raise ValueError(f"roles are {roles}")
                prompt = json.loads(chat.messages[1].content)["prompt"]
                read_answer(chat.messages[2].content, prompt, mode=None)
            except (ValueError, KeyError, TypeError, BadAnswer) as error:
                raise ValueError(f"line {number}: {error}") from error
            count += 1
    if not count:
        raise ValueError("the file is empty")
    return count


def write(path: Path, *, count: int, seed: int) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    told = without_leaks(list(examples(count, seed)))
    with path.open("w") as file:
        for chat in chats(told):
            file.write(json.dumps(chat, ensure_ascii=False) + "\n")
    return validate(path)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("build/gate/chat.jsonl"))
    arguments = parser.parse_args()
    print(f"{write(arguments.out, count=arguments.count, seed=arguments.seed)} chats in {arguments.out}")


if __name__ == "__main__":
    main()
