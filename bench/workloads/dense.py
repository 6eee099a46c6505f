"""W1, W2, W3 and the grid: networks of dense layers, trained."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from bench.workloads.base import Array, ByHand, Step, Workload, normal, uniform
from bench.workloads.rules import Rule


def w1() -> Workload:
    rule = Rule("SGD", rate=0.05)
    return dense("W1", (100, 50, 1), 200, "relu", "mse", rule, title="ReLU, MSE, SGD", many=True)


def w2() -> Workload:
    return dense("W2", (8, 32, 32, 1), 32, "tanh", "mse", Rule("Adam", rate=1e-3), title="tanh, Adam", many=True)


def w3(hidden: tuple[int, ...] = (50,), batch: int = 64) -> Workload:
    """The small one; others by their hidden widths and batch."""
    rule = Rule("SGD", rate=0.01, momentum=0.9)
    title = "ReLU, cross-entropy, SGD with momentum"
    return dense("W3", (784, *hidden, 10), batch, "relu", "cross_entropy", rule, title=title, many=batch == 64)


def w3_large() -> Workload:
    return w3((512, 256), 512)


def dense(
    name: str,
    sizes: tuple[int, ...],
    batch: int,
    activation: str,
    criterion: str,
    rule: Rule,
    title: str,
    many: bool = False,
) -> Workload:
    """Dense layers with an activation between them, and a loss."""
    rng = np.random.default_rng(0)
    weights = []
    for n_in, n_out in pairwise(sizes):
        weights += [uniform(rng, n_in, n_out, n_in), uniform(rng, n_in, n_out)]
    x = normal(rng, batch, sizes[0])
    y = rng.integers(0, sizes[-1], batch) if criterion == "cross_entropy" else np.sin(x.sum(1, keepdims=True))
    pairs = list(pairwise(sizes))
    # Three products a layer, but nobody asks for the gradient of the input.
    flops = 2.0 * batch * (3 * sum(a * b for a, b in pairs) - sizes[0] * sizes[1])
    return Workload(
        name=name,
        title=f"{batch} x {'-'.join(map(str, sizes))}, {title}",
        flops=flops,
        weights=weights,
        batch=(x, y if criterion == "cross_entropy" else y.astype(np.float32)),
        modules=_modules(sizes, activation, criterion),
        loss=_loss(activation, criterion),
        by_hand=lambda workload: _by_hand(workload, activation, criterion),
        rule=rule,
        checked=20 if flops < 1e8 else 5,
        many=many,
    )


def layers(T: Any, sizes: tuple[int, ...], activation: str) -> Any:
    """The network as a module."""
    between = {"relu": T.nn.ReLU, "tanh": T.nn.Tanh}[activation]
    found = []
    for n_in, n_out in pairwise(sizes):
        found += [T.nn.Linear(n_in, n_out), between()]
    return T.nn.Sequential(*found[:-1])


def _modules(sizes: tuple[int, ...], activation: str, criterion: str) -> Callable[[Any], Any]:
    def modules(T: Any) -> tuple[Any, Callable[..., Any]]:
        model = layers(T, sizes, activation)
        loss = {"mse": T.nn.functional.mse_loss, "cross_entropy": T.nn.functional.cross_entropy}[criterion]
        return model, lambda x, y: loss(model(x), y)

    return modules


def scores(ops: Any, weights: Any, x: Any, activation: str) -> Any:
    """The network in functional operations."""
    last = len(weights) // 2 - 1
    for i in range(last + 1):
        x = ops.linear(x, weights[2 * i], weights[2 * i + 1])
        if i < last:
            x = getattr(ops, activation)(x)
    return x


def _loss(activation: str, criterion: str) -> Callable[..., Any]:
    def loss(ops: Any, weights: Any, x: Any, y: Any) -> Any:
        out = scores(ops, weights, x, activation)
        if criterion == "cross_entropy":
            return ops.cross_entropy(out, y)
        error = out - y
        return (error * error).mean()

    return loss


# By hand --------------------------------------------------


def _by_hand(workload: Workload, activation: str, criterion: str) -> tuple[Step, Callable[[Any], list[Any]]]:
    held = ByHand(workload)
    x, y = workload.batch
    weights, gradients = held.weights, held.gradients
    count = len(weights) // 2
    outs = [np.empty((len(x), b.size), np.float32) for b in weights[1::2]]
    back = [np.empty_like(out) for out in outs]
    masks = [np.empty(out.shape, bool) for out in outs]
    error_of = {"mse": mse_error, "cross_entropy": cross_entropy_error}[criterion](y, outs[-1].shape)

    def step() -> Any:
        inputs = x
        for i in range(count):
            np.matmul(inputs, weights[2 * i].T, out=outs[i])
            outs[i] += weights[2 * i + 1]
            if i < count - 1:
                inputs = activate(outs[i])
        loss = error_of(outs[-1], back[-1])
        for i in reversed(range(count)):
            np.matmul(back[i].T, outs[i - 1] if i else x, out=gradients[2 * i])
            np.sum(back[i], 0, out=gradients[2 * i + 1])
            if i:
                np.matmul(back[i], weights[2 * i], out=back[i - 1])
                slope(outs[i - 1], back[i - 1], masks[i - 1])
        held.update()
        return loss

    activate = {"relu": relu, "tanh": lambda a: np.tanh(a, out=a)}[activation]
    slope = {"relu": relu_slope, "tanh": tanh_slope}[activation]
    return step, held.look


def relu(a: Array) -> Array:
    return np.maximum(a, 0, out=a)


def relu_slope(out: Array, gradient: Array, mask: Array) -> None:
    """Multiply the gradient by the slope, which a result of ReLU tells."""
    np.greater(out, 0, out=mask)
    gradient *= mask


def tanh_slope(out: Array, gradient: Array, mask: Array) -> None:
    np.multiply(out, out, out=out)
    np.subtract(1, out, out=out)
    gradient *= out


def mse_error(y: Array, shape: tuple[int, ...]) -> Callable[[Array, Array], Any]:
    scale = np.float32(2 / y.size)

    def error(out: Array, gradient: Array) -> Any:
        np.subtract(out, y, out=gradient)
        flat = gradient.reshape(-1)
        loss = flat.dot(flat) / flat.size
        gradient *= scale
        return loss

    return error


def cross_entropy_error(y: Array, shape: tuple[int, ...]) -> Callable[[Array, Array], Any]:
    """The loss of scores (which become probabilities where they lie), and its gradient."""
    n = len(y)
    places = np.arange(n) * shape[-1] + y
    column = np.empty((n, 1), np.float32)
    scale = np.float32(1 / n)

    def error(out: Array, gradient: Array) -> Any:
        np.max(out, 1, keepdims=True, out=column)
        out -= column
        right = out.reshape(-1)[places]
        np.exp(out, out=out)
        np.sum(out, 1, keepdims=True, out=column)
        np.divide(out, column, out=gradient)
        gradient.reshape(-1)[places] -= 1
        gradient *= scale
        np.log(column, out=column)
        return (column.sum() - right.sum()) / n

    return error
