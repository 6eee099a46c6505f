"""Functions that move elements without computing: shapes, axes, slices, joins and copies.

A result shares the memory of its argument wherever strides can express it; then no element is copied, and a change
in place is seen in both. All follow ``torch``'s functions of the same name.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from groundup import dtypes
from groundup.autograd.apply import apply
from groundup.autograd.tape import TensorBase, shown_as
from groundup.functions.axes import Dim, axes, inferred, one_axis, sizes
from groundup.ops import view as rows
from groundup.ops.elementwise import cast

__all__ = [
    "broadcast_tensors",
    "broadcast_to",
    "cat",
    "chunk",
    "clone",
    "concat",
    "concatenate",
    "diagonal",
    "flatten",
    "flip",
    "movedim",
    "narrow",
    "permute",
    "reshape",
    "select",
    "split",
    "squeeze",
    "stack",
    "swapaxes",
    "swapdims",
    "t",
    "transpose",
    "tril",
    "triu",
    "unbind",
    "unflatten",
    "unsqueeze",
]

Tensor = Any


def reshape(input: Tensor, *shape: Any) -> Tensor:
    """The elements in the same order in another shape, one size of which may be -1; a view where possible.

    >>> import groundup
    >>> groundup.reshape(groundup.arange(6), (2, -1))
    tensor([[0, 1, 2],
            [3, 4, 5]])
    """
    size = sizes(shape)
    for each in size:
        if each < 0:
            size = inferred(size, input._array.size, input._array.shape)
            break
    return apply(rows.reshape, input, size=size)


def view(input: Tensor, *shape: Any) -> Tensor:
    """As `reshape`, but never a copy: raises RuntimeError where strides cannot express it; a dtype converts by name."""
    if len(shape) == 1 and isinstance(shape[0], dtypes.dtype):
        raise RuntimeError("view(dtype) reinterprets bytes, which groundup does not do; convert with .to(dtype)")
    result = reshape(input, *shape)
    if result._view is None and input._array.size:
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
            "contiguous subspaces). Use .reshape(...) instead."
        )
    return result


def view_as(input: Tensor, other: Tensor) -> Tensor:
    """`view` in the shape of `other`."""
    return view(input, other._array.shape)


def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """`reshape` in the shape of `other`."""
    return reshape(input, other._array.shape)


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """The axes from `start_dim` to `end_dim` run together into one."""
    shape = input._array.shape
    first, last = one_axis(start_dim, len(shape)), one_axis(end_dim, len(shape))
    if first > last:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if not shape:
        return apply(rows.flatten, input, size=(1,))
    merged = math.prod(shape[first : last + 1])
    return apply(rows.flatten, input, size=(*shape[:first], merged, *shape[last + 1 :]))


def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """One axis split into several, one size of which may be -1."""
    shape = input._array.shape
    axis = one_axis(dim, len(shape))
    try:
        inner = inferred(tuple(sizes), shape[axis], (shape[axis],))
    except RuntimeError:
        raise RuntimeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {axis} ({shape[axis]}) "
            "in the input tensor"
        ) from None
    return apply(rows.reshape, input, size=(*shape[:axis], *inner, *shape[axis + 1 :]))


def squeeze(input: Tensor, dim: Dim = None) -> Tensor:
    """Without the axes of size 1, or without those in `dim` that have size 1.

    Name the axis: `squeeze(-1)` keeps a batch of one a batch.
    """
    shape = input._array.shape
    chosen = builtins.range(len(shape)) if dim is None else axes(dim, len(shape))
    size = tuple(n for axis, n in enumerate(shape) if n != 1 or axis not in chosen)
    return apply(rows.squeeze, input, size=size, dims=None if dim is None else tuple(chosen) if shape else (0,))


def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """With a new axis of size 1 at `dim`."""
    shape = input._array.shape
    axis = one_axis(dim, len(shape) + 1)
    return apply(rows.unsqueeze, input, size=(*shape[:axis], 1, *shape[axis:]))


def expand(input: Tensor, *size: Any) -> Tensor:
    """Broadcast to `size` with stride 0 and no copy; -1 keeps a size.

    >>> import groundup
    >>> groundup.tensor([1, 2]).expand(3, 2).stride()
    (0, 1)
    """
    shape, wanted = input._array.shape, sizes(size)
    lead = len(wanted) - len(shape)
    if lead >= 0:
        for axis in builtins.range(lead):
            if wanted[axis] < 0:
                raise RuntimeError(
                    f"The expanded size of the tensor ({wanted[axis]}) isn't allowed in a leading, non-existing "
                    f"dimension {axis}"
                )
        wanted = tuple(shape[i - lead] if n == -1 else n for i, n in enumerate(wanted))
    return apply(rows.expand, input, size=wanted)


def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """`expand` to the shape of `other`."""
    return expand(input, other._array.shape)


def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """`expand` to `size`."""
    return expand(input, size)


def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """All tensors expanded to the shape that they broadcast to."""
    from groundup.errors import broadcast_error

    shapes = [each._array.shape for each in tensors]
    problem = broadcast_error("broadcast_tensors", shapes)
    if problem is not None:
        raise problem
    size = np.broadcast_shapes(*shapes)
    return tuple(apply(rows.expand, each, size=size) for each in tensors)


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


def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """`length` elements along `dim`, from `start`."""
    shape = input._array.shape
    axis = one_axis(dim, len(shape))
    first = start + shape[axis] if start < 0 else start
    if length < 0 or not 0 <= first <= shape[axis] - length:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({shape[axis]}).")
    return apply(rows.slice_, input, key=(slice(None),) * axis + (slice(first, first + length),))


def select(input: Tensor, dim: int, index: int) -> Tensor:
    """One element along `dim`, without that axis."""
    shape = input._array.shape
    if not shape:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    axis = one_axis(dim, len(shape))
    if not -shape[axis] <= index < shape[axis]:
        raise IndexError(f"select(): index {index} out of range for tensor of size {list(shape)} at dimension {axis}")
    return apply(rows.slice_, input, key=(slice(None),) * axis + (int(index),))


def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along `dim`, without that axis."""
    axis = one_axis(dim, input._array.ndim)
    return tuple(shown_as(select(input, axis, i), "UnbindBackward0") for i in builtins.range(input._array.shape[axis]))


