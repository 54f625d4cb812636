"""The choice of experts: what it must always hold to, and how it spreads load."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.router import Choice, Dispatched, Job, Node, Policy, Residual, choose, wait_s

POLICY = Policy(stale_after_s=6.0)
NODE = Node(
    name="a",
    url="http://a",
    model="embedded",
    engine_version="1",
    profiles=("balanced",),
    max_pixels=2**20,
    capacity=1,
    queue_limit=1,
    ready=True,
    speeds_mp_s={"balanced": 1.0},
    heartbeat_age_s=0.0,
)
JOB = Job(
    digest="0" * 64, model="embedded", profile="balanced", pixels=2**16, work_mp=0.5, engine_version="1"
)

nodes = st.lists(
    st.builds(
        replace,
        st.just(NODE),
        name=st.sampled_from("abcdefgh"),
        model=st.sampled_from(["embedded", "other"]),
        max_pixels=st.sampled_from([2**12, 2**20]),
        capacity=st.integers(1, 4),
        queue_limit=st.integers(0, 2),
        ready=st.booleans(),
        speeds_mp_s=st.sampled_from([{}, {"balanced": 0.5}, {"fast": 4.0}]),
        heartbeat_age_s=st.floats(0, 20),
        open_s=st.sampled_from([0.0, 3.0]),
        full_s=st.sampled_from([0.0, 1.0]),
        ledger=st.lists(st.builds(Dispatched, st.floats(0, 5), st.floats(0, 5)), max_size=6).map(tuple),
    ),
    max_size=8,
    unique_by=lambda node: node.name,
)
jobs = st.builds(
    replace,
    st.just(JOB),
    digest=st.text("0123456789abcdef", min_size=64, max_size=64),
    avoid=st.frozensets(st.sampled_from("abcdefgh")),
)


def pick(fleet: list[Node], job: Job = JOB) -> Choice:
    return choose(fleet, job, POLICY)


@given(fleet=nodes, job=jobs)
def test_every_choice_is_sound_and_explained(fleet: list[Node], job: Job) -> None:
    choice = pick(fleet, job)
    assert choice == pick(fleet, job)
    assert [verdict.node for verdict in choice.verdicts] == [node.name for node in fleet]
    assert all((verdict.score_s is None) == bool(verdict.reason) for verdict in choice.verdicts)
    able = [node for node in fleet if node.model == job.model and node.max_pixels >= job.pixels]
    assert choice.possible == (bool(able) or not fleet)
    alive = [node for node in able if node.ready and node.heartbeat_age_s <= 6 and node.full_s == 0]
    ejected = {verdict.node for verdict in choice.verdicts if "failed repeatedly" in verdict.reason}
    assert len(ejected) <= max(1, len(able) // 2)
    assert (choice.node is None) == all(node.name in ejected for node in alive)
    if choice.node is not None:
        assert choice.node in alive
        scores = {verdict.node: verdict.score_s for verdict in choice.verdicts if verdict.score_s is not None}
        assert (choice.node.name not in job.avoid) or set(scores) <= job.avoid
        assert scores[choice.node.name] <= min(scores.values()) * 1.03 + 1e-3


@given(ledger=st.lists(st.floats(0.1, 5), max_size=6), capacity=st.integers(1, 4))
def test_more_work_never_shortens_the_wait(ledger: list[float], capacity: int) -> None:
    node = replace(NODE, capacity=capacity, ledger=tuple(Dispatched(work, 0.0) for work in ledger))
    assert wait_s(node.with_clip(1.0), 1.0) >= wait_s(node, 1.0)


def test_equal_nodes_share_equally() -> None:
    fleet = [replace(NODE, name=name) for name in "abcd"]
    chosen = Counter(
        choice.node.name
        for n in range(2000)
        if (choice := pick(fleet, replace(JOB, digest=f"{n:064x}"))).node is not None
    )
    assert all(430 <= count <= 570 for count in chosen.values()), chosen


def test_work_goes_to_nodes_in_proportion_to_their_speed() -> None:
    fleet = {
        name: replace(NODE, name=name, speeds_mp_s={"balanced": speed}, queue_limit=10**6)
        for name, speed in [("a", 1.0), ("b", 2.0), ("c", 4.0)]
    }
    for n in range(700):
        choice = pick(list(fleet.values()), replace(JOB, digest=f"{n:064x}"))
        assert choice.node is not None
        fleet[choice.node.name] = choice.node.with_clip(JOB.work_mp)
    counts = {name: len(node.ledger) for name, node in fleet.items()}
    assert counts == {
        "a": pytest.approx(100, abs=10),
        "b": pytest.approx(200, abs=10),
        "c": pytest.approx(400, abs=15),
    }


def test_a_busy_fast_node_is_worth_waiting_for() -> None:
    fast = replace(NODE, name="fast", speeds_mp_s={"balanced": 10.0}, ledger=(Dispatched(0.5, 0.0),) * 2)
    slow = replace(NODE, name="slow", speeds_mp_s={"balanced": 0.1})
    choice = pick([fast, slow])
    assert choice.node is not None
    assert choice.node.name == "fast"
    assert not choice.has_room


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"model": "other"}, "has the model"),
        ({"engine_version": "0"}, "engine version"),
        ({"max_pixels": 10}, "at most 10 pixels"),
        ({"profiles": ("fast",)}, "does not offer"),
        ({"heartbeat_age_s": 9.0}, "last heard of 9.0 s ago"),
        ({"ready": False}, "not ready"),
        ({"open_s": 2.0}, "tried again in 2.0 s"),
        ({"full_s": 2.0}, "is full"),
    ],
)
def test_why_a_node_is_passed_over(change: dict[str, object], reason: str) -> None:
    verdict = pick([replace(NODE, **change)]).verdicts[0]  # type: ignore[arg-type]
    assert reason in verdict.reason


def test_a_specialist_is_preferred_until_it_is_two_jobs_deeper() -> None:
    other = replace(NODE, name="other", queue_limit=10**6)
    for depth in range(5):
        ledger = tuple(Dispatched(JOB.work_mp, 0.0) for _ in range(depth))
        special = replace(NODE, name="special", specialities=("dogs",), ledger=ledger)
        affinities = {"special": 1.0, "other": 0.0}
        choice = pick([special, other], replace(JOB, affinities=affinities))
        assert choice.node is not None
        if depth != 2:  # a tie
            assert choice.node.name == ("special" if depth < 2 else "other")


def test_who_can_do_only_what_it_says_gets_only_that() -> None:
    node = replace(NODE, specialities=("dogs",), exclusive=True)
    assert pick([node], replace(JOB, affinities={"a": 0.9})).possible
    choice = pick([node], replace(JOB, affinities={"a": 0.2}))
    assert not choice.possible
    assert choice.explain() == "a: makes nothing but dogs"


def test_cheap_nodes_win_by_little_and_lose_by_much() -> None:
    cheap = replace(NODE, name="cheap", cost_per_mp=1.0)
    dear = replace(NODE, name="dear", cost_per_mp=5.0)
    assert pick([cheap, dear]).node == cheap
    assert pick([replace(cheap, ledger=(Dispatched(0.5, 0.0),)), dear]).node == dear


def test_top_k_spreads_over_the_best() -> None:
    fleet = [
        replace(NODE, name=name, speeds_mp_s={"balanced": speed})
        for name, speed in [("a", 1.0), ("b", 0.9), ("c", 0.8), ("d", 0.1)]
    ]
    policy = replace(POLICY, top_k=3)
    chosen = Counter(
        choice.node.name
        for n in range(900)
        if (choice := choose(fleet, replace(JOB, digest=f"{n:064x}"), policy)).node is not None
    )
    assert set(chosen) == {"a", "b", "c"}
    assert chosen["a"] > chosen["b"] > chosen["c"] > 150


def simulate(true_speeds: list[float], *, learn: bool, faults: Sequence[float] = ()) -> float:
    """Mean seconds from arrival to completion of 400 clips over nodes that all say they have speed 1.

    `faults` is each node's share of clips that have to be made a second time.
    """
    faults = faults or [0.0] * len(true_speeds)
    quality = [Residual() for _ in true_speeds]
    policy = replace(POLICY, learn=learn)
    residuals = [Residual() for _ in true_speeds]
    running: list[list[tuple[float, float]]] = [[] for _ in true_speeds]
    draw, now, total = Random(7), 0.0, 0.0
    for n in range(400):
        now += draw.expovariate(0.8 * sum(true_speeds) / JOB.work_mp)
        for clips in running:
            clips[:] = [clip for clip in clips if clip[1] > now]
        fleet = [
            replace(
                NODE,
                name=str(i),
                ledger=tuple(Dispatched(JOB.work_mp, max(0.0, now - start)) for start, _ in running[i]),
                residuals={"scene": residuals[i]},
                quality={"scene": quality[i]},
            )
            for i in range(len(true_speeds))
        ]
        job = replace(JOB, digest=f"{n:064x}", topic="scene")
        choice = choose(fleet, job, policy)
        assert choice.node is not None
        i = int(choice.node.name)
        service = JOB.work_mp / true_speeds[i] * draw.lognormvariate(0, 0.1)
        failed = draw.random() < faults[i]
        quality[i] = learned_from(quality[i], 0.0 if failed else 1.0)
        start = max([now, *(end for _, end in running[i])])
        running[i].append((start, start + service))
        total += (start + service - now) * (2 if failed else 1)
        residuals[i] = learned_from(residuals[i], math.log(service / choice.plain_s))
    return total / 400


def learned_from(seen: Residual, value: float) -> Residual:
    weight, delta = max(0.1, 1 / (seen.n + 1)), value - seen.mean
    return Residual(
        seen.mean + weight * delta, (1 - weight) * (seen.variance + weight * delta**2), seen.n + 1
    )


@pytest.mark.parametrize("speeds", [[1.0] * 4, [0.5, 1.0, 1.0, 2.0], [0.5, 0.5, 0.5, 2.0], [1.0, 1.1]])
def test_what_is_learned_is_never_worse_than_the_fixed_rule(speeds: list[float]) -> None:
    fixed, learned = simulate(speeds, learn=False), simulate(speeds, learn=True)
    assert learned <= fixed * 1.05, (fixed, learned)
    if max(speeds) / min(speeds) >= 2:
        assert learned < fixed * 0.97, (fixed, learned)


@pytest.mark.parametrize("faults", [[0.0] * 4, [0.5, 0.0, 0.0, 0.0], [0.5, 0.5, 0.0, 0.0]])
def test_nodes_that_fail_clips_of_a_kind_get_fewer_of_them(faults: list[float]) -> None:
    fixed, learned = (simulate([1.0] * 4, learn=learn, faults=faults) for learn in (False, True))
    assert learned <= fixed * 1.05, (fixed, learned)
    if any(faults):
        assert learned < fixed, (fixed, learned)
