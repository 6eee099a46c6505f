"""Under what a run was made: versions, machine, threads and mode.

The same seed repeats a run bit for bit only where these are the same. A checkpoint stores them, and resuming
under others warns and says which.
"""

from __future__ import annotations

import functools
import os
import platform
from typing import Any

import numpy as np

__all__ = ["ResumeWarning", "differences", "fingerprint"]

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


class ResumeWarning(UserWarning):
    """A run goes on, but not as exactly the one that was saved."""


def fingerprint(mode: str = "eager") -> dict[str, str]:
    """What the bits of a run depend on besides its code, data and seed.

    >>> from groundup.train import fingerprint
    >>> sorted(fingerprint())
    ['blas', 'groundup', 'machine', 'mode', 'numpy', 'processor', 'python', 'threads']
    """
    return {
        "groundup": _groundup_version(),
        "numpy": np.__version__,
        "blas": _blas(),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "threads": _threads(),
        "mode": mode,
    }


def differences(saved: dict[str, str], now: dict[str, str]) -> list[str]:
    """Each thing that differs between two fingerprints, in words.

    >>> from groundup.train.fingerprint import differences
    >>> differences({"numpy": "2.1.0", "mode": "eager"}, {"numpy": "2.4.6", "mode": "eager"})
    ['numpy was 2.1.0 and is 2.4.6']
    """
    names = list(dict.fromkeys([*saved, *now]))
    pairs = [(name, saved.get(name, "not recorded"), now.get(name, "not recorded")) for name in names]
    return [f"{name} was {then} and is {today}" for name, then, today in pairs if then != today]


def _groundup_version() -> str:
    import groundup

    return groundup.__version__


@functools.cache
def _blas() -> str:
    """The library that multiplies matrices, and its version."""
    build: Any = np.show_config(mode="dicts")
    found = build.get("Build Dependencies", {}).get("blas", {})
    return f"{found.get('name', 'unknown')} {found.get('version', '')}".strip()


@functools.cache
def _processor() -> str:
    """The processor's model, on which the kernels that BLAS chooses depend."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"


def _threads() -> str:
    """How many threads there may be: the processors this process may use, and what the environment says."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    said = [f"{name}={os.environ[name]}" for name in _THREAD_VARIABLES if os.environ.get(name)]
    return " ".join([str(cores), *said])
