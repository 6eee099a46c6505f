"""Quantiles: the values below which a given part of the elements lies."""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup import dtypes
from groundup.autograd.tape import TensorBase, constant
from groundup.functions.axes import one_axis
from groundup.functions.elementwise import ceil, clamp_min, floor, lerp, round, where
from groundup.functions.index import gather
from groundup.functions.reduce.order import sort
from groundup.functions.reduce.sums import sum
from groundup.functions.reduce.truth import any
from groundup.functions.view import expand, flatten, movedim, squeeze, unsqueeze

__all__ = ["nanquantile", "quantile"]

Tensor = Any

_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def quantile(
    input: Tensor,
    q: Tensor | float,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
) -> Tensor:
    """The value below which the part `q` (from 0 to 1) of the elements along `dim` lies; nan if there is a nan.

    Between two elements `interpolation` decides: "linear", "lower", "higher", "midpoint" or "nearest". Several q give
    a new first axis.

    >>> import groundup
    >>> groundup.quantile(groundup.tensor([1.0, 2.0, 5.0]), 0.75)
    tensor(3.5000)
    """
    return _quantile(input, q, dim, keepdim, interpolation, "quantile")


def nanquantile(
    input: Tensor,
    q: Tensor | float,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
) -> Tensor:
    """`quantile` of what is not nan."""
    return _quantile(input, q, dim, keepdim, interpolation, "nanquantile")


def _quantile(
    input: Tensor, q: Tensor | float, dim: int | None, keepdim: bool, interpolation: str, name: str
) -> Tensor:
    q = _checked(input, q, interpolation, name)
    rank = input._array.ndim
    lines = flatten(input) if dim is None or not rank else movedim(input, one_axis(dim, rank), -1)
    found = _at_ranks(sort(lines).values, q.reshape(-1), interpolation, name == "nanquantile")
    if keepdim and rank:  # the axes come back with size 1, in front of the axis of q
        if dim is None:
            found = found.reshape(*(1,) * rank, -1)
        else:
            found = unsqueeze(found, one_axis(dim, rank))
    return movedim(found, -1, 0) if q._array.ndim else squeeze(found, -1)


def _checked(input: Tensor, q: Any, interpolation: str, name: str) -> Tensor:
    """q as a tensor, after PyTorch's checks."""
    array = input._array
    if not array.size:
        raise RuntimeError(f"{name}() input tensor must be non-empty")
    if array.dtype.char not in "fd":
        raise RuntimeError(
            f"{name}() input tensor must be either float or double dtype\n"
            f"  It is of type {dtypes.OF_NUMPY[array.dtype].name}."
        )
    if not isinstance(q, TensorBase):
        if not 0 <= q <= 1:
            raise RuntimeError(f"{name}() q must be in the range [0, 1] but got {q}")
        q = constant(np.asarray(q, array.dtype))
    if q._array.ndim > 1:
        raise RuntimeError(f"{name}() q must be a scalar or 1D tensor")
    if q._array.dtype != array.dtype:
        raise RuntimeError(f"{name}() q tensor must be same dtype as the input tensor")
    if not ((q._array >= 0) & (q._array <= 1)).all():
        raise RuntimeError(f"{name}() q values must be in the range [0, 1]")
    if interpolation not in _INTERPOLATIONS:
        raise RuntimeError(
            f"{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, but got {interpolation}"
        )
    return q


def _at_ranks(lines: Tensor, q: Tensor, interpolation: str, skip: bool) -> Tensor:
    """What stands at the part `q` of each sorted line, whose nans are last."""
    last = lines._array.shape[-1] - 1
    missing = lines != lines
    if skip:
        ranks = q * clamp_min(last - sum(missing, -1, True), 0)
    else:
        ranks = where(any(missing, -1, True), float(last), q * last)
    ranks = expand(ranks, (*lines._array.shape[:-1], q._array.size))
    if interpolation in ("lower", "higher", "nearest"):
        rounding = {"lower": floor, "higher": ceil, "nearest": round}[interpolation]
        return gather(lines, -1, rounding(ranks).long())
    below = floor(ranks)
    low, high = (gather(lines, -1, each.long()) for each in (below, ceil(ranks)))
    return lerp(low, high, ranks - below if interpolation == "linear" else 0.5)
