"""The activations of networks that are functions of one number."""

from __future__ import annotations

from typing import Any

from groundup.autograd.apply import apply
from groundup.ops import elementwise as rows

__all__ = [
    "gelu",
    "leaky_relu",
    "logsigmoid",
    "relu",
    "sigmoid",
    "softplus",
]

Tensor = Any  # the class stands above this module; `groundup.tensor` gives the functions as its methods


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + exp(-input))."""
    return apply(rows.sigmoid, input)


def logsigmoid(input: Tensor) -> Tensor:
    """log(sigmoid(input)) = min(input, 0) - log(1 + exp(-|input|)), without overflow."""
    return apply(rows.log_sigmoid, input)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """log(1 + exp(beta * input)) / beta; the input itself where beta * input exceeds `threshold`."""
    return apply(rows.softplus, input, beta, threshold)


def relu(input: Tensor) -> Tensor:
    """max(input, 0); its derivative at 0 is 0.

    >>> import groundup
    >>> groundup.relu(groundup.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return apply(rows.relu, input)


def leaky_relu(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """input where it is positive, negative_slope * input elsewhere."""
    return apply(rows.leaky_relu, input, negative_slope)


def gelu(input: Tensor, *, approximate: str = "none") -> Tensor:
    """input * P(a standard normal <= input); `approximate="tanh"` is the older formula by tanh.

    Hendrycks & Gimpel (2016), *Gaussian Error Linear Units*.
    """
    if approximate == "none":
        return apply(rows.gelu, input)
    if approximate == "tanh":
        return apply(rows.gelu_tanh, input)
    raise RuntimeError(f"approximate argument must be either none or tanh.\n  It is {approximate!r}.")
