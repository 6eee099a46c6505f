"""The one function that a program is called through: what it lets pass, what it refuses, and what it leaves behind."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from typing import Any

import numpy as np
import pytest

import groundup
from groundup import nn

Pair = namedtuple("Pair", "first second")


def test_nested_arguments_and_results() -> None:
    def run(batch: Any, *, options: Any = None) -> Any:
        x, parts = batch["x"], batch["parts"]
        total = x * parts[0] + parts[1][0] * options["scale"]
        return Pair(total, {"parts": [x * 2, "text"], "options": None})

    compiled = groundup.compile(run)
    for i in range(3):
        batch = OrderedDict(x=groundup.full((2,), i + 1.0), parts=(groundup.ones(2), [groundup.full((2,), 3.0)]))
        found, expected = (each(batch, options={"scale": 2}) for each in (compiled, run))
        assert type(found) is Pair
        assert groundup.allclose(found.first, expected.first)
        assert groundup.allclose(found.second["parts"][0], expected.second["parts"][0])
        assert found.second["parts"][1:] == ["text"] and found.second["options"] is None
    assert len(compiled.entries) == 1
    assert compiled(batch, options={"scale": 5}).first.tolist() == run(batch, options={"scale": 5}).first.tolist()
    assert len(compiled.entries) == 2


@pytest.mark.parametrize(
    "other",
    [
        lambda: groundup.ones(3, 2),
        lambda: groundup.ones(2, 3, 1),
        lambda: groundup.ones(3, 2).T,
        lambda: groundup.ones(2, 3, dtype=groundup.float64),
        lambda: groundup.ones(2, 3, requires_grad=True),
        lambda: 2.0,
        lambda: True,
        lambda: None,
        lambda: [groundup.ones(2, 3)],
    ],
)
def test_another_kind_of_argument_is_another_program(other: Any) -> None:
    def run(x: Any) -> Any:
        return groundup.ones(2, 3) * 2 if x is None else (x[0] if isinstance(x, list) else x) * groundup.ones(1)

    compiled = groundup.compile(run)
    for _ in range(2):
        compiled(groundup.ones(2, 3))
    for _ in range(2):
        found, expected = compiled(other()), run(other())
        assert (found.shape, found.dtype, found.requires_grad) == (
            expected.shape,
            expected.dtype,
            expected.requires_grad,
        )
        assert found.tolist() == expected.tolist()
    assert len(compiled.entries) == 2


def test_numbers_that_are_equal_and_not_alike() -> None:
    compiled = groundup.compile(lambda x, n: x * n)
    x = groundup.tensor([1, 2])
    assert compiled(x, 1).dtype == groundup.int64
    assert compiled(x, 1.0).dtype == groundup.float32
    assert compiled(x, True).dtype == groundup.int64
    y = groundup.ones(1)
    assert np.signbit(compiled(y, -0.0).numpy()).all()
    assert not np.signbit(compiled(y, 0.0).numpy()).any()


def test_a_parameter_as_an_argument() -> None:
    compiled = groundup.compile(lambda w: (w * w).sum())
    for value in (1.0, 2.0):
        w = nn.Parameter(groundup.full((2,), value))
        compiled(w).backward()
        assert w.grad.tolist() == [2 * value] * 2
    assert len(compiled.entries) == 1


def test_arrays_in_reach_that_are_replaced() -> None:
    """New memory of the same shape and type is used; of another shape, type or layout it makes another program."""
    w = groundup.ones(2, 3)
    compiled = groundup.compile(lambda x: (x * w).sum())
    x = groundup.tensor(2.0)
    compiled(x)
    programs = [1, 1, 2, 3, 4]
    news = [np.full((2, 3), 2.0), np.full((2, 3), 3.0), np.full((3, 2), 4.0).T, np.full(4, 5.0), np.full(4, 6)]
    for count, new, kind in zip(programs, news, ("f4", "f4", "f4", "f4", "i8"), strict=True):
        w.data = groundup.from_numpy(np.asarray(new, kind, order="K"))
        for _ in range(2):
            assert compiled(x).item() == 2 * new.sum()
        assert len(compiled.entries) == count


def test_memory_in_reach_that_comes_to_be_shared() -> None:
    a, b = groundup.zeros(2), groundup.zeros(2)

    def shift(x: Any) -> Any:
        a.add_(x)
        return b * 1

    compiled = groundup.compile(shift)
    x = groundup.ones(2)
    for _ in range(2):
        compiled(x)
    assert a.tolist() == [2.0, 2.0]
    b.data = a[:]
    with pytest.raises(groundup.compile.TraceError, match="shares its memory"):
        compiled(x)


def test_an_argument_in_memory_that_is_written() -> None:
    """A view of a weight as the argument: its program is refused, also after the weight has got new memory."""
    w = groundup.zeros(4)

    def shift(x: Any) -> Any:
        w.add_(1)
        return x * 1

    compiled = groundup.compile(shift)
    assert compiled(groundup.ones(2)).tolist() == [1.0, 1.0]
    for _ in range(2):
        with pytest.raises(groundup.compile.TraceError, match="shares its memory"):
            compiled(w[:2])
        w.data = groundup.zeros(4)
        assert compiled(groundup.ones(2)).tolist() == [1.0, 1.0]


def test_two_arguments_that_come_to_be_one() -> None:
    def add(x: Any, y: Any) -> Any:
        x.add_(1)
        return x + y

    compiled = groundup.compile(add)
    for _ in range(2):
        a, b = groundup.zeros(2), groundup.zeros(2)
        assert compiled(a, b).tolist() == [1.0, 1.0]
        assert compiled(a, a).tolist() == [4.0, 4.0]


def test_what_is_written_counts_as_changed() -> None:
    """A graph that holds the old value of a weight refuses to go backward, from the first call of the program on."""
    for calls in (1, 2, 3):
        w = groundup.ones(2, requires_grad=True)
        u = groundup.ones(2, requires_grad=True)

        def grow(w: Any = w) -> None:
            with groundup.no_grad():
                w.mul_(2)

        compiled = groundup.compile(grow)
        for _ in range(calls - 1):
            compiled()
        loss = (w * u).sum()
        compiled()
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            loss.backward()


def test_the_optimizers_numbers_are_read_at_each_call() -> None:
    found = []
    for compiled in (False, True):
        w = groundup.ones(3, requires_grad=True)
        optimizer = groundup.optim.Adam([w], lr=0.1)

        def step(w: Any = w, optimizer: Any = optimizer) -> None:
            optimizer.zero_grad()
            (w * w).sum().backward()
            optimizer.step()

        run = groundup.compile(step) if compiled else step
        values = []
        for i in range(8):
            group = optimizer.param_groups[0]
            group["lr"] = [0.1, 0.2, 0.2, 0.01, 1, 1.0, 0.1, 0.1][i]
            group["betas"] = (0.9, 0.999) if i < 5 else (0.5, 0.9)
            group["weight_decay"] = 0 if i < 3 else 0.1
            run()
            values.append((w.tolist(), optimizer.state[w]["step"], w.grad.tolist()))
        found.append(values)
    for (w_0, step_0, grad_0), (w_1, step_1, grad_1) in zip(*found, strict=True):
        assert w_1 == pytest.approx(w_0, rel=1e-5)
        assert step_1 == step_0
        assert grad_1 == pytest.approx(grad_0, rel=1e-5)


def test_an_error_of_the_program_is_not_taken_for_a_refusal() -> None:
    compiled = groundup.compile(lambda x, i: x[i])
    x, good = groundup.ones(3), groundup.tensor([0, 1])
    for _ in range(2):
        compiled(x, good)
    with pytest.raises(IndexError):
        compiled(x, groundup.tensor([0, 7]))
    assert compiled(x, good).tolist() == [1.0, 1.0]


def test_a_function_whose_surroundings_change_at_each_call_is_told_so_and_forgets() -> None:
    compiled = groundup.compile(lambda x, n: x * n)
    with pytest.warns(UserWarning, match="traced 16 times"):
        for n in range(40):
            assert compiled(groundup.ones(1), n).item() == n
    assert len(compiled.entries) == 32
