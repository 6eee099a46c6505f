"""The order of the axes, and of the elements along them."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

from groundup.autograd.apply import apply
from groundup.functions.axes import axes, one_axis, sizes
from groundup.ops import view as rows

__all__ = ["flip", "movedim", "permute", "swapaxes", "swapdims", "t", "transpose"]

Tensor = Any


def permute(input: Tensor, *dims: Any) -> Tensor:
    """The axes in another order.

    >>> import groundup
    >>> groundup.zeros(2, 3, 4).permute(2, 0, 1).shape
    groundup.Size([4, 2, 3])
    """
    order = tuple(one_axis(dim, input._array.ndim) for dim in sizes(dims))
    if len(order) != input._array.ndim:
        raise RuntimeError(
            "permute: the number of dimensions in the tensor input does not match the length of the desired "
            f"ordering of dimensions i.e. input.dim() = {input._array.ndim} is not equal to len(dims) = {len(order)}"
        )
    if len(set(order)) != len(order):
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return apply(rows.permute, input, dims=order)


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two axes exchanged."""
    rank = input._array.ndim
    first, second = one_axis(dim0, rank), one_axis(dim1, rank)
    if not rank:
        return apply(rows.alias, input)
    return apply(rows.transpose, input, dim0=first, dim1=second)


def movedim(input: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Axes moved to new places, the others keeping their order."""
    rank = input._array.ndim
    given = [source] if isinstance(source, int) else source
    wanted = [destination] if isinstance(destination, int) else destination
    if len(given) != len(wanted):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({list(given)} dims) should contain the same number "
            f"of dims as destination ({list(wanted)} dims)"
        )
    places = {one_axis(to, rank): one_axis(dim, rank) for dim, to in zip(given, wanted, strict=True)}
    rest = iter(axis for axis in builtins.range(rank) if axis not in places.values())
    order = tuple(places[i] if i in places else next(rest) for i in builtins.range(rank))
    return apply(rows.permute, input, dims=order)


def t(input: Tensor) -> Tensor:
    """The matrix transposed (a vector or number as it is). Raises RuntimeError beyond two dimensions."""
    if input._array.ndim > 2:
        raise RuntimeError(
            f"t() expects a tensor with <= 2 dimensions, but self is {input._array.ndim}D\n"
            "  Write .transpose(-2, -1) or .mT for a batch of matrices."
        )
    return apply(rows.t, input)


def flip(input: Tensor, *dims: Any) -> Tensor:
    """The order reversed along `dims` (a copy; a slice with a negative step, x[::-1], is a view)."""
    return apply(rows.flip, input, dims=axes(sizes(dims), input._array.ndim) if sizes(dims) else ())


# Other names for the same function
swapaxes = transpose
swapdims = transpose
