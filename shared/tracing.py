"""Traces across services with OpenTelemetry: off unless `OTEL_TRACES_EXPORTER` is `otlp` or `console`.

Where a trace goes and how much of it is kept is said by the standard `OTEL_…` variables. A durable task joins
the trace of the request that led to it by the `traceparent` that was stored with it.
"""

import contextlib
from collections.abc import Coroutine, Iterator
from typing import Any, Literal, TypeVar

import httpx
from fastapi import FastAPI
from opentelemetry.trace import INVALID_SPAN, NoOpTracer, Span, Tracer, TracerProvider, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

Result = TypeVar("Result")
Exporter = Literal["none", "otlp", "console"]

_NAME = "edge-moe-video"
#: Probes and heartbeats would bury everything else.
_NOT_TRACED = "healthz,readyz,metrics,v1/experts/"
_propagator = TraceContextTextMapPropagator()


class _Tracing:
    """This process's tracer. Not OpenTelemetry's global one, to which libraries add spans of their own."""

    def __init__(self) -> None:
        self.tracer: Tracer = NoOpTracer()
        self.provider: TracerProvider | None = None


_tracing = _Tracing()


def configure_tracing(service: str, exporter: Exporter) -> None:
    """Send this process's spans to `exporter` from now on. Call it before the application is made."""
    if exporter == "none":
        return
    try:
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource  # noqa: PLC0415 - an extra
        from opentelemetry.sdk.trace import TracerProvider as SdkProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import (  # noqa: PLC0415
            BatchSpanProcessor,
            ConsoleSpanExporter,
        )
    except ImportError as error:
        raise SystemExit(
            f"tracing needs the extra: pip install 'edge-moe-video[tracing]' ({error})"
        ) from None
    provider = SdkProvider(resource=Resource.create({SERVICE_NAME: service}))
    if exporter == "otlp":
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    else:
        provider.add_span_processor(BatchSpanProcessor(ConsoleSpanExporter()))
    _tracing.provider = provider
    _tracing.tracer = provider.get_tracer(_NAME)


def trace_requests(app: FastAPI) -> None:
    """A span for every request that the application answers."""
    if _tracing.provider is not None:
        from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor  # noqa: PLC0415

        FastAPIInstrumentor.instrument_app(
            app,
            tracer_provider=_tracing.provider,
            excluded_urls=_NOT_TRACED,
            exclude_spans=["receive", "send"],
        )


def trace_calls(client: httpx.AsyncClient) -> None:
    """A span for every request that the client sends, and the trace's id in its headers."""
    if _tracing.provider is not None:
        from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor  # noqa: PLC0415

        HTTPXClientInstrumentor.instrument_client(client, tracer_provider=_tracing.provider)


@contextlib.contextmanager
def span(name: str, *, parent: str = "", **attributes: Any) -> Iterator[Span]:
    """A span around the block; below the current one, or below `parent`, a stored `traceparent`."""
    if _tracing.provider is None:
        yield INVALID_SPAN
        return
    context = _propagator.extract({"traceparent": parent}) if parent else None
    with _tracing.tracer.start_as_current_span(name, context=context, attributes=attributes) as current:
        yield current


async def traced(name: str, work: Coroutine[Any, Any, Result], **attributes: Any) -> Result:
    """`work`, with a span around it."""
    with span(name, **attributes):
        return await work


def traceparent() -> str:
    """The current span in W3C form, to be stored for whoever goes on later; empty without one."""
    carrier: dict[str, str] = {}
    if get_current_span().get_span_context().is_valid:
        _propagator.inject(carrier)
    return carrier.get("traceparent", "")


def flush() -> None:
    """Send what has been collected; blocks for some seconds at most."""
    flushing = getattr(_tracing.provider, "force_flush", None)
    if flushing is not None:
        flushing(3000)
