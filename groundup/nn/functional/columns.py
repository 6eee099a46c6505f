"""The windows of images as columns of a matrix, and columns added back into images: each the adjoint of the other.

A product of a filter matrix with the columns is a convolution. ``nn.Unfold`` and ``nn.Fold`` stand on these.
"""

from __future__ import annotations

from math import prod

from groundup.autograd import apply
from groundup.autograd.tape import shown_as
from groundup.functions import view
from groundup.nn.functional.shapes import Sizes, integers
from groundup.ops import ROWS
from groundup.tensor import Tensor

Pair = tuple[int, ...]


def _settings(kernel_size: Sizes, dilation: Sizes, padding: Sizes, stride: Sizes) -> tuple[Pair, Pair, Pair, Pair]:
    """The four settings as (height, width) each. Raises for sizes that make no window."""
    checks = (
        ("kernel_size", "kernel size", "kernel_height", "kernel_width", kernel_size, 1),
        ("dilation", "dilation", "dilation_height", "dilation_width", dilation, 1),
        ("padding", "padding", "pad_height", "pad_width", padding, 0),
        ("stride", "stride", "stride_height", "stride_width", stride, 1),
    )
    found = []
    for name, words, height, width, value, least in checks:
        pair = integers(name, value, 2)
        if min(pair) < least:
            wanted = "greater than zero" if least else "non-negative"
            raise RuntimeError(f"{words} should be {wanted}, but got {height}: {pair[0]} {width}: {pair[1]}")
        found.append(pair)
    return found[0], found[1], found[2], found[3]


def _blocks(size: Pair, kernel: Pair, dilation: Pair, padding: Pair, stride: Pair) -> Pair:
    """How many windows there are along each axis."""
    return tuple(
        [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, d, p, s in zip(size, kernel, dilation, padding, stride)]
    )


def unfold(input: Tensor, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1) -> Tensor:
    """The windows of images (N, C, H, W) or (C, H, W) as columns: (N, C * kernel height * kernel width, windows).

    Follows ``torch.nn.functional.unfold``.

    >>> import groundup
    >>> groundup.nn.functional.unfold(groundup.arange(9.0).reshape(1, 1, 3, 3), 2)[0]
    tensor([[0., 1., 3., 4.],
            [1., 2., 4., 5.],
            [3., 4., 6., 7.],
            [4., 5., 7., 8.]])
    """
    kernel, spread, border, step = _settings(kernel_size, dilation, padding, stride)
    shape = tuple(input.shape)
    if len(shape) not in (3, 4) or 0 in shape[-3:]:
        raise RuntimeError(
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, "
            f"but got: {list(shape)}"
        )
    blocks = _blocks(shape[-2:], kernel, spread, border, step)
    if min(blocks) < 1:
        raise RuntimeError(
            f"Given input with spatial size {shape[-2:]}, kernel_size={kernel}, dilation={spread}, padding={border}, "
            f"stride={step}, calculated shape of the array of sliding blocks as {blocks}, but its components must be "
            "at least one."
        )
    images = input if len(shape) == 4 else input.unsqueeze(0)
    if any(border):
        images = view.pad(images, (border[1], border[1], border[0], border[0]))
    windows = view.windows(images, (2, 3), kernel, step, spread).permute(0, 1, 4, 5, 2, 3)
    columns = windows.reshape(images.shape[0], shape[-3] * prod(kernel), prod(blocks))
    columns = shown_as(columns if columns._view is None else columns.clone(), "Im2ColBackward0")
    return columns if len(shape) == 4 else columns.squeeze(0)


def fold(
    input: Tensor,
    output_size: Sizes,
    kernel_size: Sizes,
    dilation: Sizes = 1,
    padding: Sizes = 0,
    stride: Sizes = 1,
) -> Tensor:
    """Images of `output_size` from the columns of `unfold`: what windows share is added up.

    Follows ``torch.nn.functional.fold``.

    >>> import groundup
    >>> F = groundup.nn.functional
    >>> F.fold(F.unfold(groundup.ones(1, 1, 3, 3), 2), (3, 3), 2)
    tensor([[[[1., 2., 1.],
              [2., 4., 2.],
              [1., 2., 1.]]]])
    """
    kernel, spread, border, step = _settings(kernel_size, dilation, padding, stride)
    size, shape = integers("output_size", output_size, 2), tuple(input.shape)
    if len(shape) not in (2, 3) or 0 in shape[-2:]:
        raise RuntimeError(
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for "
            f"input, but got: {list(shape)}"
        )
    if shape[-2] % prod(kernel):
        raise RuntimeError(
            f"Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got "
            f"input.size(1)={shape[-2]} and kernel_size={kernel}."
        )
    blocks = _blocks(size, kernel, spread, border, step)
    if shape[-1] != prod(blocks) or min(blocks) < 1:
        raise RuntimeError(
            f"Given output_size={size}, kernel_size={kernel}, dilation={spread}, padding={border}, stride={step}, "
            f"expected size of input's dimension 2 to match the calculated number of sliding blocks {blocks[0]} * "
            f"{blocks[1]} = {prod(blocks)}, but got input.size(2)={shape[-1]}."
        )
    columns = input if len(shape) == 3 else input.unsqueeze(0)
    batch, channels = columns.shape[0], shape[-2] // prod(kernel)
    windows = columns.reshape(batch, channels, *kernel, *blocks).permute(0, 1, 4, 5, 2, 3)
    padded = (batch, channels, size[0] + 2 * border[0], size[1] + 2 * border[1])
    images = apply(ROWS["fold"], windows, dims=(2, 3), steps=step, dilations=spread, size=padded)
    if any(border):
        images = view.pad(images, (-border[1], -border[1], -border[0], -border[0]))
    images = shown_as(images, "Col2ImBackward0")
    return images if len(shape) == 3 else images.squeeze(0)
