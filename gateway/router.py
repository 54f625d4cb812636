"""The second gate: which expert makes a clip. A pure function of a snapshot of the fleet.

A node's score is a time in seconds, the lower the better:

    J = X + W + s·exp(r) + σ/2 + f·(W + s) + q·(a_max - a) + p·cost + e·energy

`X` is the measured transfer time, `W` the wait for a free slot, found by playing out the work dispatched to
the node, `s` the predicted service time, `r` and `σ` what was learned of the node's deviation from it, `f`
the learned share of such clips that it fails, each of which costs the time again, `a` the affinity of the
clip to the node's specialities, `q` about two typical jobs, so that a perfect specialist is left once it is
two jobs deeper, and `cost` and `energy` in a quarter of a typical job over the fleet's spread. Scores
within `TOLERANCE` are equal; among equals the choice is random in proportion to capacity x speed, drawn
from the clip's digest, so that the same snapshot and clip always give the same choice and equal nodes
share.
"""

import hashlib
import heapq
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from shared.schemas import NodeVerdict

TOLERANCE = 0.03
#: Affinity of a node without specialities; and what an exclusive node must have to be given a clip.
GENERALIST_AFFINITY = 0.5
EXCLUSIVE_AFFINITY = 0.5
#: Share of the predicted service that a clip is still given when it has used it up.
_OVERDUE = 0.1
_DEFAULT_SPEED_MP_S = 1.0
#: What was learned counts for n/(n + this) after n observations, and for a factor of two at most.
_SHRINK = 20
_LARGEST_RESIDUAL = math.log(2)


@dataclass(frozen=True)
class Policy:
    """What the choice weighs, and how much. Weights are in typical jobs."""

    stale_after_s: float
    #: Choose among so many of the best, the better the likelier; 1 is the best alone.
    top_k: int = 1
    quality_jobs: float = 2.0
    cost_jobs: float = 0.25
    energy_jobs: float = 0.0
    #: Let observed deviations correct the prediction.
    learn: bool = True


@dataclass(frozen=True)
class Dispatched:
    """A clip on a node: its work in megapixels of generated frames, and for how long it has been there."""

    work_mp: float
    age_s: float


@dataclass(frozen=True)
class Residual:
    """Mean and variance of ln(actual / predicted service time) over n observations."""

    mean: float = 0.0
    variance: float = 0.0
    n: int = 0


@dataclass(frozen=True)
class Node:
    """What the gateway knows of one expert at one moment."""

    name: str
    url: str
    model: str
    engine_version: str
    profiles: tuple[str, ...]
    max_pixels: int
    capacity: int
    queue_limit: int
    ready: bool
    #: Megapixels of generated frames per second and slot, by `profile` as the node says itself and by
    #: `profile:pixels` as observed.
    speeds_mp_s: Mapping[str, float]
    heartbeat_age_s: float
    #: Seconds until the circuit lets clips through again, and until the node takes more after it was full.
    open_s: float = 0.0
    full_s: float = 0.0
    ledger: tuple[Dispatched, ...] = ()
    specialities: tuple[str, ...] = ()
    exclusive: bool = False
    cost_per_mp: float = 0.0
    power_w: float = 0.0
    transfer_s: float = 0.0
    residuals: Mapping[str, Residual] = field(default_factory=dict)
    #: By topic, the share of clips that were made as asked for.
    quality: Mapping[str, Residual] = field(default_factory=dict)

    @property
    def limit(self) -> int:
        """Late binding: a node holds what it runs and one more, the rest waits where it can go elsewhere."""
        return self.capacity + min(1, self.queue_limit)

    @property
    def room(self) -> int:
        return max(0, self.limit - len(self.ledger))

    def speed_mp_s(self, job: "Job") -> float | None:
        """As observed at this size, or else as the node says; None before the first measurement."""
        seen = self.speeds_mp_s.get(f"{job.profile}:{job.pixels}") or self.speeds_mp_s.get(job.profile)
        return seen or max(self.speeds_mp_s.values(), default=None)

    def with_clip(self, work_mp: float) -> "Node":
        return replace(self, ledger=(*self.ledger, Dispatched(work_mp, 0.0)))


