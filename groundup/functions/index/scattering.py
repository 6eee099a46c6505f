"""Scatter: values that an index of the same shape sends to places along one axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup import dtypes
from groundup.autograd.tape import TensorBase, constant, shown_as
from groundup.functions.elementwise import clamp_min, floor_divide
from groundup.functions.index.checks import check_scatter
from groundup.functions.index.writing import Writing
from groundup.functions.view import clone
from groundup.ops import index as rows

__all__ = [
    "scatter",
    "scatter_add",
    "scatter_reduce",
]

Tensor = Any

REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")
EXTREMES = {"amax": "maximum", "amin": "minimum"}


def scatter_writing(input: Tensor, dim: int, index: Tensor, src: Any, value: Any, reduce: str | None) -> Writing:
    """What `scatter` and `scatter_` do."""
    src = value if src is None else src
    if isinstance(src, float) and input._array.dtype.kind not in dtypes.REAL:
        src = int(src)
    row = rows.scatter
    if reduce is not None:
        if reduce not in ("add", "multiply"):
            raise RuntimeError("reduce argument must be either add or multiply.")
        row = rows.scatter_add if reduce == "add" else rows.scatter_prod
    axis, index = check_scatter(input, dim, index, src)
    return Writing(row, (index, src), {"dim": axis})


def scatter(
    input: Tensor,
    dim: int,
    index: Tensor,
    src: Tensor | float | None = None,
    *,
    value: float | None = None,
    reduce: str | None = None,
) -> Tensor:
    """A copy of `input` with `src` written at `index` along `dim`: out[i][index[i][j]] = src[i][j] for dim=1.

    With `reduce` "add" or "multiply", what is there is not replaced.

    >>> import groundup
    >>> groundup.zeros(2, 3).scatter(1, groundup.tensor([[2], [0]]), 1.0)
    tensor([[0., 0., 1.],
            [1., 0., 0.]])
    """
    writing = scatter_writing(input, dim, index, src, value, reduce)
    if not index._array.size:
        return clone(input)
    written = writing.on(input)
    return written if isinstance(src, TensorBase) else shown_as(written, "ScatterBackward1")


def add_writing(input: Tensor, dim: int, index: Tensor, src: Any) -> Writing:
    """What `scatter_add` and `scatter_add_` do."""
    axis, index = check_scatter(input, dim, index, src)
    return Writing(rows.scatter_add, (index, src), {"dim": axis})


def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy of `input` with `src` added at `index` along `dim`, repeated positions adding up."""
    writing = add_writing(input, dim, index, src)
    return writing.on(input) if index._array.size else clone(input)


def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """All values that `index` sends to one place along `dim` combined: "sum", "prod", "mean", "amax" or "amin".

    What `input` has there counts too, unless `include_self` is off. Values that tie as the extreme share its gradient.

    >>> import groundup
    >>> x, where = groundup.tensor([1.0, 2.0, 4.0, 8.0]), groundup.tensor([0, 1, 0, 1])
    >>> groundup.zeros(2).scatter_reduce(0, where, x, "mean", include_self=False)
    tensor([2.5000, 5.0000])
    """
    axis, index = check_scatter(input, dim, index, src)
    if reduce not in REDUCTIONS:
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    if not index._array.size:
        return clone(input)
    if src._array.ndim and src._array.shape != index._array.shape:
        src = src[tuple(slice(n) for n in index._array.shape)]
    start = input
    if not include_self:
        start = Writing(rows.scatter, (index, _nothing(reduce, input._array.dtype)), {"dim": axis}).on(input)
    if reduce in EXTREMES:
        made = Writing(rows.scatter_extreme, (index, src), {"dim": axis, "how": EXTREMES[reduce]}).on(start)
    elif reduce == "prod":
        made = Writing(rows.scatter_prod, (index, src), {"dim": axis}).on(start)
    else:
        made = Writing(rows.scatter_add, (index, src), {"dim": axis}).on(start)
        if reduce == "mean":
            count = _count(input._array, axis, index, include_self)
            made = made / count if input._array.dtype.kind in dtypes.REAL else floor_divide(made, count)
    return shown_as(made, "ScatterReduceBackward0")


def _nothing(reduce: str, dtype: np.dtype[Any]) -> Any:
    """What changes nothing when it is combined with other values."""
    if reduce not in EXTREMES:
        return 1 if reduce == "prod" else 0
    if dtype.kind in dtypes.REAL:
        return -np.inf if reduce == "amax" else np.inf
    if dtype.kind == "b":
        return int(reduce == "amin")
    return int(np.iinfo(dtype).min if reduce == "amax" else np.iinfo(dtype).max)


def _count(array: np.ndarray, axis: int, index: Tensor, include_self: bool) -> Tensor:
    """How many values meet in each place, at least 1."""
    start = constant(np.full(array.shape, int(include_self), array.dtype))
    found = Writing(rows.scatter_add, (index, 1), {"dim": axis}).on(start)
    return found if include_self else clamp_min(found, 1)
