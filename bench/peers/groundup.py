"""groundup itself: the same step eager, compiled, and compiled to make many steps in one call."""

from __future__ import annotations

import inspect

import numpy as np

import groundup
from bench.peers.base import Absent, Made
from bench.peers.modules import Prepared
from bench.workloads.base import STEPS_IN_ONE_CALL, Workload


def prepare(threads: int) -> None:
    """Threads are what the process has been given."""


def eager(workload: Workload) -> Made:
    prepared = Prepared(groundup, workload)
    return prepared.made(prepared.step())


def compiled(workload: Workload) -> Made:
    prepared = Prepared(groundup, workload)
    return prepared.made(groundup.compile(prepared.step()))


def steps(workload: Workload) -> Made:
    if not workload.many:
        raise Absent("many steps in one call are measured on W1, W2 and the small W3")
    if "steps" not in inspect.signature(groundup.compile).parameters:
        raise Absent("groundup.compile takes no steps= yet")
    prepared = Prepared(groundup, workload)
    n = STEPS_IN_ONE_CALL
    step = groundup.compile(prepared.step(), steps=n)
    batches = [groundup.from_numpy(np.stack([array] * n)) for array in workload.batch]
    return Made(lambda: step(*batches), lambda losses: [losses.numpy()], steps_in_one_call=n)
