"""Registration with a registry that is down, comes up, and is left; heartbeats beside a busy thread."""

import asyncio
import queue
import threading
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import torch
from fastapi import FastAPI, Request, Response

from expert_node.registration import Registration
from shared.schemas import ExpertRegistration, ExpertStatus


class Registry:
    """A gateway's registry as a node sees it, which notes what it is told."""

    def __init__(self) -> None:
        self.calls: queue.Queue[tuple[str, Any]] = queue.Queue()
        self.broken = False
        self.app = FastAPI()
        self.app.add_api_route("/v1/experts/{name}", self.put, methods=["PUT"])
        self.app.add_api_route("/v1/experts/{name}", self.delete, methods=["DELETE"])

    async def put(self, name: str, request: Request) -> Any:
        self.calls.put(("PUT", ExpertRegistration.model_validate(await request.json())))
        return Response(status_code=503) if self.broken else {"heartbeat_s": 0.3}

    async def delete(self, name: str) -> Any:
        self.calls.put(("DELETE", name))
        return {}

    async def next(self) -> tuple[str, Any]:
        return await asyncio.to_thread(self.calls.get, timeout=60)


def describe() -> ExpertRegistration:
    status = ExpertStatus(name="node", model="embedded", device="cpu", dtype="auto")
    return ExpertRegistration(url="http://127.0.0.1:1", status=status)


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
async def registration(registry: Registry) -> AsyncIterator[Registration]:
    transport = httpx.ASGITransport(registry.app)
    async with httpx.AsyncClient(transport=transport) as client:
        yield Registration("http://gateway/", describe, client=client)


async def test_registers_renews_and_deregisters(registration: Registration, registry: Registry) -> None:
    task = asyncio.create_task(registration.run())
    for _ in range(3):
        method, body = await registry.next()
        assert (method, body) == ("PUT", describe())
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    while (call := await registry.next())[0] == "PUT":
        pass
    assert call == ("DELETE", "node")


async def test_keeps_trying_while_the_registry_is_down(
    registration: Registration, registry: Registry
) -> None:
    registry.broken = True
    task = asyncio.create_task(registration.run())
    await registry.next()
    await registry.next()
    registry.broken = False
    assert (await registry.next())[0] == "PUT"
    assert (await registry.next())[0] == "PUT"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_busy_computing_thread_does_not_delay_heartbeats(
    registration: Registration, registry: Registry
) -> None:
    done = threading.Event()

    def compute() -> None:
        x = torch.randn(400, 400)
        while not done.is_set():
            x = x @ x / x.norm()

    thread = threading.Thread(target=compute)
    thread.start()
    task = asyncio.create_task(registration.run())
    loop = asyncio.get_running_loop()
    try:
        await registry.next()
        started = loop.time()
        for _ in range(3):
            await registry.next()
        assert loop.time() - started < 3 * 0.3 + 2.0
    finally:
        done.set()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        thread.join()
