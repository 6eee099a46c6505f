"""How far values lie from their mean: variance, standard deviation, covariance and correlation."""

from __future__ import annotations

import builtins
from typing import Any

from groundup.autograd.apply import apply
from groundup.functions.axes import Dim, axes
from groundup.functions.contract import matmul
from groundup.functions.elementwise import clamp, clamp_min, sqrt
from groundup.functions.reduce.checks import is_real, legacy
from groundup.functions.reduce.sums import mean, sum
from groundup.functions.view import diagonal, squeeze, unsqueeze
from groundup.ops import reduce as rows
from groundup.ops.row import Row

__all__ = ["corrcoef", "cov", "std", "std_mean", "var", "var_mean"]

Tensor = Any


def var(
    input: Tensor, dim: Dim = None, unbiased: bool = True, keepdim: bool = False, *, correction: float | None = None
) -> Tensor:
    """The variance over `dim`: squared distances from the mean, summed and divided by n - correction (1)."""
    return _deviation(rows.var, input, dim, unbiased, keepdim, correction)


def std(
    input: Tensor, dim: Dim = None, unbiased: bool = True, keepdim: bool = False, *, correction: float | None = None
) -> Tensor:
    """The standard deviation over `dim`: the square root of `var`.

    >>> import groundup
    >>> groundup.std(groundup.tensor([1.0, 2.0, 3.0]))
    tensor(1.)
    """
    return _deviation(rows.std, input, dim, unbiased, keepdim, correction)


def var_mean(
    input: Tensor, dim: Dim = None, unbiased: bool = True, keepdim: bool = False, *, correction: float | None = None
) -> tuple[Tensor, Tensor]:
    """The variance and the mean over `dim`."""
    return var(input, dim, unbiased, keepdim, correction=correction), _mean(input, dim, keepdim)


def std_mean(
    input: Tensor, dim: Dim = None, unbiased: bool = True, keepdim: bool = False, *, correction: float | None = None
) -> tuple[Tensor, Tensor]:
    """The standard deviation and the mean over `dim`.

    >>> import groundup
    >>> groundup.std_mean(groundup.tensor([1.0, 2.0, 3.0]))
    (tensor(1.), tensor(2.))
    """
    return std(input, dim, unbiased, keepdim, correction=correction), _mean(input, dim, keepdim)


def _mean(input: Tensor, dim: Any, keepdim: bool) -> Tensor:
    return mean(input, None if isinstance(dim, builtins.bool) else dim, keepdim)


def _deviation(row: Row, input: Tensor, dim: Dim, unbiased: bool, keepdim: bool, correction: float | None) -> Tensor:
    if not is_real(input):
        raise RuntimeError(
            f"{row.name} only support floating point and complex dtypes\n  The tensor is of type {legacy(input)}."
        )
    if isinstance(dim, builtins.bool):
        unbiased, dim = dim, None
    less = (1.0 if unbiased else 0.0) if correction is None else float(correction)
    return apply(row, input, dim=axes(dim, input._array.ndim), keepdim=keepdim, correction=less)


def cov(
    input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None
) -> Tensor:
    """The covariances of the rows, whose columns are observations: how often each was made, or how much it weighs.

    >>> import groundup
    >>> groundup.cov(groundup.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    if input._array.ndim > 2:
        raise RuntimeError(
            "cov(): expected input to have two or fewer dimensions but got an input with "
            f"{input._array.ndim} dimensions"
        )
    x = input if input._array.ndim == 2 else input.reshape(1, -1)
    if not is_real(x):
        x = x * 1.0
    n = x._array.shape[1]
    for weights, name in ((fweights, "fweights"), (aweights, "aweights")):
        if weights is not None:
            _check_weights(weights, name, n)
    w = fweights if aweights is None else aweights if fweights is None else fweights * aweights
    whole = n if w is None else sum(w)
    centred = x - (mean(x, 1, True) if w is None else (sum(x * w, 1, True) / whole))
    if w is None:
        left: Any = builtins.max(n - correction, 0)
    elif aweights is None or correction == 0:
        left = clamp_min(whole - correction, 0)
    else:
        left = clamp_min(whole - correction * sum(w * aweights) / whole, 0)
    found = matmul(centred, (centred if w is None else centred * w).t()) / left
    return squeeze(found)


def _check_weights(weights: Tensor, name: str, n: int) -> None:
    if weights._array.ndim > 1:
        raise RuntimeError(
            f"cov(): expected {name} to have one or fewer dimensions but got {name} with {weights._array.ndim} "
            "dimensions"
        )
    if is_real(weights) == (name == "fweights"):
        kind = "integral" if name == "fweights" else "floating point"
        raise RuntimeError(f"cov(): expected {name} to have {kind} dtype but got {name} with {legacy(weights)} dtype")
    if weights._array.size != n:
        raise RuntimeError(
            f"cov(): expected {name} to have the same numel as there are observations in the input but got "
            f"{weights._array.size} != {n}"
        )
    if (weights._array < 0).any():
        raise RuntimeError(f"cov(): {name} cannot be negative")


def corrcoef(input: Tensor) -> Tensor:
    """The correlations of the rows, between -1 and 1: covariances divided by the standard deviations."""
    if input._array.ndim > 2:
        raise RuntimeError(
            "corrcoef(): expected input to have two or fewer dimensions but got an input with "
            f"{input._array.ndim} dimensions"
        )
    c = cov(input)
    if not c._array.ndim:
        return c / c
    deviations = sqrt(diagonal(c))
    return clamp(c / unsqueeze(deviations, 1) / deviations, -1, 1)
