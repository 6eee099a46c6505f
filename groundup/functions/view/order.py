"""The order of the axes, and of the elements along them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from groundup.autograd.apply import apply
from groundup.autograd.tape import shown_as
from groundup.functions.axes import Dim, axes, one_axis, sizes
from groundup.ops import view as rows

__all__ = [
    "adjoint",
    "flip",
    "fliplr",
    "flipud",
    "moveaxis",
    "movedim",
    "permute",
    "roll",
    "rot90",
    "swapaxes",
    "swapdims",
    "t",
    "transpose",
]

Tensor = Any


def permute(input: Tensor, *order: Any, dims: Any = None) -> Tensor:
    """The axes in another order.

    >>> import groundup
    >>> groundup.zeros(2, 3, 4).permute(2, 0, 1).shape
    groundup.Size([4, 2, 3])
    """
    found, rank = sizes(order if dims is None else (dims,)), input._array.ndim
    if len(found) != rank:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired "
            f"ordering of dimensions i.e. input.dim() = {rank} is not equal to len(dims) = {len(found)}"
        )
    for axis in found:
        if not 0 <= axis < rank:
            found = tuple([one_axis(each, rank) for each in found])
            break
    if len(set(found)) != rank:
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return apply(rows.permute, input, dims=found)


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two axes exchanged."""
    rank = input._array.ndim
    if not 0 <= dim0 < rank:
        dim0 = one_axis(dim0, rank)
    if not 0 <= dim1 < rank:
        dim1 = one_axis(dim1, rank)
    if not rank:
        return apply(rows.alias, input)
    return apply(rows.transpose, input, dim0=dim0, dim1=dim1)


def swapaxes(input: Tensor, axis0: int, axis1: int) -> Tensor:
    """Another name for `transpose`."""
    return transpose(input, axis0, axis1)


def swapdims(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Another name for `transpose`."""
    return transpose(input, dim0, dim1)


def adjoint(input: Tensor) -> Tensor:
    """The last two axes exchanged (of real numbers, the conjugate is no other)."""
    if input._array.ndim < 2:
        raise RuntimeError(
            f"tensor.adjoint() is only supported on matrices or batches of matrices. Got {input._array.ndim}-D tensor."
        )
    return apply(rows.transpose, input, dim0=input._array.ndim - 2, dim1=input._array.ndim - 1)


def movedim(input: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Axes moved to new places, the others keeping their order.

    >>> import groundup
    >>> groundup.zeros(2, 3, 4).movedim(0, -1).shape
    groundup.Size([3, 4, 2])
    """
    rank = input._array.ndim
    if type(source) is int and type(destination) is int and rank:
        moved = list(range(rank))
        moved.insert(one_axis(destination, rank), moved.pop(one_axis(source, rank)))
        return apply(rows.permute, input, dims=tuple(moved))
    given = [source] if isinstance(source, int) else list(source)
    wanted = [destination] if isinstance(destination, int) else list(destination)
    if len(given) != len(wanted):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({given} dims) should contain the same number of "
            f"dims as destination ({wanted} dims)"
        )
    froms, tos = [one_axis(dim, rank) for dim in given], [one_axis(dim, rank) for dim in wanted]
    for name, found, written in (("source", froms, given), ("destination", tos, wanted)):
        if len(set(found)) != len(found):
            raise RuntimeError(f"movedim: repeated dim in `{name}` ({written})")
    if not rank:
        return apply(rows.alias, input)
    places = dict(zip(tos, froms, strict=True))
    rest = iter([axis for axis in range(rank) if axis not in froms])
    order = tuple([places[i] if i in places else next(rest) for i in range(rank)])
    return apply(rows.permute, input, dims=order)


def t(input: Tensor) -> Tensor:
    """The matrix transposed (a vector or number as it is). Raises RuntimeError beyond two dimensions."""
    if input._array.ndim > 2:
        raise RuntimeError(
            f"t() expects a tensor with <= 2 dimensions, but self is {input._array.ndim}D\n"
            "  Write .transpose(-2, -1) or .mT for a batch of matrices."
        )
    return apply(rows.t, input)


def flip(input: Tensor, *axes_given: Any, dims: Any = None) -> Tensor:
    """The order reversed along `dims` (a copy; a slice with a negative step, x[::-1], is a view)."""
    found = sizes(axes_given if dims is None else (dims,))
    return apply(rows.flip, input, dims=axes(found, input._array.ndim) if found else ())


def fliplr(input: Tensor) -> Tensor:
    """The columns (the second axis) in reverse order."""
    if input._array.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return flip(input, 1)


def flipud(input: Tensor) -> Tensor:
    """The rows (the first axis) in reverse order."""
    if input._array.ndim < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return flip(input, 0)


def roll(input: Tensor, shifts: int | Sequence[int], dims: Dim = ()) -> Tensor:
    """The elements moved on by `shifts` along `dims`; those that leave at the end come in at the start.

    Without `dims`, the elements in one line are rolled, and the shape stays.

    >>> import groundup
    >>> groundup.arange(5).roll(2)
    tensor([3, 4, 0, 1, 2])
    """
    steps = sizes((shifts,))
    along = () if dims is None else sizes((dims,))
    if not steps:
        raise RuntimeError("`shifts` required")
    if len(steps) == 1 and not along:
        rolled = apply(rows.roll, apply(rows.flatten, input, size=(input._array.size,)), shifts=steps, dims=(0,))
        return shown_as(apply(rows.reshape, rolled, size=input._array.shape), "RollBackward0")
    if len(steps) != len(along):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(steps)}, dims:{len(along)}")
    rank = input._array.ndim
    found = tuple([one_axis(dim, rank) for dim in along])
    return apply(rows.roll, input, shifts=steps if rank else (), dims=found if rank else ())


def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """Turned by `k` quarter turns in the plane of two axes, from the first towards the second.

    >>> import groundup
    >>> groundup.rot90(groundup.tensor([[1, 2], [3, 4]]))
    tensor([[2, 4],
            [1, 3]])
    """
    rank, plane = input._array.ndim, list(dims)
    if len(plane) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(plane)}")
    if rank < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {rank}")
    if plane[0] == plane[1] or abs(plane[0] - plane[1]) == rank:
        raise RuntimeError(f"expected rotation dims to be different, but got dim0 = {plane[0]} and dim1 = {plane[1]}")
    for i, dim in enumerate(plane):
        if not -rank <= dim < rank:
            raise RuntimeError(f"Rotation dim{i} out of range, dim{i} = {dim}")
    first, second = one_axis(plane[0], rank), one_axis(plane[1], rank)
    # Slices with a negative step and the transpose are views: the elements are copied once, at the end.
    turned, back = input, slice(None, None, -1)
    flipped = ((), (second,), (first, second), (first,))[k % 4]
    if flipped:
        turned = apply(rows.slice_, turned, key=tuple([back if i in flipped else slice(None) for i in range(rank)]))
    if k % 2:
        turned = apply(rows.transpose, turned, dim0=first, dim1=second)
    return shown_as(apply(rows.clone, turned), "Rot90Backward0")


# Other names for the same functions
moveaxis = movedim
