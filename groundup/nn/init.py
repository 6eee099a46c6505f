"""Initialisers: functions that fill a tensor in place with the values from which training starts.

Each is called after what it computes, changes the tensor without recording a gradient and returns it.
The layers of ``groundup.nn`` draw their first weights with these. ``fan_in`` is the number of inputs
that one output unit sums over, ``fan_out`` the number of outputs that one input unit feeds.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from groundup.autograd import no_grad
from groundup.functions.creation import as_tensor
from groundup.random import Generator
from groundup.tensor import Tensor

_GAINS = {
    "linear": 1.0,
    "conv1d": 1.0,
    "conv2d": 1.0,
    "conv3d": 1.0,
    "sigmoid": 1.0,
    "tanh": 5.0 / 3,
    "relu": math.sqrt(2.0),
    "selu": 3.0 / 4,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """Returns the factor by which the weights before ``nonlinearity`` grow to keep the variance.

    1 for linear, conv and sigmoid, 5/3 for tanh, sqrt(2) for relu, sqrt(2 / (1 + slope**2)) for
    leaky_relu (``param`` is the slope, 0.01 if None), 3/4 for selu. Other names raise ``ValueError``.
    Follows ``torch.nn.init.calculate_gain``.

    >>> from groundup.nn import init
    >>> init.calculate_gain("leaky_relu", 1.0)
    1.0
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, (int, float)):
            raise ValueError(f"negative_slope {slope} not a valid number")
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity not in _GAINS:
        known = ", ".join(sorted([*_GAINS, "leaky_relu"]))
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}\nThe known ones are {known}.")
    return _GAINS[nonlinearity]


def fans(tensor: Tensor) -> tuple[int, int]:
    """Returns (fan_in, fan_out) of a weight of shape (out, in, *kernel).

    >>> import groundup
    >>> groundup.nn.init.fans(groundup.empty(8, 3, 5, 5))
    (75, 200)
    """
    if tensor.dim() < 2:
        raise ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    kernel = math.prod(tensor.shape[2:])
    return tensor.shape[1] * kernel, tensor.shape[0] * kernel


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fills ``tensor`` from the uniform distribution on [a, b).

    >>> import groundup
    >>> w = groundup.nn.init.uniform_(groundup.empty(3, 5), -1, 1)
    >>> bool((w.abs() <= 1).all())
    True
    """
    with no_grad():
        return tensor.uniform_(a, b, generator=generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fills ``tensor`` from the normal distribution with this mean and standard deviation.

    >>> import groundup
    >>> w = groundup.nn.init.normal_(groundup.empty(3, 5), std=0.02)
    >>> bool((w.abs() < 0.2).all())
    True
    """
    with no_grad():
        return tensor.normal_(mean, std, generator=generator)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fills ``tensor`` with ``val``.

    >>> import groundup
    >>> groundup.nn.init.constant_(groundup.empty(3), 0.3)
    tensor([0.3000, 0.3000, 0.3000])
    """
    with no_grad():
        return tensor.fill_(val)


def zeros_(tensor: Tensor) -> Tensor:
    """Fills ``tensor`` with 0.

    >>> import groundup
    >>> groundup.nn.init.zeros_(groundup.empty(3))
    tensor([0., 0., 0.])
    """
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Fills ``tensor`` with 1.

    >>> import groundup
    >>> groundup.nn.init.ones_(groundup.empty(3))
    tensor([1., 1., 1.])
    """
    return constant_(tensor, 1.0)


