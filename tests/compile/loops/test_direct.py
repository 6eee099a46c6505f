"""The short call of a program: results are written over only where nobody holds them, and every change is seen."""

from __future__ import annotations

import gc
import signal
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import groundup
from groundup import nn, optim
from groundup.compile.loops import builtin, direct, kept
from tests.compile.loops.training import Training, is_short

pytestmark = pytest.mark.skipif(not builtin.available(), reason="machine code is no builtin of this Python")


@pytest.fixture(autouse=True)
def in_loops() -> Iterator[None]:
    with groundup.compile.reading("loops"):
        yield


# --- results in the memory of former ones -------------------------------------------------------------------


using_again = pytest.mark.skipif(not kept.reusable(), reason="this Python does not tell who holds a result")


@using_again
def test_what_nobody_holds_is_used_again() -> None:
    training = Training().ready()
    grads = [id(p.grad) for p in training.model.parameters()]
    arrays = [id(p.grad.numpy()) for p in training.model.parameters()]
    losses = {id(training()) for _ in range(10)}
    assert [id(p.grad) for p in training.model.parameters()] == grads
    assert [id(p.grad.numpy()) for p in training.model.parameters()] == arrays
    assert len(losses) == 1


@using_again
def test_the_last_result_may_be_held_while_the_next_is_made() -> None:
    training = Training().ready()
    seen, expected = [], []
    for _ in range(8):
        loss = training()
        seen.append(id(loss))
        expected.append(loss.item())
    assert len(set(seen)) == 2
    assert len(set(expected)) == 8


HOLDERS: dict[str, Callable[[Any], Any]] = {
    "the tensor": lambda t: t,
    "its array": lambda t: t.numpy(),
    "a view of it": lambda t: t[..., :1],
    "a view of its array": lambda t: t.numpy()[..., :1],
    "a detached one": lambda t: t.detach(),
    "its data": lambda t: t.data,
    "a container": lambda t: {"a": [t]},
    "a memoryview": lambda t: memoryview(t.numpy()),
    "what flattens it": lambda t: t.numpy().reshape(-1),
    "a function": lambda t: lambda: t,
    "a graph": lambda t: groundup.ones(t.shape, requires_grad=True) * t,
    "a weak reference": lambda t: weakref.ref(t),
    "a weak reference to the array": lambda t: weakref.ref(t.numpy()),
    "its attributes": lambda t: vars(t),
}


def content(held: Any) -> Any:
    while not isinstance(held, (groundup.Tensor, np.ndarray)):
        if isinstance(held, weakref.ref) or callable(held):
            held = held()
        elif isinstance(held, dict) and held:
            held = held["a"][0]
        elif isinstance(held, memoryview):
            held = np.asarray(held)
        else:
            return None
    return np.array(held.detach().numpy() if isinstance(held, groundup.Tensor) else held)


@pytest.mark.parametrize("kind", HOLDERS)
def test_a_held_gradient_stays_as_it_is(kind: str) -> None:
    training = Training().ready()
    held = HOLDERS[kind](training.weight.grad)
    before, which = content(held), id(training.weight.grad)
    other = training.model[0].bias.grad.numpy()
    for _ in range(3):
        training()
    after = content(held)
    if "weak" in kind:
        assert after is None, "a gradient that was replaced is gone"
    else:
        assert np.array_equal(before, after) if before is not None else id(training.weight.grad) != which
    assert not np.shares_memory(other, training.model[0].bias.grad.numpy())


@pytest.mark.parametrize("kind", HOLDERS)
def test_a_held_result_stays_as_it_is(kind: str) -> None:
    """All of them, as in a list of losses."""
    run = groundup.compile(lambda x: x * 2)
    held, expected = [], []
    for i in range(12):
        x = groundup.full((2, 3), float(i))
        held.append(HOLDERS[kind](run(x)))
        expected.append(content(HOLDERS[kind](x * 2)))
    assert is_short(run)
    if "weak" not in kind:
        assert all(np.array_equal(content(a), b) for a, b in zip(held, expected, strict=True) if b is not None)


