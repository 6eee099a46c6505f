"""Activation functions, with the signatures of ``torch.nn.functional``.

Each is one operation of the elementwise or the reduce family, or a short composition; what is added here is
PyTorch's way of calling it (``inplace``, ``dim``, ``dtype``). The activation layers stand on these.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from groundup import dtypes
from groundup.autograd.apply import apply
from groundup.autograd.inplace import apply_
from groundup.autograd.tape import shown_as
from groundup.functions import creation, elementwise, reduce, view
from groundup.ops import elementwise as rows
from groundup.ops.row import Row
from groundup.tensor import Tensor


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(x, 0), elementwise; the gradient at 0 is 0.

    >>> import groundup
    >>> groundup.nn.functional.relu(groundup.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return _applied(rows.relu, inplace, input)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """min(max(x, 0), 6).

    >>> import groundup
    >>> groundup.nn.functional.relu6(groundup.tensor([-1.0, 2.0, 8.0]))
    tensor([0., 2., 6.])
    """
    return hardtanh(input, 0.0, 6.0, inplace)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x where x > 0, else ``negative_slope * x``.

    >>> import groundup
    >>> groundup.nn.functional.leaky_relu(groundup.tensor([-1.0, 2.0]), 0.1)
    tensor([-0.1000,  2.0000])
    """
    return _applied(rows.leaky_relu, inplace, input, negative_slope)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """x where x > 0, else ``weight * x``; one weight for all, or one for each channel (the second axis).

    He et al., "Delving Deep into Rectifiers" (2015).

    >>> import groundup
    >>> groundup.nn.functional.prelu(groundup.tensor([[-1.0, -1.0]]), groundup.tensor([0.1, 0.5]))
    tensor([[-0.1000, -0.5000]])
    """
    if weight.ndim > 1:
        raise RuntimeError(
            f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.ndim}\n"
            "  Give one number for each channel: weight.flatten()."
        )
    count = weight.numel()
    if count != 1:
        if input.ndim == 0:
            raise RuntimeError("Not allow zero-dim input tensor.\n  One number has no channels: give one weight.")
        channels = input.shape[1] if input.ndim > 1 else 1
        if count != channels:
            raise RuntimeError(
                "Mismatch of parameter numbers and input channel size. Found parameter numbers = "
                f"{count} and channel size = {channels}.\n  The channels are the second axis of {tuple(input.shape)}."
            )
        weight = weight.reshape(count, *(1,) * (input.ndim - 2))
    elif input.ndim == 0:
        weight = weight.reshape(())
    return shown_as(apply(rows.leaky_relu, input, weight), "PreluKernelBackward0")