def eye_(tensor: Tensor) -> Tensor:
    """Fills a matrix with the identity, so that a linear layer passes on as many inputs as it can.

    >>> import groundup
    >>> groundup.nn.init.eye_(groundup.empty(2, 3))
    tensor([[1., 0., 0.],
            [0., 1., 0.]])
    """
    if tensor.dim() != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    with no_grad():
        tensor.zero_()
        tensor.diagonal().fill_(1.0)
    return tensor


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fills a weight from uniform(-a, a) with ``a = gain * sqrt(6 / (fan_in + fan_out))``.

    Keeps the variance of activations and of gradients about equal from layer to layer. Glorot and
    Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010).

    >>> import groundup
    >>> w = groundup.nn.init.xavier_uniform_(groundup.empty(3, 3))
    >>> bool((w.abs() <= 1).all())
    True
    """
    fan_in, fan_out = fans(tensor)
    bound = gain * math.sqrt(6.0 / (fan_in + fan_out))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fills a weight from a normal distribution with ``std = gain * sqrt(2 / (fan_in + fan_out))``.

    The normal form of ``xavier_uniform_``, from the same paper.

    >>> import groundup
    >>> groundup.nn.init.xavier_normal_(groundup.empty(3, 5)).shape
    groundup.Size([3, 5])
    """
    fan_in, fan_out = fans(tensor)
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / (fan_in + fan_out)), generator)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fills a weight from uniform(-b, b) with ``b = gain * sqrt(3 / fan)``.

    ``fan`` is fan_in or fan_out by ``mode``; the gain is that of ``nonlinearity``, with slope ``a`` for
    leaky_relu. Keeps the variance through layers of rectifiers. He et al., "Delving deep into
    rectifiers" (2015).

    >>> import groundup
    >>> w = groundup.nn.init.kaiming_uniform_(groundup.empty(3, 6), nonlinearity="relu")
    >>> bool((w.abs() <= 1).all())
    True
    """
    if 0 in tensor.shape:
        return _unchanged(tensor)
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fills a weight from a normal distribution with ``std = gain / sqrt(fan)``.

    The normal form of ``kaiming_uniform_``, from the same paper, with the same arguments.

    >>> import groundup
    >>> groundup.nn.init.kaiming_normal_(groundup.empty(3, 5), mode="fan_out").shape
    groundup.Size([3, 5])
    """
    if 0 in tensor.shape:
        return _unchanged(tensor)
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    modes = ("fan_in", "fan_out")
    if mode.lower() not in modes:
        raise ValueError(f"Mode {mode} not supported, please use one of {list(modes)}")
    fan = fans(tensor)[modes.index(mode.lower())]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def _unchanged(tensor: Tensor) -> Tensor:
    warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
    return tensor


