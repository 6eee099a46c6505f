"""Keeping freed memory for the next array, where the C library would hand it back to the system.

A training step frees tens of megabytes and at once asks for them again. glibc returns such a tail of the heap to the
kernel, which then faults every page in anew. Two of its settings say to keep it; buffers are still only reused after
the last array on them is gone, so nothing that a user can see is ever shared.
"""

from __future__ import annotations

import ctypes
import os

M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3
LARGEST_KEPT = 32 << 20  # bytes of one array: glibc takes no more than this
KEPT_IN_ALL = 512 << 20  # bytes of free memory at the top of the heap


def keep_freed_memory() -> bool:
    """Ask glibc to keep freed memory; True if it will. Other C libraries have no such setting, and are left alone.

    The environment variable GROUNDUP_KEEP_MEMORY=0 leaves the process's settings as they are.
    """
    if os.name != "posix" or os.environ.get("GROUNDUP_KEEP_MEMORY") == "0":
        return False
    try:
        libc = ctypes.CDLL(None)
        return bool(libc.gnu_get_libc_version and libc.mallopt(M_MMAP_THRESHOLD, LARGEST_KEPT)) and bool(
            libc.mallopt(M_TRIM_THRESHOLD, KEPT_IN_ALL)
        )
    except (AttributeError, OSError, TypeError):
        return False
