"""The C library's heap, given back to the system now and then.

glibc gives threads heaps of their own, which keep what was freed in them: a service whose threads make and
free tensors and frames all the time grows by tens of MiB over hours. Elsewhere this does nothing.
"""

import ctypes
import time
from collections.abc import Callable


class HeapTrimmer:
    """Gives freed memory back, at most so often: that costs milliseconds, and so does getting it anew."""

    def __init__(self, *, every_s: float = 60.0) -> None:
        self._every_s = every_s
        self._at = time.monotonic()
        self._trim: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)

    def trim(self) -> None:
        """Call it between two pieces of work, from any thread."""
        now = time.monotonic()
        if self._trim is not None and now - self._at > self._every_s:
            self._at = now
            self._trim(0)
