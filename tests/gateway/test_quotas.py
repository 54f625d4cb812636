"""Limits of tenants: each refused with its name and the time to come back, and only its own tenant."""

import asyncio
from typing import Any

import httpx
import pytest

from gateway.quotas import Quotas, TenantLimits
from shared.errors import RateLimited
from shared.store import connect
from tests.gateway.conftest import Cluster
from tests.gateway.doubles import ended


async def create(http: httpx.AsyncClient, headers: dict[str, str], **fields: Any) -> httpx.Response:
    return await http.post("/v1/videos", json={"prompt": "a dog", **fields}, headers=headers)


def check_refused(answer: httpx.Response, code: str, *, within_s: float) -> None:
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, code)
    assert 1 <= int(answer.headers["retry-after"]) <= within_s


async def test_requests_a_minute(cluster: Cluster) -> None:
    limits = {"few": TenantLimits(requests_per_minute=3)}
    http = await cluster.keyed(tenant_limits=limits)
    few, many = await cluster.key("few"), await cluster.key("many")
    answers = [await http.get("/v1/models", headers=few) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    check_refused(answers[-1], "requests_per_minute", within_s=60)
    assert {(await http.get("/v1/models", headers=many)).status_code for _ in range(4)} == {200}


async def test_videos_at_once_by_many_callers(cluster: Cluster) -> None:
    http = await cluster.keyed(limits=TenantLimits(open_videos=2, video_seconds_per_day=8))
    mine, theirs = await cluster.key("mine"), await cluster.key("theirs")
    cluster.experts["a"].may_go_on.clear()
    answers = await asyncio.gather(*(create(http, mine, seconds=2) for _ in range(6)))
    accepted = [answer for answer in answers if answer.status_code == 200]
    assert len(accepted) == 2
    refused = [answer for answer in answers if answer.status_code != 200]
    for answer in refused:
        assert answer.json()["error"]["code"] in {"open_videos", "video_seconds_per_day"}
        assert answer.status_code == 429
    assert (await create(http, theirs)).status_code == 200
    check_refused(await create(http, mine, seconds=2), "open_videos", within_s=60)
    cancelled = accepted[0].json()["id"]
    await http.post(f"/v1/videos/{cancelled}/cancel", headers=mine)
    again = await create(http, mine, seconds=2)
    assert again.status_code == 200, "what was refused cost nothing"
    await http.delete(f"/v1/videos/{again.json()['id']}", headers=mine)
    assert (await create(http, mine, seconds=2)).status_code == 200


async def test_seconds_of_video_a_day(cluster: Cluster) -> None:
    http = await cluster.keyed(limits=TenantLimits(video_seconds_per_day=10))
    mine, theirs = await cluster.key("mine"), await cluster.key("theirs")
    assert (await create(http, mine, seconds=6)).status_code == 200
    check_refused(await create(http, mine, seconds=6), "video_seconds_per_day", within_s=86_400)
    assert (await create(http, mine, seconds=4)).status_code == 200
    assert (await create(http, theirs, seconds=6)).status_code == 200


async def test_a_plan_longer_than_expected_counts_in_full(cluster: Cluster) -> None:
    http = await cluster.keyed(limits=TenantLimits(video_seconds_per_day=10))
    http.headers.update(await cluster.key("mine"))
    long = (await create(http, {}, prompt="a dog; a cat; a bird; a fox; a bear")).json()
    assert (await ended(http, long["id"]))["seconds"] == "10"
    check_refused(await create(http, {}, seconds=1), "video_seconds_per_day", within_s=86_400)


async def test_an_idempotent_repetition_is_not_counted(cluster: Cluster) -> None:
    http = await cluster.keyed(limits=TenantLimits(video_seconds_per_day=4, open_videos=1))
    headers = await cluster.key("mine") | {"idempotency-key": "k"}
    answers = [await create(http, headers, seconds=4) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]


async def test_nothing_is_counted_without_a_limit(redis_url: str) -> None:
    async with connect(redis_url) as redis:
        quotas = Quotas(
            redis, TenantLimits(video_seconds_per_day=None), {"less": TenantLimits(open_videos=1)}
        )
        await quotas.spend_seconds("anybody", 1e9)
        assert quotas.of("less") == TenantLimits(video_seconds_per_day=None, open_videos=1)
        await Quotas(redis, TenantLimits(video_seconds_per_day=5), {}).spend_seconds("anybody", 5)
        with pytest.raises(RateLimited):
            await Quotas(redis, TenantLimits(video_seconds_per_day=5), {}).spend_seconds("anybody", 1)
