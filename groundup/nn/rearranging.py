"""Layers that rearrange images: windows into columns and back, channels into pixels and back, channels interleaved."""

from __future__ import annotations

from groundup.nn.functional import columns, shuffling
from groundup.nn.functional.shapes import Sizes
from groundup.nn.module import Module
from groundup.tensor import Tensor


class Unfold(Module):
    """The windows of images as columns. Follows ``torch.nn.Unfold``.

    >>> import groundup
    >>> groundup.nn.Unfold((2, 3))(groundup.ones(2, 5, 3, 4)).shape
    groundup.Size([2, 30, 4])
    """

    def __init__(self, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1) -> None:
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        """The columns of the images ``input``."""
        return columns.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        """The settings."""
        return f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, stride={self.stride}"


class Fold(Module):
    """Images of ``output_size`` from the columns of `Unfold`, what windows share added up. Follows ``torch.nn.Fold``.

    >>> import groundup
    >>> groundup.nn.Fold((3, 4), (2, 3))(groundup.ones(2, 30, 4)).shape
    groundup.Size([2, 5, 3, 4])
    """

    def __init__(
        self, output_size: Sizes, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1
    ) -> None:
        self.output_size = output_size
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        """The images of the columns ``input``."""
        return columns.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        """The settings."""
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, dilation={self.dilation}, "
            f"padding={self.padding}, stride={self.stride}"
        )


class PixelShuffle(Module):
    """Blocks of channels spread into pixels: (C * r * r, H, W) as (C, H * r, W * r). Follows ``torch.nn.PixelShuffle``.

    >>> import groundup
    >>> groundup.nn.PixelShuffle(3)(groundup.ones(1, 9, 4, 4)).shape
    groundup.Size([1, 1, 12, 12])
    """

    def __init__(self, upscale_factor: int) -> None:
        self.upscale_factor = upscale_factor

    def forward(self, input: Tensor) -> Tensor:
        """The finer images."""
        return shuffling.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        """The settings."""
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """The reverse of `PixelShuffle`. Follows ``torch.nn.PixelUnshuffle``."""

    def __init__(self, downscale_factor: int) -> None:
        self.downscale_factor = downscale_factor

    def forward(self, input: Tensor) -> Tensor:
        """The coarser images with more channels."""
        return shuffling.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        """The settings."""
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    """The channels of several groups interleaved. Follows ``torch.nn.ChannelShuffle``."""

    def __init__(self, groups: int) -> None:
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        """The same channels in another order."""
        return shuffling.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        """The settings."""
        return f"groups={self.groups}"
