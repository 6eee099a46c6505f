"""The layers that drop random elements, or channels, during training."""

from __future__ import annotations

from groundup.nn import functional as F
from groundup.nn.module import Module
from groundup.tensor import Tensor


class _Dropout(Module):
    """The settings that all of them have."""

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        """The settings."""
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """Sets each element to 0 with probability ``p`` in training mode, and divides the others by ``1 - p``.

    In evaluation mode the input passes unchanged. Follows ``torch.nn.Dropout``; Srivastava et al. (2014).

    >>> import groundup
    >>> groundup.nn.Dropout(0.2).eval()(groundup.ones(3))
    tensor([1., 1., 1.])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Drops elements of ``input`` in training mode."""
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_Dropout):
    """Drops whole channels of ``(N, C, L)`` or ``(C, L)``. Follows ``torch.nn.Dropout1d``."""

    def forward(self, input: Tensor) -> Tensor:
        """Drops channels of ``input`` in training mode."""
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_Dropout):
    """Drops whole channels of images ``(N, C, H, W)``. Follows ``torch.nn.Dropout2d``.

    >>> import groundup
    >>> dropped = groundup.nn.Dropout2d(0.5)(groundup.ones(4, 8, 3, 3))
    >>> bool((dropped.amax((2, 3)) == dropped.amin((2, 3))).all())
    True
    """

    def forward(self, input: Tensor) -> Tensor:
        """Drops channels of ``input`` in training mode."""
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_Dropout):
    """Drops whole channels of volumes ``(N, C, D, H, W)``. Follows ``torch.nn.Dropout3d``."""

    def forward(self, input: Tensor) -> Tensor:
        """Drops channels of ``input`` in training mode."""
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_Dropout):
    """Dropout for networks of selu, which keeps mean 0 and variance 1. Follows ``torch.nn.AlphaDropout``."""

    def forward(self, input: Tensor) -> Tensor:
        """Drops elements of ``input`` in training mode."""
        return F.alpha_dropout(input, self.p, self.training, self.inplace)


class FeatureAlphaDropout(_Dropout):
    """`AlphaDropout` of whole channels. Follows ``torch.nn.FeatureAlphaDropout``."""

    def forward(self, input: Tensor) -> Tensor:
        """Drops channels of ``input`` in training mode."""
        return F.feature_alpha_dropout(input, self.p, self.training, self.inplace)
