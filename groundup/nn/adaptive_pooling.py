"""Pooling layers that are given the size of their result and choose the windows for it."""

from __future__ import annotations

from typing import Any

from groundup.nn import functional as F
from groundup.nn.functional.adaptive_pooling import OutputSize
from groundup.nn.module import Module
from groundup.tensor import Tensor


class _Adaptive(Module):
    """What these layers have: the size of their result."""

    output_size: OutputSize

    def extra_repr(self) -> str:
        """The setting."""
        return f"output_size={self.output_size}"


class _AdaptiveAvgPool(_Adaptive):
    def __init__(self, output_size: OutputSize) -> None:
        self.output_size = output_size


class _AdaptiveMaxPool(_Adaptive):
    def __init__(self, output_size: OutputSize, return_indices: bool = False) -> None:
        self.output_size = output_size
        self.return_indices = return_indices


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """The mean over regions of (N, C, L). As ``AdaptiveAvgPool2d``. Follows ``torch.nn.AdaptiveAvgPool1d``."""

    def forward(self, input: Tensor) -> Tensor:
        """Pools signals of shape (N, C, L) or (C, L)."""
        return F.adaptive_avg_pool1d(input, self.output_size)


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """The mean over windows chosen so that the result has ``output_size``.

    None keeps a size as it is. Output row i is the mean of the rows from floor(i * H / H') up to
    ceil((i + 1) * H / H'). Follows ``torch.nn.AdaptiveAvgPool2d``.

    >>> import groundup
    >>> groundup.nn.AdaptiveAvgPool2d((1, None))(groundup.arange(6.0).reshape(1, 2, 3))
    tensor([[[1.5000, 2.5000, 3.5000]]])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Pools images of shape (N, C, H, W) or (C, H, W)."""
        return F.adaptive_avg_pool2d(input, self.output_size)


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """The mean over regions of (N, C, D, H, W). As ``AdaptiveAvgPool2d``. Follows ``torch.nn.AdaptiveAvgPool3d``."""

    def forward(self, input: Tensor) -> Tensor:
        """Pools volumes of shape (N, C, D, H, W) or (C, D, H, W)."""
        return F.adaptive_avg_pool3d(input, self.output_size)


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """The largest value of regions of (N, C, L). As ``AdaptiveMaxPool2d``. Follows ``torch.nn.AdaptiveMaxPool1d``."""

    def forward(self, input: Tensor) -> Any:
        """Pools signals of shape (N, C, L) or (C, L)."""
        return F.adaptive_max_pool1d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """The largest value of windows chosen so that the result has ``output_size``; with ``return_indices`` their places.

    The windows are those of ``AdaptiveAvgPool2d``. Follows ``torch.nn.AdaptiveMaxPool2d``.

    >>> import groundup
    >>> groundup.nn.AdaptiveMaxPool2d((1, None))(groundup.arange(6.0).reshape(1, 2, 3))
    tensor([[[3., 4., 5.]]])
    """

    def forward(self, input: Tensor) -> Any:
        """Pools images of shape (N, C, H, W) or (C, H, W)."""
        return F.adaptive_max_pool2d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """The largest value of regions of (N, C, D, H, W), as ``AdaptiveMaxPool2d``. As ``torch.nn.AdaptiveMaxPool3d``."""

    def forward(self, input: Tensor) -> Any:
        """Pools volumes of shape (N, C, D, H, W) or (C, D, H, W)."""
        return F.adaptive_max_pool3d(input, self.output_size, self.return_indices)