def fan_in_uniform_(weight: Tensor, bias: Tensor | None = None) -> None:
    """Fills ``weight`` and ``bias`` from uniform(-b, b) with ``b = 1 / sqrt(fan_in)`` of the weight.

    What linear and convolution layers start from; LeCun et al., "Efficient BackProp" (1998).

    >>> import groundup
    >>> layer = groundup.nn.Linear(4, 2)
    >>> groundup.nn.init.fan_in_uniform_(layer.weight, layer.bias)
    >>> bool((layer.weight.abs() <= 0.5).all())
    True
    """
    fan_in, _ = fans(weight)
    bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
    uniform_(weight, -bound, bound)
    if bias is not None:
        uniform_(bias, -bound, bound)


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """Fills ``tensor`` from a normal distribution restricted to the interval [a, b].

    Draws uniformly between the distribution function's values at ``a`` and ``b`` and inverts it.

    >>> import groundup
    >>> w = groundup.nn.init.trunc_normal_(groundup.empty(100), std=3.0)
    >>> bool((w.abs() <= 2).all())
    True
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. "
            "The distribution of values may be incorrect.",
            stacklevel=2,
        )
    low, high = (math.erf((bound - mean) / (std * math.sqrt(2.0))) for bound in (a, b))
    with no_grad():
        tensor.uniform_(low, high, generator=generator)
        inverted = _erfinv(tensor.detach().numpy().astype(np.float64))
        tensor.copy_(as_tensor((mean + std * math.sqrt(2.0) * inverted).clip(a, b)))
    return tensor


# Coefficients, highest power first, of M. Giles, "Approximating the erfinv function" (2010).
_CENTRAL = (
    *(2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087),
    *(-0.00125372503, -0.00417768164, 0.246640727, 1.50140941),
)
_TAIL = (
    *(-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773),
    *(-0.0076224613, 0.00943887047, 1.00167406, 2.83297682),
)


def _erfinv(y: np.ndarray) -> np.ndarray:
    """The inverse of erf to about seven digits, for a random draw enough."""
    y = y.clip(-1 + 1e-16, 1 - 1e-16)
    w = -np.log1p(-y * y)
    central = np.polyval(_CENTRAL, w - 2.5)
    tail = np.polyval(_TAIL, np.sqrt(w.clip(5.0)) - 3)
    return np.where(w < 5, central, tail) * y


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """Fills ``tensor`` with a random (semi-)orthogonal matrix times ``gain``.

    A tensor of more dimensions is seen as the matrix whose rows are ``tensor[i]``. The vectors along the
    shorter side are orthonormal. Saxe et al., "Exact solutions to the nonlinear dynamics of learning in
    deep linear neural networks" (2013).

    >>> import groundup
    >>> w = groundup.nn.init.orthogonal_(groundup.empty(2, 3))
    >>> groundup.allclose(w @ w.T, groundup.eye(2), atol=1e-6)
    True
    """
    if tensor.dim() < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if tensor.numel() == 0:
        return tensor
    rows = tensor.shape[0]
    with no_grad():
        tensor.normal_(0.0, 1.0, generator=generator)
        drawn = tensor.detach().numpy().reshape(rows, -1).astype(np.float64)
        wide = drawn.shape[0] < drawn.shape[1]
        q, r = np.linalg.qr(drawn.T if wide else drawn)
        # The signs of r's diagonal make the draw uniform over orthogonal matrices (Mezzadri, 2006).
        q = q * np.where(np.diagonal(r) < 0, -1.0, 1.0)
        tensor.copy_(as_tensor((q.T if wide else q) * gain).reshape(tensor.shape))
    return tensor


def lsuv_(model: Any, x: Any, tolerance: float = 0.05, rounds: int = 10, orthonormal: bool = True) -> Any:
    """Scales the weights of every layer, from the first to the last, until its output on ``x`` has variance 1.

    Layer-sequential unit variance: each weight of two dimensions or more starts orthonormal (unless ``orthonormal``
    is off) and is divided by the standard deviation of what its layer makes, up to ``rounds`` times, until that is
    within ``tolerance`` of 1. The layers are those innermost modules that have such a ``weight`` and that ``x`` runs
    through, embeddings excepted. Works on a PyTorch module too, and gives the model back. A layer whose output does
    not vary raises ``ValueError``. Mishkin and Matas, "All you need is a good init" (2015).

    >>> import groundup
    >>> from groundup import nn
    >>> x = groundup.randn(64, 20)
    >>> model = nn.init.lsuv_(nn.Sequential(nn.Linear(20, 30), nn.ReLU(), nn.Linear(30, 10)), x)
    >>> abs(float(model(x).std()) - 1) < 0.05
    True
    """
    for name, layer in _layers_in_order(model, x):
        weight = layer.weight if isinstance(layer.weight, Tensor) else layer.weight.data
        with no_grad():
            if orthonormal:
                weight.detach().numpy()[...] = orthogonal_(Tensor(*weight.shape)).numpy()
            for _ in range(rounds):
                deviation = _deviation(model, layer, x)
                if not 0 < deviation < math.inf:
                    raise ValueError(f"the output of layer {name} has standard deviation {deviation}: nothing to scale")
                if abs(deviation - 1) <= tolerance:
                    break
                weight.mul_(1 / deviation)
    return model


def _layers_in_order(model: Any, x: Any) -> list[tuple[str, Any]]:
    """The innermost modules with a matrix of weights, in the order in which they first run on ``x``."""
    found: dict[int, tuple[str, Any]] = {}

    def note(name: str) -> Any:
        def hook(layer: Any, given: Any, made: Any) -> None:
            if given[0].is_floating_point():
                found.setdefault(id(layer), (name, layer))

        return hook

    handles = []
    for name, layer in model.named_modules():
        weight = getattr(layer, "weight", None)
        if weight is not None and len(weight.shape) > 1 and not any(True for _ in layer.children()):
            handles.append(layer.register_forward_hook(note(name)))
    try:
        with no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
    return list(found.values())


def _deviation(model: Any, layer: Any, x: Any) -> float:
    """The standard deviation of what the layer makes when the model runs on ``x``."""
    made: list[Any] = []
    handle = layer.register_forward_hook(lambda layer, given, output: made.append(output.detach()))
    try:
        model(x)
    finally:
        handle.remove()
    with np.errstate(all="ignore"):
        return float(np.std(made[0].numpy(), dtype=np.float64))