@dataclass(frozen=True)
class Job:
    """A clip, as far as the choice of its expert depends on it."""

    digest: str
    model: str
    profile: str
    pixels: int
    work_mp: float
    engine_version: str
    prompt: str = ""
    #: What kind of work it is, for what is learned.
    topic: str = ""
    #: By node, 0 to 1; nodes that are missing have that of a generalist.
    affinities: Mapping[str, float] = field(default_factory=dict)
    #: Nodes on which this clip failed, or is being made already.
    avoid: frozenset[str] = frozenset()

    def affinity(self, node: Node) -> float:
        return self.affinities.get(node.name, GENERALIST_AFFINITY)


@dataclass(frozen=True)
class Choice:
    #: The best node, which may have no room yet; None when none can be used now.
    node: Node | None
    verdicts: tuple[NodeVerdict, ...]
    #: False when nodes are registered and none of them will ever do.
    possible: bool = True
    #: Predicted seconds on the chosen node: the wait for a slot, and the service.
    wait_s: float = 0.0
    service_s: float = 0.0
    #: The service without what was learned, which is what learning compares with.
    plain_s: float = 0.0

    @property
    def has_room(self) -> bool:
        return self.node is not None and self.node.room > 0

    def explain(self) -> str:
        return "; ".join(f"{verdict.node}: {verdict.reason}" for verdict in self.verdicts if verdict.reason)


def choose(nodes: Sequence[Node], job: Job, policy: Policy) -> Choice:
    """The node that is best for `job`, and a verdict on every node."""
    never = {node.name: _never(node, job) for node in nodes}
    possible = not nodes or not all(never.values())
    able = [node for node in nodes if not never[node.name]]
    forgiven = _forgiven(able)
    not_now = {node.name: _not_now(node, policy, forgiven=node.name in forgiven) for node in able}
    usable = [node for node in able if not not_now[node.name]]
    candidates = [node for node in usable if node.name not in job.avoid] or usable
    forecast = _Forecast(nodes, candidates, job, policy)
    scores = {node.name: forecast.score_s(node) for node in candidates}
    verdicts = tuple(
        NodeVerdict(
            node=node.name,
            score_s=round(scores[node.name], 4) if node.name in scores else None,
            reason=never[node.name] or not_now[node.name] or _passed(node, scores),
        )
        for node in nodes
    )
    if not candidates:
        return Choice(None, verdicts, possible)
    node = _pick(candidates, scores, job, forecast, policy.top_k)
    return Choice(
        node,
        verdicts,
        possible,
        wait_s=forecast.wait_s(node),
        service_s=forecast.service_s(node),
        plain_s=forecast.plain_s(node),
    )


class _Forecast:
    """Predictions and scores for one clip over one snapshot."""

    def __init__(self, nodes: Sequence[Node], candidates: Sequence[Node], job: Job, policy: Policy) -> None:
        self._job = job
        self._policy = policy
        measured = {node.name: speed for node in nodes if (speed := node.speed_mp_s(job))}
        typical = median(measured.values()) if measured else _DEFAULT_SPEED_MP_S
        self.speeds = {node.name: measured.get(node.name, typical) for node in nodes}
        self._typical_s = job.work_mp / median(self.speeds.values()) if nodes else 0.0
        self._best_affinity = max((job.affinity(node) for node in candidates), default=0.0)
        self._cost = _scaled(candidates, lambda node: node.cost_per_mp)
        self._energy = _scaled(candidates, lambda node: node.power_w / self.speeds[node.name])

    def plain_s(self, node: Node) -> float:
        return self._job.work_mp / self.speeds[node.name]

    def service_s(self, node: Node) -> float:
        plain = self.plain_s(node)
        learned = node.residuals.get(self._job.topic) if self._policy.learn else None
        return plain * math.exp(_correction(learned)) if learned else plain

    def wait_s(self, node: Node) -> float:
        return wait_s(node, self.speeds[node.name])

    def score_s(self, node: Node) -> float:
        policy, learned = self._policy, node.residuals.get(self._job.topic)
        service = self.service_s(node)
        spread = service * math.sqrt(learned.variance) if learned and policy.learn else 0.0
        fails = _shortfall(node.quality.get(self._job.topic)) if policy.learn else 0.0
        again = fails * (self.wait_s(node) + service)
        extra = (
            policy.quality_jobs * (self._best_affinity - self._job.affinity(node))
            + policy.cost_jobs * self._cost[node.name]
            + policy.energy_jobs * self._energy[node.name]
        )
        return node.transfer_s + self.wait_s(node) + service + spread / 2 + again + extra * self._typical_s


