"""The view family: operations that move elements without computing, each with its adjoint beside it.

The derivative of a view is the adjoint view: expand and sum, slice and pad, permute and its inverse, windows and
fold. Rows marked as sharing give a view of the same memory wherever NumPy can; the others copy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from groundup.ops.borders import border_added as border_added_array
from groundup.ops.borders import border_array
from groundup.ops.moves import (
    diagonal_array,
    expand_array,
    flipped_array,
    fold_array,
    lower_array,
    on_diagonal_array,
    padded_array,
    placed_array,
    repeated_array,
    rolled_array,
    slice_array,
    spaced,
    stacked_array,
    upper_array,
    window_array,
)
from groundup.ops.row import Formula, Row, name_rows
from groundup.ops.strided import strided_added as added_array
from groundup.ops.strided import strided_array
from groundup.ops.strided import strided_picked as picked_array


def view(
    forward: Formula,
    *grads: Formula,
    each: Formula | None = None,
    label: str | Callable[..., str] | None = None,
) -> Row:
    """A row that moves elements; its result may share the memory of its argument."""
    return Row("view", forward, grads, each=each, label=label)


def _inverse(dims: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(dims.index(axis) for axis in range(len(dims)))


def _summed_repeats(m: Any, g: Any, times: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    """The gradient of `repeat`: the sum over all copies."""
    single, full = spaced(shape, times)
    return m.reshape(m.sum_to(m.reshape(g, size=full), size=single), size=shape)


def _summed_runs(m: Any, g: Any, times: int, dim: int, shape: tuple[int, ...]) -> Any:
    """The gradient of `repeat_each`: the sum over each run of equal elements."""
    lead, rest = shape[: dim + 1], shape[dim + 1 :]
    return m.reshape(m.sum_to(m.reshape(g, size=(*lead, times, *rest)), size=(*lead, 1, *rest)), size=shape)


def _border_label(widths: tuple[tuple[int, int], ...], mode: str) -> str:
    """PyTorch's name for a border: that of the number of axes that have one."""
    if mode == "circular":
        return "CopySlices"
    count = max(len(widths) - next((i for i, each in enumerate(widths) if any(each)), 0), 1)
    return f"{'Reflection' if mode == 'reflect' else 'Replication'}Pad{count}DBackward0"


def _key_label(key: Any) -> str:
    """PyTorch's name for the last step of a basic indexing."""
    last = next((part for part in reversed(key) if part is not Ellipsis and part != slice(None)), Ellipsis)
    if last is Ellipsis:
        return "AliasBackward0"
    return {int: "SelectBackward0", slice: "SliceBackward0"}.get(type(last), "UnsqueezeBackward0")