def test_results_alternately_held_and_not() -> None:
    rng = np.random.default_rng(0)
    run = groundup.compile(lambda x: (x * 2, x + 1))
    held: list[Any] = []
    for i in range(200):
        found = run(groundup.full((3,), float(i)))
        held += [
            (part, [value] * 3) for part, value in zip(found, (2.0 * i, i + 1.0), strict=True) if rng.random() < 0.5
        ]
        if held and rng.random() < 0.4:
            del held[int(rng.integers(len(held)))]
        del found
        assert all(part.tolist() == value for part, value in held)


def test_what_was_done_to_a_result_is_not_found_on_the_next() -> None:
    run = groundup.compile(lambda x: x * 2)
    x = groundup.ones(2, 3)
    changes: list[Callable[[Any], Any]] = [
        lambda t: t.requires_grad_(),
        lambda t: setattr(t, "name", "mine"),
        lambda t: setattr(t, "mine", 1),
        lambda t: setattr(t, "grad", groundup.ones(2, 3)),
        lambda t: t.numpy().setflags(write=False),
        lambda t: setattr(t, "data", groundup.zeros(7)),
        lambda t: t.unsqueeze_(0),
        lambda t: t.add_(1),
        lambda t: t.t_(),
    ]
    for _ in range(3):
        run(x)
    for change in changes:
        for _ in range(3):
            change(run(x))
            found = run(x)
            assert (found.tolist(), found.requires_grad, found.name) == ([[2.0] * 3] * 2, False, None)
            assert found.grad is None and found.numpy().flags.writeable and not vars(found)
            del found


def test_a_gradient_that_somebody_took_or_replaced() -> None:
    training, eager = Training().ready(), Training(compiled=False)
    for _ in range(4):
        eager()
    mine = groundup.zeros(4, 3)
    changes: list[Callable[[Any], Any]] = [
        lambda w: setattr(w, "grad", None),
        lambda w: setattr(w, "grad", mine),
        lambda w: w.grad.zero_(),
        lambda w: w.grad.numpy().resize(4, 3),
        lambda w: w.grad.requires_grad_(),
        lambda w: setattr(w, "grad", w.grad.clone()),
        lambda w: delattr(w, "grad"),
    ]
    for change in changes:
        for each in (training, eager):
            change(each.weight)
            each()
        assert np.allclose(training.weight.grad.numpy(), eager.weight.grad.numpy(), atol=1e-6)
        assert not training.weight.grad.requires_grad
        assert mine.tolist() == np.zeros((4, 3)).tolist()


def test_one_gradient_for_two_leaves() -> None:
    training = Training().ready()
    a, b = training.model[0].bias, nn.Parameter(groundup.zeros(4))
    b.grad = a.grad
    before = b.grad.tolist()
    training()
    assert b.grad.tolist() == before != a.grad.tolist()


def test_memory_of_results_is_given_back_with_the_program() -> None:
    run = groundup.compile(lambda x: x * 2)
    for _ in range(3):
        found = weakref.ref(run(groundup.ones(100)))
    assert is_short(run)
    del run
    gc.collect()
    assert found() is None


def test_large_results_are_not_kept() -> None:
    run = groundup.compile(lambda x: x * 2)
    x = groundup.ones(kept.LARGEST)
    for _ in range(3):
        found = weakref.ref(run(x))
    assert is_short(run)
    assert found() is None


# --- changes ------------------------------------------------------------------------------------------------


def test_learning_rates_and_counts_are_the_optimizers() -> None:
    found = []
    for compiled in (False, True):
        training = Training(compiled)
        group = training.optimizer.param_groups[0]
        losses = []
        for i in range(30):
            if i % 3 == 2:
                group["lr"] *= 0.9
            if i == 10:
                group["betas"] = (0.8, 0.99)
            if i == 15:
                for state in training.optimizer.state.values():
                    state["step"] = 3
            if i == 20:
                state = training.optimizer.state[training.weight]
                state["exp_avg"] = groundup.zeros_like(state["exp_avg"])
            if i == 25:
                training.optimizer.param_groups[0]["params"].reverse()
            losses.append(training().item())
        found.append(losses)
        assert {state["step"] for state in training.optimizer.state.values()} == {18}
        if compiled:
            assert is_short(training.step)
    assert found[1] == pytest.approx(found[0], rel=1e-4)


