"""The task decomposition gate: cache, embedded gate, LLM where it helps, single clip as the last resort."""

import asyncio
import time
from typing import Literal

import structlog

from gateway.gate.cache import PlanCache
from gateway.gate.compose import single_clip
from gateway.gate.embedded import EmbeddedGate
from gateway.gate.llm import LlmGate, LlmUnavailable
from gateway.gate.motion import motion_of
from shared.errors import InvalidRequest
from shared.schemas import Clip, GateInfo, Plan

log = structlog.get_logger(__name__)

ForcedMode = Literal["temporal", "spatial", "single"]


class Gate:
    """Turns any prompt into a plan, and says in `plan.gate` which gate did and why not a better one."""

    def __init__(
        self,
        embedded: EmbeddedGate,
        llm: LlmGate | None,
        cache: PlanCache,
        *,
        confidence_threshold: float,
        stage_seconds: float,
    ) -> None:
        self._embedded = embedded
        self._llm = llm
        self._cache = cache
        self._confidence_threshold = confidence_threshold
        self._stage_seconds = stage_seconds

    async def plan(
        self, prompt: str, *, mode: ForcedMode | None = None, seconds: float | None = None
    ) -> Plan:
        """A plan whose stages share `seconds` equally. Only an empty prompt is an error."""
        if not prompt.strip():
            raise InvalidRequest("the prompt is empty", param="prompt")
        started = time.perf_counter()
        plan = await self._cache.get(prompt, mode)
        if plan is None:
            plan = await self._decompose(prompt, mode)
            if not plan.gate.degraded:
                await self._cache.put(prompt, mode, plan)
        latency_ms = round((time.perf_counter() - started) * 1000, 2)
        gate = plan.gate.model_copy(update={"latency_ms": latency_ms})
        return _timed(_moving(plan.model_copy(update={"gate": gate})), seconds, self._stage_seconds)

    async def forget(self, prompt: str, *, mode: ForcedMode | None = None) -> None:
        """Remember no plan of the prompt; the next who asks has it made anew."""
        await self._cache.forget(prompt, mode)

    async def close(self) -> None:
        if self._llm is not None:
            await self._llm.close()

    async def _decompose(self, prompt: str, mode: ForcedMode | None) -> Plan:
        plan = await asyncio.to_thread(self._embedded_plan, prompt, mode)
        if self._llm is None or mode == "single" or plan.confidence >= self._confidence_threshold:
            return plan
        try:
            return await self._llm.plan(prompt, mode=mode)
        except LlmUnavailable as error:
            log.warning("the LLM gate did not answer", reason=str(error))
            return _degraded(plan, str(error))

    def _embedded_plan(self, prompt: str, mode: ForcedMode | None) -> Plan:
        """The last boundary before the user: a bug in the embedded gate costs the split, not the video."""
        try:
            return self._embedded.plan(prompt, mode=mode)
        except Exception as error:
            log.exception("the embedded gate failed")
            reason = f"embedded: {type(error).__name__}"
            info = GateInfo(backend="fallback", degraded=reason)
            return Plan(stages=single_clip(prompt), confidence=0.0, gate=info)


def _degraded(plan: Plan, reason: str) -> Plan:
    joined = "; ".join(filter(None, (plan.gate.degraded, f"llm: {reason}")))
    return plan.model_copy(update={"gate": plan.gate.model_copy(update={"degraded": joined[:300]})})


def _moving(plan: Plan) -> Plan:
    def moving(clip: Clip) -> Clip:
        return clip.model_copy(update={"motion": motion_of(clip.prompt, role=clip.role)})

    stages = tuple(
        stage.model_copy(update={"clips": tuple(map(moving, stage.clips))}) for stage in plan.stages
    )
    return plan.model_copy(update={"stages": stages})


def _timed(plan: Plan, seconds: float | None, stage_seconds: float) -> Plan:
    each = stage_seconds if seconds is None else seconds / len(plan.stages)
    stages = tuple(stage.model_copy(update={"seconds": each}) for stage in plan.stages)
    return plan.model_copy(update={"stages": stages})
