"""The view family: operations that move elements without computing, each with its adjoint beside it.

The derivative of a view is the adjoint view: expand and sum, slice and pad, permute and its inverse, windows and
fold. Rows marked as sharing give a view of the same memory wherever NumPy can; the others copy.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from groundup.ops.row import Formula, Row, name_rows


def view(
    forward: Formula,
    *grads: Formula,
    each: Formula | None = None,
    label: str | Callable[..., str] | None = None,
) -> Row:
    """A row that moves elements; its result may share the memory of its argument."""
    return Row("view", forward, grads, each=each, label=label)


def expand_array(x: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """`x` broadcast to `size` with stride 0 and no copy (NumPy's own way takes five times as long)."""
    if x.shape == size:
        return x
    if type(x) is not np.ndarray:
        x = np.asarray(x)  # a NumPy scalar, as reductions give
    if x.size == 1 and x.ndim <= len(size) and 0 not in size:
        return np.ndarray(size, x.dtype, x, 0, tuple([0 if n != 1 else x.itemsize for n in size]))
    lead = len(size) - x.ndim
    strides = [0] * lead
    for have, want, stride in zip(x.shape, size[lead:], x.strides, strict=True):
        if have != want and have != 1:
            raise ValueError(f"{x.shape} does not expand to {size}")
        strides.append(stride if have == want else 0)
    if type(x) is np.ndarray and x.flags.c_contiguous and 0 not in size:
        return np.ndarray(size, x.dtype, x, 0, tuple(strides))
    return np.lib.stride_tricks.as_strided(x, size, strides)


def slice_array(x: np.ndarray, key: Any) -> np.ndarray:
    """x[key] as a view; a single element too, which NumPy would take out of the array."""
    found = x[key]
    return found if isinstance(found, np.ndarray) else x[(*key, ...)]


def window_array(
    x: np.ndarray,
    dims: tuple[int, ...],
    sizes: tuple[int, ...],
    steps: tuple[int, ...],
    dilations: tuple[int, ...],
) -> np.ndarray:
    """All windows along `dims` as a view: those axes count the windows, new last axes run inside one."""
    shape, strides = list(x.shape), list(x.strides)
    inner = []
    for dim, size, step, dilation in zip(dims, sizes, steps, dilations, strict=True):
        shape[dim] = (x.shape[dim] - dilation * (size - 1) - 1) // step + 1
        strides[dim] = x.strides[dim] * step
        inner.append(x.strides[dim] * dilation)
    return np.lib.stride_tricks.as_strided(x, (*shape, *sizes), (*strides, *inner))


def fold_array(
    windows: np.ndarray,
    dims: tuple[int, ...],
    steps: tuple[int, ...],
    dilations: tuple[int, ...],
    size: tuple[int, ...],
) -> np.ndarray:
    """The adjoint of `window_array`: every element added back to the place it was read from."""
    out = np.zeros(size, windows.dtype)
    rank = len(size)
    for offsets in itertools.product(*(range(n) for n in windows.shape[rank:])):
        place = [slice(None)] * rank
        for dim, offset, step, dilation in zip(dims, offsets, steps, dilations, strict=True):
            first = offset * dilation
            place[dim] = slice(first, first + step * (windows.shape[dim] - 1) + 1, step)
        inside: Any = (Ellipsis, *offsets)
        out[tuple(place)] += windows[inside]
    return out


def _placed(g: np.ndarray, key: Any, size: tuple[int, ...]) -> np.ndarray:
    """Zeros of `size` with `g` at `key`."""
    out = np.zeros(size, g.dtype)
    out[key] = g
    return out


def _on_diagonal(g: np.ndarray, offset: int, dim1: int, dim2: int, size: tuple[int, ...]) -> np.ndarray:
    out = np.zeros(size, g.dtype)
    line = np.diagonal(out, offset, dim1, dim2)
    line.flags.writeable = True
    line[...] = g
    return out


def _diagonal(x: np.ndarray, offset: int, dim1: int, dim2: int) -> np.ndarray:
    line = np.diagonal(x, offset, dim1, dim2)
    if x.flags.writeable:
        line.flags.writeable = True
    return line


def _padded(x: np.ndarray, widths: tuple[tuple[int, int], ...], value: float) -> np.ndarray:
    """`x` with a border of `value`; a negative width crops."""
    shape = tuple(size + before + after for size, (before, after) in zip(x.shape, widths, strict=True))
    if all(before <= 0 and after <= 0 for before, after in widths):
        return x[tuple(slice(-before, size + after) for size, (before, after) in zip(x.shape, widths))].copy()
    out = np.full(shape, value, x.dtype) if value else np.zeros(shape, x.dtype)
    outer = tuple(
        slice(max(before, 0), size - max(after, 0)) for size, (before, after) in zip(shape, widths, strict=True)
    )
    inner = tuple(
        slice(max(-before, 0), size - max(-after, 0)) for size, (before, after) in zip(x.shape, widths, strict=True)
    )
    out[outer] = x[inner]
    return out


def _laid_out(x: np.ndarray, widths: tuple[tuple[int, int], ...], dims: tuple[int, ...]) -> np.ndarray:
    """`x` with a border of zeros (or cropped), its axes in the order `dims` also in memory: in one copy."""
    source = x.transpose(dims)
    if any(before or after for before, after in widths):
        return _padded(source, tuple(widths[dim] for dim in dims), 0)
    return source.copy()


def _laid_back(widths: tuple[tuple[int, int], ...], dims: tuple[int, ...]) -> dict[str, Any]:
    """The settings of `lay_out` that undo these."""
    return {"widths": tuple((-widths[dim][0], -widths[dim][1]) for dim in dims), "dims": _inverse(dims)}


def _inverse(dims: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(dims.index(axis) for axis in range(len(dims)))


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
placed = view(lambda m, x, *, key, size: _placed(x, key, size), lambda m, g, key: m.slice(g, key=key))
diagonal = view(
    lambda m, x, *, offset, dim1, dim2: _diagonal(x, offset, dim1, dim2),
    lambda m, g, offset, dim1, dim2, shape: m.on_diagonal(g, offset=offset, dim1=dim1, dim2=dim2, size=shape),
)
on_diagonal = view(
    lambda m, x, *, offset, dim1, dim2, size: _on_diagonal(x, offset, dim1, dim2, size),
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
flip = view(lambda m, x, *, dims: np.flip(x, dims).copy(), lambda m, g, dims: m.flip(g, dims=dims))
pad = view(
    lambda m, x, *, widths, value: _padded(x, widths, value),
    lambda m, g, widths: m.pad(g, widths=tuple((-before, -after) for before, after in widths), value=0),
    label="ConstantPadNdBackward0",
)
lay_out = view(
    lambda m, x, *, widths, dims: _laid_out(x, widths, dims),
    lambda m, g, widths, dims: m.lay_out(g, **_laid_back(widths, dims)),
)
tril = view(lambda m, x, *, diagonal: np.tril(x, diagonal), lambda m, g, diagonal: m.tril(g, diagonal=diagonal))
triu = view(lambda m, x, *, diagonal: np.triu(x, diagonal), lambda m, g, diagonal: m.triu(g, diagonal=diagonal))
clone = view(lambda m, x: x.copy(), lambda m, g: g)
alias = view(lambda m, x: x[...], lambda m, g: g)
cat = view(
    lambda m, *xs, dim, sizes: np.concatenate(xs, axis=dim),
    each=lambda m, g, index, dim, sizes: m.slice(
        g, key=(slice(None),) * dim + (slice(sum(sizes[:index]), sum(sizes[: index + 1])),)
    ),
)
stack = view(
    lambda m, *xs, dim: np.stack(xs, axis=dim),
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
    }
    | {"alias"}
)
ROWS = name_rows(globals())
