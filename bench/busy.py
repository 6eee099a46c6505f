"""A foreign process that keeps one core busy, as a browser or another job does on anyone's machine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

SCRIPT = """
import os
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
while True:
    pass
"""


@contextmanager
def busy_core() -> Iterator[None]:
    """While it lasts, another process computes on one core and nowhere else."""
    process = subprocess.Popen([sys.executable, "-c", SCRIPT])
    try:
        yield
    finally:
        process.kill()
        process.wait()
