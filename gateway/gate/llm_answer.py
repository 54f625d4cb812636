"""What an LLM answers, as data: a flat schema, limits, and a check that it speaks of the prompt."""

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.gate.content import invented_share, kept_share
from shared.schemas import MAX_CLIP_PROMPT_CHARS, MAX_CLIPS, MAX_STAGES, Clip, Mode, Plan, Stage, Text

#: A plan may lose function words and a few of content; more means that it is about something else.
_MIN_KEPT = 0.6
_MAX_INVENTED = 0.5


class BadAnswer(Exception):
    """The answer cannot be used; the message says why, in words that go back to the model."""


class NoJson(BadAnswer):
    """The answer holds no JSON object at all."""


class _Function(BaseModel):
    arguments: str


class _ToolCall(BaseModel):
    function: _Function


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[_ToolCall] | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class Completion(BaseModel):
    """What of a chat completion is read. The client library takes servers at their word; this does not."""

    choices: list[_Choice] = Field(max_length=16)


class LlmClip(BaseModel):
    model_config = ConfigDict(extra="forbid")

    stage: int = Field(ge=0, le=100)
    prompt: Text = Field(min_length=1, max_length=MAX_CLIP_PROMPT_CHARS)
    subject: Text = Field(max_length=200)
    region: Literal["left", "center", "right", "none"]


class LlmPlan(BaseModel):
    """Flat, with every field required: the form that servers enforce most reliably."""

    model_config = ConfigDict(extra="forbid")

    setting: Text = Field(max_length=300)
    style: Text = Field(max_length=300)
    clips: list[LlmClip] = Field(min_length=1, max_length=MAX_STAGES * MAX_CLIPS)


_SENT_KEYWORDS = ("type", "properties", "required", "items", "enum", "$ref", "$defs", "additionalProperties")


def wire_schema() -> dict[str, Any]:
    """The JSON schema to send: without limits and titles, which some servers refuse."""
    schema = _without_limits(LlmPlan.model_json_schema())
    assert isinstance(schema, dict)
    return schema


def _without_limits(node: object) -> object:
    if isinstance(node, list):
        return [_without_limits(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: {name: _without_limits(item) for name, item in value.items()}
        if key in {"properties", "$defs"}
        else _without_limits(value)
        for key, value in node.items()
        if key in _SENT_KEYWORDS
    }


def read_answer(text: str, prompt: str, *, mode: Mode | None) -> Plan:
    """The plan that the answer says. Raises BadAnswer if it says none of this prompt."""
    try:
        answer = LlmPlan.model_validate(first_json_object(text))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "answer"
        raise BadAnswer(f"{where}: {first['msg']}") from error
    plan = _plan_of(answer)
    _check(plan, prompt, mode)
    return plan


def first_json_object(text: str) -> dict[str, Any]:
    """The first JSON object in the text, whatever stands around it."""
    decoder = json.JSONDecoder()
    start = text.find("{")
    for _ in range(32):
        if start < 0:
            break
        try:
            value, _ = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            start = text.find("{", start + 1)
            continue
        if isinstance(value, dict):
            return value
        break
    raise NoJson("the answer holds no JSON object")


def _plan_of(answer: LlmPlan) -> Plan:
    numbers = sorted({clip.stage for clip in answer.clips})
    groups = [[clip for clip in answer.clips if clip.stage == number] for number in numbers]
    if len(groups) > MAX_STAGES or max(map(len, groups)) > MAX_CLIPS:
        raise BadAnswer(f"at most {MAX_STAGES} stages with at most {MAX_CLIPS} clips each")
    stages = tuple(
        Stage(
            clips=tuple(
                Clip(
                    id=f"s{index}c{position}",
                    prompt=clip.prompt,
                    subject=clip.subject,
                    role="foreground" if position else "scene",
                    region=None if clip.region == "none" or len(group) == 1 else clip.region,
                )
                for position, clip in enumerate(group)
            )
        )
        for index, group in enumerate(groups)
    )
    return Plan(stages=stages, setting=answer.setting, style=answer.style)


def _check(plan: Plan, prompt: str, mode: Mode | None) -> None:
    if mode in {"temporal", "spatial"} and plan.mode not in {mode, "single"}:
        raise BadAnswer(f"the plan must be {mode}, but is {plan.mode}")
    texts = [clip.prompt for clip in plan.clips]
    if len({text.lower() for text in texts}) < len(texts):
        raise BadAnswer("two clips have the same prompt; each clip shows something of its own")
    if _is_foreign(prompt):
        return
    kept = kept_share(prompt, texts)
    if kept < _MIN_KEPT:
        raise BadAnswer(f"the clips keep only {kept:.0%} of the prompt's words; keep them all")
    for text in (*texts, plan.setting, plan.style):
        if invented_share(prompt, text) > _MAX_INVENTED:
            raise BadAnswer(f"{text[:80]!r} says what the prompt does not; invent nothing")


def _is_foreign(prompt: str) -> bool:
    """Mostly not in Latin letters: a model may answer in English, and words cannot be compared."""
    letters = [letter for letter in prompt if letter.isalpha()]
    return sum(letter.isascii() for letter in letters) < len(letters) / 2
