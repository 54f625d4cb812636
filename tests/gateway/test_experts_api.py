"""Registration of nodes."""

from typing import Any

import httpx

from tests.gateway.conftest import Cluster
from tests.gateway.doubles import ExpertDouble


def body(redis_url: str, **changes: Any) -> dict[str, Any]:
    status = ExpertDouble("node-1", redis_url).status().model_dump(mode="json")
    return {"url": "http://127.0.0.1:9", "status": status} | changes


async def test_a_node_registers_renews_and_leaves(cluster: Cluster) -> None:
    http = await cluster.gateway()
    reply = await http.put("/v1/experts/node-1", json=body(cluster.redis_url))
    assert reply.json() == {"heartbeat_s": 0.3}
    first = (await http.get("/v1/experts")).json()["node-1"]
    await http.put("/v1/experts/node-1", json=body(cluster.redis_url))
    second = (await http.get("/v1/experts")).json()["node-1"]
    assert second["registered_at"] == first["registered_at"]
    assert second["heartbeat_at"] > first["heartbeat_at"]
    assert (await http.delete("/v1/experts/node-1")).status_code == 204
    assert (await http.delete("/v1/experts/node-1")).status_code == 404
    assert (await http.get("/v1/experts")).json() == {}


NO_ADDRESSES: list[object] = [
    "ftp://host",
    "http://",
    "http://host:99999",
    "http://host/path",
    "http://user:pw@host",
    "http://169.254.169.254",
    "http://[fe80::1]:80",
    "http://0.0.0.0:80",
    "http://224.0.0.1",
    "http://-bad-.example",
    "http://a b",
    "http://" + "a" * 300,
    5,
]


async def test_an_address_that_is_none_is_refused(cluster: Cluster) -> None:
    http = await cluster.gateway()
    for url in NO_ADDRESSES:
        answer = await http.put("/v1/experts/node-1", json=body(cluster.redis_url, url=url))
        assert answer.status_code == 400, answer.text
        assert answer.json()["error"]["param"] == "url"


async def test_names_must_agree_and_be_safe(cluster: Cluster) -> None:
    http = await cluster.gateway()
    for name in ("other", "-x", "a:b", "x" * 64):
        answer = await http.put(f"/v1/experts/{name}", json=body(cluster.redis_url))
        assert answer.status_code == 400, answer.text


async def test_operations_endpoints(cluster: Cluster) -> None:
    http: httpx.AsyncClient = await cluster.gateway()
    assert (await http.get("/healthz")).status_code == 200
    assert (await http.get("/readyz")).status_code == 200
    assert "gateway_videos_accepted_total" in (await http.get("/metrics")).text
