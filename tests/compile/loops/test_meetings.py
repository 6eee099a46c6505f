"""Threads meet where they must: walked in the worst order, programs give what they give in any other.

Between two meetings one thread does all of its calls before the next one begins, in both directions. Had a meeting
been left out that is needed, somebody would read what is not there yet, or no longer.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("hypothesis")
pytest.importorskip("llvmlite")
pytest.importorskip("scipy")

from hypothesis import HealthCheck, given, settings

import groundup
import groundup.nn.functional as F
from groundup import nn, optim
from groundup.compile import threads
from groundup.compile.loops import emit, meetings, products, run, walk
from groundup.compile.loops.layout import Buffer
from groundup.compile.loops.machine import Kernel
from groundup.compile.loops.made import Made, Slab
from groundup.compile.loops.run import LoopProgram
from groundup.compile.loops.team import Run
from tests.autograd.test_inplace_programs import programs
from tests.compile.loops.judge import judged, random
from tests.compile.loops.test_random import judge_gradients

pytestmark = pytest.mark.usefixtures("own_kernels", "worst_order")

Entry = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 5)
WORST = [(2, 1), (2, -1), (3, 1), (3, -1)]  # how many threads, and who is first


class Walk:
    """Goes through tables in turns, as slow and fast threads might at worst."""

    def __init__(self, direction: int) -> None:
        self.direction = direction
        self.met = self.called = 0  # by programs of which threads share the work

    def __call__(self, table: Run) -> int:
        calls, memory, numbers, _ = table._kept
        n = threads.get_num_threads() if table.parallel else 1
        waiting: list[np.ndarray] = []
        for row in calls:
            self.called += n > 1
            if row[walk.KERNEL] == 0:
                self._meet(waiting, memory, numbers, n)
                if self._wrong(row, memory):
                    return n
                continue
            waiting.append(row)
            if row[walk.APART] != n:
                self._meet(waiting, memory, numbers, n)
        self._meet(waiting, memory, numbers, n)
        return n

    def _meet(self, waiting: list[np.ndarray], memory: np.ndarray, numbers: np.ndarray, n: int) -> None:
        self.met += n > 1
        for t in range(n)[:: self.direction]:
            for kernel, args, share, _ in waiting:
                if t < min(share, n):
                    Entry(int(kernel))(memory.ctypes.data, numbers.ctypes.data, int(args), t, int(min(share, n)))
        waiting.clear()

    @staticmethod
    def _wrong(row: np.ndarray, memory: np.ndarray) -> bool:
        count, *flags = np.ctypeslib.as_array((ctypes.c_int64 * 8).from_address(int(row[walk.ARGUMENTS])))
        return any(ctypes.c_int64.from_address(int(memory[flag])).value for flag in flags[:count])


@pytest.fixture
def worst_order(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Work is shared out however little it is; networks begin with the same weights, whatever ran before."""
    groundup.manual_seed(0)
    monkeypatch.setattr(products, "FLOPS_OF_A_THREAD", 1)
    monkeypatch.setattr(run, "SMALL", 0)
    monkeypatch.setattr(emit, "PANEL", 8)
    before = threads.get_num_threads()
    yield
    threads.set_num_threads(before)


def in_the_worst_order(check: Callable[[], Any]) -> list[Walk]:
    """What is to be checked, with each number of threads and in each order."""
    walks = []
    for number, direction in WORST:
        threads.set_num_threads(number)
        walks.append(Walk(direction))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Run, "__call__", lambda table, steps=1, walk=walks[-1]: walk(table))
            check()
    return walks


def training(model: nn.Module, loss: Callable[..., Any], rule: Any) -> Callable[..., Any]:
    optimizer = rule(model.parameters(), lr=0.01)

    def step(x: Any, y: Any) -> Any:
        optimizer.zero_grad()
        found = loss(model(x), y)
        found.backward()
        optimizer.step()
        return found.detach()

    return step


class Block(nn.Module):
    """A block of a transformer, with a table of embeddings before it."""

    def __init__(self) -> None:
        self.table, self.norm, self.second = nn.Embedding(11, 24), nn.LayerNorm(24), nn.LayerNorm(24)
        self.qkv, self.out = nn.Linear(24, 72, bias=False), nn.Linear(24, 24)
        self.up, self.down = nn.Linear(24, 48), nn.Linear(48, 24)

    def forward(self, at: Any) -> Any:
        x = self.table(at)
        n, t, d = x.shape
        q, k, v = self.qkv(self.norm(x)).view(n, t, 3, 3, d // 3).permute(2, 0, 3, 1, 4).unbind(0)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).reshape(n, t, d))
        return (x + self.down(F.gelu(self.up(self.second(x))))).mean(-1)


def dense(n: int) -> Any:
    model = nn.Sequential(nn.Linear(20, 36), nn.ReLU(), nn.Linear(36, 28), nn.Tanh(), nn.Linear(28, 10))
    target = groundup.from_numpy(np.arange(n) % 10)
    return training(model, F.cross_entropy, optim.AdamW), lambda seed: (random(n, 20, seed=seed), target)


def convolutions(n: int) -> Any:
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Conv2d(4, 6, 3, padding=1),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(54, 5),
    )
    target = random(n, 5, seed=9) + 4  # far away: gradients of one sign do not cancel out
    return training(model, F.mse_loss, optim.SGD), lambda seed: (random(n, 1, 12, 12, seed=seed), target)


