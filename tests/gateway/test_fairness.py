"""Tenants get their shares, whoever asks more often or first; too much work is refused."""

import httpx
from hypothesis import given
from hypothesis import strategies as st

from gateway.fairness import FairQueue
from tests.gateway.conftest import Cluster
from tests.gateway.test_jobs import create

Item = tuple[str, int]


def drain(queue: FairQueue[Item], count: int) -> list[str]:
    served = []
    for _ in range(count):
        item = next(iter(queue))
        queue.remove(item, served=True)
        served.append(item[0])
    return served


def test_a_newcomer_does_not_wait_behind_a_crowd() -> None:
    queue: FairQueue[Item] = FairQueue({})
    for n in range(100):
        queue.add(("crowd", n), "crowd", 1.0)
    drain(queue, 10)
    queue.add(("newcomer", 0), "newcomer", 1.0)
    assert "newcomer" in drain(queue, 2)


def test_shares_follow_the_weights() -> None:
    queue: FairQueue[Item] = FairQueue({"heavy": 3.0})
    for n in range(100):
        queue.add(("heavy", n), "heavy", 1.0)
        queue.add(("light", n), "light", 1.0)
    served = drain(queue, 80)
    assert abs(served.count("heavy") - 60) <= 1


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0.1, 10)), max_size=40))
def test_everything_is_served_once_and_each_tenant_in_order(asked: list[tuple[str, float]]) -> None:
    queue: FairQueue[Item] = FairQueue({"a": 2.0})
    for n, (tenant, work) in enumerate(asked):
        queue.add((tenant, n), tenant, work)
    order = list(queue)
    assert sorted(order) == sorted((tenant, n) for n, (tenant, _) in enumerate(asked))
    for tenant in "abc":
        numbers = [n for name, n in order if name == tenant]
        assert numbers == sorted(numbers)
    drain(queue, len(asked))
    assert len(queue) == 0


async def test_too_much_waiting_work_is_refused(cluster: Cluster) -> None:
    http: httpx.AsyncClient = await cluster.gateway(admission_limit_s=250)
    expert = await cluster.expert("slow", speed=0.005)
    expert.may_go_on.clear()
    first = await create(http, "a dog")
    await expert.started.wait()
    second = await create(http, "a cat", reuse="never")
    shown = (await http.get(f"/v1/videos/{second}")).json()
    assert shown["position"] == 1
    assert (await http.get(f"/v1/videos/{first}")).json()["position"] == 0
    headers = {"Idempotency-Key": "k"}
    refused = None
    for n in range(50):
        answer = await http.post(
            "/v1/videos", json={"prompt": f"number {n}"}, headers=headers if n == 0 else {}
        )
        if answer.status_code != 200:
            refused = answer
            break
    assert refused is not None
    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == "queue_full"
    assert int(refused.headers["retry-after"]) >= 1
    again = await http.post("/v1/videos", json={"prompt": "number 0"}, headers=headers)
    assert again.status_code == (429 if refused is not None and n == 0 else 200)
    assert (await http.get(f"/v1/videos/{second}")).json()["estimate_s"] > 60
