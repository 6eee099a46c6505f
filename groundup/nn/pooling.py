"""Pooling layers: the largest or the mean value of each window, their norm, and the way back from the largest.

Those that choose windows for an output size are in ``adaptive_pooling``.
"""

from __future__ import annotations

from typing import Any

from groundup.nn import functional as F
from groundup.nn.functional.shapes import Sizes, integers
from groundup.nn.module import Module
from groundup.tensor import Tensor


class _MaxPool(Module):
    """What the max pooling layers have: their settings."""

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        dilation: Sizes = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def _settings(self) -> tuple[Any, ...]:
        return self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices

    def extra_repr(self) -> str:
        """The settings."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    """The largest value of each window: (N, C, L) to (N, C, L'). As ``MaxPool2d``. Follows ``torch.nn.MaxPool1d``."""

    def forward(self, input: Tensor) -> Any:
        """Pools signals of shape (N, C, L) or (C, L)."""
        return F.max_pool1d(input, *self._settings())


class MaxPool2d(_MaxPool):
    """The largest value of each window: (N, C, H, W) to (N, C, H', W'). Follows ``torch.nn.MaxPool2d``.

    H' = (H + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1, or rounded up with ``ceil_mode``.
    ``stride`` is ``kernel_size`` if None. The gradient goes to the first largest value of a window. With
    ``return_indices`` the layer also gives where each value stood, for ``MaxUnpool2d``.

    >>> import groundup
    >>> groundup.nn.MaxPool2d(2)(groundup.arange(16.0).reshape(1, 4, 4))
    tensor([[[ 5.,  7.],
             [13., 15.]]])
    """

    def forward(self, input: Tensor) -> Any:
        """Pools images of shape (N, C, H, W) or (C, H, W)."""
        return F.max_pool2d(input, *self._settings())


class MaxPool3d(_MaxPool):
    """The largest value of each window of (N, C, D, H, W). As ``MaxPool2d``. Follows ``torch.nn.MaxPool3d``."""

    def forward(self, input: Tensor) -> Any:
        """Pools volumes of shape (N, C, D, H, W) or (C, D, H, W)."""
        return F.max_pool3d(input, *self._settings())


class _MaxUnpool(Module):
    """What the layers that undo max pooling have: the settings of the pooling."""

    rank: int

    def __init__(self, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0) -> None:
        self.kernel_size = integers("kernel_size", kernel_size, self.rank)
        self.stride = self.kernel_size if stride is None else integers("stride", stride, self.rank)
        self.padding = integers("padding", padding, self.rank)

    def extra_repr(self) -> str:
        """The settings."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpool):
    """The maxima that ``MaxPool1d`` found, back at their places. As ``MaxUnpool2d``. Like ``torch.nn.MaxUnpool1d``."""

    rank = 1

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        """Places values of shape (N, C, L) or (C, L)."""
        return F.max_unpool1d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool2d(_MaxUnpool):
    """The maxima that ``MaxPool2d(..., return_indices=True)`` found, back at their places among zeros.

    ``output_size``, when the layer is called, is the size before the pooling, where several are possible.
    Follows ``torch.nn.MaxUnpool2d``.

    >>> import groundup
    >>> values, indices = groundup.nn.MaxPool2d(2, return_indices=True)(groundup.arange(4.0).reshape(1, 2, 2))
    >>> groundup.nn.MaxUnpool2d(2)(values, indices)
    tensor([[[0., 0.],
             [0., 3.]]])
    """

    rank = 2

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        """Places values of shape (N, C, H, W) or (C, H, W)."""
        return F.max_unpool2d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool3d(_MaxUnpool):
    """The maxima that ``MaxPool3d`` found, back at their places. As ``MaxUnpool2d``. Like ``torch.nn.MaxUnpool3d``."""

    rank = 3

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        """Places values of shape (N, C, D, H, W) or (C, D, H, W)."""
        return F.max_unpool3d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class AvgPool1d(Module):
    """The mean of each window: (N, C, L) to (N, C, L'). As ``AvgPool2d``. Follows ``torch.nn.AvgPool1d``."""

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        self.kernel_size = integers("kernel_size", kernel_size, 1)
        self.stride = self.kernel_size if stride is None else integers("stride", stride, 1)
        self.padding = integers("padding", padding, 1)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        """Pools signals of shape (N, C, L) or (C, L)."""
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)

    def extra_repr(self) -> str:
        """The settings."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class _AvgPool(Module):
    """What the other average pooling layers have: their settings."""

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
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

    def _settings(self) -> tuple[Any, ...]:
        sizes = (self.kernel_size, self.stride, self.padding)
        return (*sizes, self.ceil_mode, self.count_include_pad, self.divisor_override)

    def extra_repr(self) -> str:
        """The settings."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(_AvgPool):
    """The mean of each window: (N, C, H, W) to (N, C, H', W'). Follows ``torch.nn.AvgPool2d``.

    The zeros of the padding count in the mean unless ``count_include_pad`` is False;
    ``divisor_override`` divides the sum by a number of one's own.

    >>> import groundup
    >>> groundup.nn.AvgPool2d(2)(groundup.arange(16.0).reshape(1, 4, 4))
    tensor([[[ 2.5000,  4.5000],
             [10.5000, 12.5000]]])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Pools images of shape (N, C, H, W) or (C, H, W)."""
        return F.avg_pool2d(input, *self._settings())


class AvgPool3d(_AvgPool):
    """The mean of each window of (N, C, D, H, W). As ``AvgPool2d``. Follows ``torch.nn.AvgPool3d``."""

    def forward(self, input: Tensor) -> Tensor:
        """Pools volumes of shape (N, C, D, H, W) or (C, D, H, W)."""
        return F.avg_pool3d(input, *self._settings())


class _LPPool(Module):
    """What the layers of p-norms have: their settings."""

    def __init__(
        self, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
    ) -> None:
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        """The settings."""
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPool):
    """The p-norm of each window of (N, C, L). As ``LPPool2d``. Follows ``torch.nn.LPPool1d``."""

    def forward(self, input: Tensor) -> Tensor:
        """Pools signals of shape (N, C, L) or (C, L)."""
        return F.lp_pool1d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class LPPool2d(_LPPool):
    """(sum of x ** p) ** (1 / p) over each window, p being ``norm_type``. Follows ``torch.nn.LPPool2d``.

    >>> import groundup
    >>> groundup.nn.LPPool2d(2, 2)(groundup.tensor([[[3.0, 0.0], [0.0, 4.0]]]))
    tensor([[[5.]]])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Pools images of shape (N, C, H, W) or (C, H, W)."""
        return F.lp_pool2d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class LPPool3d(_LPPool):
    """The p-norm of each window of (N, C, D, H, W). As ``LPPool2d``. Follows ``torch.nn.LPPool3d``."""

    def forward(self, input: Tensor) -> Tensor:
        """Pools volumes of shape (N, C, D, H, W) or (C, D, H, W)."""
        return F.lp_pool3d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)