def transformer(n: int) -> Any:
    target = random(n, 20, seed=9) + 4

    def given(seed: int) -> Any:
        return groundup.from_numpy(np.random.default_rng(seed).integers(0, 11, (n, 20))), target

    return training(Block(), F.mse_loss, optim.SGD), given


MODELS = {"dense": dense, "convolutions": convolutions, "transformer": transformer}


@pytest.mark.parametrize("size", [4, 7, 16])
@pytest.mark.parametrize("name", MODELS)
def test_training(name: str, size: int) -> None:
    def check() -> None:
        step, given = MODELS[name](size)
        judged(step, given(0), given(1), given(2))

    for walked in in_the_worst_order(check):
        assert 0 < walked.met < walked.called


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(programs())
def test_random_programs(steps: Any) -> None:
    in_the_worst_order(lambda: judge_gradients(steps))


def test_rows_that_a_thread_has_made_it_goes_on_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five layers forward, each with its sum: nobody needs what another thread has made."""
    threads.set_num_threads(2)
    found: list[list[bool]] = []
    wanted = meetings.meetings
    monkeypatch.setattr(run, "meetings", lambda *given: found.append(wanted(*given)) or found[-1])
    model = nn.Sequential(*[part for _ in range(5) for part in (nn.Linear(32, 32), nn.Tanh())])
    compiled = groundup.compile(lambda x: model(x))
    x = random(64, 32)
    for _ in range(2):
        compiled(x)
    (entry,) = compiled.entries
    LoopProgram(entry.program)
    assert found[-1] == [False] * 10
    wide = groundup.compile(lambda x: model(x).t() @ x)  # needs all rows
    for _ in range(2):
        wide(x)
    (entry,) = wide.entries
    LoopProgram(entry.program)
    assert found[-1] == [False] * 10 + [True]


def test_a_meeting_too_few_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worst order shows it: or it would be no judge."""
    monkeypatch.setattr(run, "meetings", lambda calls, places, threads: [False] * len(calls))
    for name in MODELS:
        with pytest.raises(AssertionError, match=r"off by|not|nan"):
            in_the_worst_order(lambda name=name: judged(*_twice(name)))  # type: ignore[misc]


def _twice(name: str) -> Any:
    step, given = MODELS[name](16)
    return step, given(0), given(1)


@pytest.mark.parametrize("threads", [2, 3, 5])
def test_who_is_in_whose_way(threads: int) -> None:
    """Against all pairs of threads and all elements, for slabs of many kinds."""
    rng = np.random.default_rng(threads)
    one = Buffer(np.dtype(np.float32), 64, "temporary")
    kernel = Kernel("k", "", ())
    seen = set()
    for _ in range(2000):
        calls = []
        for _ in range(2):
            turns, step = int(rng.integers(1, 9)), int(rng.integers(-4, 8))
            slab = Slab(
                one, 28 if step < 0 else int(rng.integers(0, 5)), step, int(rng.integers(1, 6)), bool(rng.integers(2))
            )
            calls.append(Made(kernel, [], turns, turns=turns, slabs=[slab]))
        by_thread = [[_elements(made, t, threads) for t in range(threads)] for made in calls]
        writes = [made.slabs[0].writes for made in calls]
        pairs = [(t, u) for t in range(threads) for u in range(threads) if t != u]
        needed = any(writes) and any(by_thread[0][t] & by_thread[1][u] for t, u in pairs)
        found = meetings.meetings(calls, {}, threads)[1]
        assert found or not needed
        if all(each.slabs[0].span == each.slabs[0].step for each in calls):
            assert found == needed  # where slabs leave no gaps, nobody waits for nothing
        seen.add((needed, found))
    assert {(True, True), (False, False)} <= seen


def _elements(made: Made, t: int, threads: int) -> set[int]:
    threads = threads if made.split > 1 else 1
    if t >= threads:
        return set()
    (slab,) = made.slabs
    turns = range(made.turns * t // threads, made.turns * (t + 1) // threads)
    return {slab.offset + slab.step * turn + i for turn in turns for i in range(slab.span)}
