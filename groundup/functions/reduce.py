"""Functions over axes: sums, means, extremes, norms, softmax, running sums and sorting.

`dim` is an axis, several, or None for all of them; negative axes count from the end. All follow ``torch``'s
functions of the same name. An axis out of range raises IndexError.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from groundup import dtypes
from groundup.autograd.apply import apply
from groundup.autograd.tape import TensorBase, shown_as, wrap
from groundup.functions.axes import Dim, axes, one_axis
from groundup.functions.view import clone, squeeze, unsqueeze
from groundup.ops import elementwise, index
from groundup.ops import reduce as rows
from groundup.ops.row import Row

__all__ = [
    "all",
    "amax",
    "amin",
    "any",
    "argmax",
    "argmin",
    "argsort",
    "count_nonzero",
    "cumsum",
    "log_softmax",
    "logsumexp",
    "max",
    "mean",
    "min",
    "norm",
    "prod",
    "softmax",
    "sort",
    "std",
    "sum",
    "topk",
    "var",
]

Tensor = Any


class _Pair(NamedTuple):
    values: Tensor
    indices: Tensor


class _Result(_Pair):
    """Values, and the indices where they were; unpacks as a pair, as PyTorch's return types do."""

    __slots__ = ()

    def __repr__(self) -> str:
        name = type(self).__name__.removesuffix("_result")
        return f"groundup.return_types.{name}(\nvalues={self.values!r},\nindices={self.indices!r})"


class max_result(_Result):
    """What `max` along an axis returns."""


class min_result(_Result):
    """What `min` along an axis returns."""


class sort_result(_Result):
    """What `sort` returns."""


class topk_result(_Result):
    """What `topk` returns."""


def _typed(input: Tensor, dtype: Any) -> Tensor:
    return input if dtype is None else apply(elementwise.cast, input, to=dtypes.to_numpy(dtype))


def _counted(input: Tensor, dtype: Any) -> Tensor:
    """The type that a sum is taken in: integers and bools add up as int64."""
    if dtype is None and input._array.dtype.kind not in dtypes.REAL:
        dtype = dtypes.int64
    return _typed(input, dtype)


def _floating(input: Tensor, name: str) -> None:
    if input._array.dtype.kind not in dtypes.REAL:
        found = dtypes.OF_NUMPY[input._array.dtype].legacy
        raise RuntimeError(
            f"{name}(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. "
            f"Got: {found}\n  Convert it first: x.float().{name}()"
        )


def _not_empty(input: Tensor, dims: tuple[int, ...], name: str) -> None:
    for axis in dims:
        if input._array.shape[axis] == 0:
            raise IndexError(
                f"{name}(): Expected reduction dim {axis} to have non-zero size.\n"
                f"  The tensor has shape {input._array.shape}."
            )


