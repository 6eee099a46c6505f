"""Smooth activation layers: each keeps its settings and calls the function of the same name in ``functional``."""

from __future__ import annotations

from groundup.nn import functional as F
from groundup.nn.activation.settings import InPlace
from groundup.nn.module import Module
from groundup.tensor import Tensor


class GELU(Module):
    """x times the normal distribution function of x. Follows ``torch.nn.GELU``.

    >>> import groundup
    >>> groundup.nn.GELU()(groundup.tensor([-1.0, 2.0]))
    tensor([-0.1587,  1.9545])
    """

    def __init__(self, approximate: str = "none") -> None:
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        """Applies the function."""
        return F.gelu(input, approximate=self.approximate)

    def extra_repr(self) -> str:
        """The settings."""
        return f"approximate={self.approximate!r}"


class SiLU(InPlace):
    """x * sigmoid(x). Follows ``torch.nn.SiLU``.

    >>> import groundup
    >>> groundup.nn.SiLU()(groundup.tensor([-1.0, 2.0]))
    tensor([-0.2689,  1.7616])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Applies the function."""
        return F.silu(input, inplace=self.inplace)


class Mish(InPlace):
    """x * tanh(softplus(x)). Follows ``torch.nn.Mish``.

    >>> import groundup
    >>> groundup.nn.Mish()(groundup.tensor([-1.0, 2.0]))
    tensor([-0.3034,  1.9440])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Applies the function."""
        return F.mish(input, inplace=self.inplace)


class Sigmoid(Module):
    """1 / (1 + exp(-x)). Follows ``torch.nn.Sigmoid``.

    >>> import groundup
    >>> groundup.nn.Sigmoid()(groundup.tensor([0.0, 2.0]))
    tensor([0.5000, 0.8808])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Applies the function."""
        return F.sigmoid(input)


class Tanh(Module):
    """The hyperbolic tangent. Follows ``torch.nn.Tanh``.

    >>> import groundup
    >>> groundup.nn.Tanh()(groundup.tensor([0.0, 2.0]))
    tensor([0.0000, 0.9640])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Applies the function."""
        return F.tanh(input)


class Softplus(Module):
    """log(1 + exp(beta * x)) / beta; x itself where ``beta * x > threshold``. Follows ``torch.nn.Softplus``.

    >>> import groundup
    >>> groundup.nn.Softplus()(groundup.tensor([0.0, 2.0]))
    tensor([0.6931, 2.1269])
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Tensor) -> Tensor:
        """Applies the function."""
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        """The settings."""
        return f"beta={self.beta}, threshold={self.threshold}"


class LogSigmoid(Module):
    """log(sigmoid(x)). Follows ``torch.nn.LogSigmoid``.

    >>> import groundup
    >>> groundup.nn.LogSigmoid()(groundup.tensor([0.0, -100.0]))
    tensor([  -0.6931, -100.0000])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Applies the function."""
        return F.logsigmoid(input)


class Softsign(Module):
    """x / (1 + abs(x)). Follows ``torch.nn.Softsign``.

    >>> import groundup
    >>> groundup.nn.Softsign()(groundup.tensor([-1.0, 3.0]))
    tensor([-0.5000,  0.7500])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Applies the function."""
        return F.softsign(input)


class Tanhshrink(Module):
    """x - tanh(x). Follows ``torch.nn.Tanhshrink``.

    >>> import groundup
    >>> groundup.nn.Tanhshrink()(groundup.tensor([0.0, 2.0]))
    tensor([0.0000, 1.0360])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Applies the function."""
        return F.tanhshrink(input)
