"""Convolution in one, two and three dimensions: windows as columns, one matrix product, and the way back.

Laying out the columns is the only large copy, and the product of the filters with them goes to BLAS. A transposed
convolution is the adjoint, the same steps the other way round. Settings are checked once for each combination of
shapes; the checked windows are kept. ``nn.Conv2d`` and the other layers stand on it.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

from groundup.autograd import apply
from groundup.autograd.tape import shown_as
from groundup.nn.functional.shapes import LAYOUTS, Sizes, batched, hashable, integers, layout
from groundup.ops import ROWS
from groundup.ops.windows import Line, Lines
from groundup.tensor import Tensor

Shape = tuple[int, ...]

NAMED_PADDING = ("same", "valid")

# With many small images the batch is laid out innermost, so that the copies run along it: for a batch
# of 64 from 14 x 14 pixels down this is up to three times faster than runs along the short image rows.
BATCH_LAST_RATIO = 3


def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlates signals (N, C, L) or (C, L) with filters (O, C // groups, k); as ``conv2d`` otherwise."""
    return _correlated(1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlates images (N, C, H, W) or (C, H, W) with filters (O, C // groups, kh, kw).

    Output (n, o, i, j) is the sum of weight[o] times the window of the padded image n that starts at
    (i, j) * stride, plus bias[o]. ``padding`` is a number of zeros on each side, ``"valid"`` or
    ``"same"``. Shapes that do not fit raise ``RuntimeError``. Follows ``torch.nn.functional.conv2d``.

    >>> import groundup
    >>> F = groundup.nn.functional
    >>> F.conv2d(groundup.arange(9.0).reshape(1, 1, 3, 3), groundup.ones(1, 1, 2, 2))
    tensor([[[[ 8., 12.],
              [20., 24.]]]])
    """
    return _correlated(2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlates volumes (N, C, D, H, W) or (C, D, H, W) with filters; as ``conv2d`` otherwise."""
    return _correlated(3, input, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    """The adjoint of ``conv1d``, plus a bias; as ``conv_transpose2d`` otherwise."""
    return _transposed(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    """The adjoint of ``conv2d`` with these settings, plus a bias: what its backward pass does to a gradient.

    ``weight`` is (C, O // groups, kh, kw). Each pixel of ``input`` adds its filters to the output at
    (i, j) * stride - padding; the height is (H - 1) * stride - 2 * padding + dilation * (kh - 1) +
    output_padding + 1, the width likewise. Follows ``torch.nn.functional.conv_transpose2d``.

    >>> import groundup
    >>> F = groundup.nn.functional
    >>> F.conv_transpose2d(groundup.tensor([[[[1.0, 2.0]]]]), groundup.ones(1, 1, 1, 2))
    tensor([[[[1., 3., 2.]]]])
    """
    return _transposed(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    """The adjoint of ``conv3d``, plus a bias; as ``conv_transpose2d`` otherwise."""
    return _transposed(3, input, weight, bias, stride, padding, output_padding, groups, dilation)


def _correlated(
    rank: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sizes,
    padding: Sizes | str,
    dilation: Sizes,
    groups: int,
) -> Tensor:
    shape, bias_shape = input._array.shape, None if bias is None else bias._array.shape
    where, size = _correlation(
        rank, shape, weight._array.shape, bias_shape, hashable(stride), hashable(padding), hashable(dilation), groups
    )
    _check_types(input, weight, bias)
    batch = shape[0] if len(shape) == rank + 2 else 1
    batch_last = batch >= BATCH_LAST_RATIO * where[-1].results
    columns = apply(ROWS["to_columns"], input, where=where, groups=groups, batch_last=batch_last)
    terms = (columns, weight) if bias is None else (columns, weight, bias)
    products = apply(ROWS["correlate"], *terms)
    if batch_last:
        laid_out = (*size[1:], batch)
        output = apply(ROWS["relaid"], products, size=laid_out, dims=(rank + 1, *range(rank + 1)))
    else:
        output = apply(ROWS["reshape"], products, size=size)
    return shown_as(output, "ConvolutionBackward0")


def _transposed(
    rank: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sizes,
    padding: Sizes,
    output_padding: Sizes,
    groups: int,
    dilation: Sizes,
) -> Tensor:
    shape, bias_shape = input._array.shape, None if bias is None else bias._array.shape
    settings = (hashable(stride), hashable(padding), hashable(output_padding), hashable(dilation), groups)
    where, size = _transposition(rank, shape, weight._array.shape, bias_shape, *settings)
    _check_types(input, weight, bias)
    batch = shape[0] if len(shape) == rank + 2 else 1
    channels, *image = shape[-rank - 1 :]
    batch_last = batch >= BATCH_LAST_RATIO * where[-1].results
    products = apply(ROWS["permute"], input, dims=(*range(1, rank + 2), 0)) if batch_last else input
    outer, last = (1, batch) if batch_last else (batch, 1)
    laid_out = (outer, groups, channels // groups, math.prod(image) * last)
    products = apply(ROWS["reshape"], products, size=laid_out)
    columns = apply(ROWS["correlate_back"], products, weight)
    output = apply(ROWS["from_columns"], columns, where=where, groups=groups, batch_last=batch_last, size=size)
    if bias is not None:
        output = output + bias.reshape(-1, *(1,) * rank)
    return shown_as(output, "ConvolutionBackward0")


@lru_cache(maxsize=512)
def _correlation(
    rank: int,
    shape: Shape,
    weight: Shape,
    bias: Shape | None,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
) -> tuple[Lines, Shape]:
    """The windows of a convolution, and the size of its result; raises for settings that do not fit."""
    name = f"conv{rank}d"
    has_batch = batched(name, shape, rank)
    _check_weight(name, rank, weight, shape)
    steps, dilations = _setting("stride", stride, rank), _setting("dilation", dilation, rank)
    kernel, image = weight[2:], shape[-rank:]
    if isinstance(padding, str):
        widths = _named_padding(padding, kernel, steps, dilations)
    else:
        widths = tuple((width, width) for width in _setting("padding", padding, rank, least=0))
    _check_at_least("stride", steps, 1)
    _check_at_least("dilation", dilations, 1)
    _check_channels(shape[-rank - 1], shape, weight, bias, groups, rank)
    padded = [length + sum(width) for length, width in zip(image, widths, strict=True)]
    extents = [d * (k - 1) + 1 for d, k in zip(dilations, kernel, strict=True)]
    if any(extent > length for extent, length in zip(extents, padded, strict=True)):
        raise RuntimeError(
            f"Calculated padded input size per channel: ({_times(padded)}). "
            f"Kernel size: ({_times(extents)}). Kernel size can't be greater than actual input size\n"
            "  give a smaller kernel_size or dilation, more padding, or less pooling before this layer"
        )
    counts = [(p - e) // s + 1 for p, e, s in zip(padded, extents, steps, strict=True)]
    before = [width[0] for width in widths]
    where = tuple(map(Line, kernel, steps, dilations, before, counts))
    return where, (*shape[: int(has_batch)], weight[0], *counts)


@lru_cache(maxsize=512)
def _transposition(
    rank: int,
    shape: Shape,
    weight: Shape,
    bias: Shape | None,
    stride: Any,
    padding: Any,
    output_padding: Any,
    dilation: Any,
    groups: int,
) -> tuple[Lines, Shape]:
    """The windows of the convolution that this is the adjoint of, and the size of the result."""
    name = f"conv_transpose{rank}d"
    has_batch = batched(name, shape, rank)
    _check_weight(name, rank, weight, shape)
    steps, dilations = _setting("stride", stride, rank), _setting("dilation", dilation, rank)
    widths = _setting("padding", padding, rank, least=0)
    beyond = _setting("output_padding", output_padding, rank, least=0)
    _check_at_least("stride", steps, 1)
    _check_at_least("dilation", dilations, 1)
    _check_channels_transposed(shape[-rank - 1], shape, weight, bias, groups)
    kernel, image = weight[2:], shape[-rank:]
    if any(more >= max(step, spread) for more, step, spread in zip(beyond, steps, dilations, strict=True)):
        raise RuntimeError(
            "output padding must be smaller than either stride or dilation, but got "
            f"{_each('output_padding', beyond)} {_each('stride', steps)} {_each('dilation', dilations)}"
        )
    lengths = [
        (n - 1) * s - 2 * p + d * (k - 1) + more + 1
        for n, s, p, d, k, more in zip(image, steps, widths, dilations, kernel, beyond, strict=True)
    ]
    if min(lengths) < 1:
        raise RuntimeError(
            f"Given input size per channel: ({_times(image)}). "
            f"Calculated output size per channel: ({_times(lengths)}). Output size is too small"
        )
    where = tuple(map(Line, kernel, steps, dilations, widths, image))
    return where, (*shape[: int(has_batch)], weight[1] * groups, *lengths)


def check_same_padding(padding: Any, stride: Shape, error: type[Exception]) -> None:
    """Raises ``error`` for padding "same" with a stride, which has no one meaning."""
    if padding == "same" and any(step != 1 for step in stride):
        raise error(
            "padding='same' is not supported for strided convolutions\n"
            "  give the padding as a number: kernel_size // 2 divides the size by the stride"
        )


def _named_padding(padding: str, kernel: Shape, stride: Shape, dilation: Shape) -> tuple[tuple[int, int], ...]:
    """Zeros before and after, for each axis."""
    if padding not in NAMED_PADDING:
        raise RuntimeError(f"Invalid padding string: {padding!r}\n  use 'same', 'valid' or a number")
    check_same_padding(padding, stride, RuntimeError)
    if padding == "valid":
        return ((0, 0),) * len(kernel)
    total = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
    return tuple((width // 2, width - width // 2) for width in total)


def _setting(name: str, value: Any, rank: int, least: int | None = None) -> Shape:
    if isinstance(value, tuple) and len(value) not in (1, rank):
        raise RuntimeError(
            f"expected {name} to be a single integer value or a list of {rank} values to match the convolution "
            f"dimensions, but got {name}={list(value)}"
        )
    found = integers(name, value, rank)
    if least is not None:
        _check_at_least(name, found, least)
    return found


def _check_at_least(name: str, values: Shape, least: int) -> None:
    if min(values) < least:
        kind = "negative" if least == 0 else "non-positive"
        more = "should be greater than zero" if least else "should not be negative"
        raise RuntimeError(f"{kind} {name} is not supported\n  {name} {more}, but is {values}")


def _times(sizes: Any) -> str:
    return " x ".join(map(str, sizes))


def _each(name: str, values: Shape) -> str:
    axes = ("depth", "height", "width")[-len(values) :]
    return " ".join(f"{name}_{axis}: {value}" for axis, value in zip(axes, values, strict=True))


def _check_weight(name: str, rank: int, weight: Shape, shape: Shape) -> None:
    if len(weight) != rank + 2:
        problem = (
            f"Expected {len(weight)}-dimensional input for {len(weight)}-dimensional weight{list(weight)}, "
            f"but got {len(shape)}-dimensional input of size {list(shape)} instead"
        )
        first, second = ("in", "out") if "transpose" in name else ("out", "in")
        raise RuntimeError(
            f"{problem if len(weight) > 2 else 'weight should have at least three dimensions'}\n"
            f"  filters of {name} have the shape ({first}_channels, {second}_channels // groups, {LAYOUTS[rank]})"
        )
    if min(weight[2:]) < 1:
        raise RuntimeError(f"kernel size should be greater than zero, but got {_each('kernel', weight[2:])}")


def _check_channels(channels: int, shape: Shape, weight: Shape, bias: Shape | None, groups: int, rank: int) -> None:
    sizes = list(weight)
    if groups < 1:
        raise RuntimeError("non-positive groups is not supported")
    if sizes[0] < groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, "
            f"but got weight of size {sizes} instead"
        )
    if sizes[0] % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, "
            f"but got weight of size {sizes} instead"
        )
    if channels != sizes[1] * groups:
        raise RuntimeError(
            f"Given groups={groups}, weight of size {sizes}, expected input{_with_batch(shape, sizes)} "
            f"to have {sizes[1] * groups} channels, but got {channels} channels instead\n"
            f"  images have the shape {layout(rank)}"
        )
    if bias is not None and bias != (sizes[0],):
        raise RuntimeError(
            f"Given weight of size {sizes}, expected bias to be 1-dimensional with {sizes[0]} elements, "
            f"but got bias of size {list(bias)} instead"
        )


def _check_channels_transposed(channels: int, shape: Shape, weight: Shape, bias: Shape | None, groups: int) -> None:
    sizes = list(weight)
    if groups < 1:
        raise RuntimeError("non-positive groups is not supported")
    if sizes[0] < groups or sizes[0] % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, "
            f"but got weight of size {[sizes]} instead"
        )
    if channels != sizes[0]:
        raise RuntimeError(
            f"Given transposed=1, weight of size {sizes}, expected input{_with_batch(shape, sizes)} "
            f"to have {sizes[0]} channels, but got {channels} channels instead"
        )
    if bias is not None and bias != (sizes[1] * groups,):
        raise RuntimeError(
            f"Given transposed=1, weight of size {sizes}, expected bias to be 1-dimensional with "
            f"{sizes[1] * groups} elements, but got bias of size {list(bias)} instead"
        )


def _with_batch(shape: Shape, weight: list[int]) -> list[int]:
    """The shape of the images, as PyTorch names it: a batch of one where there is none."""
    return list(shape) if len(shape) == len(weight) else [1, *shape]


def _check_types(input: Tensor, weight: Tensor, bias: Tensor | None) -> None:
    kind = input._array.dtype
    if kind == weight._array.dtype and (bias is None or kind == bias._array.dtype):
        return
    advice = "  images and weights must have one dtype: convert the images with .to(weight.dtype)"
    if bias is not None and kind != bias._array.dtype:
        raise RuntimeError(
            f"Input type ({input.dtype.c_name}) and bias type ({bias.dtype.c_name}) should be the same\n{advice}"
        )
    raise RuntimeError(f"expected scalar type {input.dtype.legacy} but found {weight.dtype.legacy}\n{advice}")
