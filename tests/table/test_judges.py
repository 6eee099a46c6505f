"""The judges are judged: each must refuse derivatives that are deliberately wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import groundup
from groundup.autograd import apply
from groundup.ops import elementwise
from groundup.ops.row import Row
from tests.table.adjoint import gaps, whole
from tests.table.judged import Result, difference


def row(forward: Any, *grads: Any, smooth: tuple[str, ...] = ("",), family: str = "elementwise") -> Row:
    made = Row(family, forward, grads, dtypes="float", smooth=smooth)
    made.name = "wrong"
    from groundup.ops.readings import ARRAYS

    made.eager = lambda *args, **params: forward(ARRAYS, *args, **params)
    return made


WRONG = {
    "a wrong sign": row(lambda m, x: m.cos(x), lambda m, g, x: g * m.sin(x)),
    "a missing factor": row(lambda m, x: x * x * x, lambda m, g, x: g * (x * x)),
    "a factor slightly off": row(lambda m, x: m.erf(x), lambda m, g, x: g * (1.1285 * m.exp(-x * x))),
    "the inner derivative forgotten": row(lambda m, x: m.exp(2 * x), lambda m, g, y: g * y),
    "a wrong region": row(
        lambda m, x: m.where(x > 0, x, 0.1 * x), lambda m, g, x: m.where(x > 1, g, 0.1 * g), smooth=("0 < x", "x < 0")
    ),
    "regions exchanged": row(
        lambda m, x: m.maximum(x, 0), lambda m, g, x: m.where(x < 0, g, 0), smooth=("0 < x", "x < 0")
    ),
    "arguments exchanged": row(lambda m, a, b: a / b, lambda m, g, b: g / b, lambda m, g, a, b: -g * (b / (a * a))),
    "the second argument without a sign": row(lambda m, a, b: a - b, lambda m, g: g, lambda m, g: g),
    "the gradient that came in forgotten": row(lambda m, x: m.sin(x), lambda m, g, x: m.cos(x)),
    "a power off by one": row(lambda m, x: m.sqrt(x), lambda m, g, x: g / (2 * x), smooth=("0 < x",)),
}
CLOSE = {"atol": 1e-7, "rtol": 1e-6}  # as the table is judged
RIGHT = row(lambda m, x: m.sin(x) * x, lambda m, g, x: g * (m.cos(x) * x + m.sin(x)))


def points(wrong: Row) -> list[Any]:
    values = [[0.3, 0.7, 1.9], [0.4, 1.3, 0.6]]
    return [groundup.tensor(v, dtype=groundup.float64, requires_grad=True) for v in values[: len(wrong.arguments)]]


@pytest.mark.parametrize("name", WRONG)
def test_algebra_refuses(name: str) -> None:
    pytest.importorskip("sympy")
    from groundup.explain.proof import wrong_derivatives

    found = wrong_derivatives(WRONG[name])
    assert found
    assert "is not" in found[0]


def test_algebra_says_where() -> None:
    pytest.importorskip("sympy")
    from groundup.explain.proof import wrong_derivatives

    half = row(lambda m, x: m.abs(x), lambda m, g, x: m.where(x > 0, g, g), smooth=("0 < x", "x < 0"))
    (found,) = wrong_derivatives(half)
    assert "by x, on x < 0" in found


def test_algebra_knows_only_constants_that_it_can_name() -> None:
    pytest.importorskip("sympy")
    from groundup.explain.proof import exact

    assert str(exact(0.7071067811865476)) == "sqrt(2)/2"
    assert str(exact(0.044715)) == "8943/200000"
    with pytest.raises(ValueError, match="no small multiple"):
        exact(0.5772156649015329)


@pytest.mark.parametrize("name", WRONG)
def test_finite_differences_refuse(name: str) -> None:
    wrong = WRONG[name]
    with pytest.raises(groundup.autograd.GradcheckError, match="Jacobian mismatch"):
        groundup.autograd.gradcheck(lambda *args: apply(wrong, *args) * groundup.tensor(0.5), points(wrong), **CLOSE)


def test_judges_accept_what_is_right() -> None:
    pytest.importorskip("sympy")
    from groundup.explain.proof import wrong_derivatives

    assert not wrong_derivatives(RIGHT)
    assert groundup.autograd.gradcheck(lambda x: apply(RIGHT, x), points(RIGHT))
    assert groundup.autograd.gradgradcheck(lambda x: apply(RIGHT, x), points(RIGHT))


def test_second_differences_refuse_a_gradient_without_history() -> None:
    """Right as a first derivative, but built from numbers that forget where they came from."""
    blind = row(lambda m, x: x * x * x, lambda m, g, x: g * groundup.tensor(3 * x.detach().numpy() ** 2))
    first = row(lambda m, x: x * x * x, lambda m, g, x: g * (3 * x * x))
    assert groundup.autograd.gradgradcheck(lambda x: apply(first, x), points(first))
    with pytest.raises(groundup.autograd.GradcheckError):
        groundup.autograd.gradgradcheck(lambda x: apply(blind, x), points(blind))


ADJOINTS = {
    "flip that does not flip back": (row(lambda m, x: x[::-1].copy(), lambda m, g: g, family="view"), (3,)),
    "a transpose that goes the wrong way": (
        row(
            lambda m, x: x.transpose(1, 2, 0).copy(),
            lambda m, g: m.permute(g, dims=(1, 2, 0)),
            family="view",
        ),
        (2, 2, 2),
    ),
    "a sum that is spread as a mean": (
        row(lambda m, x: x.sum(), lambda m, g, shape: m.expand(g / 3, size=shape), family="reduce"),
        (3,),
    ),
    "positions that repeat, written and not added": (
        row(
            lambda m, x: x[[0, 0, 1]],
            lambda m, g: m.placed(m.slice(g, key=(slice(0, 2),)), key=(slice(0, 2),), size=(3,)),
            family="index",
        ),
        (3,),
    ),
}


@pytest.mark.parametrize("name", ADJOINTS)
def test_the_adjoint_judge_refuses(name: str) -> None:
    wrong, shape = ADJOINTS[name]
    x = groundup.tensor(whole(np.random.default_rng(1), shape), requires_grad=True)
    assert any(gaps(lambda x: [apply(wrong, x)], [x], False))


def test_the_adjoint_judge_refuses_a_product_without_a_transpose() -> None:
    wrong = row(lambda m, a, b: a @ b, lambda m, g, b: m.mm(g, b), lambda m, g, a: m.mm(a, g), family="contract")
    random = np.random.default_rng(1)
    a, b = (groundup.tensor(whole(random, (2, 2)), requires_grad=True) for _ in range(2))
    assert all(gaps(lambda *ab: [apply(wrong, *ab)], [a, b], True))


def test_the_peers_judge_sees_types_shapes_and_values() -> None:
    right = Result("float64", np.array([1.0, np.nan]))
    assert not difference(right, right, 1.0)
    assert "type" in difference(Result("float32", right.values), right, 1.0)
    assert "shape" in difference(Result("float64", right.values[:1]), right, 1.0)
    assert difference(Result("float64", np.array([1.0 + 1e-9, np.nan])), right, 1.0)
    assert difference(Result("float64", np.array([1.0, 0.0])), right, 1.0)
    assert difference(Result("float64", np.array([1.0, np.inf])), Result("float64", np.array([1.0, -np.inf])), 1.0)


def test_every_derivative_of_the_table_is_seen_by_a_judge() -> None:
    """Spoil each elementwise derivative in turn, by a factor: algebra must notice every one."""
    pytest.importorskip("sympy")
    from groundup.explain.proof import wrong_derivatives

    for right in elementwise.ROWS.values():
        if right.judge:
            continue
        for i, formula in enumerate(right.grads):
            if formula is None or (right.name, i) in (("sign", 0), ("copysign", 1)):  # a slope of 0 stays 0
                continue
            spoilt = Row("elementwise", right.forward, _spoilt(right.grads, i), smooth=right.smooth)
            spoilt.name = right.name
            assert wrong_derivatives(spoilt), f"{right.name}, argument {i}"


def _spoilt(grads: tuple[Any, ...], i: int) -> tuple[Any, ...]:
    import types

    formula = grads[i]
    names = ", ".join(formula.__code__.co_varnames[2 : formula.__code__.co_argcount])
    inner = f", {names}" if names else ""
    made = eval(f"lambda m, g{inner}: right(m, 2 * g{inner})", {"right": formula})
    assert isinstance(made, types.FunctionType)
    return (*grads[:i], made, *grads[i + 1 :])
