"""The gradients by hand: a function for each step of the forward pass, called in the opposite order.

Each takes the gradient of its result from `.g` and adds to the `.g` of its arguments. It adds, and does not assign: a
tensor that is used twice is reached twice, and what it does to the loss is the sum of both ways.
"""

from __future__ import annotations

import operator
from typing import Any

from groundup.foundations.forward import Product, lin, mse, relu, without_last
from groundup.foundations.network import Network, Step, copied


def add_gradient(tensor: Any, g: Any) -> None:
    """Add g to the tensor's gradient, which starts at nothing."""
    tensor.g = g if getattr(tensor, "g", None) is None else tensor.g + g


def mse_grad(out: Any, y: Any) -> None:
    """d mean((out - y)**2) / d out = 2 (out - y) / n, in the shape of out; the loss's own gradient is 1."""
    add_gradient(out, (2 * (without_last(out, y) - y) / y.shape[0]).unsqueeze(-1))


def relu_grad(x: Any, result: Any) -> None:
    """The gradient passes where x > 0. It is selected, not multiplied: 0 times inf would be nan."""
    add_gradient(x, result.g.masked_fill(x <= 0, 0))


def lin_grad(x: Any, w: Any, b: Any, result: Any, product: Product = operator.matmul) -> None:
    """For bi,oi->bo exchange the letters: bo,oi->bi is x's gradient, bo,bi->oi is w's, and b's sums over the batch."""
    add_gradient(x, product(result.g, w))
    add_gradient(w, product(result.g.T, x))
    add_gradient(b, result.g.sum(0))


def forward_and_backward(x: Any, y: Any, w1: Any, b1: Any, w2: Any, b2: Any, product: Product = operator.matmul) -> Any:
    """The loss; the gradients are added to the `.g` of x and of the weights.

    >>> import groundup
    >>> from groundup.foundations.network import sample
    >>> network = sample(groundup, rows=5, n_in=4, hidden=3)
    >>> _ = forward_and_backward(*network)
    >>> once = network.w1.g
    >>> _ = forward_and_backward(*network)
    >>> groundup.equal(network.w1.g, once + once)
    True
    """
    l1 = lin(x, w1, b1, product)
    l2 = relu(l1)
    out = lin(l2, w2, b2, product)
    loss = mse(out, y)

    mse_grad(out, y)
    lin_grad(l2, w2, b2, out, product)
    relu_grad(l1, l2)
    lin_grad(x, w1, b1, l1, product)
    return loss


def clear(*tensors: Any) -> None:
    """Forget the gradients, before the next step adds its own."""
    for tensor in tensors:
        tensor.g = None


def move(network: Network, lr: float) -> dict[str, Any]:
    """Move the weights against their gradients, and give the gradients by name."""
    weights = network._asdict()
    del weights["x"], weights["y"]
    for weight in weights.values():
        weight -= lr * weight.g
    return {name: weight.g for name, weight in weights.items()}


def training(m: Any, network: Network, lr: float, product: Product = operator.matmul) -> Step:
    """The network's training step with the gradients by hand."""
    own = copied(network)

    def step() -> tuple[Any, dict[str, Any]]:
        clear(*own)
        loss = forward_and_backward(*own, product)
        return loss, {"x": own.x.g, **move(own, lr)}

    return step
