"""The embedded gate: a tagger and the composer. No network, milliseconds."""

import time

from gateway.gate.compose import compose
from gateway.gate.tags import Tagger
from shared.schemas import GateInfo, Mode, Plan


class EmbeddedGate:
    """Plans with a tagger that is part of the package."""

    def __init__(self, tagger: Tagger) -> None:
        self.tagger = tagger

    def plan(self, prompt: str, *, mode: Mode | None = None) -> Plan:
        started = time.perf_counter()
        plan = compose(prompt, self.tagger.tag(prompt, mode=mode), mode=mode)
        latency_ms = round((time.perf_counter() - started) * 1000, 2)
        info = GateInfo(backend="embedded", model=self.tagger.name, latency_ms=latency_ms)
        return plan.model_copy(update={"gate": info})