reshape = view(
    lambda m, x, *, size: x.reshape(size), lambda m, g, shape: m.reshape(g, size=shape), label="ViewBackward0"
)
flatten = view(
    lambda m, x, *, size: x.reshape(size), lambda m, g, shape: m.reshape(g, size=shape), label="ViewBackward0"
)
squeeze = view(
    lambda m, x, *, size, dims: x.reshape(size),
    lambda m, g, shape: m.reshape(g, size=shape),
    label=lambda dims, **_: "SqueezeBackward0" if dims is None else f"SqueezeBackward{1 if len(dims) == 1 else 2}",
)
unsqueeze = view(lambda m, x, *, size: x.reshape(size), lambda m, g, shape: m.reshape(g, size=shape))
expand = view(lambda m, x, *, size: expand_array(x, size), lambda m, g, shape: m.sum_to(g, size=shape))
permute = view(lambda m, x, *, dims: x.transpose(dims), lambda m, g, dims: m.permute(g, dims=_inverse(dims)))
transpose = view(
    lambda m, x, *, dim0, dim1: x.swapaxes(dim0, dim1),
    lambda m, g, dim0, dim1: m.transpose(g, dim0=dim0, dim1=dim1),
)
t = view(lambda m, x: x.T, lambda m, g: m.t(g))
slice_ = view(
    lambda m, x, *, key: slice_array(x, key),
    lambda m, g, key, shape: m.placed(g, key=key, size=shape),
    label=lambda key, **_: _key_label(key),
)
placed = view(lambda m, x, *, key, size: placed_array(x, key, size), lambda m, g, key: m.slice(g, key=key))
diagonal = view(
    lambda m, x, *, offset, dim1, dim2: diagonal_array(x, offset, dim1, dim2),
    lambda m, g, offset, dim1, dim2, shape: m.on_diagonal(g, offset=offset, dim1=dim1, dim2=dim2, size=shape),
)
on_diagonal = view(
    lambda m, x, *, offset, dim1, dim2, size: on_diagonal_array(x, offset, dim1, dim2, size),
    lambda m, g, offset, dim1, dim2: m.diagonal(g, offset=offset, dim1=dim1, dim2=dim2),
)
windows = view(
    lambda m, x, *, dims, sizes, steps, dilations: window_array(x, dims, sizes, steps, dilations),
    lambda m, g, dims, steps, dilations, shape: m.fold(g, dims=dims, steps=steps, dilations=dilations, size=shape),
    label="UnfoldBackward0",
)
fold = view(
    lambda m, x, *, dims, steps, dilations, size: fold_array(x, dims, steps, dilations, size),
    lambda m, g, dims, steps, dilations, shape: m.clone(
        m.windows(g, dims=dims, sizes=shape[g.ndim :], steps=steps, dilations=dilations)
    ),
)
as_strided = view(
    lambda m, x, *, size, stride, offset, own: strided_array(x, size, stride, offset, own),
    lambda m, g, size, stride, offset, own, shape: m.strided_added(
        g, size=size, stride=stride, offset=offset, own=own, into=shape
    ),
)
strided_added = view(
    lambda m, g, *, size, stride, offset, own, into: added_array(g, size, stride, offset, own, into),
    lambda m, g, size, stride, offset, own: m.strided_picked(g, size=size, stride=stride, offset=offset, own=own),
)
strided_picked = view(
    lambda m, x, *, size, stride, offset, own: picked_array(x, size, stride, offset, own),
    lambda m, g, size, stride, offset, own, shape: m.strided_added(
        g, size=size, stride=stride, offset=offset, own=own, into=shape
    ),
)
flip = view(lambda m, x, *, dims: flipped_array(x, dims), lambda m, g, dims: m.flip(g, dims=dims))
pad = view(
    lambda m, x, *, widths, value: padded_array(x, widths, value),
    lambda m, g, widths: m.pad(g, widths=tuple((-before, -after) for before, after in widths), value=0),
    label="ConstantPadNdBackward0",
)
border = view(
    lambda m, x, *, widths, mode: border_array(x, widths, mode),
    lambda m, g, widths, mode: m.border_added(g, widths=widths, mode=mode),
    label=lambda widths, mode, **_: _border_label(widths, mode),
)
border_added = view(
    lambda m, g, *, widths, mode: border_added_array(g, widths, mode),
    lambda m, g, widths, mode: m.border(g, widths=widths, mode=mode),
)
tril = view(lambda m, x, *, diagonal: lower_array(x, diagonal), lambda m, g, diagonal: m.tril(g, diagonal=diagonal))
triu = view(lambda m, x, *, diagonal: upper_array(x, diagonal), lambda m, g, diagonal: m.triu(g, diagonal=diagonal))
clone = view(lambda m, x: x.copy(), lambda m, g: g)
alias = view(lambda m, x: x[...], lambda m, g: g)
reinterpret = view(lambda m, x, *, to: x.view(to))
roll = view(
    lambda m, x, *, shifts, dims: rolled_array(x, shifts, dims),
    lambda m, g, shifts, dims: m.roll(g, shifts=tuple(-shift for shift in shifts), dims=dims),
)
repeat = view(
    lambda m, x, *, times: repeated_array(x, times),
    lambda m, g, times, shape: _summed_repeats(m, g, times, shape),
)
repeat_each = view(
    lambda m, x, *, times, dim: x.repeat(times, dim),
    lambda m, g, times, dim, shape: _summed_runs(m, g, times, dim, shape),
    label="RepeatInterleaveBackward0",
)
cat = view(
    lambda m, *xs, dim, sizes: np.concatenate(xs, axis=dim),
    each=lambda m, g, index, dim, sizes: m.slice(
        g, key=(slice(None),) * dim + (slice(sum(sizes[:index]), sum(sizes[: index + 1])),)
    ),
)
stack = view(
    lambda m, *xs, dim: stacked_array(xs, dim),
    each=lambda m, g, index, dim: m.slice(g, key=(slice(None),) * dim + (index,)),
)

SHARING = frozenset(
    {
        "reshape",
        "flatten",
        "squeeze",
        "unsqueeze",
        "expand",
        "permute",
        "transpose",
        "t",
        "slice",
        "diagonal",
        "windows",
        "as_strided",
        "reinterpret",
    }
    | {"alias"}
)
ROWS = name_rows(globals(), SHARING)
