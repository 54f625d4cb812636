"""Webhooks: signed, tried again, never to private addresses, never in anybody's way."""

import asyncio
import base64
import json

import httpx
import pytest
from fastapi import FastAPI
from standardwebhooks.webhooks import Webhook
from starlette.requests import Request
from starlette.responses import Response

from tests.gateway.conftest import Cluster
from tests.gateway.doubles import ended, serving
from tests.gateway.test_jobs import create

SECRET = "whsec_" + base64.b64encode(b"x" * 24).decode()


class Receiver:
    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.received: asyncio.Queue[tuple[dict[str, str], bytes]] = asyncio.Queue()
        self.app = FastAPI()
        self.app.add_api_route("/hook", self._hook, methods=["POST"])

    async def _hook(self, request: Request) -> Response:
        await self.received.put((dict(request.headers), await request.body()))
        self.failures -= 1
        return Response(status_code=500 if self.failures >= 0 else 204)


async def gateway(cluster: Cluster, **changes: object) -> httpx.AsyncClient:
    http = await cluster.gateway(webhook_secret=SECRET, webhook_backoff_s=0.05, **changes)
    await cluster.expert("a")
    return http


async def test_delivered_signed_and_again_after_failures(cluster: Cluster) -> None:
    http = await gateway(cluster, webhook_allow_private=True)
    receiver = Receiver(failures=2)
    async with serving(receiver.app) as url:
        video_id = await create(http, "a dog", webhook_url=f"{url}/hook")
        bodies = []
        for _ in range(3):
            headers, raw = await asyncio.wait_for(receiver.received.get(), 10)
            bodies.append(Webhook(SECRET).verify(raw, headers))
            assert headers["webhook-id"] == f"evt_{video_id}"
        assert {body["type"] for body in bodies} == {"video.completed"}
        assert bodies[0]["data"]["id"] == video_id
        video = await create(http, "a dog", webhook_url=f"{url}/hook", plan=None, reuse="never")
        await http.post(f"/v1/videos/{video}/cancel")
        _, raw = await asyncio.wait_for(receiver.received.get(), 10)
        assert json.loads(raw)["type"] in {"video.failed", "video.completed"}


async def test_private_addresses_are_refused(cluster: Cluster) -> None:
    http = await gateway(cluster)
    for url in ("http://127.0.0.1/x", "http://10.0.0.1", "http://[::1]/", "http://169.254.169.254/"):
        answer = await http.post("/v1/videos", json={"prompt": "a dog", "webhook_url": url})
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, "webhook_url")
    receiver = Receiver()
    async with serving(receiver.app) as url:
        named = url.replace("127.0.0.1", "localhost")
        video = await ended(http, await create(http, "a dog", webhook_url=f"{named}/hook"))
        assert video["status"] == "completed"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(receiver.received.get(), 1)
