"""Elementwise arithmetic and reductions: the two families that need nothing but shapes that fit.

An operation on numbers becomes one on tensors by doing it position by position, and a reduction folds an axis away.
Together with broadcasting they are enough for the whole network, a dense layer and its gradients too; slowly, as the
products of three axes are written out before they are summed.
"""

from __future__ import annotations

from typing import Any

from groundup.foundations.forward import mse, relu
from groundup.foundations.gradients import add_gradient, clear, move, mse_grad, relu_grad
from groundup.foundations.network import Network, Step, copied


def mean(x: Any) -> Any:
    """The sum over the count.

    >>> import groundup
    >>> mean(groundup.tensor([1.0, 2.0, 6.0]))
    tensor(3.)
    """
    return x.sum() / x.numel()


def rms(x: Any) -> Any:
    """The root mean square: how large the numbers are, on the whole.

    >>> import groundup
    >>> rms(groundup.tensor([3.0, 3.0, 3.0]))
    tensor(3.)
    """
    return mean(x * x).sqrt()


def std(x: Any) -> Any:
    """The standard deviation (of these numbers, not corrected for a sample): how far they are from their mean.

    >>> import groundup
    >>> std(groundup.tensor([3.0, 3.0, 3.0]))
    tensor(0.)
    """
    return rms(x - mean(x))


def lin(x: Any, w: Any, b: Any) -> Any:
    """x @ w.T + b: (n, 1, n_in) against (n_out, n_in), summed over the last axis."""
    return (x[:, None, :] * w).sum(-1) + b


def lin_grad(x: Any, w: Any, b: Any, result: Any) -> None:
    """Each gradient is the same product of three axes, summed over the axis that its tensor does not have."""
    g = result.g[:, :, None]
    add_gradient(x, (g * w).sum(1))
    add_gradient(w, (g * x[:, None, :]).sum(0))
    add_gradient(b, result.g.sum(0))


def training(m: Any, network: Network, lr: float) -> Step:
    """The network's training step without a product of matrices."""
    own = copied(network)
    x, y, w1, b1, w2, b2 = own

    def step() -> tuple[Any, dict[str, Any]]:
        clear(*own)
        l1 = lin(x, w1, b1)
        l2 = relu(l1)
        out = lin(l2, w2, b2)
        loss = mse(out, y)
        mse_grad(out, y)
        lin_grad(l2, w2, b2, out)
        relu_grad(l1, l2)
        lin_grad(x, w1, b1, l1)
        return loss, {"x": x.g, **move(own, lr)}

    return step
