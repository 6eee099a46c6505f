"""Pooling layers: the largest or the mean value of each window of an image."""

from __future__ import annotations

from groundup.nn import functional as F
from groundup.nn.functional.pooling import refuse_indices
from groundup.nn.module import Module
from groundup.tensor import Tensor

Pair = int | tuple[int, int]


class MaxPool2d(Module):
    """The largest value of each window: (N, C, H, W) to (N, C, H', W'). Follows ``torch.nn.MaxPool2d``.

    H' = (H + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1, or rounded up with ``ceil_mode``.
    ``stride`` is ``kernel_size`` if None. The gradient goes to the first largest value of a window.

    >>> import groundup
    >>> groundup.nn.MaxPool2d(2)(groundup.arange(16.0).reshape(1, 4, 4))
    tensor([[[ 5.,  7.],
             [13., 15.]]])
    """

    def __init__(
        self,
        kernel_size: Pair,
        stride: Pair | None = None,
        padding: Pair = 0,
        dilation: Pair = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        refuse_indices(return_indices)
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Tensor:
        """Pools images of shape (N, C, H, W) or (C, H, W)."""
        return F.max_pool2d(input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)

    def extra_repr(self) -> str:
        """The settings."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class AvgPool2d(Module):
    """The mean of each window: (N, C, H, W) to (N, C, H', W'). Follows ``torch.nn.AvgPool2d``.

    The zeros of the padding count in the mean unless ``count_include_pad`` is False;
    ``divisor_override`` divides the sum by a number of one's own.

    >>> import groundup
    >>> groundup.nn.AvgPool2d(2)(groundup.arange(16.0).reshape(1, 4, 4))
    tensor([[[ 2.5000,  4.5000],
             [10.5000, 12.5000]]])
    """

    def __init__(
        self,
        kernel_size: Pair,
        stride: Pair | None = None,
        padding: Pair = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        """Pools images of shape (N, C, H, W) or (C, H, W)."""
        return F.avg_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )

    def extra_repr(self) -> str:
        """The settings."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AdaptiveAvgPool2d(Module):
    """The mean over windows chosen so that the result has ``output_size``.

    None keeps a size as it is. Output row i is the mean of the rows from floor(i * H / H') up to
    ceil((i + 1) * H / H'). Follows ``torch.nn.AdaptiveAvgPool2d``.

    >>> import groundup
    >>> groundup.nn.AdaptiveAvgPool2d((1, None))(groundup.arange(6.0).reshape(1, 2, 3))
    tensor([[[1.5000, 2.5000, 3.5000]]])
    """

    def __init__(self, output_size: int | tuple[int | None, int | None] | None) -> None:
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        """Pools images of shape (N, C, H, W) or (C, H, W)."""
        return F.adaptive_avg_pool2d(input, self.output_size)

    def extra_repr(self) -> str:
        """The settings."""
        return f"output_size={self.output_size}"
