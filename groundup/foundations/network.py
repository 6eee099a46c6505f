"""The network that every rung computes: two dense layers with a relu between them, and the mean squared error.

    out = relu(x @ w1.T + b1) @ w2.T + b2        loss = mean((out[:, 0] - y)**2)

A weight is `n_out x n_in`, so a row of it is one neuron, and the layer is `bi,oi->bo`: the layout of PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from groundup.foundations.initial import kaiming


class Network(NamedTuple):
    """A batch x with its targets y, and the weights."""

    x: Any  # (rows, n_in)
    y: Any  # (rows,)
    w1: Any  # (hidden, n_in)
    b1: Any  # (hidden,)
    w2: Any  # (1, hidden)
    b2: Any  # (1,)


# What a rung makes of a network: a training step, ready to be called again and again. Each call goes forward and
# backward once, moves the weights by -lr times their gradients, and gives the loss and the gradients, by name.
# (A step is one batch; an epoch is as many steps as the data set has batches.)
Step = Callable[[], tuple[Any, dict[str, Any]]]


def sample(
    m: Any, rows: int = 200, n_in: int = 100, hidden: int = 50, dtype: str = "float32", seed: int = 0
) -> Network:
    """A network of random numbers, the same in every namespace m (groundup, torch or numpy).

    >>> import groundup
    >>> [tuple(each.shape) for each in sample(groundup)]
    [(200, 100), (200,), (50, 100), (50,), (1, 50), (1,)]
    """
    random = np.random.default_rng(seed)

    def normal(*shape: int, scale: float = 1.0) -> Any:
        return m.asarray((random.standard_normal(shape) * scale).astype(dtype))

    return Network(
        x=normal(rows, n_in),
        y=normal(rows),
        w1=normal(hidden, n_in, scale=kaiming(n_in)),
        b1=normal(hidden, scale=0.1),
        w2=normal(1, hidden, scale=kaiming(hidden)),
        b2=normal(1, scale=0.1),
    )


def copied(network: Network) -> Network:
    """The network with weights of its own, which a training step may change."""
    return Network(network.x, network.y, *(weight.clone() for weight in network[2:]))
