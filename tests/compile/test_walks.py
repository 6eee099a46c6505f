"""The steps of `compile(step, steps=n)` that are one walk in machine code: when they are, and what stops them."""

from __future__ import annotations

import copy
import threading
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import groundup
from groundup import nn, optim
from groundup.nn import functional as F

pytest.importorskip("llvmlite")
pytest.importorskip("hypothesis")

from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.compile import ahead
from groundup.compile.loops.repeated import Repeated
from tests.compile.many import KINDS, OPTIMIZERS, Training, batches, exactly, stacked, trained


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "NAdam"])
def test_the_steps_that_are_left_are_one_walk(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Traces are calls of their own; random numbers are NumPy's, so that each step is a call.

    RAdam goes another way from its sixth step on: the walk ends there, and another program goes on.
    """
    made: list[int] = []
    run = Repeated.run

    def counted(self: Any, *rest: Any) -> Any:
        found = run(self, *rest)
        made.append(found[0])
        return found

    monkeypatch.setattr(Repeated, "run", counted)
    trained(kind, 9, "steps", 3)
    assert made == {"dropout": [], "RAdam": [3, 3, 9, 9]}.get(kind, [7, 9, 9])


def test_interrupts_are_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """A walk of long steps is made in parts, between which Python hears of Ctrl-C."""
    whole = trained("Adam", 12, "steps", 2)
    parts: list[int] = []
    run = Repeated.run
    monkeypatch.setattr(ahead, "PATIENCE", 1e-9)
    monkeypatch.setattr(Repeated, "run", lambda self, *rest: (parts.append(rest[2]), run(self, *rest))[1])
    exactly(trained("Adam", 12, "steps", 2), whole)
    assert parts == [8] + [1] * 14


@pytest.mark.parametrize("threads", [1, 2])
def test_with_threads(threads: int) -> None:
    """Arrays that are large enough to be shared."""
    before = groundup.compile.get_num_threads()
    found = []
    try:
        for count, how in ((1, "single"), (threads, "steps")):
            groundup.compile.set_num_threads(count)
            training = Training(lambda: nn.Sequential(nn.Linear(5, 300), nn.Tanh(), nn.Linear(300, 3)), optim.Adam)
            step = groundup.compile(training.step, steps=12) if how == "steps" else groundup.compile(training.step)
            x, y = batches(12, 0)
            x, y = x.repeat(1, 100, 1), y.repeat(1, 100)
            for _ in range(2):
                found.append(step(x, y) if how == "steps" else groundup.stack([step(x[i], y[i]) for i in range(12)]))
            found += training.state()
    finally:
        groundup.compile.set_num_threads(before)
    half = len(found) // 2
    exactly([np.asarray(each) for each in found[half:]], [np.asarray(each) for each in found[:half]])


def test_two_threads_of_python() -> None:
    """Whoever finds the program's memory taken makes a single step in memory of its own."""
    run = groundup.compile(lambda x: (x @ x).sum(), steps=6)
    x = groundup.randn(6, 40, 40)
    wanted = run(x).tolist()
    found: list[Any] = []
    workers = [threading.Thread(target=lambda: found.extend(run(x).tolist() for _ in range(20))) for _ in range(3)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    np.testing.assert_allclose(found, [wanted] * 60, rtol=1e-5)


@given(
    n=st.integers(1, 6),
    rows=st.integers(1, 9),
    sizes=st.lists(st.integers(1, 9), min_size=2, max_size=4),
    name=st.sampled_from(["SGD", "momentum", "Adam", "AdamW"]),
    double=st.booleans(),
    seed=st.integers(0, 99),
)
@settings(max_examples=8, deadline=None)
def test_any_shape(n: int, rows: int, sizes: list[int], name: str, double: bool, seed: int) -> None:
    numbers = np.random.default_rng(seed)
    dtype = np.float64 if double else np.float32
    x = groundup.from_numpy(numbers.standard_normal((n, rows, sizes[0])).astype(dtype))
    y = groundup.from_numpy(numbers.standard_normal((n, rows, sizes[-1])).astype(dtype))
    found = []
    for many in (False, True):
        groundup.manual_seed(seed)
        layers = [nn.Sequential(nn.Linear(a, b), nn.ReLU()) for a, b in pairwise(sizes)]
        net = nn.Sequential(*layers).to(x.dtype)
        opt = OPTIMIZERS[name](net.parameters())

        def step(x: Any, y: Any, net: Any = net, opt: Any = opt) -> Any:
            opt.zero_grad()
            error = net(x) - y
            (error * error).mean().backward()
            opt.step()
            return error.detach().amax(0), error.detach()[0]

        run = groundup.compile(step, steps=n) if many else groundup.compile(step)
        for _ in range(3):
            found += [*run(x, y)] if many else stacked([run(x[i], y[i]) for i in range(n)])
        found += [p.detach() for p in net.parameters()]
    half = len(found) // 2
    exactly([each.numpy() for each in found[half:]], [each.numpy() for each in found[:half]])


def test_gradients_that_begin_anew() -> None:
    """The first step after a reset makes the gradients, and is another program than those that add to them."""
    w = groundup.ones(2, requires_grad=True)

    def add(x: Any) -> None:
        (w * x).sum().backward()

    run = groundup.compile(add, steps=4)
    x = groundup.arange(8.0).reshape(4, 2)
    for times in (1, 2, 3, 1, 2, 1, 1):
        if times == 1:
            w.grad = None
        run(x)
        assert w.grad.tolist() == [12.0 * times, 16.0 * times]


def test_weights_of_another_kind() -> None:
    w = groundup.ones(2, 2)
    run = groundup.compile(lambda x: (x * w).sum(), steps=3)
    x = groundup.arange(12.0).reshape(3, 2, 2)
    other = groundup.arange(4.0).reshape(2, 2)
    for data in (other, other + 1, other.T, groundup.full((1, 2), 5.0), other.double(), groundup.tensor(3.0), other):
        w.data = data
        for _ in range(3):
            assert run(x).tolist() == (x * data).sum((1, 2)).tolist()


def test_among_other_calls() -> None:
    """Single steps, eager ones, and what else changes between: new weights, a new rate, a state that is loaded."""
    found = []
    for many in (False, True):
        training = Training(KINDS["clipped"][0], optim.AdamW, groundup.float64)
        net, opt = training.net, training.opt
        single = groundup.compile(training.step)
        run = groundup.compile(training.step, steps=4)
        saved = copy.deepcopy(opt.state_dict()), copy.deepcopy(net.state_dict())
        for call in range(8):
            x, y = batches(4, call, groundup.float64)
            run(x, y) if many else [single(x[i], y[i]) for i in range(4)]
            (single if call % 2 else training.step)(x[0], y[0])
            if call == 1:
                net[0].weight.data = net[0].weight.data + 0.1
            elif call == 2:
                opt.zero_grad()
                opt.param_groups[0]["lr"] = 0.5
            elif call == 3:
                saved = copy.deepcopy(opt.state_dict()), copy.deepcopy(net.state_dict())
            elif call == 4:
                net[2].bias.requires_grad_(False)
            elif call == 5:
                net[2].bias.requires_grad_(True)
                opt.load_state_dict(saved[0])
                net.load_state_dict(saved[1])
            elif call == 6:
                net[0].weight.grad = groundup.ones(8, 5, dtype=groundup.float64)
        found.append(training.state())
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("wrong", [0, 1, 3])
@pytest.mark.parametrize("earlier", [0, 1, 2])
def test_an_error_says_at_which_step(earlier: int, wrong: int) -> None:
    """The steps before the one that failed are done, and no other: as by single calls in eager."""
    found = []
    for how in ("eager", "steps"):
        groundup.manual_seed(0)
        net = nn.Sequential(nn.Embedding(4, 5), nn.Linear(5, 3))
        opt = optim.Adam(net.parameters(), lr=0.1)

        def step(i: Any, y: Any, net: Any = net, opt: Any = opt) -> Any:
            opt.zero_grad()
            loss = F.cross_entropy(net(i), y)
            loss.backward()
            opt.step()
            return loss.detach()

        y = groundup.tensor([[0, 1], [2, 1], [0, 2], [1, 1]])
        run = groundup.compile(step, steps=4)
        for call in range(earlier + 1):
            i = groundup.tensor([[0, 1], [1, 2], [3, 0], [2, 2]])
            if call < earlier:
                run(i, y) if how == "steps" else [step(i[k], y[k]) for k in range(4)]
        i[wrong, 1] = 7
        if how == "steps":
            with pytest.raises(IndexError) as caught:
                run(i, y)
            assert f"In the step with batch {wrong} of 4; those before it are done." in caught.value.__notes__
        else:
            [step(i[k], y[k]) for k in range(wrong)]
        found.append([*(p.detach().numpy().copy() for p in net.parameters()), *(len(s) for s in opt.state.values())])
        found[-1] += [s["step"] for s in opt.state.values()]
        i[wrong, 1] = 2
        found[-1] += [
            run(i, y).numpy() if how == "steps" else groundup.stack([step(i[k], y[k]) for k in range(4)]).numpy()
        ]
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
