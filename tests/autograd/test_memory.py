"""Freed memory is kept for the next array: a step that repeats faults no pages in."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STEP = """
import resource
import groundup
x = groundup.ones(2_000_000, requires_grad=True)
def step():
    x.grad = None
    ((x * x + 1) * x).tanh().sum().backward()
for _ in range(5):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    step()
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) // 5)
"""


def faults(keep: str) -> int:
    environment = {**os.environ, "GROUNDUP_KEEP_MEMORY": keep, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", STEP], capture_output=True, text=True, env=environment, check=True, cwd=ROOT
    )
    return int(done.stdout)


def glibc() -> bool:
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") is not None
    except (AttributeError, ValueError):
        return False


@pytest.mark.skipif(not glibc(), reason="only glibc can be asked to keep memory")
def test_a_repeated_step_faults_no_pages_in():
    assert faults("1") < 50
    assert faults("0") > 500, "the step is too small to show anything"
