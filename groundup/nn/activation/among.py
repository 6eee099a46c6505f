"""Activation layers whose result depends on other elements along an axis: softmax and its kin."""

from __future__ import annotations

from groundup.nn import functional as F
from groundup.nn.module import Module
from groundup.tensor import Tensor


class Softmax(Module):
    """exp(x) / sum(exp(x)) along ``dim``. Follows ``torch.nn.Softmax``.

    >>> import groundup
    >>> groundup.nn.Softmax(dim=0)(groundup.tensor([0.0, 0.0, 1.0]))
    tensor([0.2119, 0.2119, 0.5761])
    """

    def __init__(self, dim: int | None = None) -> None:
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """Applies the function."""
        return F.softmax(input, self.dim)

    def extra_repr(self) -> str:
        """The settings."""
        return f"dim={self.dim}"


class LogSoftmax(Module):
    """The logarithm of softmax along ``dim``. Follows ``torch.nn.LogSoftmax``.

    >>> import groundup
    >>> groundup.nn.LogSoftmax(dim=0)(groundup.tensor([0.0, 0.0]))
    tensor([-0.6931, -0.6931])
    """

    def __init__(self, dim: int | None = None) -> None:
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """Applies the function."""
        return F.log_softmax(input, self.dim)

    def extra_repr(self) -> str:
        """The settings."""
        return f"dim={self.dim}"


class Softmin(Module):
    """softmax of -x along ``dim``. Follows ``torch.nn.Softmin``.

    >>> import groundup
    >>> groundup.nn.Softmin(dim=0)(groundup.tensor([0.0, 0.0, -1.0]))
    tensor([0.2119, 0.2119, 0.5761])
    """

    def __init__(self, dim: int | None = None) -> None:
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """Applies the function."""
        return F.softmin(input, self.dim)

    def extra_repr(self) -> str:
        """The settings."""
        return f"dim={self.dim}"


class Softmax2d(Module):
    """softmax over the channels of an image, or of a batch of images. Follows ``torch.nn.Softmax2d``.

    >>> import groundup
    >>> groundup.nn.Softmax2d()(groundup.zeros(2, 1, 1)).flatten()
    tensor([0.5000, 0.5000])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Applies the function."""
        if input.ndim not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, got {input.ndim}D instead")
        return F.softmax(input, -3)


class GLU(Module):
    """The first half along ``dim`` times the sigmoid of the second. Follows ``torch.nn.GLU``.

    >>> import groundup
    >>> groundup.nn.GLU()(groundup.tensor([1.0, 2.0, 0.0, 0.0]))
    tensor([0.5000, 1.0000])
    """

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """Applies the function."""
        return F.glu(input, self.dim)

    def extra_repr(self) -> str:
        """The settings."""
        return f"dim={self.dim}"
