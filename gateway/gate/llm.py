"""The LLM gate: any OpenAI-compatible server, asked in the strictest form that it understands."""

import asyncio
from dataclasses import dataclass
from typing import Any

import openai
import structlog
from openai import AsyncOpenAI
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState
from pydantic import ValidationError

from gateway.gate.llm_answer import BadAnswer, Completion, NoJson, read_answer, wire_schema
from gateway.gate.llm_prompt import system_message, user_message
from gateway.gate.settings import GateSettings
from shared.schemas import GateInfo, Mode, Plan

log = structlog.get_logger(__name__)

_SCHEMA = wire_schema()
#: How to ask for JSON, the strictest first. Servers differ in what they understand, refuse or ignore.
RUNGS: dict[str, dict[str, Any]] = {
    "json_schema": {
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "plan", "strict": True, "schema": _SCHEMA},
        }
    },
    "tool": {
        "tools": [{"type": "function", "function": {"name": "plan", "parameters": _SCHEMA}}],
        "tool_choice": {"type": "function", "function": {"name": "plan"}},
    },
    "json_object": {"response_format": {"type": "json_object"}},
    "text": {},
}
#: What servers answer to a form they do not understand.
_UNSUPPORTED = (openai.BadRequestError, openai.UnprocessableEntityError)
_NOT_IMPLEMENTED = 501


class LlmUnavailable(Exception):
    """No usable plan came in time; the message is the reason, short enough for the plan."""


class LlmRefused(LlmUnavailable):
    """The model would not speak of this prompt; says nothing about the next one."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question to the model: the messages so far, and the rung it is asked on."""

    prompt: str
    mode: Mode | None
    rung: str


class LlmGate:
    """One server and model, with the rung that worked last and a circuit breaker."""

    def __init__(self, settings: GateSettings) -> None:
        assert settings.llm_base_url is not None, "an LLM gate needs a base URL"
        key = settings.llm_api_key.get_secret_value() if settings.llm_api_key else "none"
        self._client = AsyncOpenAI(
            base_url=settings.llm_base_url, api_key=key, timeout=settings.llm_timeout_s, max_retries=1
        )
        self._model = settings.llm_model
        self._fine_tuned = settings.llm_fine_tuned
        self._timeout_s = settings.llm_timeout_s
        self._max_tokens = settings.llm_max_tokens
        self._breakers = AsyncCircuitBreakerFactory(
            default_threshold=settings.llm_breaker_failures,
            default_ttl=settings.llm_breaker_reset_s,
            exclude=[LlmRefused],
        )
        self.rung = next(iter(RUNGS))

    async def plan(self, prompt: str, *, mode: Mode | None = None) -> Plan:
        """Raises LlmUnavailable when no valid plan comes before the deadline, or the breaker is open."""
        breaker = await self._breakers.get_breaker("llm")
        try:
            async with breaker:
                return await self._within_deadline(prompt, mode)
        except OpenedState as error:
            raise LlmUnavailable("circuit breaker open") from error

    async def close(self) -> None:
        await self._client.close()

    async def _within_deadline(self, prompt: str, mode: Mode | None) -> Plan:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._down_the_ladder(prompt, mode)
        except (TimeoutError, openai.APITimeoutError) as error:
            raise LlmUnavailable(f"no answer within {self._timeout_s:g} s") from error
        except openai.APIConnectionError as error:
            raise LlmUnavailable("not reachable") from error
        except openai.APIStatusError as error:
            raise LlmUnavailable(f"HTTP {error.status_code}") from error
        except openai.OpenAIError as error:
            raise LlmUnavailable(type(error).__name__) from error

    async def _down_the_ladder(self, prompt: str, mode: Mode | None) -> Plan:
        rungs = list(RUNGS)
        reason = "no rung left"
        for rung in rungs[rungs.index(self.rung) :]:
            try:
                plan = await self._ask(_Asked(prompt, mode, rung))
            except _UNSUPPORTED as error:
                reason = f"{rung}: HTTP {error.status_code}"
            except openai.InternalServerError as error:
                if error.status_code != _NOT_IMPLEMENTED:
                    raise
                reason = f"{rung}: not implemented"
            except NoJson as error:
                reason = f"{rung}: {error}"
            except BadAnswer as error:
                raise LlmUnavailable(f"{rung}: {error}") from error
            else:
                self.rung = rung
                info = GateInfo(backend="openai", model=self._model, rung=rung)
                return plan.model_copy(update={"gate": info})
            log.info("the LLM gate goes down a rung", reason=reason)
        raise LlmUnavailable(reason)

    async def _ask(self, asked: _Asked) -> Plan:
        """One question, and one repair that quotes what was wrong with the answer."""
        messages = [
            {"role": "system", "content": system_message(brief=self._fine_tuned)},
            {"role": "user", "content": user_message(asked.prompt, asked.mode)},
        ]
        answer = await self._complete(messages, asked.rung)
        try:
            return read_answer(answer, asked.prompt, mode=asked.mode)
        except NoJson:
            if asked.rung != list(RUNGS)[-1]:
                raise
            error = "the answer holds no JSON object"
        except BadAnswer as bad:
            error = str(bad)
        log.info("the LLM gate asks for a repair", reason=error)
        repair = f"That answer cannot be used: {error}. Answer again with the whole corrected JSON object."
        messages += [{"role": "assistant", "content": answer[:4000]}, {"role": "user", "content": repair}]
        return read_answer(await self._complete(messages, asked.rung), asked.prompt, mode=asked.mode)

    async def _complete(self, messages: list[dict[str, str]], rung: str) -> str:
        response = await self._client.chat.completions.with_raw_response.create(
            model=self._model,
            messages=messages,  # type: ignore[arg-type]  # the dicts have the shape of the typed ones
            temperature=0.0,
            max_tokens=self._max_tokens,
            **RUNGS[rung],
        )
        try:
            return _text_of(Completion.model_validate_json(response.text))
        except ValidationError as error:
            raise LlmUnavailable("answered something that is no chat completion") from error


def _text_of(completion: Completion) -> str:
    if not completion.choices:
        raise NoJson("the answer has no choices")
    choice = completion.choices[0]
    if choice.finish_reason == "content_filter" or choice.message.refusal:
        raise LlmRefused("refused")
    if choice.finish_reason == "length":
        raise LlmUnavailable("the answer was cut at its length limit")
    for call in choice.message.tool_calls or ():
        return call.function.arguments
    return choice.message.content or ""
