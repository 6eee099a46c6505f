"""Sums, means and products, also of what is not nan; differences and the areas under curves."""

from __future__ import annotations

from typing import Any

from groundup import dtypes
from groundup.autograd.apply import apply
from groundup.autograd.tape import shown_as
from groundup.functions.axes import Dim, axes, one_axis
from groundup.functions.elementwise import logical_xor
from groundup.functions.reduce.checks import check_floating, counted, is_real, legacy, typed
from groundup.functions.view import cat, clone, narrow, reshape
from groundup.ops import elementwise
from groundup.ops import reduce as rows

__all__ = [
    "cumulative_trapezoid",
    "diff",
    "mean",
    "nanmean",
    "nansum",
    "prod",
    "sum",
    "trapezoid",
    "trapz",
]

Tensor = Any


def sum(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum over `dim`; integers and bools are summed as int64.

    >>> import groundup
    >>> groundup.sum(groundup.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=0)
    tensor([4., 6.])
    """
    if dtype is not None or input._array.dtype.kind not in dtypes.REAL:
        input = counted(input, dtype)
    return apply(rows.sum_, input, dim=axes(dim, input._array.ndim), keepdim=keepdim)


def nansum(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum over `dim` of what is not nan.

    >>> import groundup
    >>> groundup.nansum(groundup.tensor([1.0, groundup.nan, 2.0]))
    tensor(3.)
    """
    if is_real(input):
        input = apply(elementwise.where, input == input, input, 0)
    return shown_as(sum(input, dim, keepdim, dtype=dtype), "NansumBackward0")


def mean(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean over `dim`, of a floating tensor."""
    if dtype is not None:
        input = typed(input, dtype)
    check_floating(input, "mean", "Input" if dtype is None else "Optional")
    return apply(rows.mean, input, dim=axes(dim, input._array.ndim), keepdim=keepdim)


def nanmean(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean over `dim` of what is not nan; nan where there is nothing else."""
    if not is_real(input):
        raise RuntimeError(
            f"nanmean(): expected input to have floating point or complex dtype but got {legacy(input)}\n"
            "  Integers have no nan: x.float().mean()"
        )
    found = nansum(input, dim, keepdim, dtype=dtype)
    return found / sum(input == input, dim, keepdim)


def prod(input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The product over `dim`; its derivative is right also where factors are 0."""
    input = counted(input, dtype)
    return apply(rows.prod, input, dim=axes(dim, input._array.ndim), keepdim=keepdim)


def diff(
    input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None
) -> Tensor:
    """The differences of neighbours along `dim`, taken `n` times; of bools, whether they differ.

    >>> import groundup
    >>> groundup.diff(groundup.tensor([1, 4, 9]))
    tensor([3, 5])
    """
    if not input._array.ndim:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    if n == 0:
        return clone(input)
    dim = one_axis(dim, input._array.ndim)
    parts = [each for each in (prepend, input, append) if each is not None]
    if len(parts) > 1:
        input = cat(parts, dim)
    for _ in range(min(n, input._array.shape[dim])):
        before, behind = _neighbours(input, dim)
        input = logical_xor(behind, before) if input._array.dtype == dtypes.BOOL else behind - before
    return input


def _neighbours(x: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """All but the last along `dim`, and all but the first."""
    left = max(x._array.shape[dim] - 1, 0)
    return narrow(x, dim, 0, left), narrow(x, dim, min(1, x._array.shape[dim]), left)


def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The area under the points `y` along `dim`, joined by straight lines, at places `x` or at steps of `dx` (1).

    >>> import groundup
    >>> groundup.trapezoid(groundup.tensor([1.0, 3.0]), dx=2)
    tensor(4.)
    """
    return sum(_trapezoids(y, x, dx, dim, "trapezoid"), dim)


def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The area under the points up to each but the first of them: the running sum whose end is `trapezoid`."""
    from groundup.functions.reduce.running import cumsum

    return cumsum(_trapezoids(y, x, dx, dim, "cumulative_trapezoid"), dim)


def trapz(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """Another name of `trapezoid`."""
    return trapezoid(y, x, dx=dx, dim=dim)


def _trapezoids(y: Tensor, x: Tensor | None, dx: Any, dim: int, name: str) -> Tensor:
    """The area between each two neighbours."""
    dim = one_axis(dim, y._array.ndim)
    if x is not None and dx is not None:
        raise RuntimeError(f"{name}() received both 'x' and 'dx'\n  The places say what the steps are.")
    before, behind = _neighbours(y, dim)
    pairs = before + behind
    if x is None:
        return pairs * ((1 if dx is None else dx) / 2)
    if x._array.ndim == 1 and y._array.ndim > 1:
        if x._array.size != y._array.shape[dim]:
            raise RuntimeError("trapezoid: There must be one `x` value for each sample point")
        x = reshape(x, [-1 if axis == dim else 1 for axis in range(y._array.ndim)])
    x_dim = dim - y._array.ndim + x._array.ndim
    from_, to = _neighbours(x, x_dim)
    return pairs * (to - from_) / 2
