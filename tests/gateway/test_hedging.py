"""Late clips are started on a second node, once, if that is worthwhile."""

import asyncio
from dataclasses import replace

from gateway.hedging import HedgeBudget, late_after_s, remaining_s, worthwhile
from gateway.router import Choice, Dispatched, Residual
from tests.gateway.conftest import Cluster
from tests.gateway.doubles import ended
from tests.gateway.test_jobs import create
from tests.gateway.test_router import NODE

KNOWN = replace(NODE, residuals={"scene": Residual(0.0, 0.04, 10)})


def test_late_is_what_is_slower_than_the_nodes_own_95th_percentile() -> None:
    steady = Choice(KNOWN, (), service_s=2.0, wait_s=1.0)
    assert late_after_s(steady, "scene") == 1.0 + 2.0 * 1.5
    erratic = replace(KNOWN, residuals={"scene": Residual(0.0, 0.64, 10)})
    assert late_after_s(Choice(erratic, (), service_s=2.0), "scene") > 2.0 * 3.7


def test_the_remaining_time_follows_from_the_steps_done() -> None:
    choice = Choice(KNOWN, (), service_s=2.0)
    assert remaining_s(3.0, 0.75, choice) == 1.0
    assert remaining_s(3.0, 0.0, choice) == 3.0


def test_a_copy_must_be_faster_and_delay_nobody() -> None:
    idle = Choice(KNOWN, (), service_s=1.0)
    fleet = [KNOWN, replace(KNOWN, name="b")]
    assert worthwhile(idle, fleet, 2.0)
    assert not worthwhile(idle, fleet, 1.2)
    assert not worthwhile(replace(idle, wait_s=0.5), fleet, 9.0)
    assert not worthwhile(Choice(NODE, (), service_s=1.0), fleet, 9.0)  # never measured
    busy = replace(KNOWN, ledger=(Dispatched(1.0, 0.0),) * 2)
    assert not worthwhile(idle, [KNOWN, busy], 9.0)


def test_copies_are_a_small_share_of_all_work() -> None:
    budget = HedgeBudget(0.03, work_mp=1000.0)
    copies = 0
    while budget.allows(1.0):
        budget.copies_mp += 1.0
        copies += 1
    assert copies == 32
    assert not HedgeBudget(0.0, work_mp=1000.0).allows(1.0)


async def test_a_node_that_hangs_is_overtaken(cluster: Cluster) -> None:
    http = await cluster.gateway()
    for name in ("a", "b"):
        await cluster.expert(name, speed=5.0, service_s=0.1, step_s=0.025)
    for n in range(4):
        assert (await ended(http, await create(http, f"dog {n}; cat {n}")))["status"] == "completed"
    assert all(expert.made for expert in cluster.experts.values())
    for expert in cluster.experts.values():
        expert.may_go_on.clear()
        expert.started.clear()
    video_id = await create(http, "a dog")
    waits = {name: asyncio.create_task(e.started.wait()) for name, e in cluster.experts.items()}
    await asyncio.wait(waits.values(), timeout=5, return_when=asyncio.FIRST_COMPLETED)
    hanging = next(name for name, wait in waits.items() if wait.done())
    other = next(name for name in waits if name != hanging)
    cluster.experts[other].may_go_on.set()
    for wait in waits.values():
        wait.cancel()
    video = await ended(http, video_id)
    assert video["subvideos"][0]["expert"] == other
    await asyncio.wait_for(cluster.experts[hanging].cancelled.wait(), 5)