def test_counts_that_come_apart() -> None:
    found = []
    for compiled in (False, True):
        training = Training(compiled)
        for _ in range(4):
            training()
        training.optimizer.state[training.weight]["step"] = 50
        found.append([training().item() for _ in range(4)])
        assert training.optimizer.state[training.weight]["step"] == 54
        assert training.optimizer.state[training.model[0].bias]["step"] == 8
    assert found[1] == pytest.approx(found[0], rel=1e-4)


def test_memory_in_reach_that_is_replaced() -> None:
    training, eager = Training().ready(), Training(compiled=False)
    for _ in range(4):
        eager()
    for each in (training, eager):
        each.old = each.weight.data  # type: ignore[attr-defined]
        each.before = each.old.tolist()  # type: ignore[attr-defined]
        each.weight.data = groundup.ones(4, 3)
        for _ in range(3):
            each()
    assert training.old.tolist() == training.before  # type: ignore[attr-defined]
    assert np.allclose(training.weight.detach().numpy(), eager.weight.detach().numpy(), atol=1e-5)
    assert len(training.step.entries) == 2  # a first step that makes the state, and this


def test_an_argument_that_comes_to_lie_in_a_weight() -> None:
    w = groundup.zeros(4)

    def shift(x: Any) -> Any:
        w.add_(1)
        return x * 1

    run = groundup.compile(shift)
    x = groundup.ones(4)
    for _ in range(3):
        assert run(x).tolist() == [1.0] * 4
    w.data = x[:]
    with pytest.raises(groundup.compile.TraceError, match="shares its memory"):
        run(x)


def test_what_is_written_counts_as_changed() -> None:
    w, u = groundup.ones(2, requires_grad=True), groundup.ones(2, requires_grad=True)

    def grow() -> None:
        with groundup.no_grad():
            w.mul_(2)

    run = groundup.compile(grow)
    for _ in range(3):
        run()
    assert is_short(run)
    for renew in (False, True, False):
        if renew:
            w.data = groundup.ones(2)
        loss = (w * u).sum()
        run()
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            loss.backward()


def test_arguments_that_do_not_fit() -> None:
    run = groundup.compile(lambda x, y: x * 2 + y)
    x, y = groundup.ones(2, 3), groundup.ones(2, 3)
    for _ in range(3):
        run(x, y)
    assert is_short(run)
    others = [
        groundup.ones(3, 2).T * 1.0,
        groundup.ones(3, 2).T,
        groundup.ones(2, 3, dtype=groundup.float64),
        groundup.ones(1, 3),
        groundup.ones(2, 3, requires_grad=True),
        groundup.ones(2, 3, dtype=groundup.int64),
        nn.Parameter(groundup.ones(2, 3), requires_grad=False),
    ]
    for other in others:
        for _ in range(3):
            found, expected = run(other, y), other * 2 + y
            assert (found.tolist(), found.dtype) == (expected.tolist(), expected.dtype)
            assert found.requires_grad == expected.requires_grad
    for wrong in ((x,), (x, y, y), (None, y)):
        with pytest.raises(TypeError):
            run(*wrong)
    assert run(x, 1.0).tolist() == [[3.0] * 3] * 2
    assert run(x=x, y=y).tolist() == [[3.0] * 3] * 2
    assert run(x, y).tolist() == [[3.0] * 3] * 2


