"""Pooling in one, two and three dimensions: the largest or the mean value of each window of an image.

The largest value is one operation of the index family, whose gradient goes to the place it came from; the mean is one
of the reduce family, whose gradient is shared. Settings are checked once for each combination of shapes. The pooling
layers stand on these; those of a chosen output size are in ``adaptive_pooling``.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

from groundup.autograd import apply
from groundup.autograd.tape import shown_as
from groundup.functions.elementwise import abs, sign
from groundup.functions.index import scatter
from groundup.functions.index.checks import bounded
from groundup.nn.functional.activation import relu
from groundup.nn.functional.shapes import Sizes, hashable, integers
from groundup.ops import ROWS
from groundup.ops.index.bounds import TOLD
from groundup.ops.pooling import Counts
from groundup.ops.windows import Line, Lines
from groundup.tensor import Tensor

Shape = tuple[int, ...]
Pooled = Tensor | tuple[Tensor, Tensor]

NUMBERS = {1: "one int", 2: "two ints", 3: "three ints"}


def max_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest value of each window of (N, C, L) or (C, L); as ``max_pool2d`` otherwise."""
    return _max_pool(1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest value of each window of (N, C, H, W) or (C, H, W); nan wins.

    The gradient goes to the first of equal values, in reading order. ``stride`` is ``kernel_size`` if
    None; the padding never wins and may be at most half a window; ``ceil_mode`` rounds the size up.
    With ``return_indices`` also where each value stood, counted along H * W, for ``max_unpool2d``.
    Windows that do not fit raise ``RuntimeError``. Follows ``torch.nn.functional.max_pool2d``.

    >>> import groundup
    >>> groundup.nn.functional.max_pool2d(groundup.arange(16.0).reshape(1, 4, 4), 2)
    tensor([[[ 5.,  7.],
             [13., 15.]]])
    """
    return _max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest value of each window of (N, C, D, H, W) or (C, D, H, W); as ``max_pool2d`` otherwise."""
    return _max_pool(3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def avg_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window of (N, C, L) or (C, L); as ``avg_pool2d`` otherwise."""
    return _avg_pool(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
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
    return _avg_pool(2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def avg_pool3d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window of (N, C, D, H, W) or (C, D, H, W); as ``avg_pool2d`` otherwise."""
    return _avg_pool(3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def lp_pool1d(
    input: Tensor, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
) -> Tensor:
    """The p-norm of each window of (N, C, L) or (C, L); as ``lp_pool2d`` otherwise."""
    return _lp_pool(1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(
    input: Tensor, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
) -> Tensor:
    """(sum of x ** p) ** (1 / p) over each window of (N, C, H, W) or (C, H, W), where p is ``norm_type``.

    A window that ``ceil_mode`` cuts off counts as if the rest of it had the mean of its elements.
    Follows ``torch.nn.functional.lp_pool2d``.

    >>> import groundup
    >>> groundup.nn.functional.lp_pool2d(groundup.tensor([[[3.0, 0.0], [0.0, 4.0]]]), 2, 2)
    tensor([[[5.]]])
    """
    return _lp_pool(2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(
    input: Tensor, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
) -> Tensor:
    """The p-norm of each window of (N, C, D, H, W) or (C, D, H, W); as ``lp_pool2d`` otherwise."""
    return _lp_pool(3, input, norm_type, kernel_size, stride, ceil_mode)


def max_unpool1d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Shape | None = None,
) -> Tensor:
    """The maxima back at their places in (N, C, L) or (C, L); as ``max_unpool2d`` otherwise."""
    return _max_unpool(1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Shape | None = None,
) -> Tensor:
    """The maxima that ``max_pool2d(..., return_indices=True)`` found, back at their places among zeros.

    ``output_size`` is the size before the pooling, of the image or of the whole tensor, where several are possible.
    Follows ``torch.nn.functional.max_unpool2d``.

    >>> import groundup
    >>> F = groundup.nn.functional
    >>> F.max_unpool2d(*F.max_pool2d(groundup.arange(4.0).reshape(1, 2, 2), 2, return_indices=True), 2)
    tensor([[[0., 0.],
             [0., 3.]]])
    """
    return _max_unpool(2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Shape | None = None,
) -> Tensor:
    """The maxima back at their places in (N, C, D, H, W) or (C, D, H, W); as ``max_unpool2d`` otherwise."""
    return _max_unpool(3, input, indices, kernel_size, stride, padding, output_size)


def _max_pool(
    rank: int,
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    dilation: Sizes,
    ceil_mode: bool,
    return_indices: bool,
) -> Pooled:
    name = f"max_pool{rank}d" if rank > 1 or not return_indices else "max_pool1d_with_indices"
    settings = (hashable(kernel_size), hashable(stride), hashable(padding), hashable(dilation), bool(ceil_mode))
    where = windows_of(name, rank, input._array.shape, *settings)
    if input._array.dtype.kind == "b":
        raise NotImplementedError(f"\"{name}\" not implemented for 'Bool'\n  Convert the images with .float().")
    top = apply(ROWS["max_windows"], input, where=where)
    return (top, apply(ROWS["max_places"], input, top, where=where)) if return_indices else top


def _avg_pool(
    rank: int,
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Tensor:
    if divisor_override == 0:
        raise RuntimeError("divisor must be not zero")
    name = f"avg_pool{rank}d"
    settings = (hashable(kernel_size), hashable(stride), hashable(padding), 1, bool(ceil_mode))
    shape = input._array.shape
    where = windows_of(name, rank, shape, *settings)
    if input._array.dtype.kind == "b":
        raise NotImplementedError(f"\"{name}\" not implemented for 'Bool'\n  Convert the images with .float().")
    counts = divisor_override or _counts(where, shape[-rank:], bool(count_include_pad))
    return shown_as(apply(ROWS["mean_windows"], input, where=where, counts=counts), f"AvgPool{rank}DBackward0")


def _lp_pool(
    rank: int, input: Tensor, norm_type: float, kernel_size: Sizes, stride: Sizes | None, ceil_mode: bool
) -> Tensor:
    kernel = integers("kernel_size", kernel_size, rank)
    mean = _avg_pool(rank, input.pow(norm_type), kernel, stride, 0, ceil_mode, True, None)
    return (sign(mean) * relu(abs(mean))).mul(math.prod(kernel)).pow(1.0 / norm_type)


def _max_unpool(
    rank: int,
    input: Tensor,
    indices: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    output_size: Shape | None,
) -> Tensor:
    if input.dim() not in (rank + 1, rank + 2):
        raise RuntimeError(
            f"Input to max_unpooling{rank}d should be a {rank + 1}d or {rank + 2}d Tensor, "
            f"but got a tensor with {input.dim()} dimensions."
        )
    kernel = integers("kernel_size", kernel_size, rank)
    steps = kernel if stride is None else integers("stride", stride, rank)
    widths = integers("padding", padding, rank)
    image = _unpooled_size(tuple(input.shape[-rank:]), kernel, steps, widths, output_size)
    if indices._array.dtype != "int64":
        raise RuntimeError(f"elements in indices should be type int64 but got: {indices.dtype.legacy}")
    if indices.shape != input.shape:
        raise RuntimeError(
            f"Expected shape of indices to be same as that of the input tensor ({list(input.shape)}) "
            f"but got indices tensor with shape: {list(indices.shape)}"
        )
    lead, places = tuple(input.shape[:-rank]), math.prod(image)
    flat = indices.reshape(*lead, -1)
    found = flat._array
    if found.size and not (found.min() >= 0 and found.max() < places):  # PyTorch names the one that is farthest off
        raise TOLD["volume"](int(found.max() if found.max() >= places else found.min()), places, image)
    flat = bounded(flat, places, image, "volume")
    zeros = input.new_zeros((*lead, places))
    return shown_as(scatter(zeros, -1, flat, input.reshape(*lead, -1)).reshape(*lead, *image), f"MaxUnpool{rank}D")


def _unpooled_size(image: Shape, kernel: Shape, steps: Shape, widths: Shape, wanted: Any) -> Shape:
    rank = len(image)
    default = [(n - 1) * s + k - 2 * p for n, k, s, p in zip(image, kernel, steps, widths, strict=True)]
    if wanted is None:
        return tuple(default)
    if len(wanted) not in (rank, rank + 2):
        raise ValueError(
            f"output_size should be a sequence containing {rank} or {rank + 2} elements, "
            f"but it has a length of '{len(wanted)}'"
        )
    found = tuple(wanted)[-rank:]
    for axis, (size, usual, step) in enumerate(zip(found, default, steps, strict=True)):
        if not usual - step < size < usual + step:
            raise ValueError(
                f'invalid output_size "{found}" (dim {axis} must be between {usual - step} and {usual + step})'
            )
    return found


@lru_cache(maxsize=512)
def windows_of(
    name: str, rank: int, shape: Shape, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> Lines:
    """The windows of a pooling; raises for settings that do not fit."""
    kernel = _setting(name, "kernel_size", kernel_size, rank)
    steps = kernel if stride in (None, ()) else _setting(name, "stride", stride, rank)
    widths, dilations = _setting(name, "padding", padding, rank), _setting(name, "dilation", dilation, rank)
    for what, values in (("kernel_size", kernel), ("stride", steps), ("dilation", dilations)):
        if min(values) < 1:
            prefix = f"{name}() " if name == "max_pool1d" else ""
            if what == "stride" and not prefix:
                raise RuntimeError(f"stride should not be zero\n  stride is {values}; the least is 1")
            verb = "must" if prefix else "should"
            raise RuntimeError(f"{prefix}{what} {verb} be greater than zero, but got {min(values)}")
    _check_padding(name, kernel, widths, dilations)
    _check_image(name, rank, shape)
    image = shape[-rank:]
    counts = []
    for size, k, s, p, d in zip(image, kernel, steps, widths, dilations, strict=True):
        extent = d * (k - 1) + 1
        count = (size + 2 * p - extent) // s + 1
        if ceil_mode:
            count = -((extent - size - 2 * p) // s) + 1
            if (count - 1) * s >= size + p:  # the last window must start inside the image or its padding before
                count -= 1
        counts.append(count)
    if min(counts) < 1:
        raise RuntimeError(_too_small(name, shape[-rank - 1], image, counts, kernel))
    return tuple(map(Line, kernel, steps, dilations, widths, counts))


def _setting(name: str, what: str, value: Any, rank: int) -> Shape:
    if isinstance(value, tuple) and len(value) not in (1, rank):
        kinds = {"stride": "either be omitted, ", "dilation": "be either "}.get(what, "either be ")
        raise RuntimeError(f"{name}: {what} must {kinds}a single int, or a tuple of {NUMBERS[rank]}")
    return integers(what, value, rank)


def _check_padding(name: str, kernel: Shape, widths: Shape, dilations: Shape) -> None:
    for k, p, d in zip(kernel, widths, dilations, strict=True):
        extent = d * (k - 1) + 1
        if p < 0:
            raise RuntimeError(
                f"max_pool1d() padding must be non-negative, but got {p}"
                if name == "max_pool1d"
                else f"pad must be non-negative, but got pad: {p}"
            )
        if p > extent // 2:
            raise RuntimeError(
                f"max_pool1d() padding should be at most half of kernel size, but got padding={p} and kernel_size={k}"
                if name == "max_pool1d"
                else "pad should be at most half of effective kernel size, "
                f"but got pad={p}, kernel_size={k} and dilation={d}"
            )


def _check_image(name: str, rank: int, shape: Shape) -> None:
    """Raises unless the images have the axes that they must have, and something in them."""
    fits = len(shape) in (rank + 1, rank + 2)
    if fits and 0 not in shape[-rank - 1 :]:
        return
    wanted = f"{rank + 1}D or {rank + 2}D (batch mode) tensor"
    if rank == 1 or (rank == 2 and fits):
        prefix = f"{name}: " if name == "max_pool1d" else ""
        problem = f"{prefix}Expected {wanted} with optional 0 dim batch size for input, but got:{list(shape)}"
    elif fits:
        function = f"{name}_with_indices_out_cpu_template" if name == "max_pool3d" else name
        problem = (
            f"{function}(): Expected input's non-batch dimensions to have positive length, "
            f"but input has a shape of {list(shape)} and non-batch dimension {shape[-rank - 1 :].index(0)} "
            "has length zero!"
        )
    else:
        problem = f"non-empty {wanted} expected for input\n  its shape is {list(shape)}"
    raise RuntimeError(problem)


def _too_small(name: str, channels: int, image: Shape, counts: list[int], kernel: Shape) -> str:
    """What to say of an image that no window fits into."""
    if name == "max_pool1d":
        first = f"max_pool1d() Invalid computed output size: {counts[0]}"
    elif name == "avg_pool3d":
        sizes = " ".join(f"{axis}: {n}" for axis, n in zip("THW", image, strict=True))
        first = f"input image ({sizes}) smaller than kernel size ("
        first += " ".join(f"k{axis}: {n}" for axis, n in zip("THW", kernel, strict=True)) + ")"
    else:
        flat = ("1",) if name == "avg_pool1d" else ()  # PyTorch takes a signal as an image of one row
        before, after = ("x".join([str(channels), *flat, *map(str, sizes)]) for sizes in (image, counts))
        first = f"Given input size: ({before}). Calculated output size: ({after}). Output size is too small"
    of, size = " x ".join(map(str, image)), " x ".join(map(str, kernel))
    return (
        f"{first}\n  the image has {of} pixels, a window {size}: give a smaller kernel_size, or pool less before "
        "this layer"
    )


@lru_cache(maxsize=512)
def _counts(where: Lines, image: Shape, include_pad: bool) -> Counts:
    """By what the sum of each window is divided: one number if all are alike, else the counts along each axis."""
    found = []
    for line, length in zip(where, image, strict=True):
        low, high = (-line.before, length + line.before) if include_pad else (0, length)
        starts = [i * line.step - line.before for i in range(line.results)]
        found.append(tuple(min(start + line.size, high) - max(start, low) for start in starts))
    if all(len(set(each)) == 1 for each in found):
        return math.prod(each[0] for each in found)
    return tuple(found)
