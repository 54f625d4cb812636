"""Structured logs: one JSON object a line, with the video's id wherever work is done for a video."""

import logging
import sys

import structlog

from shared.settings import ServiceSettings


def configure_logging(service: str, settings: ServiceSettings) -> None:
    """Send structlog's and the standard library's records to standard error in one form.

    Bind context with `structlog.contextvars.bound_contextvars(video_id=…)`; every record below carries it.
    """
    shared_processors: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _prompts(kept=settings.log_prompts),
        _service_name(service),
    ]
    structlog.configure(
        processors=[*shared_processors, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared_processors,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    for noisy in ("httpx", "httpcore", "httpx2", "httpcore2", "uvicorn.access", "docket"):
        logging.getLogger(noisy).setLevel("WARNING")


def _prompts(*, kept: bool) -> structlog.typing.Processor:
    def drop(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        if not kept:
            event.pop("prompt", None)
        return event

    return drop


def _service_name(service: str) -> structlog.typing.Processor:
    def add(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["service"] = service
        return event

    return add
