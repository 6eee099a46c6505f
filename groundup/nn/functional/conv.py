"""Convolution as windows and one matrix product.

The windows are a view of the padded images; laying them out as columns is the only large copy, and the
product of the filters with the columns is one call of BLAS. Everything is a tensor operation, so the
gradients, of any order, follow from those of the operations. ``nn.Conv2d`` stands on it.
"""

from __future__ import annotations

from typing import Any

from groundup.autograd import apply
from groundup.autograd.tape import shown_as
from groundup.functions import contract, view
from groundup.nn.functional.shapes import batched, check_at_least, pair
from groundup.ops import ROWS
from groundup.tensor import Tensor

Pair = int | tuple[int, int]

NAMED_PADDING = ("same", "valid")

# With many small images the batch is laid out innermost, so that the copies run along it: for a batch
# of 64 from 14 x 14 pixels down this is up to three times faster than runs along the short image rows.
BATCH_LAST_RATIO = 3


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Pair = 1,
    padding: Pair | str = 0,
    dilation: Pair = 1,
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
    has_batch = batched("conv2d", input.shape)
    if weight.dim() != 4:
        raise RuntimeError(
            f"Expected 4-dimensional weight for conv2d, but got weight of size: {list(weight.shape)}\n"
            "  filters have the shape (out_channels, in_channels // groups, height, width)"
        )
    stride, dilation = pair("stride", stride), pair("dilation", dilation)
    check_at_least("stride", stride, 1)
    check_at_least("dilation", dilation, 1)
    _check_channels(input if has_batch else input.unsqueeze(0), weight, bias, groups)
    kernel = (weight.shape[2], weight.shape[3])
    widths = _widths(padding, kernel, stride, dilation)
    _check_kernel(tuple(input.shape[-2:]), widths, kernel, dilation)
    images = input if has_batch else input.unsqueeze(0)
    output = _correlate(images, weight, bias, stride, widths, dilation, groups)
    output = shown_as(output, "ConvolutionBackward0")
    return output if has_batch else output.squeeze(0)


def _correlate(
    images: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: tuple[int, int],
    widths: tuple[tuple[int, int], tuple[int, int]],
    dilation: tuple[int, int],
    groups: int,
) -> Tensor:
    batch, channels, _, width = images.shape
    filters, _, height_k, width_k = weight.shape
    columns_out = (width + sum(widths[1]) - dilation[1] * (width_k - 1) - 1) // stride[1] + 1
    batch_last = batch >= BATCH_LAST_RATIO * columns_out
    if batch_last:
        back, rows = (3, 0, 1, 2), 1
        laid_out = apply(ROWS["lay_out"], images, widths=((0, 0), (0, 0), *widths), dims=(1, 2, 3, 0))
    else:
        back, rows = (1, 0, 2, 3), 2
        padded = view.pad(images, (*widths[1], *widths[0])) if any(map(any, widths)) else images
        laid_out = padded.permute(1, 0, 2, 3)
    windows = view.windows(laid_out, (rows, rows + 1), (height_k, width_k), stride, dilation)
    places = tuple(windows.shape[1:4])
    columns = windows.permute(0, 4, 5, 1, 2, 3)
    products = _products(columns, weight, groups, channels * height_k * width_k, places)
    if bias is not None:
        products = products + bias.reshape(filters, 1)
    return products.reshape(filters, *places).permute(back).contiguous()


def _products(columns: Tensor, weight: Tensor, groups: int, inner: int, places: tuple[int, ...]) -> Tensor:
    """Filters times columns: (O, all places), in one product, or in one for each group."""
    filters = weight.shape[0]
    outer = places[0] * places[1] * places[2]
    if groups == 1:
        return contract.mm(weight.reshape(filters, inner), columns.reshape(inner, outer))
    grouped = contract.bmm(
        weight.reshape(groups, filters // groups, inner // groups),
        columns.reshape(groups, inner // groups, outer),
    )
    return grouped.reshape(filters, outer)


def check_same_padding(padding: str, stride: tuple[int, int], error: type[Exception]) -> None:
    """Raises ``error`` for padding "same" with a stride, which has no one meaning."""
    if padding == "same" and stride != (1, 1):
        raise error(
            "padding='same' is not supported for strided convolutions\n"
            "  give the padding as a number: kernel_size // 2 divides the size by the stride"
        )


def _widths(
    padding: Any, kernel: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int]
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Zeros before and after each row, and before and after each column."""
    if isinstance(padding, str):
        if padding not in NAMED_PADDING:
            raise RuntimeError(f"Invalid padding string: {padding!r}\n  use 'same', 'valid' or a number")
        check_same_padding(padding, stride, RuntimeError)
        if padding == "valid":
            return (0, 0), (0, 0)
        total = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        return (total[0] // 2, total[0] - total[0] // 2), (total[1] // 2, total[1] - total[1] // 2)
    height, width = pair("padding", padding)
    check_at_least("padding", (height, width), 0)
    return (height, height), (width, width)


def _check_channels(images: Tensor, weight: Tensor, bias: Tensor | None, groups: int) -> None:
    sizes = list(weight.shape)
    if groups < 1:
        raise RuntimeError("non-positive groups is not supported")
    if sizes[0] % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, "
            f"but got weight of size {sizes} instead"
        )
    if images.shape[1] != sizes[1] * groups:
        raise RuntimeError(
            f"Given groups={groups}, weight of size {sizes}, expected input{list(images.shape)} "
            f"to have {sizes[1] * groups} channels, but got {images.shape[1]} channels instead\n"
            "  images have the shape (batch, channels, height, width)"
        )
    if bias is not None and tuple(bias.shape) != (sizes[0],):
        raise RuntimeError(
            f"Given weight of size {sizes}, expected bias to be 1-dimensional with {sizes[0]} elements, "
            f"but got bias of size {list(bias.shape)} instead"
        )
    advice = "  images and weights must have one dtype: convert the images with .to(weight.dtype)"
    if bias is not None and images.dtype != bias.dtype:
        raise RuntimeError(
            f"Input type ({images.dtype.c_name}) and bias type ({bias.dtype.c_name}) should be the same\n{advice}"
        )
    if images.dtype != weight.dtype:
        raise RuntimeError(f"expected scalar type {images.dtype.legacy} but found {weight.dtype.legacy}\n{advice}")


def _check_kernel(
    image: tuple[int, ...],
    widths: tuple[tuple[int, int], tuple[int, int]],
    kernel: tuple[int, int],
    dilation: tuple[int, int],
) -> None:
    padded = [size + sum(border) for size, border in zip(image, widths, strict=True)]
    extent = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    if any(e > p for e, p in zip(extent, padded, strict=True)):
        raise RuntimeError(
            f"Calculated padded input size per channel: ({padded[0]} x {padded[1]}). "
            f"Kernel size: ({extent[0]} x {extent[1]}). Kernel size can't be greater than actual input size\n"
            "  give a smaller kernel_size or dilation, more padding, or less pooling before this layer"
        )
