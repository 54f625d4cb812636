"""As many threads as there are idle cores, so that training in the background neither hogs nor crawls.

A parallel region waits for its slowest thread; one thread that has to share its core with busier work
makes all others wait, which is slower than a single thread on a core of its own.
"""

import os
from pathlib import Path

import torch

_LOAD = Path("/proc/loadavg")
_GROUP = Path("/proc/self/autogroup")


def extend_niceness() -> None:
    """Makes `nice` count against all processes: Linux otherwise shares cores fairly between sessions first,
    and a nice process in a session of its own (`setsid`) is as entitled as any other.
    """
    if _GROUP.exists() and _GROUP.read_text().strip():
        _GROUP.write_text(str(os.nice(0)))


def others_running() -> int:
    """Threads on this machine that want a core now, besides the caller (0 where that is not known)."""
    if not _LOAD.exists():
        return 0
    return max(0, int(_LOAD.read_text().split()[3].split("/")[0]) - 1)


class IdleThreads:
    """Sets torch's threads before each step, between one and `most`."""

    def __init__(self, most: int) -> None:
        self.most = self.now = most

    def adapt(self) -> None:
        wanted = max(1, self.most - others_running())
        if wanted != self.now:
            torch.set_num_threads(wanted)
            self.now = wanted
