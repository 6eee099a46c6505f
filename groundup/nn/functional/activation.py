"""Activation functions, with the signatures of ``torch.nn.functional``.

Each is one operation of the elementwise or the reduce family; what is added here is PyTorch's way of
calling it (``inplace``, ``dim``, ``dtype``). The activation layers stand on these.
"""

from __future__ import annotations

import warnings
from typing import Any

from groundup.functions import elementwise, reduce
from groundup.tensor import Tensor


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(x, 0), elementwise; the gradient at 0 is 0.

    >>> import groundup
    >>> groundup.nn.functional.relu(groundup.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return input.relu_() if inplace else elementwise.relu(input)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x where x > 0, else ``negative_slope * x``.

    >>> import groundup
    >>> groundup.nn.functional.leaky_relu(groundup.tensor([-1.0, 2.0]), 0.1)
    tensor([-0.1000,  2.0000])
    """
    return _result(input, elementwise.leaky_relu(input, negative_slope), inplace)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where x > 0, else ``alpha * (exp(x) - 1)``. Clevert et al. (2015).

    >>> import groundup
    >>> groundup.nn.functional.elu(groundup.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """
    # expm1 is given nothing above 0, so that its overflow there cannot make a nan in the gradient.
    below = elementwise.expm1(elementwise.clamp_max(input, 0)) * alpha
    return _result(input, elementwise.where(input > 0, input, below), inplace)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """x times the normal distribution function of x; ``approximate="tanh"`` uses a formula with tanh.

    Hendrycks and Gimpel, "Gaussian Error Linear Units" (2016).

    >>> import groundup
    >>> groundup.nn.functional.gelu(groundup.tensor([-1.0, 2.0]))
    tensor([-0.1587,  1.9545])
    """
    return elementwise.gelu(input, approximate=approximate)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x * sigmoid(x), also called swish. Elfwing et al. (2017).

    >>> import groundup
    >>> groundup.nn.functional.silu(groundup.tensor([-1.0, 2.0]))
    tensor([-0.2689,  1.7616])
    """
    return _result(input, input * elementwise.sigmoid(input), inplace)


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + exp(-x)).

    >>> import groundup
    >>> groundup.nn.functional.sigmoid(groundup.tensor([0.0, 2.0]))
    tensor([0.5000, 0.8808])
    """
    return elementwise.sigmoid(input)


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent.

    >>> import groundup
    >>> groundup.nn.functional.tanh(groundup.tensor([0.0, 2.0]))
    tensor([0.0000, 0.9640])
    """
    return elementwise.tanh(input)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """log(1 + exp(beta * x)) / beta; x itself where ``beta * x > threshold``.

    >>> import groundup
    >>> groundup.nn.functional.softplus(groundup.tensor([0.0, 2.0]))
    tensor([0.6931, 2.1269])
    """
    return elementwise.softplus(input, beta, threshold)


def logsigmoid(input: Tensor) -> Tensor:
    """log(sigmoid(x)), without overflow or loss of digits at either end.

    >>> import groundup
    >>> groundup.nn.functional.logsigmoid(groundup.tensor([-100.0, 0.0]))
    tensor([-100.0000,   -0.6931])
    """
    return elementwise.logsigmoid(input)


def softmax(input: Tensor, dim: int | None = None, dtype: Any = None) -> Tensor:
    """exp(x) / sum(exp(x)) along ``dim``.

    ``dtype`` casts the input first. Without ``dim`` PyTorch's old rule holds, with a warning.

    >>> import groundup
    >>> groundup.nn.functional.softmax(groundup.tensor([0.0, 0.0, 1.0]), dim=0)
    tensor([0.2119, 0.2119, 0.5761])
    """
    return reduce.softmax(_cast(input, dtype), _dim("softmax", input, dim))


def log_softmax(input: Tensor, dim: int | None = None, dtype: Any = None) -> Tensor:
    """x - log(sum(exp(x))) along ``dim``: the logarithm of softmax, computed without overflow.

    ``dtype`` casts the input first. Without ``dim`` PyTorch's old rule holds, with a warning.

    >>> import groundup
    >>> groundup.nn.functional.log_softmax(groundup.tensor([0.0, 0.0]), dim=0)
    tensor([-0.6931, -0.6931])
    """
    return reduce.log_softmax(_cast(input, dtype), _dim("log_softmax", input, dim))


def _cast(input: Tensor, dtype: Any) -> Tensor:
    return input if dtype is None else input.to(dtype)


def _dim(name: str, input: Tensor, dim: int | None) -> int:
    if dim is not None:
        return dim
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        stacklevel=3,
    )
    return 0 if input.dim() in (0, 1, 3) else 1


def _result(input: Tensor, output: Tensor, inplace: bool) -> Tensor:
    return input.copy_(output) if inplace else output