def sum(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum over `dim`; integers and bools are summed as int64.

    >>> import groundup
    >>> groundup.sum(groundup.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=0)
    tensor([4., 6.])
    """
    if dtype is not None or input._array.dtype.kind not in dtypes.REAL:
        input = _counted(input, dtype)
    return apply(rows.sum_, input, dim=axes(dim, input._array.ndim), keepdim=keepdim)


def mean(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean over `dim`, of a floating tensor."""
    input = _typed(input, dtype)
    _floating(input, "mean")
    return apply(rows.mean, input, dim=axes(dim, input._array.ndim), keepdim=keepdim)


def var(
    input: Tensor,
    dim: Dim = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The variance over `dim`: squared distances from the mean, summed and divided by n - correction (1)."""
    return _deviation(rows.var, input, dim, unbiased, keepdim, correction)


def std(
    input: Tensor,
    dim: Dim = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The standard deviation over `dim`: the square root of `var`.

    >>> import groundup
    >>> groundup.std(groundup.tensor([1.0, 2.0, 3.0]))
    tensor(1.)
    """
    return _deviation(rows.std, input, dim, unbiased, keepdim, correction)


def _deviation(row: Row, input: Tensor, dim: Dim, unbiased: bool, keepdim: bool, correction: float | None) -> Tensor:
    _floating(input, row.name)
    if isinstance(dim, bool):
        unbiased, dim = dim, None
    less = (1.0 if unbiased else 0.0) if correction is None else float(correction)
    return apply(row, input, dim=axes(dim, input._array.ndim), keepdim=keepdim, correction=less)


def prod(input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The product over `dim`; its derivative is right also where factors are 0."""
    input = _counted(input, dtype)
    return apply(rows.prod, input, dim=axes(dim, input._array.ndim), keepdim=keepdim)


def amax(input: Tensor, dim: Dim = (), keepdim: bool = False) -> Tensor:
    """The maximum over `dim`; elements that tie share the gradient."""
    dims = axes(dim, input._array.ndim)
    _not_empty(input, dims, "amax")
    return apply(rows.amax, input, dim=dims, keepdim=keepdim)


def amin(input: Tensor, dim: Dim = (), keepdim: bool = False) -> Tensor:
    """The minimum over `dim`; elements that tie share the gradient."""
    dims = axes(dim, input._array.ndim)
    _not_empty(input, dims, "amin")
    return apply(rows.amin, input, dim=dims, keepdim=keepdim)


def _extreme(
    input: Tensor, dim: Any, keepdim: bool, pair: Any, whole: Any, position: Any, result: Any, name: str
) -> Any:
    if isinstance(dim, TensorBase):
        return apply(pair, input, dim)
    if dim is None:
        if input._array.size == 0:
            raise RuntimeError(
                f"{name}(): Expected reduction dim to be specified for input.numel() == 0. "
                "Specify the reduction dim with the 'dim' argument."
            )
        return shown_as(whole(input), f"{name.capitalize()}Backward1")
    indices = position(input, dim, keepdim=True)
    values = _values_at(input, dim, indices)
    if not keepdim and input._array.ndim:
        values, indices = squeeze(values, dim), squeeze(indices, dim)
    return result(shown_as(values, f"{name.capitalize()}Backward0"), indices)


def _values_at(input: Tensor, dim: int, indices: Tensor) -> Tensor:
    """The elements at positions along `dim` that are known to be there."""
    rank = input._array.ndim
    return apply(index.gather, input, indices, dim=one_axis(dim, rank)) if rank else clone(input)


def max(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    """The largest element; along `dim` as (values, indices); with another tensor the larger of each pair.

    >>> import groundup
    >>> groundup.max(groundup.tensor([[1.0, 5.0], [7.0, 2.0]]), dim=1).indices
    tensor([1, 0])
    """
    return _extreme(input, dim, keepdim, elementwise.maximum, amax, argmax, max_result, "max")


def min(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    """The smallest element; along `dim` as (values, indices); with another tensor the smaller of each pair."""
    return _extreme(input, dim, keepdim, elementwise.minimum, amin, argmin, min_result, "min")


def _position(row: Any, input: Tensor, dim: int | None, keepdim: bool, name: str) -> Tensor:
    if dim is None:
        if input._array.size == 0:
            raise IndexError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0.")
        return apply(row, input, dim=None, keepdim=keepdim)
    if input._array.ndim == 0:
        one_axis(dim, 0)
        return wrap(np.zeros((), np.int64))
    axis = one_axis(dim, input._array.ndim)
    _not_empty(input, (axis,), name)
    return apply(row, input, dim=axis, keepdim=keepdim)


def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The position of the largest element (the first of equals), in the flattened tensor or along `dim`."""
    return _position(rows.argmax, input, dim, keepdim, "argmax")


def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The position of the smallest element (the first of equals), in the flattened tensor or along `dim`."""
    return _position(rows.argmin, input, dim, keepdim, "argmin")


def any(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Whether some element is non-zero."""
    return _truth(rows.any_, input, dim, keepdim)


def all(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Whether every element is non-zero."""
    return _truth(rows.all_, input, dim, keepdim)


def _truth(row: Row, input: Tensor, dim: Dim, keepdim: bool) -> Tensor:
    """Bools, but uint8 of uint8, as in PyTorch."""
    found = apply(row, input, dim=axes(dim, input._array.ndim), keepdim=keepdim)
    return apply(elementwise.cast, found, to=np.dtype(np.uint8)) if input._array.dtype == np.uint8 else found


def count_nonzero(input: Tensor, dim: Dim = None) -> Tensor:
    """How many elements are not 0."""
    return sum(input != 0, dim)


def cumsum(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The running sum along `dim`."""
    input = _counted(input, dtype)
    if input._array.ndim == 0:
        return input.clone()
    return apply(rows.cumsum, input, dim=one_axis(dim, input._array.ndim))


def logsumexp(input: Tensor, dim: Dim, keepdim: bool = False) -> Tensor:
    """log of the sum of exp(input) over `dim`, without overflow."""
    input = _typed(input, None if input._array.dtype.kind in dtypes.REAL else dtypes.get_default_dtype())
    return apply(rows.logsumexp, input, dim=axes(dim, input._array.ndim), keepdim=keepdim)


def softmax(input: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """exp(input) divided by its sum along `dim`.

    >>> import groundup
    >>> groundup.softmax(groundup.tensor([0.0, 0.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
    return _softmax(rows.softmax, input, dim, dtype)


def log_softmax(input: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """log(softmax(input)) along `dim`, computed without taking the logarithm of a small number."""
    return _softmax(rows.log_softmax, input, dim, dtype)


def _softmax(row: Any, input: Tensor, dim: int, dtype: Any) -> Tensor:
    input = _typed(input, dtype)
    if input._array.dtype.kind not in dtypes.REAL:
        last = "lastdim_" if one_axis(dim, input._array.ndim) >= input._array.ndim - 1 else ""
        raise NotImplementedError(
            f"\"{row.name}_{last}kernel_impl\" not implemented for '{dtypes.OF_NUMPY[input._array.dtype].legacy}'\n"
            f"  Convert it first: x.float().{row.name}(...)"
        )
    if input._array.ndim == 0:
        return squeeze(apply(row, unsqueeze(input, 0), dim=one_axis(dim, 0)), 0)
    axis = one_axis(dim, input._array.ndim)
    return input.clone() if input._array.size == 0 else apply(row, input, dim=axis)


def norm(input: Tensor, p: float | str | None = "fro", dim: Dim = None, keepdim: bool = False) -> Tensor:
    """The vector norm over `dim`: (sum |x|**p) ** (1/p), with p=2 the default, and inf and -inf the extremes."""
    dims = axes(dim, input._array.ndim)
    _floating(input, "norm")
    if p in ("fro", None, 2, 2.0):
        return apply(rows.norm, input, dim=dims, keepdim=keepdim, p=2)
    if isinstance(p, str):
        raise RuntimeError(f"norm knows the orders 'fro' and numbers, not {p!r}")
    sizes = input.abs()
    if p == math.inf:
        return amax(sizes, dims, keepdim)
    if p == -math.inf:
        return amin(sizes, dims, keepdim)
    if p == 0:
        return sum(_typed(input != 0, dtypes.OF_NUMPY[input._array.dtype]), dims, keepdim)
    return sum(sizes, dims, keepdim) if p == 1 else apply(rows.norm, input, dim=dims, keepdim=keepdim, p=p)


def argsort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False) -> Tensor:
    """The indices that sort along `dim` (always stably)."""
    if input._array.ndim == 0:
        return wrap(np.zeros((), np.int64))
    return apply(rows.argsort, input, dim=one_axis(dim, input._array.ndim), descending=descending)


def sort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False) -> sort_result:
    """The elements in order along `dim`, and where each was; always stable, nan last."""
    indices = argsort(input, dim, descending)
    values = _values_at(input, dim, indices)
    return sort_result(shown_as(values, "SortBackward0"), indices)


def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> topk_result:
    """The `k` largest (or smallest) elements along `dim`, in order, and where each was.

    >>> import groundup
    >>> groundup.topk(groundup.tensor([3.0, 9.0, 5.0]), 2).values
    tensor([9., 5.])
    """
    axis = one_axis(dim, input._array.ndim)
    size = input._array.shape[axis] if input._array.ndim else 1
    if not 0 <= k <= size:
        raise RuntimeError(f"selected index k out of range\n  k is {k}, and dimension {dim} has {size} elements.")
    if not input._array.ndim:
        return topk_result(*sort(input))
    indices = apply(rows.argtop, input, dim=axis, k=k, largest=largest)
    return topk_result(shown_as(_values_at(input, dim, indices), "TopkBackward0"), indices)
