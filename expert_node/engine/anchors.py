"""Anchors kept for later: a clip that is extended, or moved differently, does not repeat its anchor."""

import threading
from collections import OrderedDict
from collections.abc import Hashable

from expert_node.engine.sampler import Anchor


class AnchorCache:
    """The anchors used last, up to a number of bytes. Thread-safe."""

    def __init__(self, *, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._anchors: OrderedDict[Hashable, Anchor] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def size_bytes(self) -> int:
        return sum(anchor.size_bytes for anchor in self._anchors.values())

    def get(self, key: Hashable) -> Anchor | None:
        with self._lock:
            anchor = self._anchors.get(key)
            if anchor is not None:
                self._anchors.move_to_end(key)
            return anchor

    def put(self, key: Hashable, anchor: Anchor) -> None:
        """Keep the anchor, at the cost of the least recently used; one over the limit is not kept."""
        with self._lock:
            self._anchors[key] = anchor
            self._anchors.move_to_end(key)
            while self._anchors and self.size_bytes > self._limit_bytes:
                self._anchors.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._anchors.clear()
