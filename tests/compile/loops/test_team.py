"""The team: runs of tables by one thread and by several, in one process and in its children, give the same."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from groundup.compile import threads
from groundup.compile.loops import blas, walk
from groundup.compile.loops.team import Run, run, the_team

Kernel = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 5)
NO_NUMBERS = np.zeros(1)


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    before = threads.get_num_threads()
    threads.set_num_threads(2)
    yield
    threads.set_num_threads(before)


def words_at(address: int, count: int) -> np.ndarray:
    return np.ctypeslib.as_array(ctypes.cast(address, ctypes.POINTER(ctypes.c_int64)), (count,))


def always_with_the_team(a_run: Run) -> Run:
    """The run without the trials by which it learns whether the team pays."""
    a_run._command[walk.KIND] = 1
    a_run._command[walk.RUNS] = -(10**15)  # the window never ends
    return a_run


def table(*rows: tuple[int, int, int, int]) -> np.ndarray:
    return np.array(rows, np.int64).reshape(-1, 4)


def test_an_empty_table_runs() -> None:
    empty = np.zeros((0, 4), np.int64)
    memory = np.zeros(1, np.int64)
    assert run(empty, memory, NO_NUMBERS, alone=True) == 0
    again = always_with_the_team(Run(empty, memory, NO_NUMBERS))
    assert {again() for _ in range(2000)} <= {0, 2}


def test_each_thread_has_its_share_and_meets_the_others() -> None:
    seen: list[tuple[int, int, int]] = []

    def kernel(memory: int, numbers: int, args: int, t: int, n: int) -> None:
        seen.append((int(words_at(args, 1)[0]), t, n))

    function = Kernel(kernel)
    address = ctypes.cast(function, ctypes.c_void_p).value or 0
    args = np.arange(3)
    rows = [(address, args[i : i + 1].ctypes.data, share, 1) for i, share in enumerate((2, 1, 8))]
    command = always_with_the_team(Run(table(*rows), np.zeros(1, np.int64), NO_NUMBERS))
    assert command() == 2
    assert [call for call, _, _ in seen] == [0, 0, 1, 2, 2]
    assert sorted(seen) == [(0, 0, 2), (0, 1, 2), (1, 0, 1), (2, 0, 2), (2, 1, 2)]


@pytest.mark.parametrize("alone", [False, True])
def test_steps_move_the_arrays_and_the_numbers(alone: bool) -> None:
    """y[step] = x[step] * number[step], step after step in one call."""

    def kernel(memory: int, numbers: int, args: int, t: int, n: int) -> None:
        x, y = (words_at(int(address), 1) for address in words_at(memory, 2))
        y[0] = x[0] * np.ctypeslib.as_array(ctypes.cast(numbers, ctypes.POINTER(ctypes.c_double)), (1,))[0]

    function = Kernel(kernel)
    x, y = np.arange(1, 51), np.zeros(50, np.int64)
    memory = np.array([x.ctypes.data, y.ctypes.data])
    rows = table((ctypes.cast(function, ctypes.c_void_p).value or 0, 0, 1, 1))
    numbers = np.repeat(np.arange(50.0), 2)
    command = Run(rows, memory, numbers, np.array([8, 8]), width=2, alone=alone)
    command(50)
    assert np.array_equal(y, x * np.arange(50))
    assert np.array_equal(memory, [x.ctypes.data + 400, y.ctypes.data + 400])


def test_barriers_hold_thousands_of_times() -> None:
    """Two threads come to the same barriers: none is passed early, none is missed, asleep or awake."""
    team = the_team()
    team.complete()
    shared = team.shared
    assert team.machine.dismiss(team.shared_address)
    for thread in team._threads:
        thread.join()
    try:
        for turns, times in ((shared[walk.TURNS_AT_A_BARRIER], 20_000), (0, 3_000)):
            shared[walk.TURNS_AT_A_BARRIER] = turns
            meeting = shared[walk.MEETING]
            call = team.machine.wake_each_other
            other = threading.Thread(target=call, args=(team.shared_address, times, 1, 2))
            other.start()
            assert call(team.shared_address, times, 0, 2) == times
            other.join()
            assert shared[walk.MEETING] - meeting == times and shared[walk.ARRIVED] == 0
    finally:
        team._hire(1)


def test_two_python_threads_may_run_at_once() -> None:
    counted = np.zeros((2, 64), np.int64)

    def kernel(memory: int, numbers: int, args: int, t: int, n: int) -> None:
        count = words_at(int(words_at(memory, 1)[0]), 2)
        count[t] += 1
        if n == 1:
            count[1] += 1

    function = Kernel(kernel)
    rows = table((ctypes.cast(function, ctypes.c_void_p).value or 0, 0, 2, 1))

    def work(i: int) -> None:
        command = always_with_the_team(Run(rows, np.array([counted[i].ctypes.data]), NO_NUMBERS))
        for _ in range(500):
            command()

    workers = [threading.Thread(target=work, args=(i,)) for i in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert np.array_equal(counted[:, :2], [[500, 500], [500, 500]])
    assert the_team().shared[walk.TAKEN] == 0 and the_team().shared[walk.RUNS] == 0


def test_the_number_of_threads_may_change_between_runs() -> None:
    command = Run(np.zeros((0, 4), np.int64), np.zeros(1, np.int64), NO_NUMBERS)
    for number in (1, 3, 2):
        threads.set_num_threads(number)
        results = {always_with_the_team(command)() for _ in range(20)}
        assert the_team().size == number, results


def windows(team: Callable[[int], int], alone: Callable[[int], int], runs: int) -> list[int]:
    """The kinds of so many runs, whose nanoseconds are what the functions say for the number of the run."""
    command = np.zeros(walk.COMMAND, np.int64)
    kinds = []
    for i in range(runs):
        kind = int(command[walk.KIND])
        kinds.append(kind)
        walk.judge(command, team(i) if kind else alone(i), kind)
    return kinds


def test_a_fast_team_is_used_and_a_slow_one_left_out() -> None:
    used = windows(lambda i: 60, lambda i: 100, 5000)
    assert sum(used) / 5000 > 0.9 and sum(used[-1000:]) / 1000 > 0.95
    left_out = windows(lambda i: 100, lambda i: 60, 5000)
    assert sum(left_out) / 5000 < 0.1 and sum(left_out[-1000:]) / 1000 < 0.05


def test_the_run_that_wakes_the_team_does_not_count() -> None:
    woken: list[int] = []

    def team(i: int) -> int:
        first = not woken or woken[-1] != i - 1
        woken.append(i)
        return 5000 if first else 60

    assert sum(windows(team, lambda i: 100, 5000)[-1000:]) / 1000 > 0.95


def test_a_team_that_is_slow_until_its_caches_are_full_is_used() -> None:
    since: list[int] = []

    def team(i: int) -> int:
        since[:] = [*since, i] if since and since[-1] == i - 1 else [i]
        return 140 if len(since) < 6 else 60

    assert sum(windows(team, lambda i: 100, 5000)[-1000:]) / 1000 > 0.95


def test_a_team_that_is_far_slower_is_given_up_at_once() -> None:
    kinds = "".join(map(str, windows(lambda i: 3000, lambda i: 100, 1000)))
    assert {*kinds.split("0")} == {"", "111"}


def test_one_slow_run_costs_nothing_but_itself() -> None:
    kinds = windows(lambda i: 40_000 if i == 2500 else 60, lambda i: 100, 4000)
    assert sum(kinds[2500:2600]) >= 100 - (walk.WINDOW + 1)


@pytest.mark.parametrize(("length", "runs"), [(60_000, 20_000), (10_000_000, 2_000)])
def test_a_host_that_takes_a_processor_now_and_then_does_not_end_the_team(length: int, runs: int) -> None:
    """For 20 ms, in a twentieth of the runs where they are long, in a hundredth where they are short."""
    stolen = np.random.default_rng(0).random(runs) < (0.05 if length > 10**6 else 0.01)

    def taken(i: int, length: int) -> int:
        return length + 20 * 10**6 * int(stolen[i])

    kinds = windows(lambda i: taken(i, length), lambda i: taken(i, length * 17 // 10), runs)
    assert sum(kinds) / runs > 0.95


def test_the_team_is_left_when_it_becomes_slow_and_taken_again_when_it_is_fast() -> None:
    kinds = windows(lambda i: 500 if 2000 <= i < 6000 else 60, lambda i: 100, 20_000)
    assert sum(kinds[2000:6000]) / 4000 < 0.15
    assert sum(kinds[-2000:]) / 2000 > 0.95


def test_long_runs_are_judged_by_few() -> None:
    kinds = windows(lambda i: 50 * 10**6, lambda i: 90 * 10**6, 40)
    assert kinds[:8] == [0, 0, 0, 1, 1, 1, 1, 1] and sum(kinds) >= 32


def test_a_long_run_that_is_clearly_slower_is_not_repeated() -> None:
    """From the start, as a program of the team begins."""
    command = np.zeros(walk.COMMAND, np.int64)
    command[walk.KIND] = command[walk.FAVOURITE] = 1
    command[walk.RUNS] = -1
    kinds = []
    for _ in range(60):
        kinds.append(int(command[walk.KIND]))
        walk.judge(command, 50 * 10**6 if kinds[-1] else 80 * 10**6, kinds[-1])
    # Seven windows of three runs, fifteen of them, and so on; one run of the other kind in between.
    assert "".join(map(str, kinds)) == "1111" + "0" + 21 * "1" + "0" + 33 * "1"


def test_a_long_run_that_is_faster_wins_even_if_its_first_was_hit() -> None:
    """Team and alone change roles at run 30; the first run alone takes twice its time once."""
    kinds = windows(lambda i: 30 * 10**6 if i < 60 else 90 * 10**6, lambda i: 50 * 10**6 if i != 40 else 10**8, 600)
    assert sum(kinds[:60]) > 45 and sum(kinds[100:]) / 500 < 0.2


def test_a_run_that_could_not_have_the_team_is_not_judged() -> None:
    command = np.zeros(walk.COMMAND, np.int64)
    command[walk.KIND] = 1
    walk.judge(command, 100, 0)
    assert not command[walk.RUNS]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_process_makes_its_own_team() -> None:
    script = """
