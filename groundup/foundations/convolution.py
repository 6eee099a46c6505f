"""A convolution is a view and a contraction: `unfold` lays the windows out without a copy, and einsum sums them.

Its gradients are contractions with the letters exchanged, and for the image the windows are folded back by adding. A
dense layer is the convolution whose kernel covers the whole image, which makes this rung compute the same network.
"""

from __future__ import annotations

import functools
from typing import Any

from groundup.foundations.forward import mse, relu
from groundup.foundations.gradients import add_gradient, clear, move, mse_grad, relu_grad
from groundup.foundations.network import Network, Step, copied


def windows(x: Any, height: int, width: int, stride: int) -> Any:
    """(n, c, h, w) -> (n, c, rows, columns, height, width): every place of a kernel, as a view."""
    return x.unfold(2, height, stride).unfold(3, width, stride)


def conv2d(m: Any, x: Any, w: Any, b: Any, stride: int = 1) -> Any:
    """The kernels w (o, c, height, width) at every place of the images x (n, c, h, w), plus b for each kernel.

    >>> import groundup
    >>> x = groundup.arange(9.0).reshape(1, 1, 3, 3)
    >>> conv2d(groundup, x, groundup.ones(1, 1, 2, 2), groundup.zeros(1))
    tensor([[[[ 8., 12.],
              [20., 24.]]]])
    """
    places = windows(x, w.shape[2], w.shape[3], stride)
    return m.einsum("ncrsij,ocij->nors", places, w) + b[:, None, None]


def conv2d_grad(m: Any, x: Any, w: Any, b: Any, result: Any, stride: int = 1) -> None:
    """Add to the gradients of x, w and b."""
    height, width = w.shape[2:]
    add_gradient(w, m.einsum("ncrsij,nors->ocij", windows(x, height, width, stride), result.g))
    add_gradient(b, result.g.sum((0, 2, 3)))
    x_g = m.zeros(tuple(x.shape), dtype=x.dtype)
    places = windows(x_g, height, width, stride)
    for i in range(height):  # windows overlap, so each place of the kernel adds in its turn
        for j in range(width):
            places[..., i, j] += m.einsum("nors,oc->ncrs", result.g, w[:, :, i, j])
    add_gradient(x, x_g)


def training(m: Any, network: Network, lr: float) -> Step:
    """The network's training step by convolutions: a row of x is an image of n_in x 1, and a kernel covers it all."""
    own = copied(network)
    hidden, n_in = own.w1.shape
    x, y = own.x[:, None, :, None], own.y
    w1, w2 = own.w1.view(hidden, 1, n_in, 1), own.w2.view(1, hidden, 1, 1)  # views: they move with the weights
    conv, conv_grad = functools.partial(conv2d, m), functools.partial(conv2d_grad, m)

    def step() -> tuple[Any, dict[str, Any]]:
        clear(*own, x, w1, w2)
        l1 = conv(x, w1, own.b1)  # (rows, hidden, 1, 1)
        l2 = relu(l1)
        l3 = conv(l2, w2, own.b2)  # (rows, 1, 1, 1)
        out = l3.flatten(1)
        loss = mse(out, y)
        mse_grad(out, y)
        add_gradient(l3, out.g[:, :, None, None])
        conv_grad(l2, w2, own.b2, l3)
        relu_grad(l1, l2)
        conv_grad(x, w1, own.b1, l1)
        own.w1.g, own.w2.g = w1.g.flatten(1), w2.g.flatten(1)
        return loss, {"x": x.g.flatten(1), **move(own, lr)}

    return step
