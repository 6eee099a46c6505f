"""Pooling to a chosen output size: windows of equal size where they fit, regions that may overlap where not.

Along each axis, region i of m runs from floor(i * n / m) up to ceil((i + 1) * n / m).
"""

from __future__ import annotations

from typing import Any

from groundup.autograd import apply
from groundup.autograd.tape import shown_as
from groundup.functions.index import gather
from groundup.nn.functional.pooling import avg_pool1d, avg_pool2d, avg_pool3d, max_pool1d, max_pool2d, max_pool3d
from groundup.ops import ROWS
from groundup.tensor import Tensor

OutputSize = int | tuple[int | None, ...] | None

_AVERAGES = {1: avg_pool1d, 2: avg_pool2d, 3: avg_pool3d}
_MAXIMA = {1: max_pool1d, 2: max_pool2d, 3: max_pool3d}


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
    image, wanted = _sizes(name, rank, input, output_size)
    if min(wanted) < 0:
        listed = ", ".join(map(str, wanted))
        raise RuntimeError(
            f"{name}: elements of output_size must be greater than or equal to 0 but received {{{listed}}}"
        )
    if max(wanted) == 1 == min(wanted) and input.is_floating_point():
        return input.mean(tuple(range(-rank, 0)), keepdim=True)
    _check_input(name, input.dim() - rank, input)
    if 0 in wanted or 0 in input.shape:
        return input.new_zeros((*input.shape[:-rank], *wanted)) + 0 * input.sum()
    if all(n % m == 0 for n, m in zip(image, wanted, strict=True)):
        output = _AVERAGES[rank](input, tuple(n // m for n, m in zip(image, wanted, strict=True)))
    else:
        output = apply(ROWS["mean_regions"], input, counts=wanted)
    return shown_as(output, f"AdaptiveAvgPool{rank}DBackward0" if rank > 1 else "SqueezeBackward1")


def _adaptive_max_pool(rank: int, input: Tensor, output_size: OutputSize, return_indices: bool) -> Any:
    name = f"adaptive_max_pool{rank}d"
    image, wanted = _sizes(name, rank, input, output_size)
    _check_input(name, 1, input)
    if min(wanted) < 0:
        raise RuntimeError(
            f"Trying to create tensor with negative dimension {min(wanted)}: {[*input.shape[:-rank], *wanted]}"
        )
    lead = tuple(input.shape[:-rank])
    if 0 in wanted or 0 in input.shape:
        values = input.new_zeros((*lead, *wanted)) + 0 * input.sum()
        places = input.new_zeros((*lead, *wanted)).long()
    elif all(n % m == 0 for n, m in zip(image, wanted, strict=True)):
        kernel = tuple(n // m for n, m in zip(image, wanted, strict=True))
        if not return_indices:
            return _MAXIMA[rank](input, kernel)
        values, places = _MAXIMA[rank](input, kernel, return_indices=True)
    else:
        places = apply(ROWS["region_places"], input.detach(), counts=wanted)
        values = gather(input.reshape(*lead, -1), -1, places.reshape(*lead, -1)).reshape(*lead, *wanted)
        values = shown_as(values, f"AdaptiveMaxPool{rank}DBackward0")
    return (values, places) if return_indices else values


def _sizes(name: str, rank: int, input: Tensor, output_size: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The sizes of the image and of the result, each axis for itself."""
    wanted = tuple(output_size) if isinstance(output_size, (tuple, list)) else (output_size,) * rank
    if len(wanted) != rank:
        if rank == 1:
            raise RuntimeError(f"{name}() argument 'output_size' should contain one int (got {len(wanted)})")
        raise RuntimeError(f"{name}: output_size must be {rank}")
    if input.dim() not in (rank + 1, rank + 2):
        raise RuntimeError(f"{name}(): Expected {rank + 1}D or {rank + 2}D tensor, but got {list(input.shape)}")
    image = tuple(input.shape[-rank:])
    return image, tuple(have if want is None else int(want) for have, want in zip(image, wanted, strict=True))


def _check_input(name: str, first: int, input: Tensor) -> None:
    """Raises unless the images are of floating numbers, and none of their axes from `first` on is empty."""
    if not input.is_floating_point():
        raise NotImplementedError(
            f"\"{name}\" not implemented for '{input.dtype.legacy}'\n  Convert the images with .float()."
        )
    for axis in range(first, input.dim()):
        if input.shape[axis] == 0:
            raise RuntimeError(
                f"{name}(): Expected input to have non-zero size for non-batch dimensions, "
                f"but input has sizes {list(input.shape)} with dimension {axis} being empty"
            )
