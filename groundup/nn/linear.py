"""Dense layers: a matrix product and a bias, the same of two inputs, and the layer that does nothing."""

from __future__ import annotations

import math
from typing import Any

from groundup.functions.creation import empty
from groundup.nn import functional as F
from groundup.nn import init
from groundup.nn.module import Module
from groundup.nn.parameter import Parameter
from groundup.tensor import Tensor


class Identity(Module):
    """Returns its input; takes and ignores any arguments, so that it can stand in for another layer.

    >>> import groundup
    >>> groundup.nn.Identity(54, unused=True)(groundup.ones(2))
    tensor([1., 1.])
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def forward(self, input: Any) -> Any:
        """Returns ``input``."""
        return input


class Linear(Module):
    """Computes ``y = x @ weight.T + bias`` over the last dimension: (*, in_features) to (*, out_features).

    ``weight`` has the shape (out_features, in_features). Weight and bias start uniform between
    ``-1/sqrt(in_features)`` and ``1/sqrt(in_features)``. Follows ``torch.nn.Linear``.

    >>> import groundup
    >>> layer = groundup.nn.Linear(20, 30)
    >>> layer(groundup.randn(128, 20)).shape
    groundup.Size([128, 30])
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(empty(out_features, in_features, device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(empty(out_features, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws weight and bias anew."""
        init.fan_in_uniform_(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """Applies the layer to ``input`` of shape (*, in_features)."""
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        """The sizes, and whether there is a bias."""
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Bilinear(Module):
    """Computes ``y[k] = x1 @ weight[k] @ x2 + bias[k]``: (*, in1_features) and (*, in2_features) to (*, out_features).

    ``weight`` has the shape (out_features, in1_features, in2_features). Weight and bias start uniform between
    ``-1/sqrt(in1_features)`` and ``1/sqrt(in1_features)``. Follows ``torch.nn.Bilinear``.

    >>> import groundup
    >>> layer = groundup.nn.Bilinear(20, 30, 40)
    >>> layer(groundup.randn(128, 20), groundup.randn(128, 30)).shape
    groundup.Size([128, 40])
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if in1_features <= 0:
            raise ValueError(f"in1_features must be > 0, but got {in1_features}")
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        self.weight = Parameter(empty(out_features, in1_features, in2_features, device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(empty(out_features, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws weight and bias anew."""
        bound = 1 / math.sqrt(self.in1_features)
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        """Applies the layer to two inputs of the shapes (*, in1_features) and (*, in2_features)."""
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        """The sizes, and whether there is a bias."""
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )
