"""The three functions of the forward pass, on tensors: lin, relu and mse.

They use methods that groundup's tensors and PyTorch's share, so they take either.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

Product = Callable[[Any, Any], Any]


def lin(x: Any, w: Any, b: Any, product: Product = operator.matmul) -> Any:
    """x @ w.T + b, which is bi,oi->bo: w has a row for each neuron.

    >>> import groundup
    >>> lin(groundup.tensor([[1.0, 2.0]]), groundup.tensor([[3.0, -1.0], [0.0, 1.0]]), groundup.tensor([0.5, 0.0]))
    tensor([[1.5000, 2.0000]])
    """
    return product(x, w.T) + b


def relu(x: Any) -> Any:
    """The positive numbers, and 0 for the others.

    >>> import groundup
    >>> relu(groundup.tensor([2.0, -2.0]))
    tensor([2., 0.])
    """
    return x.clamp_min(0)


def without_last(out: Any, y: Any) -> Any:
    """out, of shape (n, 1), in the shape of y, (n,).

    The last dimension is named: a bare `squeeze()` would also drop the batch where it has one example. And an output
    that kept its dimension would be broadcast against y, in silence, to the (n, n) differences of all with all.

    >>> import groundup
    >>> without_last(groundup.ones(3, 1), groundup.ones(3, 1))
    Traceback (most recent call last):
    RuntimeError: mse takes an output of shape (n, 1) and targets of shape (n,), got (3, 1) and (3, 1)
    """
    if len(y.shape) != 1 or tuple(out.shape) != (y.shape[0], 1):
        raise RuntimeError(
            "mse takes an output of shape (n, 1) and targets of shape (n,), "
            f"got {tuple(out.shape)} and {tuple(y.shape)}"
        )
    return out.squeeze(-1)


def mse(out: Any, y: Any) -> Any:
    """The mean of the squared differences of out, of shape (n, 1), and y, of shape (n,).

    >>> import groundup
    >>> mse(groundup.tensor([[1.0], [3.0]]), groundup.tensor([1.0, 1.0]))
    tensor(2.)
    """
    difference = without_last(out, y) - y
    return (difference * difference).mean()


def model(x: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    """The network's output, of shape (n, 1)."""
    return lin(relu(lin(x, w1, b1)), w2, b2)