def rrelu(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """x where x > 0, else x times a slope: drawn between the bounds for each element in training, else their mean.

    Xu et al., "Empirical Evaluation of Rectified Activations in Convolutional Network" (2015).

    >>> import groundup
    >>> groundup.nn.functional.rrelu(groundup.tensor([-1.0, 2.0]), 0.1, 0.3)
    tensor([-0.2000,  2.0000])
    """
    if lower > upper:
        raise RuntimeError(
            f"Lower bound should be less than or equal to the upper bound\n  They are {lower} and {upper}."
        )
    slope = creation.empty_like(input.detach()).uniform_(lower, upper) if training else (lower + upper) / 2
    return shown_as(_applied(rows.leaky_relu, inplace, input, slope), "RreluWithNoiseBackward0")


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where x > 0, else ``alpha * (exp(x) - 1)``. Clevert et al. (2015).

    >>> import groundup
    >>> groundup.nn.functional.elu(groundup.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """
    return _applied(rows.elu, inplace, input, alpha, 1, 1)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where x > 0, else ``alpha * (exp(x / alpha) - 1)``, whose slope is continuous. Barron (2017).

    >>> import groundup
    >>> groundup.nn.functional.celu(groundup.tensor([-1.0, 2.0]), 2.0)
    tensor([-0.7869,  2.0000])
    """
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return shown_as(_applied(rows.elu, inplace, input, alpha, 1, 1 / alpha), "CeluBackward0")


# The fixed point of Klambauer et al. (2017): layers keep the mean 0 and the variance 1.
SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """elu with the two constants that keep mean and variance from layer to layer.

    Klambauer et al., "Self-Normalizing Neural Networks" (2017).

    >>> import groundup
    >>> groundup.nn.functional.selu(groundup.tensor([-1.0, 2.0]))
    tensor([-1.1113,  2.1014])
    """
    return _applied(rows.elu, inplace, input, SELU_ALPHA, SELU_SCALE, 1)


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
    return _applied(rows.silu, inplace, input)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x * tanh(softplus(x)). Misra, "Mish: A Self Regularized Non-Monotonic Activation Function" (2019).

    >>> import groundup
    >>> groundup.nn.functional.mish(groundup.tensor([-1.0, 2.0]))
    tensor([-0.3034,  1.9440])
    """
    return _applied(rows.mish, inplace, input)


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


def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|).

    >>> import groundup
    >>> groundup.nn.functional.softsign(groundup.tensor([-1.0, 3.0]))
    tensor([-0.5000,  0.7500])
    """
    return input / (elementwise.abs(input) + 1)


def tanhshrink(input: Tensor) -> Tensor:
    """x - tanh(x).

    >>> import groundup
    >>> groundup.nn.functional.tanhshrink(groundup.tensor([0.0, 2.0]))
    tensor([0.0000, 1.0360])
    """
    return input - elementwise.tanh(input)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """x between the bounds, and the nearer bound outside; the gradient at and beyond the bounds is 0.

    >>> import groundup
    >>> groundup.nn.functional.hardtanh(groundup.tensor([-2.0, 0.5]))
    tensor([-1.0000,  0.5000])
    """
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    if min_val < 0 and input._array.dtype.kind == "u":
        raise RuntimeError("cannot do hardtanh on an unsigned type with negative limits")
    if input._array.dtype.kind in "iu":
        min_val, max_val = int(min_val), int(max_val)
    return _applied(rows.hardtanh, inplace, input, min_val, max_val)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """relu6(x + 3) / 6, a sigmoid of three straight lines. Courbariaux et al. (2015).

    >>> import groundup
    >>> groundup.nn.functional.hardsigmoid(groundup.tensor([-4.0, 0.0, 1.5]))
    tensor([0.0000, 0.5000, 0.7500])
    """
    return _applied(rows.hardsigmoid, inplace, input)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """x * relu6(x + 3) / 6. Howard et al., "Searching for MobileNetV3" (2019).

    >>> import groundup
    >>> groundup.nn.functional.hardswish(groundup.tensor([-4.0, 1.0, 4.0]))
    tensor([-0.0000, 0.6667, 4.0000])
    """
    return _applied(rows.hardswish, inplace, input)


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """0 where \\|x\\| <= ``lambd``, else x.

    >>> import groundup
    >>> groundup.nn.functional.hardshrink(groundup.tensor([-1.0, 0.3]))
    tensor([-1.,  0.])
    """
    _check_floating("hardshrink", input)
    return apply(rows.hardshrink, input, lambd)


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x moved towards 0 by ``lambd``, and 0 where it is nearer to 0 than that.

    >>> import groundup
    >>> groundup.nn.functional.softshrink(groundup.tensor([-1.0, 0.3]))
    tensor([-0.5000,  0.0000])
    """
    _check_floating("softshrink", input)
    if lambd < 0:
        kind = dtypes.OF_NUMPY[input._array.dtype]
        raise RuntimeError(
            f"lambda must be in range [0, {float(kind.limits.max):g}] for input dtype {kind.legacy}, but found {lambd}"
        )
    return apply(rows.softshrink, input, lambd)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """x where x > ``threshold``, else ``value``.

    >>> import groundup
    >>> groundup.nn.functional.threshold(groundup.tensor([-1.0, 2.0]), 0.5, 9.0)
    tensor([9., 2.])
    """
    return _applied(rows.threshold, inplace, input, threshold, value)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half along ``dim`` times the sigmoid of the second. Dauphin et al. (2016).

    >>> import groundup
    >>> groundup.nn.functional.glu(groundup.tensor([1.0, 2.0, 0.0, 0.0]))
    tensor([0.5000, 1.0000])
    """
    if input.ndim == 0:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    size = input.shape[dim]
    if size % 2:
        axis = dim % input.ndim
        raise RuntimeError(f"Halving dimension must be even, but dimension {axis} is size {size}")
    value = view.narrow(input, dim, 0, size // 2)
    gate = view.narrow(input, dim, size // 2, size // 2)
    return shown_as(value * elementwise.sigmoid(gate), "GluBackward0")


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """exp(x) / sum(exp(x)) along ``dim``.

    ``dtype`` casts the input first. Without ``dim`` PyTorch's old rule holds, with a warning.

    >>> import groundup
    >>> groundup.nn.functional.softmax(groundup.tensor([0.0, 0.0, 1.0]), dim=0)
    tensor([0.2119, 0.2119, 0.5761])
    """
    return reduce.softmax(_cast(input, dtype), _dim("softmax", input, dim, _stacklevel))


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """x - log(sum(exp(x))) along ``dim``: the logarithm of softmax, computed without overflow.

    ``dtype`` casts the input first. Without ``dim`` PyTorch's old rule holds, with a warning.

    >>> import groundup
    >>> groundup.nn.functional.log_softmax(groundup.tensor([0.0, 0.0]), dim=0)
    tensor([-0.6931, -0.6931])
    """
    return reduce.log_softmax(_cast(input, dtype), _dim("log_softmax", input, dim, _stacklevel))


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """softmax of -x along ``dim``: the smallest element has the largest share.

    >>> import groundup
    >>> groundup.nn.functional.softmin(groundup.tensor([0.0, 0.0, -1.0]), dim=0)
    tensor([0.2119, 0.2119, 0.5761])
    """
    return reduce.softmax(-_cast(input, dtype), _dim("softmin", input, dim, _stacklevel))


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """A random choice along ``dim`` with the chances softmax(logits), smoothed by the temperature ``tau``.

    ``hard`` gives one-hot vectors, with the gradient of the smooth ones. ``eps`` is PyTorch's leftover, without
    effect. Jang et al., "Categorical Reparameterization with Gumbel-Softmax" (2016).

    >>> import groundup
    >>> groundup.nn.functional.gumbel_softmax(groundup.zeros(2, 3), hard=True).sum(1)
    tensor([1., 1.])
    """
    # -log(e) of an exponential e is a Gumbel number; e = -log(1 - u) of a uniform one, which is never 1.
    uniform = creation.empty_like(logits.detach()).uniform_()
    gumbels = -elementwise.log(-elementwise.log1p(-uniform))
    soft = reduce.softmax((logits + gumbels) / tau, dim)
    if not hard:
        return soft
    chosen = reduce.argmax(soft.detach(), dim, keepdim=True)
    sharp = creation.zeros_like(soft.detach()).scatter_(dim, chosen, 1.0)
    return sharp - soft.detach() + soft


def _applied(row: Row, inplace: bool, input: Tensor, *settings: Any) -> Tensor:
    """The row on the input, or written into it."""
    return apply_(row, input, *settings) if inplace else apply(row, input, *settings)


def _check_floating(name: str, input: Tensor) -> None:
    kind = input._array.dtype
    if kind.kind not in dtypes.REAL:
        raise NotImplementedError(
            f"\"{name}_cpu\" not implemented for '{dtypes.OF_NUMPY[kind].legacy}'\n  Convert it with .float()."
        )


def _cast(input: Tensor, dtype: Any) -> Tensor:
    return input if dtype is None else input.to(dtype)


def _dim(name: str, input: Tensor, dim: int | None, stacklevel: int) -> int:
    if dim is not None:
        return dim
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        stacklevel=stacklevel,
    )
    return 0 if input.dim() in (0, 1, 3) else 1


def _in_place(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """PyTorch's other name for the function with ``inplace=True``."""

    def overwriting(input: Tensor, *settings: Any, **named: Any) -> Tensor:
        return function(input, *settings, **named, inplace=True)

    name = f"{function.__name__}_"
    overwriting.__name__ = overwriting.__qualname__ = name
    overwriting.__doc__ = f"``{function.__name__}`` with ``inplace=True``: the result is written into the input."
    return overwriting


relu_ = _in_place(relu)
leaky_relu_ = _in_place(leaky_relu)
rrelu_ = _in_place(rrelu)
elu_ = _in_place(elu)
celu_ = _in_place(celu)
selu_ = _in_place(selu)
hardtanh_ = _in_place(hardtanh)
threshold_ = _in_place(threshold)
