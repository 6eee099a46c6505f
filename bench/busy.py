"""A foreign process that keeps one core busy, as a browser or another job does on anyone's machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def busy_core() -> Iterator[None]:
    """While it lasts, another process computes on one core and nowhere else."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"], preexec_fn=_stay_on_one_core)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _stay_on_one_core() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
