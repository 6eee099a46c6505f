"""A dense layer on lists: a list comprehension over neurons, inside of one over examples.

This is as far as Python goes on its own. The backward pass shows its shape already: two more products of matrices.
"""

from __future__ import annotations

from operator import mul
from typing import Any

from groundup.foundations.network import Network, Step

Matrix = list[list[float]]


def lin(x: Matrix, w: Matrix, b: list[float]) -> Matrix:
    """x @ w.T + b: a row of w and a number of b for each neuron.

    >>> lin([[1.0, 2.0]], [[3.0, -1.0], [0.0, 1.0]], [0.5, 0.0])
    [[1.5, 2.0]]
    """
    return [[sum(map(mul, row, weights)) + bias for weights, bias in zip(w, b)] for row in x]


def relu(x: Matrix) -> Matrix:
    """The positive numbers, and 0 for the others."""
    return [[each if each > 0 else 0.0 for each in row] for row in x]


def transposed(x: Matrix) -> Matrix:
    """Columns as rows."""
    return [list(column) for column in zip(*x)]


def product(a: Matrix, b: Matrix) -> Matrix:
    """a @ b."""
    return lin(a, transposed(b), [0.0] * len(b[0]))


def relu_grad(g: Matrix, x: Matrix) -> Matrix:
    """g where x was positive, and 0 elsewhere."""
    return [[each_g if each > 0 else 0.0 for each_g, each in zip(row_g, row)] for row_g, row in zip(g, x)]


def lin_grad(g: Matrix, x: Matrix) -> tuple[Matrix, list[float]]:
    """The gradients of w and b: g.T @ x, and g summed over the examples. That of x is g @ w."""
    columns = transposed(g)
    return product(columns, x), [sum(column) for column in columns]


def moved(weights: Matrix, gradients: Matrix, lr: float) -> Matrix:
    """The weights after a step against their gradients."""
    return [[w - lr * g for w, g in zip(row, row_g)] for row, row_g in zip(weights, gradients)]


def training(m: Any, network: Network, lr: float) -> Step:
    """The network's training step on lists."""
    x, y, w1, b1, w2, b2 = (each.tolist() for each in network)

    def step() -> tuple[Any, dict[str, Any]]:
        nonlocal w1, b1, w2, b2
        l1 = lin(x, w1, b1)
        l2 = relu(l1)
        errors = [out - target for (out,), target in zip(lin(l2, w2, b2), y)]
        loss = sum(error * error for error in errors) / len(y)

        out_g = [[2 * error / len(y)] for error in errors]
        w2_g, b2_g = lin_grad(out_g, l2)
        w1_g, b1_g = lin_grad(relu_grad(product(out_g, w2), l1), x)

        w1, w2 = moved(w1, w1_g, lr), moved(w2, w2_g, lr)
        (b1,), (b2,) = moved([b1], [b1_g], lr), moved([b2], [b2_g], lr)
        return loss, {"w1": w1_g, "b1": b1_g, "w2": w2_g, "b2": b2_g}

    return step
