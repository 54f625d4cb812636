"""Whose is what: every endpoint, asked without a key, by its owner, and by another tenant."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import openai
import pytest
from fastapi.routing import APIRoute

from gateway.app import create_app
from gateway.settings import GatewaySettings
from tests.gateway.conftest import Cluster
from tests.gateway.doubles import ended

SECRET_PROMPT = "a zebra that nobody may hear of"
Endpoint = tuple[str, str]


@dataclass(frozen=True)
class Case:
    """How an endpoint is asked about a video."""

    path: str
    body: dict[str, Any] | None = None
    #: What its owner gets.
    status: int = 200


PUBLIC = {("GET", path) for path in ("/healthz", "/readyz", "/metrics", "/openapi.json")} | {
    ("HEAD", "/openapi.json")
}
SERVICES = {
    ("GET", "/v1/experts"),
    ("PUT", "/v1/experts/{name}"),
    ("DELETE", "/v1/experts/{name}"),
}
#: The same for every tenant.
SHARED = {("GET", "/v1/models"), ("GET", "/v1/models/{name:path}"), ("POST", "/v1/plans")}
ONES_OWN = {("GET", "/v1/videos"), ("POST", "/v1/videos")}
V = "/v1/videos/{video_id}"
OF_A_VIDEO: dict[Endpoint, Case] = {
    ("GET", V): Case(V),
    ("GET", f"{V}/content"): Case(f"{V}/content"),
    ("HEAD", f"{V}/content"): Case(f"{V}/content"),
    ("GET", f"{V}/scene.json"): Case(f"{V}/scene.json"),
    ("HEAD", f"{V}/scene.json"): Case(f"{V}/scene.json"),
    ("GET", f"{V}/subvideos/{{clip}}/content"): Case(f"{V}/subvideos/s0c0/content"),
    ("HEAD", f"{V}/subvideos/{{clip}}/content"): Case(f"{V}/subvideos/s0c0/content"),
    ("GET", f"{V}/events"): Case(f"{V}/events"),
    ("GET", f"{V}/stream.m3u8"): Case(f"{V}/stream.m3u8"),
    ("HEAD", f"{V}/stream.m3u8"): Case(f"{V}/stream.m3u8"),
    ("GET", f"{V}/segments/{{index}}.m4s"): Case(f"{V}/segments/0.m4s"),
    ("HEAD", f"{V}/segments/{{index}}.m4s"): Case(f"{V}/segments/0.m4s"),
    ("GET", f"{V}/segments/{{index}}/init.mp4"): Case(f"{V}/segments/0/init.mp4"),
    ("HEAD", f"{V}/segments/{{index}}/init.mp4"): Case(f"{V}/segments/0/init.mp4"),
    ("POST", f"{V}/cancel"): Case(f"{V}/cancel"),
    ("POST", f"{V}/remix"): Case(f"{V}/remix", {"prompt": "a cat"}),
    ("POST", "/v1/videos/edits"): Case(
        "/v1/videos/edits", {"prompt": "a cat", "video": {"id": "{video_id}"}}
    ),
    ("POST", "/v1/videos/extensions"): Case(
        "/v1/videos/extensions", {"prompt": "a cat", "video": {"id": "{video_id}"}}
    ),
    ("DELETE", V): Case(V),
}


def endpoints() -> Iterator[Endpoint]:
    for route in create_app(GatewaySettings()).routes:
        contexts = [route] if hasattr(route, "path") else route.effective_route_contexts()
        for each in contexts:
            yield from ((method, each.path) for method in each.methods or ())


def test_every_endpoint_is_covered() -> None:
    """A new endpoint belongs into one of the tables above, and so into the tests below."""
    assert isinstance(create_app(GatewaySettings()).routes[1], APIRoute)
    assert set(endpoints()) == PUBLIC | SERVICES | SHARED | ONES_OWN | set(OF_A_VIDEO)


async def ask(
    http: httpx.AsyncClient, method: str, case: Case, video_id: str, headers: dict[str, str]
) -> httpx.Response:
    body = case.body and {
        name: {"id": video_id} if name == "video" else value for name, value in case.body.items()
    }
    return await http.request(
        method,
        case.path.format(video_id=video_id, clip="s0c0", name="a", index=0),
        json=body,
        headers=headers,
    )


async def test_nobody_reaches_another_tenants_video(cluster: Cluster) -> None:
    http = await cluster.keyed()
    mine, theirs = await cluster.key("mine"), await cluster.key("theirs")
    created = await http.post("/v1/videos", json={"prompt": SECRET_PROMPT}, headers=theirs)
    http.headers.update(theirs)
    video_id = (await ended(http, created.json()["id"]))["id"]
    del http.headers["authorization"]
    never = "video_" + "0" * 32
    for (method, path), case in OF_A_VIDEO.items():
        refused = await ask(http, method, case, video_id, mine)
        assert refused.status_code == 404, (method, path)
        assert SECRET_PROMPT not in refused.text
        unknown = await ask(http, method, case, never, mine)
        assert unknown.text.replace(never, video_id) == refused.text, "as if it never was"
    for (method, path), case in OF_A_VIDEO.items():
        answer = await ask(http, method, case, video_id, theirs)
        assert answer.status_code in {case.status, 204}, (method, path, answer.text)


async def test_lists_idempotency_and_clips_say_nothing_of_others(cluster: Cluster) -> None:
    http = await cluster.keyed()
    mine, theirs = await cluster.key("mine"), await cluster.key("theirs")
    same = {"idempotency-key": "k"}
    first = await http.post("/v1/videos", json={"prompt": SECRET_PROMPT}, headers=theirs | same)
    assert (await http.get("/v1/videos", headers=mine)).json()["data"] == []
    after = await http.get("/v1/videos", params={"after": first.json()["id"]}, headers=mine)
    assert after.status_code == 400
    second = await http.post("/v1/videos", json={"prompt": "a cat"}, headers=mine | same)
    assert second.status_code == 200, "an idempotency key is the tenant's own"
    await ended_as(http, first.json()["id"], theirs)
    third = await http.post("/v1/videos", json={"prompt": SECRET_PROMPT}, headers=mine)
    made = await ended_as(http, third.json()["id"], mine)
    assert made["subvideos"][0]["shared"] is True
    events = (await http.get(f"/v1/videos/{made['id']}/events", headers=mine)).text
    listed = (await http.get("/v1/videos", headers=mine)).text
    for text in (events, listed, str(made)):
        assert first.json()["id"] not in text
        assert "theirs" not in text


async def test_a_similar_clip_is_only_ones_own(cluster: Cluster) -> None:
    http = await cluster.keyed()
    mine, theirs = await cluster.key("mine"), await cluster.key("theirs")
    first = await http.post("/v1/videos", json={"prompt": "a child plays with a red ball"}, headers=theirs)
    await ended_as(http, first.json()["id"], theirs)
    wanted = {"prompt": "a kid plays with a red ball", "reuse": "similar"}
    for headers, reused in ((mine, False), (theirs, True)):
        created = await http.post("/v1/videos", json=wanted, headers=headers)
        clip = (await ended_as(http, created.json()["id"], headers))["subvideos"][0]
        assert (clip["similar"] is not None) == reused
        await http.delete(f"/v1/videos/{created.json()['id']}", headers=headers)


async def ended_as(http: httpx.AsyncClient, video_id: str, headers: dict[str, str]) -> dict[str, Any]:
    http.headers.update(headers)
    try:
        return await ended(http, video_id)
    finally:
        del http.headers["authorization"]


WRONG = ["", "Bearer", "Bearer x", "Bearer emv_0000000000000000_x", "Basic eDp5", "Bearer " + "é" * 10]


@pytest.mark.parametrize("shown", WRONG)
async def test_without_a_key_nothing_is_answered(cluster: Cluster, shown: str) -> None:
    http = await cluster.keyed()
    key = await cluster.key("mine")
    forged = key["authorization"][:-1] + ("A" if key["authorization"][-1] != "A" else "B")
    for method, path in set(endpoints()) - PUBLIC:
        case = OF_A_VIDEO.get((method, path), Case(path.replace(":path", "")))
        for header in (shown.encode(), forged.encode()):
            answer = await ask(http, method, case, "video_" + "0" * 32, {b"authorization": header})
            assert answer.status_code == 401, (method, path)
            assert answer.headers["www-authenticate"] == "Bearer"
            assert method == "HEAD" or answer.json()["error"]["code"] == "invalid_api_key"
    for method, path in PUBLIC:
        assert (await http.request(method, path)).status_code == 200


async def test_the_registry_is_the_services(cluster: Cluster) -> None:
    http = await cluster.keyed()
    tenant, token = await cluster.key("mine"), {"authorization": f"Bearer {cluster.token}"}
    for method, path in SERVICES:
        assert (await http.request(method, path.format(name="a"), headers=tenant)).status_code == 401
    assert set((await http.get("/v1/experts", headers=token)).json()) == {"a"}
    assert (await http.get("/v1/videos", headers=token)).status_code == 401


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_the_openai_clients_key_is_the_key(cluster: Cluster) -> None:
    await cluster.keyed()
    key = (await cluster.key("mine"))["authorization"].removeprefix("Bearer ")
    url = f"{cluster.urls[0]}/v1"
    async with openai.AsyncOpenAI(base_url=url, api_key=key) as client:
        assert (await client.videos.create_and_poll(prompt="a dog")).status == "completed"
    async with openai.AsyncOpenAI(base_url=url, api_key="emv_wrong", max_retries=0) as client:
        with pytest.raises(openai.AuthenticationError) as caught:
            await client.videos.list()
    assert caught.value.code == "invalid_api_key"


async def test_a_gateway_with_keys_wants_a_services_token(cluster: Cluster) -> None:
    with pytest.raises(ValueError, match="service_token"):
        GatewaySettings(require_keys=True)
    with pytest.raises(ValueError, match="16 characters"):
        GatewaySettings(service_token="long enough as it is, short")