def test_threads_that_call_one_program() -> None:
    run = groundup.compile(lambda x: (x * 2).sum() + x)
    for _ in range(3):
        run(groundup.ones(50))
    assert is_short(run)
    wrong: list[Any] = []

    def work(value: float) -> None:
        held = []
        for i in range(300):
            held.append((run(groundup.full((50,), value + i)), 101 * (value + i)))
            if len(held) > 3:
                del held[i % 2]
            wrong.extend(each for each, expected in held if each.tolist() != [expected] * 50)

    workers = [threading.Thread(target=work, args=(1000.0 * k,)) for k in range(4)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert not wrong


@pytest.mark.parametrize("threads", [1, 2])
def test_large_programs_let_other_threads_of_python_go_on(threads: int) -> None:
    before = groundup.compile.get_num_threads()
    groundup.compile.set_num_threads(threads)
    try:
        run = groundup.compile(lambda x: (x @ x).exp().sum(0))
        x = groundup.randn(300, 300) * 0.01
        expected = (x @ x).exp().sum(0)
        for _ in range(3):
            run(x)
        assert is_short(run)
        assert "run_freely" in repr(run.entries[0].call.__globals__["go"])
        wrong: list[Any] = []

        def work() -> None:
            for _ in range(20):
                found = run(x)
                if not groundup.allclose(found, expected, rtol=1e-4):
                    wrong.append(found)

        workers = [threading.Thread(target=work) for _ in range(3)]
        for each in workers:
            each.start()
        groundup.compile.set_num_threads(3 - threads)
        for each in workers:
            each.join()
        assert not wrong
    finally:
        groundup.compile.set_num_threads(before)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timer that interrupts")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_interrupts_at_any_place_leave_a_program_that_runs() -> None:
    class Interrupted(Exception):
        pass

    def interrupt(*_: Any) -> None:
        raise Interrupted

    training = Training().ready()
    weights, run = list(training.model.parameters()), training.step
    before = signal.signal(signal.SIGALRM, interrupt)
    count = 0
    try:
        for i in range(300):
            try:
                signal.setitimer(signal.ITIMER_REAL, 2e-4 + 1e-6 * (i % 7), 0)
                held = []
                # Where it falls within a callback of the garbage collector, and hypothesis has one, Python drops it.
                end = time.monotonic() + 2.0
                while time.monotonic() < end:
                    held = [training(), *[w.grad for w in weights[i % 3 :]], *held[:3]]
                    if i % 2:
                        training.x, training.y = training.x + 0.0, training.y + 0.0
                        weights[0].data = weights[0].data.clone()
            except Interrupted:
                count += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert count >= 295
    assert not run.entries[0].call.__globals__["lock"].locked()
    eager = Training(compiled=False)
    eager.model.load_state_dict(training.model.state_dict())
    eager.optimizer.load_state_dict(training.optimizer.state_dict())
    eager.x, eager.y = training.x, training.y
    for _ in range(5):
        assert training().item() == pytest.approx(eager().item(), rel=1e-3, abs=1e-7)


def test_threads_that_train_count_every_step() -> None:
    training = Training(rule=lambda parameters, lr: optim.Adam(parameters, lr=0.0)).ready()

    def work() -> None:
        for _ in range(200):
            training()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    counts = [state["step"] for state in training.optimizer.state.values()]
    assert 4 + 200 < counts[0] <= 604
    assert np.isfinite(training().item())


def test_where_machine_code_is_no_builtin_the_call_is_as_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct, "available", lambda: False)
    training, eager = Training(), Training(compiled=False)
    for _ in range(5):
        assert training().item() == pytest.approx(eager().item(), rel=1e-5)
    assert not is_short(training.step)


@pytest.mark.parametrize("name", ["of_dict", "arrays_are_known", "lists_are_known", "reusable"])
def test_words_that_are_not_known_are_done_without(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from groundup.compile.loops import bound, watch

    for module in (bound, direct, kept, watch):
        if hasattr(module, name):
            monkeypatch.setattr(module, name, lambda *_: None)
    test_learning_rates_and_counts_are_the_optimizers()
    test_a_gradient_that_somebody_took_or_replaced()
