"""Pooling to a chosen output size: windows of equal size where they fit, regions that may overlap where not.

Along each axis, region i of m runs from floor(i * n / m) up to ceil((i + 1) * n / m).
"""

from __future__ import annotations

import math
import operator
from functools import lru_cache
from typing import Any

from groundup.autograd import apply
from groundup.autograd.tape import shown_as
from groundup.functions.index import gather
from groundup.nn.functional.shapes import hashable
from groundup.ops import ROWS
from groundup.ops.windows import Line, Lines
from groundup.tensor import Tensor

Shape = tuple[int, ...]
OutputSize = int | tuple[int | None, ...] | None


def adaptive_avg_pool1d(input: Tensor, output_size: OutputSize) -> Tensor:
    """The mean over ``output_size`` regions of (N, C, L) or (C, L); as ``adaptive_avg_pool2d`` otherwise."""
    return _adaptive_avg_pool(1, input, output_size)


def adaptive_avg_pool2d(input: Tensor, output_size: OutputSize) -> Tensor:
    """The mean over windows chosen so that the result has ``output_size``; None keeps a size as it is.

    Output row i is the mean of the rows from floor(i * H / H') up to ceil((i + 1) * H / H'), and columns
    likewise. Follows ``torch.nn.functional.adaptive_avg_pool2d``.

    >>> import groundup
    >>> groundup.nn.functional.adaptive_avg_pool2d(groundup.arange(6.0).reshape(1, 2, 3), (1, None))
    tensor([[[1.5000, 2.5000, 3.5000]]])
    """
    return _adaptive_avg_pool(2, input, output_size)


def adaptive_avg_pool3d(input: Tensor, output_size: OutputSize) -> Tensor:
    """The mean over regions of (N, C, D, H, W) or (C, D, H, W); as ``adaptive_avg_pool2d`` otherwise."""
    return _adaptive_avg_pool(3, input, output_size)


def adaptive_max_pool1d(input: Tensor, output_size: OutputSize, return_indices: bool = False) -> Any:
    """The largest value of ``output_size`` regions of (N, C, L) or (C, L); as ``adaptive_max_pool2d`` otherwise."""
    return _adaptive_max_pool(1, input, output_size, return_indices)


def adaptive_max_pool2d(input: Tensor, output_size: OutputSize, return_indices: bool = False) -> Any:
    """The largest value of windows chosen so that the result has ``output_size``; None keeps a size as it is.

    The regions are those of ``adaptive_avg_pool2d``; with ``return_indices`` also where each value stood, counted
    along H * W. Follows ``torch.nn.functional.adaptive_max_pool2d``.

    >>> import groundup
    >>> groundup.nn.functional.adaptive_max_pool2d(groundup.arange(6.0).reshape(1, 2, 3), (1, 2))
    tensor([[[4., 5.]]])
    """
    return _adaptive_max_pool(2, input, output_size, return_indices)


def adaptive_max_pool3d(input: Tensor, output_size: OutputSize, return_indices: bool = False) -> Any:
    """The largest value of regions of (N, C, D, H, W) or (C, D, H, W); as ``adaptive_max_pool2d`` otherwise."""
    return _adaptive_max_pool(3, input, output_size, return_indices)


def _adaptive_avg_pool(rank: int, input: Tensor, output_size: OutputSize) -> Tensor:
    name = f"adaptive_avg_pool{rank}d"
    shape = input._array.shape
    wanted, where = _windows(name, rank, shape, hashable(output_size))
    if wanted == (1,) * rank and input.is_floating_point():
        return input.mean(tuple(range(-rank, 0)), keepdim=True)
    _check_input(name, len(shape) - rank, input)
    if 0 in wanted or 0 in shape:
        return input.new_zeros((*shape[:-rank], *wanted)) + 0 * input.sum()
    if where is not None:
        output = apply(ROWS["mean_windows"], input, where=where, counts=math.prod(line.size for line in where))
    else:
        output = apply(ROWS["mean_regions"], input, counts=wanted)
    return shown_as(output, f"AdaptiveAvgPool{rank}DBackward0" if rank > 1 else "SqueezeBackward1")


def _adaptive_max_pool(rank: int, input: Tensor, output_size: OutputSize, return_indices: bool) -> Any:
    name = f"adaptive_max_pool{rank}d"
    shape = input._array.shape
    wanted, where = _windows(name, rank, shape, hashable(output_size))
    _check_input(name, 1, input)
    lead = shape[:-rank]
    if min(wanted) < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(wanted)}: {[*lead, *wanted]}")
    if 0 in wanted or 0 in shape:
        values = input.new_zeros((*lead, *wanted)) + 0 * input.sum()
        return (values, values.detach().long()) if return_indices else values
    if where is not None:
        values = apply(ROWS["max_windows"], input, where=where)
        places = apply(ROWS["max_places"], input, values, where=where) if return_indices else None
    else:
        places = apply(ROWS["region_places"], input, counts=wanted)
        values = gather(input.reshape(*lead, -1), -1, places.reshape(*lead, -1)).reshape(*lead, *wanted)
    values = shown_as(values, f"AdaptiveMaxPool{rank}DBackward0")
    return (values, places) if return_indices else values


@lru_cache(maxsize=512)
def _windows(name: str, rank: int, shape: Shape, output_size: Any) -> tuple[Shape, Lines | None]:
    """The size of the result along each axis of the image, and the windows if they are of equal size."""
    wanted = output_size if isinstance(output_size, tuple) else (output_size,) * rank
    if len(wanted) != rank:
        if rank == 1:
            raise RuntimeError(f"{name}() argument 'output_size' should contain one int (got {len(wanted)})")
        problem = "(): internal error: output_size.size() must be" if "max" in name else ": output_size must be"
        raise RuntimeError(f"{name}{problem} {rank}")
    if rank > 1 and len(shape) == rank and isinstance(output_size, tuple):
        raise ValueError(f"Input dimension should be at least {rank + 1}\n  The input has shape {list(shape)}.")
    if len(shape) not in (rank + 1, rank + 2):
        raise RuntimeError(f"{name}(): Expected {rank + 1}D or {rank + 2}D tensor, but got {list(shape)}")
    image = shape[-rank:]
    sizes = tuple(n if want is None else operator.index(want) for n, want in zip(image, wanted, strict=True))
    if min(sizes) < 0 and "avg" in name:
        listed = ", ".join(map(str, sizes))
        raise RuntimeError(
            f"{name}: elements of output_size must be greater than or equal to 0 but received {{{listed}}}"
        )
    if min(sizes) < 1 or any(n % m or not n for n, m in zip(image, sizes, strict=True)):
        return sizes, None
    return sizes, tuple(Line(n // m, n // m, 1, 0, m) for n, m in zip(image, sizes, strict=True))


def _check_input(name: str, first: int, input: Tensor) -> None:
    """Raises unless the images are of floating numbers, and none of their axes from `first` on is empty."""
    if not input.is_floating_point():
        raise NotImplementedError(
            f"\"{name}\" not implemented for '{input.dtype.legacy}'\n  Convert the images with .float()."
        )
    shape = input._array.shape
    if 0 in shape[first:]:
        raise RuntimeError(
            f"{name}(): Expected input to have non-zero size for non-batch dimensions, "
            f"but input has sizes {list(shape)} with dimension {shape.index(0, first)} being empty"
        )
