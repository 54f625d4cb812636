"""Webhooks: signed, tried again, never to private addresses, never in anybody's way."""

import asyncio
import base64
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpcore
import httpx
import pytest
from fastapi import FastAPI
from standardwebhooks.webhooks import Webhook
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.webhooks import is_public
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


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("1.1.1.1", True),
        ("2606:4700:4700::1111", True),
        ("127.0.0.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("0.0.0.0", False),
        ("::ffff:127.0.0.1", False),
        ("::127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::1", False),
        ("fe80::1%eth0", False),
        ("fec0::1", False),
        ("ff02::1", False),
    ],
)
def test_public_addresses(address: str, public: bool) -> None:
    assert is_public(address) == public


PUBLIC = "93.184.215.14"


class Names:
    """A changing DNS: each name's answers in turn, the last for ever. Nothing leaves the loopback."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: dict[str, list[str]] = {}
        self.asked: asyncio.Queue[str] = asyncio.Queue()
        self.called: asyncio.Queue[str] = asyncio.Queue()
        #: Stands for a public server: where what is sent to PUBLIC arrives.
        self.public_port = 0
        resolve, backend = socket.getaddrinfo, httpcore._backends.auto.AutoBackend
        connect = backend.connect_tcp
        loop = asyncio.get_running_loop()

        def getaddrinfo(host: Any, port: Any, *args: Any, **options: Any) -> Any:
            name = host.decode() if isinstance(host, bytes) else host
            if name not in self.answers:
                return resolve(host, port, *args, **options)
            loop.call_soon_threadsafe(self.asked.put_nowait, name)
            answers = self.answers[name]
            return resolve(answers.pop(0) if len(answers) > 1 else answers[0], port, *args, **options)

        async def connect_tcp(this: Any, host: str, port: int, *args: Any, **options: Any) -> Any:
            self.called.put_nowait(host)
            if host == PUBLIC:
                host, port = "127.0.0.1", self.public_port
            return await connect(this, host, port, *args, **options)

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        monkeypatch.setattr(backend, "connect_tcp", connect_tcp)


@asynccontextmanager
async def public_server(names: Names, answer: Callable[[], Response]) -> AsyncIterator[asyncio.Queue[str]]:
    hosts: asyncio.Queue[str] = asyncio.Queue()

    async def hook(request: Request) -> Response:
        hosts.put_nowait(request.headers["host"])
        return answer()

    app = FastAPI()
    app.add_api_route("/hook", hook, methods=["POST", "GET"])
    async with serving(app) as url:
        names.public_port = int(url.rpartition(":")[2])
        yield hosts


async def test_a_redirect_to_loopback_is_not_followed(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    http, receiver, names = await gateway(cluster, webhook_tries=3), Receiver(), Names(monkeypatch)
    names.answers["hooks.example"] = [PUBLIC]
    async with serving(receiver.app) as inside:
        async with public_server(names, lambda: RedirectResponse(f"{inside}/hook", 307)) as hosts:
            await create(http, "a dog", webhook_url="http://hooks.example/hook")
            for _ in range(3):
                assert await asyncio.wait_for(hosts.get(), 10) == "hooks.example"
        assert receiver.received.empty()


async def test_a_name_that_changes_to_loopback_never_leads_there(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    http, receiver, names = await gateway(cluster, webhook_tries=3), Receiver(), Names(monkeypatch)
    names.answers["hooks.example"] = [PUBLIC, "127.0.0.1"]
    async with serving(receiver.app) as inside:
        port = inside.rpartition(":")[2]
        async with public_server(names, lambda: Response(status_code=500)) as hosts:
            await create(http, "a dog", webhook_url=f"http://hooks.example:{port}/hook")
            assert await asyncio.wait_for(hosts.get(), 10) == f"hooks.example:{port}"
            for _ in range(3):
                await asyncio.wait_for(names.asked.get(), 10)
            assert names.asked.empty(), "one look-up a try: the checked address is the called one"
        called = [names.called.get_nowait() for _ in range(names.called.qsize())]
        assert called.count(PUBLIC) == 1
        assert "hooks.example" not in called
        assert receiver.received.empty()


async def test_one_private_address_among_public_ones_is_refused(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    http, names = await gateway(cluster, webhook_tries=1), Names(monkeypatch)
    rows = [(2, 1, 6, "", (address, 80)) for address in (PUBLIC, "127.0.0.1")]
    original, loop = socket.getaddrinfo, asyncio.get_running_loop()

    def both(host: Any, *args: Any, **options: Any) -> Any:
        if host != "hooks.example":
            return original(host, *args, **options)
        loop.call_soon_threadsafe(names.asked.put_nowait, host)
        return rows

    monkeypatch.setattr(socket, "getaddrinfo", both)
    video_id = await create(http, "a dog", webhook_url="http://hooks.example/hook")
    await ended(http, video_id)
    await asyncio.wait_for(names.asked.get(), 10)
    called = [names.called.get_nowait() for _ in range(names.called.qsize())]
    assert PUBLIC not in called
