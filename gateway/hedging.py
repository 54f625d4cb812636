"""When a second node should start a clip that is late: pure decisions, no I/O (arXiv 1903.04414)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.router import Choice, Node

#: A node's 95th percentile is at least so many times its prediction.
_SMALLEST_P95 = 1.5
_Z95 = 1.645
#: The remaining time must exceed the alternative's by this factor.
_WORTHWHILE = 1.3
#: Above this share of busy slots a copy would only delay others.
_LARGEST_LOAD = 0.8
_BURST = 2.0


@dataclass
class HedgeBudget:
    """Copies may be so small a share of all work, in megapixels, after the first few."""

    share: float
    work_mp: float = 0.0
    copies_mp: float = 0.0

    def allows(self, work_mp: float) -> bool:
        return self.share > 0 and self.copies_mp + work_mp <= self.share * self.work_mp + _BURST * work_mp


def late_after_s(choice: Choice, topic: str) -> float:
    """Seconds after dispatch at which a clip is slower than 95 % of the node's clips of its kind."""
    assert choice.node is not None
    learned = choice.node.residuals.get(topic)
    spread = math.exp(_Z95 * math.sqrt(learned.variance)) if learned else 1.0
    return choice.node.transfer_s + choice.wait_s + choice.service_s * max(_SMALLEST_P95, spread)


def remaining_s(elapsed_s: float, progress: float, choice: Choice) -> float:
    """Extrapolated from the steps that are done; without any, at least as long as it took so far."""
    if progress > 0:
        return elapsed_s * (1 - progress) / progress
    return max(choice.service_s, elapsed_s)


def worthwhile(alternative: Choice, nodes: Sequence[Node], remaining: float) -> bool:
    """Whether a copy on the alternative would very likely be the first to finish and delay nobody."""
    node = alternative.node
    if node is None or not alternative.has_room or alternative.wait_s > 0 or not node.residuals:
        return False
    slots = sum(other.capacity for other in nodes)
    busy = sum(len(other.ledger) for other in nodes)
    return busy < _LARGEST_LOAD * slots and remaining > _WORTHWHILE * (
        node.transfer_s + alternative.service_s
    )