def split(input: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces along `dim` of one size (the last may be smaller), or of the sizes given."""
    axis = one_axis(dim, input._array.ndim)
    size = input._array.shape[axis]
    name = "SplitBackward0" if isinstance(split_size_or_sections, int) else "SplitWithSizesBackward0"
    if isinstance(split_size_or_sections, int):
        step = split_size_or_sections
        if step <= 0:
            raise RuntimeError(f"split expects split_size be non-negative, but got split_size={step}")
        lengths = [builtins.min(step, size - i) for i in builtins.range(0, size, step)] or [0]
    else:
        lengths = list(split_size_or_sections)
        if builtins.sum(lengths) != size:
            raise RuntimeError(
                f"split_with_sizes expects split_sizes to sum exactly to {size} (input tensor's size at dimension "
                f"{axis}), but got split_sizes={lengths}"
            )
    starts = np.cumsum([0, *lengths[:-1]]).tolist()
    pieces = (narrow(input, axis, start, length) for start, length in zip(starts, lengths, strict=True))
    return tuple(shown_as(piece, name) for piece in pieces)


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` pieces of equal size along `dim`, the last possibly smaller."""
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    size = input._array.shape[one_axis(dim, input._array.ndim)]
    return split(input, builtins.max(1, -(-size // chunks)), dim)


def unfold(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """All windows of `size` along `dimension`, `step` apart, as a view with the window in a new last axis.

    >>> import groundup
    >>> groundup.arange(5).unfold(0, 3, 1)
    tensor([[0, 1, 2],
            [1, 2, 3],
            [2, 3, 4]])
    """
    axis = one_axis(dimension, input._array.ndim)
    have = input._array.shape[axis] if input._array.ndim else 1
    if size > have:
        raise RuntimeError(f"maximum size for tensor at dimension {axis} is {have} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    return windows(input, (axis,), (size,), (step,), (1,))


def windows(
    input: Tensor,
    dims: Sequence[int],
    sizes: Sequence[int],
    steps: Sequence[int],
    dilations: Sequence[int],
) -> Tensor:
    """`unfold` along several axes at once, with dilation: the view that convolution and pooling work on."""
    shape = input._array.shape
    found = tuple(one_axis(dim, len(shape)) for dim in dims)
    for dim, size, dilation in zip(found, sizes, dilations, strict=True):
        if dilation * (size - 1) + 1 > shape[dim]:
            raise RuntimeError(
                f"a window of {size} elements, {dilation} apart, does not fit into dimension {dim} of shape {shape}"
            )
    return apply(rows.windows, input, dims=found, sizes=tuple(sizes), steps=tuple(steps), dilations=tuple(dilations))


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of two axes as a new last axis, a view."""
    first, second = one_axis(dim1, input._array.ndim), one_axis(dim2, input._array.ndim)
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return apply(rows.diagonal, input, offset=offset, dim1=first, dim2=second)


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """A border of `value` (0) around the last axes: (before, after) for the last, then for the one before it.

    Negative widths crop. Only mode "constant" so far. Follows ``torch.nn.functional.pad``.
    """
    if mode != "constant":
        raise ValueError(f"pad knows the mode 'constant' so far, not {mode!r}")
    widths = list(pad)
    rank = input._array.ndim
    if len(widths) % 2 or len(widths) > 2 * rank:
        raise RuntimeError(
            f"Padding length should be even and less than or equal to two times the input dimension: got {widths} "
            f"for a tensor of {rank} dimensions"
        )
    pairs = [(widths[i], widths[i + 1]) for i in builtins.range(0, len(widths), 2)]
    full = [(0, 0)] * (rank - len(pairs)) + pairs[::-1]
    return apply(rows.pad, input, widths=tuple(full), value=0 if value is None else value)


def _matrix(input: Tensor, name: str) -> None:
    if input._array.ndim < 2:
        raise RuntimeError(
            f"{name}: input tensor must have at least 2 dimensions\n  It has shape {input._array.shape}."
        )


def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangle of the last two axes, zeros above it."""
    _matrix(input, "tril")
    return apply(rows.tril, input, diagonal=diagonal)


def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangle of the last two axes, zeros below it."""
    _matrix(input, "triu")
    return apply(rows.triu, input, diagonal=diagonal)


def clone(input: Tensor) -> Tensor:
    """A copy with memory of its own, through which gradients flow."""
    return apply(rows.clone, input)


def contiguous(input: Tensor) -> Tensor:
    """The tensor itself if its elements lie in order in memory, else a copy."""
    return input if input._array.flags.c_contiguous else apply(rows.clone, input)


def _joined(tensors: Sequence[Tensor], name: str) -> list[Tensor]:
    if isinstance(tensors, TensorBase):
        raise TypeError(f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not Tensor")
    found = list(tensors)
    if not found:
        if name == "cat":
            raise ValueError("torch.cat(): expected a non-empty list of Tensors")
        raise RuntimeError(f"{name} expects a non-empty TensorList")
    for i, each in enumerate(found):
        if not isinstance(each, TensorBase):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(each).__name__}")
    kinds = {each._array.dtype for each in found}
    if len(kinds) > 1:
        target = dtypes.result_of([each._array for each in found])
        found = [each if each._array.dtype == target else apply(cast, each, to=target) for each in found]
    return found


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The tensors one behind the other along an existing axis.

    >>> import groundup
    >>> groundup.cat([groundup.tensor([1, 2]), groundup.tensor([3])])
    tensor([1, 2, 3])
    """
    found = _joined(tensors, "cat")
    if any(each._array.ndim == 0 for each in found):
        raise RuntimeError("zero-dimensional tensor (at position 0) cannot be concatenated\n  Use stack instead.")
    found = [each for each in found if each._array.shape != (0,)] or found[:1]
    axis = one_axis(dim, found[0]._array.ndim)
    first = found[0]._array.shape
    for i, each in enumerate(found):
        shape = each._array.shape
        if len(shape) != len(first):
            raise RuntimeError(f"Tensors must have same number of dimensions: got {len(first)} and {len(shape)}")
        for k in builtins.range(len(shape)):
            if k != axis and shape[k] != first[k]:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {axis}. Expected size {first[k]} but got size "
                    f"{shape[k]} for tensor number {i} in the list."
                )
    return apply(rows.cat, *found, dim=axis, sizes=tuple(each._array.shape[axis] for each in found))


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors of one shape along a new axis."""
    found = _joined(tensors, "stack")
    first = found[0]._array.shape
    for i, each in enumerate(found):
        if each._array.shape != first:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(first)} at entry 0 and "
                f"{list(each._array.shape)} at entry {i}"
            )
    return apply(rows.stack, *found, dim=one_axis(dim, len(first) + 1))


def repeat(input: Tensor, *repeats: Any) -> Tensor:
    """The tensor copied so many times along each axis; more numbers than axes add axes in front."""
    times = sizes(repeats)
    shape = input._array.shape
    if len(times) < len(shape):
        raise RuntimeError("Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor")
    shape = (1,) * (len(times) - len(shape)) + shape
    spaced = tuple(n for size in shape for n in (1, size))
    full = tuple(n for time, size in zip(times, shape, strict=True) for n in (time, size))
    # The clone owns its memory: where no axis is tiled, the rest alone would be a view of the input.
    tiled = apply(rows.clone, apply(rows.expand, apply(rows.reshape, input, size=spaced), size=full))
    size = tuple(t * n for t, n in zip(times, shape, strict=True))
    return shown_as(apply(rows.reshape, tiled, size=size), "RepeatBackward0")


# Other names for the same functions
concat = cat
concatenate = cat
swapaxes = transpose
swapdims = transpose
