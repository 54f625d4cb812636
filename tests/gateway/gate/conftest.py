"""A hand-written double of a chat server: real HTTP, scripted answers. Its model is the fault to be made."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.gate.settings import GateSettings

Script = Callable[[dict[str, Any]], Response]


@dataclass
class ChatDouble:
    """Answers `POST /v1/chat/completions` by its script, and remembers what it was asked."""

    script: Script
    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    delay_s: float = 0.0

    async def answer(self, request: Request) -> Response:
        body = await request.json()
        self.asked.append(body)
        await asyncio.sleep(self.delay_s)
        return self.script(body)

    @property
    def rungs(self) -> list[str]:
        return [rung_of(body) for body in self.asked]

    def settings(self, **changes: Any) -> GateSettings:
        base = {"llm_base_url": self.url, "llm_model": "double", "llm_confidence_threshold": 1.01}
        return GateSettings(**(base | changes))


def rung_of(body: dict[str, Any]) -> str:
    if "tools" in body:
        return "tool"
    return str(body.get("response_format", {}).get("type", "text"))


def says(content: object, **message: Any) -> Response:
    """A completion with this content, as text or as JSON."""
    text = content if isinstance(content, str) or content is None else json.dumps(content)
    finish_reason = message.pop("finish_reason", "stop")
    choice = {
        "index": 0,
        "finish_reason": finish_reason,
        "message": {"role": "assistant", "content": text} | message,
    }
    return JSONResponse(
        {"id": "c", "object": "chat.completion", "created": 0, "model": "double", "choices": [choice]}
    )


def fails(status: int) -> Response:
    error = {"message": "no", "type": "x", "param": None, "code": None}
    return JSONResponse({"error": error}, status_code=status, headers={"x-should-retry": "false"})


@asynccontextmanager
async def serve(double: ChatDouble) -> AsyncIterator[ChatDouble]:
    app = Starlette(routes=[Route("/v1/chat/completions", double.answer, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", ws="none"))
    listener = socket.create_server(("127.0.0.1", 0))
    double.url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield double
    finally:
        server.should_exit = True
        await task


@pytest.fixture
async def chat() -> AsyncIterator[ChatDouble]:
    """A chat server whose script the test sets."""
    async with serve(ChatDouble(lambda _: fails(500))) as double:
        yield double
