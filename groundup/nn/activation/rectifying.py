"""Activation layers made of straight lines, or with a bend at 0: each keeps its settings and calls its function."""

from __future__ import annotations

from typing import Any

from groundup.functions.creation import empty
from groundup.nn import functional as F
from groundup.nn import init
from groundup.nn.activation.settings import InPlace
from groundup.nn.module import Module
from groundup.nn.parameter import Parameter
from groundup.tensor import Tensor


class ReLU(InPlace):
    """max(x, 0). Follows ``torch.nn.ReLU``.

    >>> import groundup
    >>> groundup.nn.ReLU()(groundup.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Applies the function."""
        return F.relu(input, inplace=self.inplace)


class LeakyReLU(Module):
    """x where x > 0, else ``negative_slope * x``. Follows ``torch.nn.LeakyReLU``.

    >>> import groundup
    >>> groundup.nn.LeakyReLU(0.1)(groundup.tensor([-1.0, 2.0]))
    tensor([-0.1000,  2.0000])
    """

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        self.negative_slope = negative_slope
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Applies the function."""
        return F.leaky_relu(input, self.negative_slope, inplace=self.inplace)

    def extra_repr(self) -> str:
        """The settings."""
        return f"negative_slope={self.negative_slope}" + (", inplace=True" if self.inplace else "")


class PReLU(Module):
    """x where x > 0, else ``weight * x`` with a learned weight, one for all or one for each channel.

    Follows ``torch.nn.PReLU``.

    >>> import groundup
    >>> groundup.nn.PReLU()(groundup.tensor([-1.0, 2.0])).tolist()
    [-0.25, 2.0]
    """

    weight: Parameter

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(empty(num_parameters, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Sets every weight to ``init``."""
        init.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        """Applies the function."""
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        """The settings."""
        return f"num_parameters={self.num_parameters}"


class RReLU(Module):
    """x where x > 0, else x times a slope that is random in training. Follows ``torch.nn.RReLU``.

    >>> import groundup
    >>> groundup.nn.RReLU(0.1, 0.3).eval()(groundup.tensor([-1.0, 2.0]))
    tensor([-0.2000,  2.0000])
    """

    def __init__(self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False) -> None:
        self.lower = lower
        self.upper = upper
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Applies the function."""
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self) -> str:
        """The settings."""
        return f"lower={self.lower}, upper={self.upper}" + (", inplace=True" if self.inplace else "")


class ELU(Module):
    """x where x > 0, else ``alpha * (exp(x) - 1)``. Follows ``torch.nn.ELU``.

    >>> import groundup
    >>> groundup.nn.ELU()(groundup.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Applies the function."""
        return F.elu(input, self.alpha, inplace=self.inplace)

    def extra_repr(self) -> str:
        """The settings."""
        return f"alpha={self.alpha}" + (", inplace=True" if self.inplace else "")


class CELU(Module):
    """x where x > 0, else ``alpha * (exp(x / alpha) - 1)``. Follows ``torch.nn.CELU``.

    >>> import groundup
    >>> groundup.nn.CELU(2.0)(groundup.tensor([-1.0, 2.0]))
    tensor([-0.7869,  2.0000])
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Applies the function."""
        return F.celu(input, self.alpha, inplace=self.inplace)

    def extra_repr(self) -> str:
        """The settings."""
        return f"alpha={self.alpha}" + (", inplace=True" if self.inplace else "")


class SELU(InPlace):
    """elu with the constants that keep mean and variance from layer to layer. Follows ``torch.nn.SELU``.

    >>> import groundup
    >>> groundup.nn.SELU()(groundup.tensor([-1.0, 2.0]))
    tensor([-1.1113,  2.1014])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Applies the function."""
        return F.selu(input, inplace=self.inplace)


class Hardtanh(Module):
    """x between the bounds, and the nearer bound outside. Follows ``torch.nn.Hardtanh``.

    >>> import groundup
    >>> groundup.nn.Hardtanh()(groundup.tensor([-2.0, 0.5]))
    tensor([-1.0000,  0.5000])
    """

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        if min_val >= max_val:
            raise ValueError(f"max_val ({max_val}) must be greater than min_val ({min_val})")
        self.min_val = min_val
        self.max_val = max_val
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Applies the function."""
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        """The settings."""
        return f"min_val={self.min_val}, max_val={self.max_val}" + (", inplace=True" if self.inplace else "")


class ReLU6(Hardtanh):
    """min(max(x, 0), 6). Follows ``torch.nn.ReLU6``.

    >>> import groundup
    >>> groundup.nn.ReLU6()(groundup.tensor([-1.0, 2.0, 8.0]))
    tensor([0., 2., 6.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self) -> str:
        """The settings."""
        return "inplace=True" if self.inplace else ""


class Threshold(Module):
    """x where x > ``threshold``, else ``value``. Follows ``torch.nn.Threshold``.

    >>> import groundup
    >>> groundup.nn.Threshold(0.5, 9.0)(groundup.tensor([-1.0, 2.0]))
    tensor([9., 2.])
    """

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        self.threshold = threshold
        self.value = value
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Applies the function."""
        return F.threshold(input, self.threshold, self.value, inplace=self.inplace)

    def extra_repr(self) -> str:
        """The settings."""
        return f"threshold={self.threshold}, value={self.value}" + (", inplace=True" if self.inplace else "")


class Hardshrink(Module):
    """0 where x is at most ``lambd`` from 0, else x. Follows ``torch.nn.Hardshrink``.

    >>> import groundup
    >>> groundup.nn.Hardshrink()(groundup.tensor([-1.0, 0.3]))
    tensor([-1.,  0.])
    """

    def __init__(self, lambd: float = 0.5) -> None:
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        """Applies the function."""
        return F.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        """The settings."""
        return f"{self.lambd}"


class Softshrink(Module):
    """x moved towards 0 by ``lambd``. Follows ``torch.nn.Softshrink``.

    >>> import groundup
    >>> groundup.nn.Softshrink()(groundup.tensor([-1.0, 0.3]))
    tensor([-0.5000,  0.0000])
    """

    def __init__(self, lambd: float = 0.5) -> None:
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        """Applies the function."""
        return F.softshrink(input, self.lambd)

    def extra_repr(self) -> str:
        """The settings."""
        return f"{self.lambd}"


class Hardsigmoid(InPlace):
    """relu6(x + 3) / 6. Follows ``torch.nn.Hardsigmoid``.

    >>> import groundup
    >>> groundup.nn.Hardsigmoid()(groundup.tensor([-4.0, 0.0, 1.5]))
    tensor([0.0000, 0.5000, 0.7500])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Applies the function."""
        return F.hardsigmoid(input, inplace=self.inplace)


class Hardswish(InPlace):
    """x * relu6(x + 3) / 6. Follows ``torch.nn.Hardswish``.

    >>> import groundup
    >>> groundup.nn.Hardswish()(groundup.tensor([-4.0, 1.0, 4.0]))
    tensor([-0.0000, 0.6667, 4.0000])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Applies the function."""
        return F.hardswish(input, inplace=self.inplace)
