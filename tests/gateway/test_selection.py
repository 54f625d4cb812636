"""The second gate in a whole gateway: specialities, verdicts, what would happen, what was observed."""

import httpx

from tests.gateway.conftest import Cluster
from tests.gateway.doubles import ended
from tests.gateway.test_jobs import create


async def test_clips_go_to_the_specialist_of_their_subject(cluster: Cluster) -> None:
    http = await cluster.gateway()
    await cluster.expert("animals", specialities=("animals", "a dog or a cat"))
    await cluster.expert("food", specialities=("food", "a dish on a plate"), exclusive=True)
    video = await ended(http, await create(http, "a plate of noodles; a dog runs in a park"))
    assert [clip["expert"] for clip in video["subvideos"]] == ["food", "animals"]
    verdicts = {verdict["node"]: verdict for verdict in video["subvideos"][1]["route"]}
    assert verdicts["food"]["reason"].startswith("makes nothing but food")
    assert verdicts["animals"]["score_s"] > 0


async def test_a_plan_says_where_its_clips_would_go(cluster: Cluster, http: httpx.AsyncClient) -> None:
    await cluster.expert("tiny", max_pixels=10)
    body = {"prompt": "a dog; a cat", "route": True}
    plan = (await http.post("/v1/plans", json=body)).json()
    assert set(plan["routes"]) == {"s0c0", "s1c0"}
    route = plan["routes"]["s0c0"]
    assert route["possible"]
    assert route["expert"] in {"a", "b"}
    reasons = {verdict["node"]: verdict["reason"] for verdict in route["verdicts"]}
    assert "at most 10 pixels" in reasons["tiny"]
    assert all(not expert.calls for expert in cluster.experts.values())
    plain = (await http.post("/v1/plans", json={"prompt": "a dog"})).json()
    created = await http.post("/v1/videos", json={"prompt": "a dog", "plan": plain})
    assert created.status_code == 200


async def test_speed_is_learned_from_what_clips_took(cluster: Cluster) -> None:
    http = await cluster.gateway()
    await cluster.expert("boaster", speed=100.0, service_s=5.0)
    await cluster.expert("modest", speed=1.0, service_s=0.01)
    for n in range(8):
        await ended(http, await create(http, f"number {n}"))
    last = await ended(http, await create(http, "the last"))
    assert last["subvideos"][0]["expert"] == "modest"
