"""What every service's HTTP side has in common: errors in one shape, bounded bodies, health, metrics."""

import asyncio
import contextlib
import json
import math
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import tracing
from shared.errors import (
    Conflict,
    InvalidRequest,
    NotFound,
    PayloadTooLarge,
    ServiceError,
    Unauthenticated,
    Unavailable,
)
from shared.trust import ServiceTokens

log = structlog.get_logger(__name__)

REQUESTS = Counter("http_requests_total", "Requests answered.", ["service", "method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "http_request_seconds", "Until the last byte of the answer.", ["service", "method", "route"]
)
ERRORS = Counter("http_errors_total", "Answers that are errors, by their code.", ["code"])

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[Any]]
#: Asked by what has no tokens: orchestrators and Prometheus.
OPERATIONS = frozenset({"/healthz", "/readyz", "/metrics"})
#: Raises a ServiceError, or returns, within a second: may this process be sent work?
ReadinessCheck = Callable[[], Awaitable[None]]


def create_service(
    name: str,
    *,
    version: str,
    lifespan: Lifespan,
    ready: ReadinessCheck,
    body_limit_bytes: int,
    tokens: ServiceTokens | None = None,
    metrics_tokens: ServiceTokens | None = None,
) -> FastAPI:
    """A FastAPI application with `/healthz`, `/readyz`, `/metrics` and errors as `{"error": {…}}`.

    `tokens` are for a service that only other services call, `metrics_tokens` for those who read its metrics.
    """
    # No pages that explore the API: they run scripts from elsewhere.
    app = FastAPI(title=name, version=version, lifespan=_flushed(lifespan), docs_url=None, redoc_url=None)
    tracing.trace_requests(app)
    app.add_middleware(BodyLimit, limit_bytes=body_limit_bytes)
    if tokens is not None:
        app.add_middleware(RequireToken, tokens=tokens)
    app.add_middleware(RequestContext)
    app.add_middleware(Measured, service=name)
    app.add_exception_handler(ServiceError, _on_service_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(Exception, _on_bug)

    @app.get("/healthz", tags=["operations"])
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz", tags=["operations"])
    async def readyz() -> dict[str, str]:
        await ready()
        return {"status": "ready"}

    @app.get("/metrics", tags=["operations"], response_class=Response)
    def metrics(request: Request) -> Response:
        if metrics_tokens is not None:
            metrics_tokens.check(request.headers.get("authorization", ""))
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return app


def _flushed(lifespan: Lifespan) -> Lifespan:
    """The last spans are sent at the end: a process that a signal ends runs no exit handlers."""

    @contextlib.asynccontextmanager
    async def flushed(app: FastAPI) -> AsyncIterator[None]:
        async with lifespan(app):
            yield
        await asyncio.to_thread(tracing.flush)

    return flushed


def error_response(error: ServiceError) -> JSONResponse:
    ERRORS.labels(error.wire_code).inc()
    headers = {}
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after_s)))
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(error.to_wire(), status_code=error.status, headers=headers)


async def _on_service_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, ServiceError)
    return error_response(error)


async def _on_validation_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = [str(part) for part in first["loc"] if part not in {"body", "query", "path", "header"}]
    param = ".".join(place) or None
    return error_response(InvalidRequest(f"{param or 'body'}: {first['msg']}", param=param))


async def _on_http_exception(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    known = {404: NotFound, 409: Conflict, 413: PayloadTooLarge, 503: Unavailable}
    answer = known.get(error.status_code, InvalidRequest)(str(error.detail))
    code = "method_not_allowed" if error.status_code == 405 else answer.code
    body = answer.to_wire()
    body["error"]["code"] = code
    ERRORS.labels(code).inc()
    return JSONResponse(body, status_code=error.status_code, headers=error.headers)


async def _on_bug(request: Request, error: Exception) -> Response:
    log.error("unhandled error", path=request.url.path, exc_info=error)
    return error_response(ServiceError("internal error; the log has it under the request's id"))


class Measured:
    """Counts and times requests by route, whatever becomes of them."""

    def __init__(self, app: ASGIApp, *, service: str) -> None:
        self.app = app
        self.service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 499  # the caller left before there was an answer

        async def noting_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noting_send)
        finally:
            route, method = getattr(scope.get("route"), "path", "none"), scope["method"]
            REQUESTS.labels(self.service, method, route, status).inc()
            REQUEST_SECONDS.labels(self.service, method, route).observe(time.perf_counter() - began)


#: Answers are data: no browser may guess at their type, frame them, or run anything in them.
_SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'self'; script-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
]
_TLS_ONLY = (b"strict-transport-security", b"max-age=31536000")


class RequestContext:
    """Gives every request an id, answers with it and the security headers, and binds it to the log."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = uuid.uuid4().hex

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.setdefault("headers", [])
                headers += [(b"x-request-id", request_id.encode()), *_SECURITY_HEADERS]
                headers += [_TLS_ONLY] if scope["scheme"] == "https" else []
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await self.app(scope, receive, send_with_id)


class RequireToken:
    """Answers 401 to callers without a service's token, whatever they ask for but the operations' paths."""

    def __init__(self, app: ASGIApp, *, tokens: ServiceTokens) -> None:
        self.app = app
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in OPERATIONS:
            try:
                self._tokens.check(dict(scope["headers"]).get(b"authorization", b"").decode("latin-1"))
            except Unauthenticated as error:
                await error_response(error)(scope, receive, send)
                return
        await self.app(scope, receive, send)


class BodyLimit:
    """Refuses a request body over the limit, by its declared length or as it arrives, with 413."""

    def __init__(self, app: ASGIApp, *, limit_bytes: int) -> None:
        self.app = app
        self.limit_bytes = limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > self.limit_bytes:
            await self._refuse(send)
            return
        received, refused, started = 0, False, False

        async def limited_receive() -> Message:
            nonlocal received, refused
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.limit_bytes and not refused:
                refused = True
                if not started:
                    await self._refuse(send)
                return {"type": "http.disconnect"}
            return message

        async def limited_send(message: Message) -> None:
            nonlocal started
            if refused:
                return
            started = True
            await send(message)

        try:
            await self.app(scope, limited_receive, limited_send)
        except Exception:
            if not refused:  # else the application only noticed the disconnect it was told of
                raise

    async def _refuse(self, send: Send) -> None:
        error = PayloadTooLarge(f"the request body exceeds {self.limit_bytes} bytes")
        body = json.dumps(error.to_wire()).encode()
        headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": error.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
