"""Rows in smaller rows: a softmax as a maximum, exponentials, a sum and a quotient, which the loops then fuse again.

Nothing here is seen by the user: these are the same formulas that the rows' kernels compute, spelled with rows that
work on one element or along one axis, so that a kernel can hold several of them with what stands around.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from groundup.compile.graph import Memory, Statement, Value
from groundup.compile.loops import rules
from groundup.ops import ROWS
from groundup.ops.index import ARRAY

Operand = Any  # a value, or a Python number


class Expansion:
    """Writes smaller statements in the place of one."""

    def __init__(self, of: Statement) -> None:
        self.of = of
        self.statements: list[Statement] = []

    def apply(self, name: str, *operands: Operand, **params: Any) -> Value:
        """The value of an elementwise row, whose operands broadcast."""
        values = [each for each in operands if isinstance(each, Value)]
        shape = np.broadcast_shapes(*(each.shape for each in values))
        boolean = name in ("eq", "ne", "lt", "le", "gt", "ge", "logical_not", "isfinite")
        dtype = np.dtype(bool) if boolean else np.result_type(*(v.dtype for v in values if v.dtype.kind != "b"))
        return self.add(name, shape, dtype, list(operands), params)

    def reduce(self, name: str, x: Value, dim: tuple[int, ...]) -> Value:
        """A reduction that keeps its axes."""
        shape = tuple(1 if axis in dim else n for axis, n in enumerate(x.shape))
        return self.add(name, shape, x.dtype, [x], {"dim": dim, "keepdim": True})

    def mean(self, x: Value, dim: tuple[int, ...]) -> Value:
        """The sum over the count."""
        return self.apply("div", self.reduce("sum", x, dim), max(math.prod(x.shape[axis] for axis in dim), 1))

    def add(self, name: str, shape: Any, dtype: Any, operands: list[Any], params: dict[str, Any]) -> Value:
        """The value of any row."""
        out = Value(tuple(shape), np.dtype(dtype), Memory(external=False))
        self.statements.append(Statement(ROWS[name], out, operands, params, self.of.phase, self.of.where))
        return out

    def view(self, name: str, x: Value, shape: tuple[int, ...], **params: Any) -> Value:
        """Another look at a value."""
        out = Value(shape, x.dtype, x.memory)
        of = self.of
        self.statements.append(Statement(ROWS[name], out, [x], params, of.phase, of.where, is_view=True))
        return out

    def finish(self) -> list[Statement]:
        """The statements, of which the last one makes the value of the original."""
        last = self.statements[-1]
        if last.out.shape != self.of.out.shape:
            last = Statement(ROWS["reshape"], last.out, [last.out], {"size": self.of.out.shape}, is_view=True)
            self.statements.append(last)
        self.statements[-1].out = self.of.out
        return self.statements


def expanded(statement: Statement) -> list[Statement]:
    """The statement in smaller rows, or as it is."""
    if statement.inplace:
        return _written_by_mask(statement)
    rule = RULES.get(statement.row.name)
    empty = any(0 in each.shape for each in (statement.out, *statement.values()))
    if rule is None or statement.call is not None or empty:
        return [statement]
    if any(isinstance(each, Value) and (each.dtype.kind not in "fb" or not each.shape) for each in statement.operands):
        return [statement]
    expansion = Expansion(statement)
    rule(expansion, *statement.operands, **statement.params)
    return expansion.finish() if expansion.statements else [statement]


def _written_by_mask(statement: Statement) -> list[Statement]:
    """One number written where a mask holds, as a choice for every element; other writes as they are."""
    if statement.row.name != "assign" or statement.params.get("pattern") != (ARRAY,):
        return [statement]
    target, number, mask = statement.operands
    single = not isinstance(number, Value) or (number.shape in ((), (1,)) and number.dtype == target.dtype)
    if not single or not isinstance(mask, Value) or mask.dtype.kind != "b" or mask.shape != target.shape:
        return [statement]
    e = Expansion(statement)
    chosen = e.add("where", target.shape, target.dtype, [mask, number, target], {})
    return [*e.statements, replace(statement, operands=[target, chosen], params={"pattern": (Ellipsis,)})]


def _linear(e: Expansion, x: Value, weight: Value, bias: Value) -> None:
    if not isinstance(bias, Value):
        return
    if len(x.shape) == 1:
        x = e.view("reshape", x, (1, *x.shape), size=(1, *x.shape))
    turned = e.view("t", weight, weight.shape[::-1])
    product = e.add("matmul", (*x.shape[:-1], weight.shape[0]), e.of.out.dtype, [x, turned], {})
    e.apply("add", product, bias)


def _mean(e: Expansion, x: Value, dim: tuple[int, ...], keepdim: bool) -> None:
    e.mean(x, dim)


def _var(e: Expansion, x: Value, dim: tuple[int, ...], keepdim: bool, correction: float) -> None:
    centred = e.apply("sub", x, e.mean(x, dim))
    left = max(0, math.prod(x.shape[axis] for axis in dim) - correction)
    e.apply("div", e.reduce("sum", e.apply("mul", centred, centred), dim), left)


def _std(e: Expansion, x: Value, dim: tuple[int, ...], keepdim: bool, correction: float) -> None:
    _var(e, x, dim, keepdim, correction)
    e.apply("sqrt", e.statements[-1].out)


def _softmax(e: Expansion, x: Value, dim: int) -> None:
    powers = e.apply("exp", e.apply("sub", x, e.reduce("amax", x, (dim,))))
    e.apply("div", powers, e.reduce("sum", powers, (dim,)))


def _softmax_back(e: Expansion, v: Value, p: Value, dim: int) -> None:
    e.apply("mul", e.apply("sub", v, e.reduce("sum", e.apply("mul", v, p), (dim,))), p)


def _log_softmax(e: Expansion, x: Value, dim: int) -> None:
    centred = e.apply("sub", x, e.reduce("amax", x, (dim,)))
    e.apply("sub", centred, e.apply("log", e.reduce("sum", e.apply("exp", centred), (dim,))))


def _log_softmax_back(e: Expansion, v: Value, q: Value, dim: int) -> None:
    e.apply("sub", v, e.apply("mul", e.apply("exp", q), e.reduce("sum", v, (dim,))))


def _masked_softmax(e: Expansion, x: Value, keep: Any) -> None:
    """A row that is masked altogether gives zeros: its maximum is taken as 0, and its sum as 1."""
    dim = (len(x.shape) - 1,)
    kept = e.apply("where", keep, x, -math.inf) if isinstance(keep, Value) else x
    top = e.reduce("amax", kept, dim)
    top = e.apply("where", e.apply("eq", top, -math.inf), 0.0, top)
    powers = e.apply("exp", e.apply("sub", kept, top))
    total = e.reduce("sum", powers, dim)
    e.apply("div", powers, e.apply("where", e.apply("eq", total, 0.0), 1.0, total))


def _measured(e: Expansion, x: Value, dim: tuple[int, ...], eps: float, centred: bool) -> tuple[Value, Value]:
    """x less its mean, and 1 / sqrt(var + eps)."""
    middle = e.apply("sub", x, e.mean(x, dim)) if centred else x
    spread = e.mean(e.apply("mul", middle, middle), dim)
    return middle, e.apply("rsqrt", e.apply("add", spread, eps))


def _normalise(
    e: Expansion, x: Value, stats: Any, weight: Any, bias: Any, dim: tuple[int, ...], eps: float, centred: bool
) -> None:
    if dim[0] == 0:
        rules.normalise_columns(e, x, stats, weight, bias, eps)
        return
    middle, scale = _measured(e, x, dim, eps, centred)
    out = e.apply("mul", middle, scale)
    out = e.apply("mul", out, weight) if isinstance(weight, Value) else out
    if isinstance(bias, Value):
        e.apply("add", out, bias)


def _normalise_back(
    e: Expansion, v: Value, x: Value, stats: Any, weight: Any, dim: tuple[int, ...], eps: float, centred: bool
) -> None:
    if dim[0] == 0:
        rules.normalise_columns_back(e, v, x, stats, weight, dim, eps)
        return
    middle, scale = _measured(e, x, dim, eps, centred)
    h = e.apply("mul", v, weight) if isinstance(weight, Value) else v
    z = e.apply("mul", middle, scale)
    along = e.apply("mul", z, e.mean(e.apply("mul", h, z), dim))
    rest = e.apply("sub", h, e.mean(h, dim)) if centred else h
    e.apply("mul", e.apply("sub", rest, along), scale)


def _normalise_weight(
    e: Expansion, v: Value, x: Value, stats: Any, size: Any, dim: tuple[int, ...], eps: float, centred: bool
) -> None:
    if dim[0] == 0:
        rules.normalise_columns_weight(e, v, x, stats, dim, eps)
        return
    middle, scale = _measured(e, x, dim, eps, centred)
    product = e.apply("mul", v, e.apply("mul", middle, scale))
    e.add("sum_to", size, product.dtype, [product], {"size": size})


RULES: dict[str, Callable[..., None]] = {
    **rules.RULES,
    "linear": _linear,
    "mean": _mean,
    "var": _var,
    "std": _std,
    "softmax": _softmax,
    "softmax_back": _softmax_back,
    "log_softmax": _log_softmax,
    "log_softmax_back": _log_softmax_back,
    "masked_softmax": _masked_softmax,
    "normalise": _normalise,
    "normalise_back": _normalise_back,
    "normalise_weight": _normalise_weight,
}
