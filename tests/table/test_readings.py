"""Each elementwise row read in all its ways gives the same: by floats, arrays, tensors and source text."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import groundup
from groundup.autograd import apply
from groundup.ops import elementwise, special
from groundup.ops.readings import ARRAYS, Expression, Float, FloatMath, SourceMath
from groundup.ops.row import Row

FLOATS = FloatMath()
ROWS = list(elementwise.ROWS.values())
ON_INTEGERS = [row for row in ROWS if row.dtypes in ("integral", "integers")]
ON_FLOATS = [row for row in ROWS if row.dtypes not in ("integral", "integers")]
ORDINARY = [-2.5, -1.0, -0.3, 0.7, 1.0, 3.25]
SPECIAL = [-math.inf, -1e308, -1000.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 2.0, 1000.0, 1e308, math.inf, math.nan]


def cases(row: Row, values: list[float]) -> list[tuple[Any, ...]]:
    """Arguments for the row: all pairs of the values, or, of more arguments, a few of each."""
    if row.name == "where":
        return [(choice, a, b) for choice in (True, False) for a in values for b in (1.5, math.nan)]
    if row.name == "softplus":
        return [(x, beta, 20.0) for x in values for beta in (1.0, 2.5)]
    if row.name == "elu":
        return [(x, alpha, 1.1, 0.7) for x in values for alpha in (1.0, 2.5)]
    count = len(row.arguments)
    if count == 1:
        return [(x,) for x in values]
    rest = [(0.5,) * (count - 2), (-2.0,) * (count - 2)][: max(1, count - 1)]
    return [(a, b, *more) for a in values for b in values for more in rest]


def params(row: Row) -> dict[str, Any]:
    return {"to": np.dtype("float64")} if row.name == "cast" else {}


def columns(args: list[tuple[Any, ...]]) -> list[np.ndarray]:
    return [np.array(column) for column in zip(*args)]


def eager(row: Row, args: list[np.ndarray]) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray(row.forward(ARRAYS, *args, **params(row)))


@pytest.mark.parametrize("row", ON_FLOATS, ids=lambda row: row.name)
def test_floats_answer_as_arrays_do(row: Row) -> None:
    """Everywhere, with IEEE's inf and nan where Python's own arithmetic raises."""
    args = cases(row, ORDINARY + SPECIAL)
    theirs = eager(row, columns(args))
    for i, values in enumerate(args):
        floats = [value if isinstance(value, bool) else Float(value) for value in values]
        found = row.forward(FLOATS, *floats, **params(row))
        assert np.isclose(found, theirs[i], rtol=1e-12, atol=1e-15, equal_nan=True), f"{row.name}{values}: {found}"
        if theirs.dtype.kind == "f" and theirs[i] == 0:
            assert math.copysign(1, found) == math.copysign(1, theirs[i]) or row.name in _ZEROS, f"{row.name}{values}"


# Where NumPy itself does not settle the sign of a zero: maximum of 0 and -0.
_ZEROS = {"maximum", "minimum", "fmax", "fmin", "clamp_min", "clamp_max", "relu", "remainder", "floor_divide"}


@pytest.mark.parametrize("row", ON_INTEGERS, ids=lambda row: row.name)
def test_integers_answer_as_arrays_do(row: Row) -> None:
    args = cases(row, [-3, 0, 1, 6])  # type: ignore[list-item]
    theirs = eager(row, columns(args))
    assert [row.forward(FLOATS, *values) for values in args] == theirs.tolist()


@pytest.mark.parametrize("row", ON_FLOATS, ids=lambda row: row.name)
def test_derivatives_by_floats_are_those_by_arrays(row: Row) -> None:
    args = cases(row, ORDINARY)
    arrays = columns(args)
    value = eager(row, arrays)
    for formula in filter(None, row.grads):
        names = formula.__code__.co_varnames[2 : formula.__code__.co_argcount]
        named = dict(zip(row.arguments, arrays)) | {"y": value}
        with np.errstate(all="ignore"):
            theirs = np.broadcast_to(formula(ARRAYS, np.full(len(args), 0.7), *(named[n] for n in names)), len(args))
        for i in range(len(args)):
            inputs = [bool(named[n][i]) if named[n].dtype == bool else Float(named[n][i]) for n in names]
            found = formula(FLOATS, Float(0.7), *inputs)
            assert np.isclose(found, theirs[i], rtol=1e-12, atol=1e-15, equal_nan=True), f"{row.name}{args[i]}"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_tensors_hold_what_arrays_do(row: Row) -> None:
    values: list[Any] = [-3, 0, 1, 6] if row in ON_INTEGERS else ORDINARY + SPECIAL
    arrays = columns(cases(row, values))
    found = apply(row, *map(groundup.from_numpy, arrays), **params(row))
    assert np.allclose(found.numpy(), eager(row, arrays), rtol=1e-12, atol=0, equal_nan=True)


class _Printed:
    """Where printed names are looked up: NumPy, and the functions that it does not have."""

    def __getattr__(self, name: str) -> Any:
        return getattr(special if name in special.__all__ else np, name)


def printed(formula: Any, names: list[str], *more: Any, **params: Any) -> str:
    return str(formula(SourceMath(), *more, *(Expression(name) for name in names), **params))


def run(text: str, values: dict[str, Any]) -> Any:
    with np.errstate(all="ignore"):
        return eval(compile(text, text, "eval"), {"np": _Printed()}, values)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_printed_source_computes_the_same(row: Row) -> None:
    values: list[Any] = [-3, 1, 6] if row in ON_INTEGERS else ORDINARY
    arrays = columns(cases(row, values))
    named: dict[str, Any] = dict(zip(row.arguments, arrays))
    text = printed(row.forward, list(row.arguments), **params(row))
    theirs = eager(row, arrays)
    assert np.allclose(run(text, named), theirs, rtol=1e-12, atol=0, equal_nan=True), text
    named |= {"y": theirs, "g": np.linspace(-1, 1, len(arrays[0]))}
    for formula in filter(None, row.grads):
        names = list(formula.__code__.co_varnames[2 : formula.__code__.co_argcount])
        text = printed(formula, ["g", *names])
        with np.errstate(all="ignore"):
            wanted = formula(ARRAYS, named["g"], *(named[n] for n in names))
        assert np.allclose(run(text, named), wanted, rtol=1e-12, atol=0, equal_nan=True), text


def test_printed_source_reads_as_a_person_would_write_it() -> None:
    rows = elementwise.ROWS
    assert printed(rows["tanh"].grads[0], ["g", "y"]) == "g * (1 - y * y)"
    assert printed(rows["mul"].forward, ["a", "b"]) == "a * b"
    assert printed(rows["sub"].forward, ["a", "b - c"]) == "a - b - c"  # a name is taken as it is
    assert printed(rows["sigmoid"].forward, ["x"]) == "1 / (1 + np.exp(-x))"


def test_parentheses_stand_where_they_must() -> None:
    a, b, c = (Expression(name) for name in "abc")
    assert str(a - (b - c)) == "a - (b - c)"
    assert str((a - b) - c) == "a - b - c"
    assert str(a / (b * c)) == "a / (b * c)"
    assert str(-(a + b)) == "-(a + b)"
    assert str((a < b) & (b < c)) == "(a < b) & (b < c)"
    assert str((a < b) == c) == "(a < b) == c"  # bare, Python would read a chain
    assert str(a == (b < c)) == "a == (b < c)"
    assert str(a * -2.0) == "a * -2.0"
    assert str(2 - a) == "2 - a"
