"""More rows in smaller rows: batch normalisation, norms, sums of exponentials, products with a single vector.

Each rule is given an `Expansion`, the operands of the row and its parameters, and writes the smaller statements; one
that writes none leaves the row as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from groundup.compile.graph import Value

if TYPE_CHECKING:
    from groundup.compile.loops.expand import Expansion

Axes = tuple[int, ...]


# Batch normalisation: channels are measured over the first axis and those behind the second


def moments(e: Expansion, x: Value, dim: Axes) -> None:
    """The means and the variances; the latter from what is left of x when its mean is subtracted."""
    mean = e.mean(x, dim)
    middle = e.apply("sub", x, mean)
    e.add("stack", e.of.out.shape, x.dtype, [mean, e.mean(e.apply("mul", middle, middle), dim)], {"dim": 0})


def _measured(e: Expansion, x: Value, stats: Value, eps: float) -> tuple[Value, Value]:
    """x less its mean, and 1 / sqrt(var + eps)."""
    mean, spread = (e.view("slice", stats, stats.shape[1:], key=(i,)) for i in (0, 1))
    return e.apply("sub", x, mean), e.apply("rsqrt", e.apply("add", spread, eps))


def normalise_columns(e: Expansion, x: Value, stats: Any, weight: Any, bias: Any, eps: float) -> None:
    """(x - mean) / sqrt(var + eps) weight + bias."""
    middle, scale = _measured(e, x, stats, eps)
    out = e.apply("mul", middle, e.apply("mul", scale, weight) if isinstance(weight, Value) else scale)
    if isinstance(bias, Value):
        e.apply("add", out, bias)


def normalise_columns_back(e: Expansion, v: Value, x: Value, stats: Any, weight: Any, dim: Axes, eps: float) -> None:
    """The two sums of each channel, and then every element."""
    middle, rstd = _measured(e, x, stats, eps)
    total, along = e.mean(v, dim), e.mean(e.apply("mul", v, middle), dim)
    slope = e.apply("mul", e.apply("mul", rstd, rstd), along)
    rest = e.apply("sub", e.apply("sub", v, total), e.apply("mul", middle, slope))
    e.apply("mul", rest, e.apply("mul", rstd, weight) if isinstance(weight, Value) else rstd)


def normalise_columns_weight(e: Expansion, v: Value, x: Value, stats: Any, dim: Axes, eps: float) -> None:
    """The sum of v times the normalised x."""
    middle, rstd = _measured(e, x, stats, eps)
    e.apply("mul", e.reduce("sum", e.apply("mul", v, middle), dim), rstd)


# Reductions


def norm(e: Expansion, x: Value, dim: Axes, keepdim: bool, p: float) -> None:
    """The root of the sum of squares, and the other norms but for the count of what is not 0."""
    if p == 2:
        e.apply("sqrt", e.reduce("sum", e.apply("mul", x, x), dim))
    elif p == 1:
        e.reduce("sum", e.apply("abs", x), dim)
    elif p and math.isfinite(p):
        powers = e.apply("pow", e.apply("abs", x), p)
        e.apply("pow", e.reduce("sum", powers, dim), 1 / p)


def logsumexp(e: Expansion, x: Value, dim: Axes, keepdim: bool) -> None:
    """With the largest taken out, where that is finite."""
    largest = e.reduce("amax", x, dim)
    top = e.apply("where", e.apply("isfinite", largest), largest, 0.0)
    powers = e.apply("exp", e.apply("sub", x, top))
    e.apply("add", e.apply("log", e.reduce("sum", powers, dim)), top)


def any_(e: Expansion, x: Value, dim: Axes, keepdim: bool) -> None:
    """Whether some are true: their count is not 0."""
    e.apply("ne", _count(e, x if x.dtype.kind == "b" else e.apply("ne", x, 0), dim), 0)


def all_(e: Expansion, x: Value, dim: Axes, keepdim: bool) -> None:
    """Whether all are true: the count of the others is 0."""
    others = e.apply("logical_not", x) if x.dtype.kind == "b" else e.apply("eq", x, 0)
    e.apply("eq", _count(e, others, dim), 0)


def _count(e: Expansion, true: Value, dim: Axes) -> Value:
    whole = np.dtype(np.int64)
    return e.reduce("sum", e.add("cast", true.shape, whole, [true], {"to": whole}), dim)


# Products with a vector, as those of matrices


def mv(e: Expansion, a: Value, x: Value) -> None:
    """A matrix and a vector."""
    column = e.view("reshape", x, (*x.shape, 1), size=(*x.shape, 1))
    e.add("matmul", (a.shape[0], 1), e.of.out.dtype, [a, column], {})


def dot(e: Expansion, a: Value, b: Value) -> None:
    """Two vectors."""
    row, column = e.view("reshape", a, (1, *a.shape), size=(1, *a.shape)), (*b.shape, 1)
    e.add("matmul", (1, 1), e.of.out.dtype, [row, e.view("reshape", b, column, size=column)], {})


RULES: dict[str, Callable[..., None]] = {
    "any": any_,
    "all": all_,
    "moments": moments,
    "norm": norm,
    "logsumexp": logsumexp,
    "mv": mv,
    "dot": dot,
}
