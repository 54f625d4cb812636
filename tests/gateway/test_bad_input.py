"""Every wrong request gets a clear error in the API's shape, and none becomes a job."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.gateway.conftest import a_cluster

PLAN = {"stages": [{"clips": [{"id": "s0c0", "prompt": "a dog"}], "seconds": 2}]}
UNKNOWN = "video_" + "0" * 32


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http(redis_server: str) -> AsyncIterator[httpx.AsyncClient]:
    """One gateway without experts for all of this module, for nothing here is accepted."""
    async with a_cluster(redis_server) as cluster:
        yield await cluster.gateway(body_limit_bytes=50_000)


def check(answer: httpx.Response, status: int, param: str | None, code: str | None = None) -> None:
    body = answer.json()
    assert answer.status_code == status, body
    assert set(body["error"]) == {"message", "type", "param", "code"}
    assert body["error"]["param"] == param, body
    assert body["error"]["message"]
    assert code is None or body["error"]["code"] == code


BODIES: list[tuple[dict[str, Any], str]] = [
    ({}, "prompt"),
    ({"prompt": ""}, "prompt"),
    ({"prompt": " \n\t "}, "prompt"),
    ({"prompt": "x" * 4001}, "prompt"),
    ({"prompt": 5}, "prompt"),
    ({"prompt": None}, "prompt"),
    ({"seconds": "0"}, "seconds"),
    ({"seconds": "-1"}, "seconds"),
    ({"seconds": "61"}, "seconds"),
    ({"seconds": "abc"}, "seconds"),
    ({"seconds": "nan"}, "seconds"),
    ({"seconds": "inf"}, "seconds"),
    ({"size": "250x250"}, "size"),
    ({"size": "8x8"}, "size"),
    ({"size": "4096x4096"}, "size"),
    ({"size": "256"}, "size"),
    ({"size": "256x"}, "size"),
    ({"size": "-256x256"}, "size"),
    ({"size": "２５６x256"}, "size"),
    ({"size": 256}, "size"),
    ({"fps": 0}, "fps"),
    ({"fps": 1000}, "fps"),
    ({"seed": -1}, "seed"),
    ({"seed": 2**32}, "seed"),
    ({"mode": "hybrid"}, "mode"),
    ({"profile": "slow"}, "profile"),
    ({"reuse": "sometimes"}, "reuse"),
    ({"plan": {"stages": []}}, "plan"),
    ({"plan": PLAN | {"mode": "spatial"}}, "plan"),
    ({"plan": "no plan"}, "plan"),
    ({"plan": {"stages": [{"clips": [{"id": "s0c0", "prompt": "a dog"}], "seconds": 60}] * 2}}, "plan"),
    ({"webhook_url": "ftp://example.com"}, "webhook_url"),
    ({"webhook_url": "https://example.com/hook"}, "webhook_url"),  # no secret is configured
    ({"input_reference": {"image_url": "https://example.com/a.png"}}, "input_reference"),
    ({"tempreature": 1}, "tempreature"),
]


@pytest.mark.parametrize("as_form", [False, True], ids=["json", "form"])
async def test_wrong_fields_are_named(http: httpx.AsyncClient, as_form: bool) -> None:
    before = (await http.get("/v1/videos")).json()
    for fields, param in BODIES:
        body = fields if not fields or "prompt" in fields else {"prompt": "a dog"} | fields
        flat = {key: value for key, value in body.items() if isinstance(value, str | int)}
        if as_form and flat != body:
            continue
        if as_form and isinstance(fields.get("prompt"), int):
            continue  # a form has only text
        if as_form and isinstance(fields.get("size"), int):
            continue
        parts = {key: (None, str(value)) for key, value in flat.items()} or {"x": (None, "")}
        answer = await (
            http.post("/v1/videos", files=parts if flat else {"seed": (None, "1")})
            if as_form
            else http.post("/v1/videos", json=body)
        )
        check(answer, 400, param)
    assert (await http.get("/v1/videos")).json() == before


async def test_an_unknown_model_is_not_found(http: httpx.AsyncClient) -> None:
    check(
        await http.post("/v1/videos", json={"prompt": "a", "model": "nope"}), 404, "model", "model_not_found"
    )


@pytest.mark.parametrize(
    "body",
    [b"{", b"", b"[]", b'"text"', b"\xff\xfe", b'{"prompt": "\\ud800"}', b'{"seconds": NaN}', b"[" * 40_000],
)
async def test_malformed_json(http: httpx.AsyncClient, body: bytes) -> None:
    answer = await http.post("/v1/videos", content=body, headers={"content-type": "application/json"})
    check(answer, 400, None, "invalid_json")
    answer = await http.post("/v1/plans", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b"no boundary"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: nonsense\r\n\r\n\r\n--x--"),
        ("multipart/form-data; boundary=x", b"--x\r\nbroken"),
        ("text/plain", b"a dog"),
    ],
)
async def test_malformed_forms(http: httpx.AsyncClient, kind: str, body: bytes) -> None:
    answer = await http.post("/v1/videos", content=body, headers={"content-type": kind})
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["message"]


async def test_a_body_over_the_limit(http: httpx.AsyncClient) -> None:
    check(await http.post("/v1/videos", json={"prompt": "x" * 60_000}), 413, None, "payload_too_large")


async def test_nested_form_fields_are_refused(http: httpx.AsyncClient) -> None:
    parts = {"prompt": (None, "a dog"), "plan[stages][]": (None, "x")}
    check(await http.post("/v1/videos", files=parts), 400, "plan")
    parts = {"prompt": (None, "a dog"), "plan": (None, "{not json")}
    check(await http.post("/v1/videos", files=parts), 400, "plan")


@pytest.mark.parametrize("name", [UNKNOWN, "x", "video_", f"{UNKNOWN}:events", "%00", "%ff", "é" * 500])
async def test_unknown_ids(http: httpx.AsyncClient, name: str) -> None:
    check(await http.get(f"/v1/videos/{name}"), 404, "video_id", "video_not_found")
    check(await http.delete(f"/v1/videos/{name}"), 404, "video_id", "video_not_found")
    for path in ("content", "events", "stream.m3u8", "subvideos/s0c0/content", "segments/0.m4s"):
        check(await http.get(f"/v1/videos/{name}/{path}"), 404, "video_id", "video_not_found")
    check(await http.post(f"/v1/videos/{name}/cancel"), 404, "video_id", "video_not_found")
    check(await http.post(f"/v1/videos/{name}/remix", json={"prompt": "a"}), 404, "video_id")


async def test_edits_and_extensions_check_the_source(http: httpx.AsyncClient) -> None:
    check(await http.post("/v1/videos/edits", json={"prompt": "a"}), 400, "video")
    body = {"prompt": "a", "video": {"id": UNKNOWN}}
    check(await http.post("/v1/videos/edits", json=body), 404, "video_id")
    check(await http.post("/v1/videos/extensions", json=body | {"seconds": "x"}), 400, "seconds")
    upload = {"prompt": (None, "a"), "video": ("a.mp4", b"...", "video/mp4")}
    check(await http.post("/v1/videos/edits", files=upload), 400, "video")


async def test_cursors_and_limits(http: httpx.AsyncClient) -> None:
    for query, param in [
        ("after=nope", "after"),
        ("after=%ff", "after"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("order=up", "order"),
    ]:
        check(await http.get(f"/v1/videos?{query}"), 400, param)


async def test_wrong_methods_and_paths(http: httpx.AsyncClient) -> None:
    check(await http.put("/v1/videos", json={}), 405, None, "method_not_allowed")
    check(await http.post(f"/v1/videos/{UNKNOWN}", json={}), 405, None, "method_not_allowed")
    check(await http.get("/v1/nothing"), 404, None, "not_found")


async def test_plans_check_the_prompt(http: httpx.AsyncClient) -> None:
    check(await http.post("/v1/plans", json={"prompt": " "}), 400, "prompt")
    check(await http.post("/v1/plans", json={"prompt": "x" * 4001}), 400, "prompt")
    check(await http.post("/v1/plans", json={}), 400, "prompt")
    plan = (await http.post("/v1/plans", json={"prompt": "a dog; a cat"})).json()
    assert plan["mode"] == "temporal"
    assert [stage["seconds"] for stage in plan["stages"]] == [2.0, 2.0]


async def test_bad_idempotency_and_event_ids(http: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "x" * 300}
    answer = await http.post("/v1/videos", json={"prompt": "a"}, headers=headers)
    check(answer, 400, "idempotency-key")
    created = (await http.post("/v1/videos", json={"prompt": "a"})).json()["id"]
    answer = await http.get(f"/v1/videos/{created}/events", headers={"Last-Event-ID": "'; drop"})
    check(answer, 400, "last-event-id")
