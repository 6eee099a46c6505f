"""The whole training step in plain NumPy, as a careful person writes it: no classes, no tape, nothing computed twice.

It is what the compiler of groundup should write, and ``top`` prints the two beside each other.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup.foundations.network import Network, Step

Array = np.ndarray[Any, Any]


def train_step(x: Array, y: Array, w1: Array, b1: Array, w2: Array, b2: Array, lr: float) -> tuple[Any, ...]:
    """One step; the weights are changed in place."""
    # forward
    l1 = x @ w1.T + b1
    l2 = np.maximum(l1, 0)
    out = (l2 @ w2.T + b2)[:, 0]
    diff = out - y
    loss = np.mean(diff * diff)
    # backward
    out_g = (2 / len(y) * diff)[:, None]
    w2_g = out_g.T @ l2
    b2_g = out_g.sum(0)
    l1_g = np.where(l1 > 0, out_g @ w2, 0)
    w1_g = l1_g.T @ x
    b1_g = l1_g.sum(0)
    # update
    w1 -= lr * w1_g
    b1 -= lr * b1_g
    w2 -= lr * w2_g
    b2 -= lr * b2_g
    return loss, w1_g, b1_g, w2_g, b2_g


def training(m: Any, network: Network, lr: float) -> Step:
    """The network's training step, on the arrays of the tensors."""
    x, y = (np.asarray(each) for each in network[:2])
    w1, b1, w2, b2 = (np.asarray(each).copy() for each in network[2:])

    def step() -> tuple[Any, dict[str, Any]]:
        loss, *gradients = train_step(x, y, w1, b1, w2, b2, lr)
        return loss, dict(zip(("w1", "b1", "w2", "b2"), gradients))

    return step