import os, numpy as np
from groundup.compile import threads
from groundup.compile.loops import walk
from groundup.compile.loops.team import Run, the_team
threads.set_num_threads(2)
command = Run(np.zeros((0, 4), np.int64), np.zeros(1, np.int64), np.zeros(1))
command(); command()
assert the_team().size == 2
child = os.fork()
if child == 0:
    assert the_team().size == 1
    command._command[walk.KIND] = 1
    command._command[walk.RUNS] = -(10**15)
    for _ in range(100):
        command()
    os._exit(0 if the_team().size == 2 else 3)
_, status = os.waitpid(child, 0)
for _ in range(100):
    command()
print(os.waitstatus_to_exitcode(status), the_team().size)
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.returncode) == ("0 2\n", 0), done.stderr


def test_blas_has_its_threads_again_after_a_run() -> None:
    found = blas.find()
    if found is None or not found.serial:
        pytest.skip("this BLAS cannot be told")
    get = ctypes.CFUNCTYPE(ctypes.c_int)(found.get_threads)
    put = ctypes.CFUNCTYPE(None, ctypes.c_int)(found.set_threads)
    before = get()
    inside: list[int] = []
    function = Kernel(lambda *_: inside.append(get()))
    rows = table((ctypes.cast(function, ctypes.c_void_p).value or 0, 0, 1, 1))
    try:
        for number in (2, 1):
            put(number)
            run(rows, np.zeros(1, np.int64), NO_NUMBERS)
            assert get() == number
    finally:
        put(before)
    assert inside == [1, 1]


def test_arrays_of_another_type_are_refused() -> None:
    with pytest.raises(TypeError, match="expected a contiguous array of int64, but got float64"):
        Run(np.zeros((0, 4)), np.zeros(1, np.int64), NO_NUMBERS)


@pytest.mark.parametrize(
    ("given", "raises"), [(0, RuntimeError), (65, RuntimeError), (2.0, TypeError), (True, TypeError)]
)
def test_a_number_of_threads_that_is_none(given: int, raises: type[Exception]) -> None:
    with pytest.raises(raises, match="set_num_threads expects"):
        threads.set_num_threads(given)
