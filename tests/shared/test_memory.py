"""Freed memory that the C library keeps."""

import ctypes
import threading

import psutil
import pytest

from shared.memory import HeapTrimmer

_BLOCK, _BLOCKS = 64 * 1024, 1600


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="not the GNU C library")
def test_what_a_thread_has_freed_below_what_it_keeps_goes_back_to_the_system() -> None:
    libc, process = ctypes.CDLL(None), psutil.Process()
    libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]

    def resident_mib() -> float:
        return float(process.memory_info().rss) / 2**20

    def fragment() -> None:
        blocks = [libc.malloc(_BLOCK) for _ in range(_BLOCKS)]
        for block in blocks:
            ctypes.memset(block, 1, _BLOCK)
        for number, block in enumerate(blocks):
            if number % 100 != 99:
                libc.free(block)

    thread = threading.Thread(target=fragment)
    thread.start()
    thread.join()
    kept = resident_mib()
    HeapTrimmer(every_s=60).trim()
    assert resident_mib() > kept - 10, "not yet"
    HeapTrimmer(every_s=0).trim()
    assert resident_mib() < kept - 60
