"""How many threads compiled programs use: `groundup.compile.set_num_threads`, or the environment.

GROUNDUP_THREADS says it, else OMP_NUM_THREADS, which NumPy's BLAS follows too; else it is the processors that this
process may use, up to 8. Follows ``torch.set_num_threads``.
"""

from __future__ import annotations

import os

LARGEST = 64  # the team's shared block has room for so many

_chosen: int | None = None


def get_num_threads() -> int:
    """The number of threads that compiled programs use.

    >>> before = get_num_threads()
    >>> set_num_threads(1)
    >>> get_num_threads()
    1
    >>> set_num_threads(before)
    """
    global _chosen
    if _chosen is None:
        _chosen = _from_environment() or min(_processors(), 8)
    return _chosen


def set_num_threads(number: int) -> None:
    """Lets compiled programs use so many threads from their next call on; the results are the same but for rounding."""
    if isinstance(number, bool) or not isinstance(number, int):
        raise TypeError(f"set_num_threads expects an int, but got {type(number).__name__}")
    if not 1 <= number <= LARGEST:
        raise RuntimeError(f"set_num_threads expects a positive integer up to {LARGEST}, but got {number}")
    global _chosen
    _chosen = number


def _from_environment() -> int | None:
    for name in ("GROUNDUP_THREADS", "OMP_NUM_THREADS"):
        given = os.environ.get(name, "").partition(",")[0].strip()
        if given.isdecimal() and int(given) > 0:
            return min(int(given), LARGEST)
    return None


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
