"""How a thread sleeps and is woken on this system: semaphores of its C library, as addresses for machine code.

Every system has its own, and all of them fit two calls: ``wait(semaphore, -1)`` and ``post(semaphore, 1, 0)``, where C
lets a caller give arguments that the function does not take.
"""

from __future__ import annotations

import ctypes
import sys
import time
from typing import Any, NamedTuple

SIZE_OF_A_SEMAPHORE = 128  # bytes; glibc's has 32, and each gets cache lines of its own


class Sleeping(NamedTuple):
    """Addresses of the system's functions, and a semaphore for each thread."""

    wait: int
    post: int
    give_way: int
    clock: int  # clock_gettime, or 0
    clock_kind: int
    semaphores: list[int]


def sleeping(threads: int) -> Sleeping | None:
    """What `threads` threads sleep on, or None where the system offers nothing that is known here."""
    try:
        if sys.platform == "win32":
            return _windows(threads)
        if sys.platform == "darwin":
            return _macos(threads)
        return _posix(threads)
    except (AttributeError, OSError):
        return None


def address(function: Any) -> int:
    """Where a C function is."""
    found = ctypes.cast(function, ctypes.c_void_p).value
    if found is None:
        raise OSError("a C function without an address")
    return found


def _posix(threads: int) -> Sleeping:
    c = ctypes.CDLL(None)
    room = lasting(SIZE_OF_A_SEMAPHORE * threads)
    semaphores = [room + SIZE_OF_A_SEMAPHORE * t for t in range(threads)]
    for each in semaphores:
        if c.sem_init(ctypes.c_void_p(each), 0, 0) != 0:
            raise OSError("sem_init failed")
    wait, post, give_way = address(c.sem_wait), address(c.sem_post), address(c.sched_yield)
    return Sleeping(wait, post, give_way, address(c.clock_gettime), time.CLOCK_MONOTONIC, semaphores)


def _macos(threads: int) -> Sleeping:
    c = ctypes.CDLL(None)
    create = c.dispatch_semaphore_create
    create.argtypes, create.restype = [ctypes.c_long], ctypes.c_void_p
    semaphores = [create(0) for _ in range(threads)]
    wait, post = address(c.dispatch_semaphore_wait), address(c.dispatch_semaphore_signal)
    return Sleeping(wait, post, address(c.sched_yield), address(c.clock_gettime), time.CLOCK_MONOTONIC, semaphores)


def _windows(threads: int) -> Sleeping:
    c = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined, unused-ignore]
    create = c.CreateSemaphoreW
    create.argtypes, create.restype = [ctypes.c_void_p, ctypes.c_long, ctypes.c_long, ctypes.c_void_p], ctypes.c_void_p
    semaphores = [create(None, 0, 2**31 - 1, None) for _ in range(threads)]
    if None in semaphores:
        raise OSError("CreateSemaphoreW failed")
    wait, post = address(c.WaitForSingleObject), address(c.ReleaseSemaphore)
    return Sleeping(wait, post, address(c.SwitchToThread), 0, 0, semaphores)


def lasting(size: int) -> int:
    """The address of `size` zero bytes on a boundary of 128, never freed: threads may look at them to the very end."""
    room = (ctypes.c_char * (size + 128))()
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(room))
    return (ctypes.addressof(room) + 127) // 128 * 128
