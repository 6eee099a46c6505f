"""`groundup.compile(step, steps=n)` does what n calls do, bit for bit."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import groundup
from groundup import nn
from tests.compile.many import KINDS, Pair, Training, batches, exactly, trained


@pytest.mark.parametrize("n", [1, 2, 7])
@pytest.mark.parametrize("kind", KINDS)
def test_as_single_calls(kind: str, n: int) -> None:
    """Bit for bit what single calls of the compiled step give and leave, at the first call and at later ones."""
    exactly(trained(kind, n, "steps", 4), trained(kind, n, "single", 4))


@pytest.mark.parametrize("kind", KINDS)
def test_as_eager(kind: str) -> None:
    ours, theirs = (trained(kind, 5, how, 3, groundup.float64) for how in ("steps", "eager"))
    for a, b in zip(ours, theirs, strict=True):
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_fifty_steps() -> None:
    exactly(trained("Adam", 50, "steps", 2), trained("Adam", 50, "single", 2))


def test_the_numpy_reading() -> None:
    with groundup.compile.reading("numpy"):
        exactly(trained("Adam", 3, "steps", 3), trained("Adam", 3, "single", 3))


def test_the_comparison_sees_a_fault() -> None:
    """The judge is judged: a step less, or another order of the batches, is no longer the same."""
    wanted = trained("SGD", 4, "single", 1)
    training = Training(*KINDS["SGD"][:2], groundup.float32)
    run = groundup.compile(training.step, steps=4)
    x, y = batches(4, 0)
    order = groundup.tensor([0, 1, 3, 2])
    losses = run(x[order], y[order])
    with pytest.raises(AssertionError):
        exactly([losses.numpy(), *training.state()], wanted)


# How it is written


def test_as_a_decorator_and_of_a_method() -> None:
    class Model(nn.Module):
        def __init__(self, factor: float) -> None:
            self.weight = nn.Parameter(groundup.full((2,), factor))

        @groundup.compile(steps=3)
        def forward(self, x: Any, *, factor: float = 1.0) -> Any:
            """Doc."""
            return (x * self.weight * factor).sum()

    one, two = Model(1.0), Model(2.0)
    x = groundup.arange(6.0).reshape(3, 2)
    with groundup.no_grad():
        for _ in range(3):
            assert one(x).tolist() == [1.0, 5.0, 9.0]
            assert two(x, factor=10.0).tolist() == [20.0, 100.0, 180.0]
    copied = copy.deepcopy(two)
    assert copied(x).tolist() == [2.0, 10.0, 18.0]
    assert copied.forward.steps == 3 and type(copied.forward) is type(two.forward)
    assert one.forward.__doc__ == "Doc."
    assert "weight" in one.forward.source()

    @groundup.compile
    def plain(x: Any) -> Any:
        return x * 2

    @groundup.compile()
    def called(x: Any) -> Any:
        return x * 2

    assert plain(x).tolist() == called(x).tolist() == (x * 2).tolist()


def test_nested_arguments() -> None:
    """Tensors inside of tuples and dicts are batches too; one that is passed twice is one tensor at each step."""

    def step(pair: Any, *, more: Any, scale: float, none: Any = None) -> Any:
        if pair.loss is not pair.parts[0] or type(pair) is not Pair or more["k"] != "text" or none is not None:
            raise AssertionError(f"called with {pair}, {more}, {none}")
        return pair.loss * pair.parts[0] + more["x"] * scale

    run = groundup.compile(step, steps=2)
    a, b = groundup.arange(6.0).reshape(2, 3), groundup.ones(2, 3)
    for _ in range(4):
        found = run(Pair(a, [a]), more={"x": b, "k": "text"}, scale=3.0)
        assert found.tolist() == (a * a + b * 3).tolist()
    assert len(run.entries) == 1


def test_batches_as_they_lie() -> None:
    """Stacks that do not lie in order, one batch for all steps, and batches that are changed in place."""
    run = groundup.compile(lambda x, y: (x * 2 + y).sum(0), steps=4)
    whole = groundup.arange(48.0).reshape(4, 4, 3)
    for x in (whole, whole.transpose(0, 1), whole.flip(0), whole[:, :2], whole[::2].repeat(2, 1, 1)[:, 1:]):
        for y in (groundup.ones(3).expand(4, 3), x[:, 0]):
            for _ in range(3):
                assert run(x, y).tolist() == (x * 2 + y.reshape(4, 1, 3)).sum(1).tolist()

    def shift(x: Any) -> Any:
        x[1:].add_(10)
        return x.sum()

    run = groundup.compile(shift, steps=4)
    for _ in range(3):
        x, version = groundup.zeros(4, 3), 0
        version = x._version
        assert run(x).tolist() == [20.0] * 4
        assert x.tolist() == [[0.0, 10.0, 10.0]] * 4
        assert x._version > version


def test_what_is_returned_of_the_state_is_what_it_is_at_the_end() -> None:
    """As by a list of results that is stacked: a parameter that is returned is the same tensor at each step."""
    for returned in (lambda w, x: w, lambda w, x: w.detach(), lambda w, x: x, lambda w, x: w.clone()):
        found = []
        for how in ("eager", "steps"):
            w = groundup.zeros(2)

            def step(x: Any, w: Any = w, returned: Any = returned) -> Any:
                w.add_(x)
                return returned(w, x)

            x = groundup.arange(6.0).reshape(3, 2)
            run = (
                groundup.compile(step, steps=3) if how == "steps" else lambda x, s=step: groundup.stack(list(map(s, x)))
            )
            found.append([run(x).tolist() for _ in range(4)] + [w.tolist()])
        assert found[0] == found[1]


def test_results_have_memory_of_their_own() -> None:
    """Also where a step returns one array in three forms, and a gradient that stays behind."""
    w = groundup.ones(2, 3, requires_grad=True)

    def step(x: Any) -> Any:
        w.grad = None
        (w * x).sum().backward()
        y = x * 2
        return y, y.reshape(-1), y.T, y.detach(), w.grad

    run = groundup.compile(step, steps=4)
    x = groundup.arange(24.0).reshape(4, 2, 3)
    for _ in range(3):
        results = run(x)
        for i, each in enumerate([*results, w.grad]):
            each.fill_(-1.0)
            wanted = [x * 2, (x * 2).reshape(4, -1), (x * 2).transpose(1, 2), x * 2, x, x[3]][i + 1 :]
            assert [each.tolist() for each in [*results, w.grad][i + 1 :]] == [each.tolist() for each in wanted]


def test_results_that_have_a_gradient() -> None:
    w = groundup.ones(2, requires_grad=True)
    run = groundup.compile(lambda x: (x * w * w).sum(), steps=3)
    x = groundup.arange(6.0).reshape(3, 2)
    for _ in range(3):
        w.grad = None
        losses = run(x)
        (losses * groundup.tensor([1.0, 10.0, 100.0])).sum().backward()
        assert w.grad.tolist() == [840.0, 1062.0]


def test_batches_that_want_a_gradient() -> None:
    run = groundup.compile(lambda x: (x * x).sum(), steps=3)
    x = groundup.arange(6.0).reshape(3, 2)
    for _ in range(3):
        assert not run(x).requires_grad
    y = x.clone().requires_grad_()
    for i in range(1, 4):
        run(y).sum().backward()
        assert y.grad.tolist() == (2 * i * x).tolist()


def test_a_program_of_each_shape() -> None:
    run = groundup.compile(lambda x: x.sum(), steps=2)
    for _ in range(3):
        assert run(groundup.ones(2, 3)).tolist() == [3.0, 3.0]
        assert run(groundup.ones(2, 5, 2)).tolist() == [10.0, 10.0]
    assert len(run.entries) == 2


def test_inside_of_another_compiled_function() -> None:
    inner = groundup.compile(lambda x: x * 2, steps=3)
    outer = groundup.compile(lambda x: inner(x) + 1)
    x = groundup.arange(3.0)
    for _ in range(3):
        assert outer(x).tolist() == [1.0, 3.0, 5.0]


# What is refused


X = groundup.arange(12.0).reshape(4, 3)


@pytest.mark.parametrize(
    ("call", "kind", "says"),
    [
        (lambda: groundup.compile(abs, steps=0), ValueError, "at least one step, but got steps=0"),
        (lambda: groundup.compile(steps=-1)(abs), ValueError, "at least one step, but got steps=-1"),
        (lambda: groundup.compile(abs, steps=2.0), TypeError, "a whole number of steps, but got steps=2.0"),
        (lambda: groundup.compile(abs, steps=True), TypeError, "a whole number of steps, but got steps=True"),
        (lambda: groundup.compile(steps=2)(3), TypeError, "takes a function, not int"),
        (
            lambda: groundup.compile(abs, steps=5)(X),
            ValueError,
            r"abs makes 5 steps in one call, but argument 0 has the shape \(4, 3\): it must be \(5, \.\.\.\), a batch "
            r"for each step\n  Stack the batches along a new first axis: groundup.stack\(batches\). The same one for "
            r"all steps: x.expand\(5, 4, 3\).",
        ),
        (
            lambda: groundup.compile(lambda x, p: x, steps=4)(X, p=[{"k": X[0]}]),
            ValueError,
            r"but p\[0\]\['k'\] has the shape \(3,\): it must be \(4, ...\)",
        ),
        (lambda: groundup.compile(abs, steps=4)(X.sum()), ValueError, r"argument 0 has the shape \(\)"),
        (lambda: groundup.compile(abs, steps=4)(3.0), TypeError, "there is no tensor among its arguments"),
        (
            lambda: groundup.compile(lambda x: {"a": [x, "text"]}, steps=4)(X),
            TypeError,
            r"returned a value of type str, as result\['a'\]\[1\]\n  Return tensors, numbers or None",
        ),
    ],
)
def test_what_is_refused(call: Any, kind: Any, says: str) -> None:
    with pytest.raises(kind, match=says):
        call()


@pytest.mark.parametrize(
    ("results", "kind", "says"),
    [
        ([X, X[0]], ValueError, r"tensors of the shapes \(4, 3\) and \(3,\)\n"),
        ([X, None], TypeError, "a value of type Tensor at one step and None at another"),
        ([(X, X), (X,)], TypeError, "a tuple of 2 at one step and a tuple of 1 at another"),
        (
            [[{"a": X}], [{"b": X}]],
            TypeError,
            r"the keys \['a'\] at one .* \['b'\] at another, as result\[0\]",
        ),
    ],
)
def test_results_that_differ_from_step_to_step(results: Any, kind: Any, says: str) -> None:
    """As those of a function that asks whether the optimiser has a state already."""
    from groundup.compile.many import Results

    found = Results("step")
    for each in results:
        found.add(each)
    with pytest.raises(kind, match=says):
        found.together()
