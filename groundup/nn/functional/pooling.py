"""Pooling: the largest or the mean value of each window of an image, as in ``torch.nn.functional``.

The largest value is one operation of the index family, whose gradient goes to the place it came from;
a mean is a sum over the view of the windows. The pooling layers stand on these.
"""

from __future__ import annotations

import math

from groundup.autograd import apply
from groundup.autograd.tape import shown_as
from groundup.functions import contract, creation, view
from groundup.nn.functional.shapes import batched, pair
from groundup.ops import ROWS
from groundup.tensor import Tensor

Pair = int | tuple[int, int]
Widths = tuple[tuple[int, int], tuple[int, int]]


def max_pool2d(
    input: Tensor,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    dilation: Pair = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor:
    """The largest value of each window of (N, C, H, W) or (C, H, W); nan wins.

    The gradient goes to the first of equal values, in reading order. ``stride`` is ``kernel_size`` if
    None; the padding counts as -inf and may be at most half a window; ``ceil_mode`` rounds the size up.
    Windows that do not fit raise ``RuntimeError``. Follows ``torch.nn.functional.max_pool2d``.

    >>> import groundup
    >>> groundup.nn.functional.max_pool2d(groundup.arange(16.0).reshape(1, 4, 4), 2)
    tensor([[[ 5.,  7.],
             [13., 15.]]])
    """
    refuse_indices(return_indices)
    kernel, stride, dilation = (
        pair("kernel_size", kernel_size),
        _stride(kernel_size, stride),
        pair("dilation", dilation),
    )
    border = _borders("max_pool2d", input, kernel, stride, pair("padding", padding), dilation, ceil_mode)
    lowest = -math.inf if input.is_floating_point() else _lowest_integer(input)
    return apply(
        ROWS["max_windows"],
        _padded(input, border, lowest),
        dims=(input.dim() - 2, input.dim() - 1),
        sizes=kernel,
        steps=stride,
        dilations=dilation,
    )


def avg_pool2d(
    input: Tensor,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window of (N, C, H, W) or (C, H, W).

    The zeros of the padding count unless ``count_include_pad`` is False; ``divisor_override`` divides
    the sum by a number of one's own. Other arguments as for ``max_pool2d``.
    Follows ``torch.nn.functional.avg_pool2d``.

    >>> import groundup
    >>> groundup.nn.functional.avg_pool2d(groundup.arange(16.0).reshape(1, 4, 4), 2)
    tensor([[[ 2.5000,  4.5000],
             [10.5000, 12.5000]]])
    """
    if divisor_override == 0:
        raise RuntimeError("divisor must be not zero")
    kernel, stride, padding = (
        pair("kernel_size", kernel_size),
        _stride(kernel_size, stride),
        pair("padding", padding),
    )
    border = _borders("avg_pool2d", input, kernel, stride, padding, (1, 1), ceil_mode)
    total = _window_sums(_padded(input, border, 0), kernel, stride)
    if divisor_override is not None:
        return shown_as(total / divisor_override, "AvgPool2DBackward0")
    counts = [
        _counts(
            input.shape[axis - 2],
            total.shape[axis - 2],
            kernel[axis],
            stride[axis],
            padding[axis],
            count_include_pad,
        )
        for axis in (0, 1)
    ]
    if all(len(set(each)) == 1 for each in counts):
        return shown_as(total / (counts[0][0] * counts[1][0]), "AvgPool2DBackward0")
    rows, columns = (creation.tensor(each, dtype=input.dtype) for each in counts)
    return shown_as(total / (rows.unsqueeze(1) * columns), "AvgPool2DBackward0")


def adaptive_avg_pool2d(input: Tensor, output_size: int | tuple[int | None, int | None] | None) -> Tensor:
    """The mean over windows chosen so that the result has ``output_size``; None keeps a size as it is.

    Output row i is the mean of the rows from floor(i * H / H') up to ceil((i + 1) * H / H'), and columns
    likewise. Follows ``torch.nn.functional.adaptive_avg_pool2d``.

    >>> import groundup
    >>> groundup.nn.functional.adaptive_avg_pool2d(groundup.arange(6.0).reshape(1, 2, 3), (1, None))
    tensor([[[1.5000, 2.5000, 3.5000]]])
    """
    if input.dim() not in (3, 4):
        raise RuntimeError(f"adaptive_avg_pool2d(): Expected 3D or 4D tensor, but got {list(input.shape)}")
    wanted = output_size if isinstance(output_size, (tuple, list)) else (output_size, output_size)
    if len(wanted) != 2:
        raise RuntimeError("adaptive_avg_pool2d: output_size must be 2")
    height, width = (have if want is None else want for have, want in zip(input.shape[-2:], wanted, strict=True))
    if min(height, width) < 0:
        raise RuntimeError(
            "adaptive_avg_pool2d: elements of output_size must be greater than or equal to 0 "
            f"but received {{{height}, {width}}}"
        )
    if (height, width) == (1, 1):
        return input.mean((-2, -1), keepdim=True)
    if height and width and input.shape[-2] % height == 0 and input.shape[-1] % width == 0:
        return avg_pool2d(input, (input.shape[-2] // height, input.shape[-1] // width))
    # Windows of unequal size: a mean over rows and one over columns, each a product with a matrix of weights.
    rows = _averaging(input.shape[-2], height, input)
    columns = _averaging(input.shape[-1], width, input)
    return contract.matmul(contract.matmul(rows, input), columns.t())


def refuse_indices(return_indices: bool) -> None:
    """Raises if the positions of the maxima are asked for."""
    if return_indices:
        raise NotImplementedError(
            "return_indices=True is not supported by groundup: max pooling returns the values only"
        )


def _stride(kernel_size: Pair, stride: Pair | None) -> tuple[int, int]:
    return pair("stride", kernel_size if stride is None else stride)


def _borders(
    name: str,
    input: Tensor,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    dilation: tuple[int, int],
    ceil_mode: bool,
) -> Widths:
    """The padding on each side, with what ``ceil_mode`` adds; raises for windows that do not fit."""
    batched(name, input.shape)
    for what, values in (("kernel_size", kernel), ("stride", stride), ("dilation", dilation)):
        if min(values) < 1:
            raise RuntimeError(f"{what} should be greater than zero, but got {values}")
    image = tuple(input.shape[-2:])
    border, result = [], []
    for size, k, s, p, d in zip(image, kernel, stride, padding, dilation, strict=True):
        extent = d * (k - 1) + 1
        if not 0 <= p <= extent // 2:
            raise RuntimeError(
                "pad should be at least 0 and at most half of effective kernel size, "
                f"but got pad={p}, kernel_size={k} and dilation={d}"
            )
        count = (size + 2 * p - extent) // s + 1
        if ceil_mode:
            count = -((extent - size - 2 * p) // s) + 1
            if (count - 1) * s >= size + p:  # the last window must start inside the image or its padding before
                count -= 1
        result.append(count)
        border.append((p, max(p, (count - 1) * s + extent - size - p) if ceil_mode else p))
    if min(result) < 1:
        channels = input.shape[-3]
        raise RuntimeError(
            f"Given input size: ({channels}x{image[0]}x{image[1]}). Calculated output size: "
            f"({channels}x{result[0]}x{result[1]}). Output size is too small\n"
            f"  the image has {image[0]} x {image[1]} pixels, a window {kernel[0]} x {kernel[1]}: give a smaller "
            "kernel_size, or pool less before this layer"
        )
    return border[0], border[1]


def _padded(input: Tensor, border: Widths, value: float) -> Tensor:
    if not any(map(any, border)):
        return input
    return view.pad(input, (*border[1], *border[0]), value=value)


def _lowest_integer(input: Tensor) -> int:
    bits = 8 * input.dtype.itemsize
    return -(1 << (bits - 1)) if input.dtype.is_signed else 0


def _window_sums(input: Tensor, kernel: tuple[int, int], stride: tuple[int, int]) -> Tensor:
    rank = input.dim()
    windows = view.windows(input, (rank - 2, rank - 1), kernel, stride, (1, 1))
    # One contiguous image for each place in the window: summing whole images is faster than short windows.
    images = windows.permute(rank, rank + 1, *range(rank)).reshape(kernel[0] * kernel[1], *windows.shape[:rank])
    return images.sum(0)


def _counts(size: int, results: int, kernel: int, stride: int, padding: int, include: bool) -> list[int]:
    """How many elements of each window along one axis count: those of the image, or with its padding."""
    low, high = (-padding, size + padding) if include else (0, size)
    starts = [i * stride - padding for i in range(results)]
    return [min(start + kernel, high) - max(start, low) for start in starts]


def _averaging(size: int, results: int, like: Tensor) -> Tensor:
    """The matrix (results, size) whose row i averages the i-th window of an adaptive pooling."""
    rows: list[list[float]] = []
    for i in range(results):
        start, end = i * size // results, -(-(i + 1) * size // results)
        rows.append([1 / (end - start) if start <= j < end else 0.0 for j in range(size)])
    return creation.tensor(rows, dtype=like.dtype).reshape(results, size)
