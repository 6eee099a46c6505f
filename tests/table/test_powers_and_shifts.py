"""Powers and shifts in every combination of tensors and numbers, with operators reflected and in place."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import groundup

WHOLE = [-3, -1, 0, 1, 2]


def outcome(library: Any, function: Callable[[Any], Any]) -> tuple[str, Any]:
    """The type's name and the values, or the class and the first line of the error."""
    try:
        found = function(library)
    except (RuntimeError, TypeError, NotImplementedError) as error:
        return type(error).__name__, str(error).splitlines()[0]
    return str(found.dtype).partition(".")[2], found.tolist()


def same(function: Callable[[Any], Any]) -> None:
    torch = pytest.importorskip("torch")
    ours, theirs = outcome(groundup, function), outcome(torch, function)
    assert ours[0] == theirs[0], (ours, theirs)
    if isinstance(theirs[1], str):
        assert ours[1] == theirs[1]
    else:
        np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-6)


KINDS: dict[str, Callable[[Any], Any]] = {
    "whole": lambda t: t.tensor(WHOLE),
    "short": lambda t: t.tensor(WHOLE, dtype=t.int8),
    "one": lambda t: t.tensor(2),
    "real": lambda t: t.tensor([-1.5, 0.0, 2.0, 1.0, 0.5]),
    "double": lambda t: t.tensor([-1.5, 0.0, 2.0, 1.0, 0.5], dtype=t.float64),
    "2": lambda t: 2,
    "-1": lambda t: -1,
    "-2": lambda t: -2,
    "0.5": lambda t: 0.5,
}
PAIRS = [(a, b) for a, b in itertools.product(KINDS, KINDS) if not (a[-1].isdigit() and b[-1].isdigit())]


@pytest.mark.parametrize(("base", "exponent"), PAIRS)
def test_powers(base: str, exponent: str) -> None:
    same(lambda t: KINDS[base](t) ** KINDS[exponent](t))
    same(lambda t: t.pow(KINDS[base](t), KINDS[exponent](t)))


@pytest.mark.parametrize("shift", [operator.lshift, operator.rshift], ids=["<<", ">>"])
def test_shifts(shift: Callable[[Any, Any], Any]) -> None:
    counts = [0, 1, 2, 3, 70]
    same(lambda t: shift(t.tensor(WHOLE), t.tensor(counts)))
    same(lambda t: shift(t.tensor(WHOLE), 2))
    same(lambda t: shift(3, t.tensor(counts)))
    same(lambda t: shift(t.tensor(WHOLE, dtype=t.int8), t.tensor(2, dtype=t.int8)))


def test_shifts_in_place() -> None:
    x = groundup.tensor([1, 2, -3])
    y = x
    x <<= 3
    assert x is y and x.tolist() == [8, 16, -24]
    x >>= groundup.tensor([1, 2, 3])
    assert x is y and x.tolist() == [4, 4, -3]


@pytest.mark.parametrize("kind", ["float32", "bool"])
def test_shifts_of_other_types_are_refused(kind: str) -> None:
    x = groundup.ones(2, dtype=getattr(groundup, kind))
    legacy = {"float32": "Float", "bool": "Bool"}[kind]
    with pytest.raises(NotImplementedError, match=f"\"lshift_cpu\" not implemented for '{legacy}'"):
        groundup.bitwise_left_shift(x, x)
    with pytest.raises(TypeError, match="unsupported operand"):
        groundup.tensor([1]) << "2"


def test_positive_is_the_tensor_itself() -> None:
    x = groundup.tensor([1.0])
    assert groundup.positive(x) is x and +x is x
    with pytest.raises(RuntimeError, match=r"The `\+` operator, on a bool tensor is not supported"):
        +groundup.tensor([True])