def _correction(learned: Residual) -> float:
    shrunk = learned.mean * learned.n / (learned.n + _SHRINK)
    return max(-_LARGEST_RESIDUAL, min(_LARGEST_RESIDUAL, shrunk))


def _shortfall(learned: Residual | None) -> float:
    return (1 - learned.mean) * learned.n / (learned.n + _SHRINK) if learned else 0.0


def _scaled(nodes: Sequence[Node], value: Callable[[Node], float]) -> dict[str, float]:
    """Values mapped to 0 for the least and 1 for the most; all 0 when they do not differ."""
    values = {node.name: value(node) for node in nodes}
    low, high = min(values.values(), default=0.0), max(values.values(), default=0.0)
    return {name: (item - low) / (high - low) if high > low else 0.0 for name, item in values.items()}


def _never(node: Node, job: Job) -> str:
    if node.model != job.model:
        return f"has the model {node.model!r}, not {job.model!r}"
    if node.engine_version != job.engine_version:
        return f"runs engine version {node.engine_version}, not {job.engine_version}"
    if node.max_pixels < job.pixels:
        return f"makes at most {node.max_pixels} pixels a frame, not {job.pixels}"
    if job.profile not in node.profiles:
        return f"does not offer the profile {job.profile!r}"
    if node.exclusive and job.affinity(node) < EXCLUSIVE_AFFINITY:
        return f"makes nothing but {', '.join(node.specialities)[:100]}"
    return ""


def _not_now(node: Node, policy: Policy, *, forgiven: bool) -> str:
    if node.heartbeat_age_s > policy.stale_after_s:
        return f"was last heard of {node.heartbeat_age_s:.1f} s ago"
    if not node.ready:
        return "is not ready"
    if node.open_s > 0 and not forgiven:
        return f"failed repeatedly; tried again in {node.open_s:.1f} s"
    if node.full_s > 0:
        return "is full"
    return ""


def _forgiven(able: Sequence[Node]) -> set[str]:
    """At most half of the fleet is ejected: of more, those that come back soonest are used nevertheless."""
    ejected = sorted((node for node in able if node.open_s > 0), key=lambda node: (node.open_s, node.name))
    return (
        {node.name for node in ejected[: max(0, len(ejected) - len(able) // 2)]} if len(able) > 1 else set()
    )


def _passed(node: Node, scores: Mapping[str, float]) -> str:
    return "" if node.name in scores else "was tried for this clip before"


def wait_s(node: Node, speed_mp_s: float) -> float:
    """Seconds until a slot is free for one more clip: the dispatched work played out, oldest first."""
    slots = [0.0] * node.capacity
    for place, clip in enumerate(node.ledger):
        service = clip.work_mp / speed_mp_s
        if place < node.capacity:
            service = max(service - clip.age_s, service * _OVERDUE)
        heapq.heapreplace(slots, slots[0] + service)
    return slots[0]


def _pick(
    candidates: Sequence[Node], scores: Mapping[str, float], job: Job, forecast: _Forecast, top_k: int
) -> Node:
    best = min(scores.values())
    ranked = sorted(candidates, key=lambda node: scores[node.name])
    near = [n for i, n in enumerate(ranked) if i < top_k or scores[n.name] <= best * (1 + TOLERANCE)]
    weights = [
        node.capacity * forecast.speeds[node.name] * _likelihood(scores[node.name], best) for node in near
    ]
    point = _fraction(job) * sum(weights)
    for node, weight in zip(near, weights, strict=True):
        point -= weight
        if point < 0:
            return node
    return near[0]


def _likelihood(score_s: float, best_s: float) -> float:
    """1 for equals of the best; half for a score twice as long, a third for three times, and so on."""
    return 1.0 if score_s <= best_s * (1 + TOLERANCE) else max(best_s, 1e-9) / score_s


def _fraction(job: Job) -> float:
    """A number in [0, 1) that depends on the clip and on where it was tried, and on nothing else."""
    seed = hashlib.sha256(f"{job.digest}:{len(job.avoid)}".encode()).digest()
    return int.from_bytes(seed[:8], "big") / 2**64
