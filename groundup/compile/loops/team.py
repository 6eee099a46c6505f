"""The team: the threads of this process that run compiled programs, and how a program is given to them.

One team in a process, begun when it is first needed. Its threads are Python's by birth and never touch Python again:
they walk tables of calls in machine code (`walk.py`) without the global lock. A child process makes its own. What
cannot have the team, because another thread's run has it or the system offers no way to sleep, runs on the calling
thread alone, with the same results.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from groundup.compile.loops import blas, walk
from groundup.compile.loops.atoms import machine_functions
from groundup.compile.loops.sleeping import lasting, sleeping
from groundup.compile.threads import LARGEST, get_num_threads

SPIN_SECONDS = 3e-6  # a thread that waits looks for so long, then others may run,
TURNS = 16  # and so often before it sleeps: longer than Python needs between two steps,
# and far longer at a barrier. To be woken takes longer than most calls do: were threads to sleep as soon there, each
# would find the other asleep at the next barrier, and so on. A step of 0.13 ms took 2.3.
TURNS_AT_A_BARRIER = 512


class Run:
    """A table of calls bound to its memory and numbers; calling it runs the table.

    Args:
        calls: the table, int64 of shape (calls, 4): address of the kernel, address of its arguments, how many threads
            take part, how many need not meet behind it (1 where all others do).
        memory: int64 addresses of the arrays.
        numbers: float64 numbers of the call, `width` for each step where steps have their own.
        strides: bytes that each address in memory gains with a step.
        width: numbers of a step, where steps have their own.
        alone: keeps to the calling thread.

    The arrays are kept, and read anew at each call: to change them in place is to change the next run.
    """

    __slots__ = ("_call", "_command", "_kept", "address", "parallel")

    def __init__(
        self,
        calls: np.ndarray,
        memory: np.ndarray,
        numbers: np.ndarray,
        strides: np.ndarray | None = None,
        width: int = 0,
        alone: bool = False,
    ) -> None:
        for array, kind in ((calls, np.int64), (memory, np.int64), (numbers, np.float64)):
            if array.dtype != kind or not array.flags.c_contiguous:
                raise TypeError(f"expected a contiguous array of {kind.__name__}, but got {array.dtype}")
        team = the_team()
        self._kept = (calls, memory, numbers, strides)
        self.parallel = not alone
        self._command = np.zeros(walk.COMMAND, np.int64)
        command = self._command
        command[walk.SHARED] = team.shared_address
        command[walk.ALL] = self.parallel
        if self.parallel:  # first, as large programs may not run often enough to be judged
            command[walk.KIND] = command[walk.FAVOURITE] = 1
            command[walk.RUNS] = -1
        command[walk.TABLE] = calls.ctypes.data
        command[walk.CALLS] = len(calls)
        command[walk.MEMORY] = memory.ctypes.data
        command[walk.NUMBERS] = numbers.ctypes.data
        command[walk.STEPS] = 1
        if strides is not None:
            command[walk.STRIDES] = strides.ctypes.data
            command[walk.ARRAYS] = len(strides)
        command[walk.WIDTH] = width
        self.address = command.ctypes.data
        self._call = team.machine.run
        if self.parallel:
            team.complete()

    def __call__(self, steps: int = 1) -> int:
        """Runs the table `steps` times; the number of threads of the team, or 0 if it had no part in this."""
        if steps != 1:
            self._command[walk.STEPS] = steps
        threads = self._call(self.address)
        if steps != 1:
            self._command[walk.STEPS] = 1
        if self.parallel and threads != get_num_threads() and threads != 0:
            the_team().complete()
        return threads

    def over(self, memory: np.ndarray, numbers: np.ndarray, strides: np.ndarray, width: int) -> Run:
        """The same table over other memory, for more than one step."""
        return Run(self._kept[0], memory, numbers, strides, width, alone=not self.parallel)


def run(
    calls: np.ndarray,
    memory: np.ndarray,
    numbers: np.ndarray,
    steps: int = 1,
    strides: np.ndarray | None = None,
    width: int = 0,
    alone: bool = False,
) -> int:
    """Runs a table of calls once; see `Run`, which is quicker where a table runs again and again."""
    return Run(calls, memory, numbers, strides, width, alone)(steps)


class Machine(NamedTuple):
    """The machine code of the team, to call from Python; each lets go of the global lock."""

    run: Callable[[int], int]
    work: Callable[[int, int, int], int]
    dismiss: Callable[[int], int]
    spin: Callable[[int], int]
    wake_each_other: Callable[[int, int, int, int], int]


class Team:
    """The shared block of this process and the threads that look at it."""

    def __init__(self) -> None:
        self.machine = _machine()
        self.shared_address = lasting(8 * (walk.THREADS + LARGEST * walk.LINE))
        words = (ctypes.c_int64 * (walk.THREADS + LARGEST * walk.LINE)).from_address(self.shared_address)
        self.shared: Any = words
        self._threads: list[threading.Thread] = []
        self._change = threading.Lock()
        self._clear()

    def _clear(self) -> None:
        """A block as if nothing had ever run, with no threads but the caller's."""
        shared = self.shared
        for i in range(len(shared)):
            shared[i] = 0
        library = blas.find()
        if library is not None:
            shared[walk.GET_BLAS_THREADS] = library.get_threads
            shared[walk.SET_BLAS_THREADS] = library.set_threads
        self._sleeping = sleeping(LARGEST)
        if self._sleeping is not None:
            shared[walk.WAIT], shared[walk.POST] = self._sleeping.wait, self._sleeping.post
            shared[walk.YIELD] = self._sleeping.give_way
            shared[walk.CLOCK], shared[walk.CLOCK_KIND] = self._sleeping.clock, self._sleeping.clock_kind
            for t, semaphore in enumerate(self._sleeping.semaphores):
                shared[walk.THREADS + t * walk.LINE + walk.SEMAPHORE] = semaphore
        self._threads = []

    @property
    def size(self) -> int:
        """How many threads a run has now, the caller's with them."""
        return 1 + self.shared[walk.WORKERS]

    def complete(self) -> None:
        """Has as many threads as `get_num_threads` says, unless a run has the team just now."""
        wanted = get_num_threads() if self._sleeping is not None else 1
        if self.size != wanted:
            with self._change:
                if self.size != wanted and self._dismissed():
                    self._hire(wanted - 1)

    def _dismissed(self) -> bool:
        """Ends the threads; False if a run has them."""
        if not self.machine.dismiss(self.shared_address):
            return False
        for thread in self._threads:
            thread.join()  # it has no job, and none may begin while it could still take it for its own
        return True

    def _hire(self, workers: int) -> None:
        """Begins so many threads. The team is ours until the end of this."""
        shared = self.shared
        shared[walk.LEAVE] = 0
        shared[walk.ENDED] = 0
        shared[walk.WORKERS] = workers
        shared[walk.SPINS] = self._spins()
        shared[walk.TURNS], shared[walk.TURNS_AT_A_BARRIER] = TURNS, TURNS_AT_A_BARRIER
        seen = shared[walk.JOB]
        self._threads = [
            threading.Thread(
                target=self.machine.work, args=(self.shared_address, t, seen), name=f"groundup-{t}", daemon=True
            )
            for t in range(1, workers + 1)
        ]
        for thread in self._threads:
            thread.start()
        shared[walk.TAKEN] = 0

    def _spins(self) -> int:
        """How many looks fill the time that a waiting thread looks at once: by the fastest of some trials."""
        fastest = float("inf")
        for _ in range(5):
            begin = time.perf_counter()
            self.machine.spin(200)
            fastest = min(fastest, time.perf_counter() - begin)
        return max(10, int(SPIN_SECONDS / (fastest / 200)))

    def end(self) -> None:
        """Lets the threads go, when the process ends; runs go on alone."""
        with self._change:
            if self._threads and self._dismissed():
                self.shared[walk.WORKERS] = 0
                self._threads = []
                self.shared[walk.TAKEN] = 0

    def after_fork(self) -> None:
        """In a child there is only the thread that forked: a new beginning, with BLAS's threads as they were."""
        shared = self.shared
        if shared[walk.RUNS] and shared[walk.SET_BLAS_THREADS]:
            ctypes.CFUNCTYPE(None, ctypes.c_int)(shared[walk.SET_BLAS_THREADS])(shared[walk.BLAS_THREADS])
        self._change = threading.Lock()
        self._clear()


@cache
def the_team() -> Team:
    """The team of this process."""
    team = Team()
    atexit.register(team.end)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=team.after_fork)
    return team


@cache
def _machine() -> Machine:
    """The machine code of `walk`."""
    arity = {"run": 1, "work": 3, "dismiss": 1, "spin": 1, "wake_each_other": 4}
    found = machine_functions(walk, {name: ["int64"] * n for name, n in arity.items()})
    integer = ctypes.c_int64
    return Machine(*(ctypes.CFUNCTYPE(integer, *[integer] * n)(found[name]) for name, n in arity.items()))
