"""Fair waiting: start-time fair queueing (Goyal et al. 1996) between tenants, by weight; no I/O."""

import bisect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, order=True)
class _Place:
    start: float
    number: int


class FairQueue(Generic[Item]):
    """Items in the order in which each tenant gets its share of the work, first come first served within."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._weights = weights
        self._now = 0.0
        self._count = 0
        self._finish: dict[str, float] = {}
        self._order: list[_Place] = []
        self._items: dict[_Place, Item] = {}
        self._places: dict[int, _Place] = {}

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[Item]:
        return iter([self._items[place] for place in self._order])

    def add(self, item: Item, tenant: str, work: float) -> None:
        start = max(self._now, self._finish.get(tenant, 0.0))
        self._finish[tenant] = start + work / self._weights.get(tenant, 1.0)
        self._count += 1
        place = _Place(start, self._count)
        bisect.insort(self._order, place)
        self._items[place] = item
        self._places[id(item)] = place

    def remove(self, item: Item, *, served: bool) -> None:
        """Take it out; serving it moves time on, so that tenants who were away have no credit for it."""
        place = self._places.pop(id(item))
        self._order.remove(place)
        del self._items[place]
        if served:
            self._now = max(self._now, place.start)
        if not self._order:
            self._finish = {tenant: end for tenant, end in self._finish.items() if end > self._now}
