"""Wires the gate from settings."""

from gateway.gate.cache import PlanCache
from gateway.gate.embedded import EmbeddedGate
from gateway.gate.gate import Gate
from gateway.gate.llm import LlmGate
from gateway.gate.settings import GateSettings
from gateway.gate.tagger import NeuralTagger
from shared.store import RedisClient


def build_gate(settings: GateSettings, redis: RedisClient | None = None) -> Gate:
    """The gate of one gateway process; `redis` makes its plans shared and remembered."""
    embedded = EmbeddedGate(NeuralTagger.load())
    llm = LlmGate(settings) if settings.llm_base_url else None
    names = [embedded.tagger.name]
    if llm is not None:
        names += [str(settings.llm_base_url), settings.llm_model, f"{settings.llm_confidence_threshold:g}"]
    return Gate(
        embedded,
        llm,
        PlanCache(redis, model="|".join(names), ttl_s=settings.plan_ttl_s),
        confidence_threshold=settings.llm_confidence_threshold,
        stage_seconds=settings.default_stage_seconds,
    )
