"""Distances between points, which are the rows of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup import dtypes
from groundup.autograd.apply import apply
from groundup.autograd.tape import constant, shown_as
from groundup.functions.index import index_select
from groundup.functions.view import unsqueeze
from groundup.ops import ROWS

__all__ = ["cdist", "pdist"]

Tensor = Any

_MODES = (
    "use_mm_for_euclid_dist_if_necessary",
    "use_mm_for_euclid_dist",
    "donot_use_mm_for_euclid_dist",
)
_MANY = 25  # points in either set, from which "if necessary" means the matrix product


def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str = _MODES[0]) -> Tensor:
    """The p-distances of every row of `x1` to every row of `x2`, batches broadcasting.

    Euclidean distances among more than 25 points are computed by a matrix product, which is faster and loses digits
    of small distances; `compute_mode="donot_use_mm_for_euclid_dist"` avoids it. Points that coincide get gradient 0.

    >>> import groundup
    >>> groundup.cdist(groundup.tensor([[0.0, 0.0]]), groundup.tensor([[3.0, 4.0], [0.0, 1.0]]))
    tensor([[5., 1.]])
    """
    if compute_mode not in _MODES:
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode\n  One of {', '.join(_MODES)}.")
    _check_points(x1, x2, p)
    many = compute_mode == _MODES[0] and max(x1._array.shape[-2], x2._array.shape[-2]) > _MANY
    if p == 2 and (many or compute_mode == _MODES[1]):
        return apply(ROWS["euclidean"], x1, x2)
    return apply(ROWS["length"], unsqueeze(x1, -2) - unsqueeze(x2, -3), p=float(p))


def _check_points(x1: Tensor, x2: Tensor, p: float) -> None:
    for number, x in ((1, x1), (2, x2)):
        if x._array.ndim < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, X{number} got: {x._array.ndim}D")
        if x._array.dtype.kind != "f":
            found = dtypes.OF_NUMPY[x._array.dtype].legacy
            raise RuntimeError(f"cdist only supports floating-point dtypes, X{number} got: {found}")
    a, b = x1._array.shape[-1], x2._array.shape[-1]
    if a != b:
        raise RuntimeError(f"X1 and X2 must have the same number of columns. X1: {a} X2: {b}")
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    if x1._array.dtype != x2._array.dtype:
        kinds = (dtypes.OF_NUMPY[each._array.dtype].legacy for each in (x1, x2))
        raise RuntimeError("expected scalar type {} but found {}".format(*kinds))


def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The p-distances between all pairs of rows: the upper triangle of cdist(input, input), row after row."""
    if input._array.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input._array.ndim}D")
    if input._array.dtype.kind != "f":
        raise RuntimeError("pdist only supports floating-point dtypes")
    if p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    first, second = (constant(each) for each in np.triu_indices(input._array.shape[0], 1))
    difference = index_select(input, 0, first) - index_select(input, 0, second)
    return shown_as(apply(ROWS["length"], difference, p=float(p)), "PdistBackward0")
