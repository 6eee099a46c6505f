"""One neuron, on plain floats: inputs times weights, plus a bias, through relu.

Everything above this rung does the same for many neurons and many examples at once. Here the whole network is neurons
that are called one by one, forward and backward.
"""

from __future__ import annotations

from typing import Any

from groundup.foundations.network import Network, Step


def relu(x: float) -> float:
    """x if it is positive, else 0.

    >>> relu(2.0), relu(-2.0)
    (2.0, 0.0)
    """
    return x if x > 0 else 0.0


def neuron(inputs: list[float], weights: list[float], bias: float) -> float:
    """The weighted sum of the inputs, plus the bias.

    >>> neuron([1.0, 2.0], [3.0, -1.0], 0.5)
    1.5
    """
    total = bias
    for x, w in zip(inputs, weights):
        total += x * w
    return total


def neuron_grad(
    g: float, inputs: list[float], weights: list[float], inputs_g: list[float], weights_g: list[float]
) -> None:
    """Add what a change g of the neuron's output means to its inputs and weights. For the bias it is g itself."""
    for i in range(len(inputs)):
        inputs_g[i] += g * weights[i]
        weights_g[i] += g * inputs[i]


def training(m: Any, network: Network, lr: float) -> Step:
    """The network's training step, neuron by neuron and example by example."""
    x, y, w1, b1, (w2,), (b2,) = (each.tolist() for each in network)

    def step() -> tuple[Any, dict[str, Any]]:
        nonlocal b2
        loss, b2_g = 0.0, 0.0
        w1_g, b1_g, w2_g = [[0.0] * len(row) for row in w1], [0.0] * len(b1), [0.0] * len(w2)
        for inputs, target in zip(x, y):
            sums = [neuron(inputs, weights, bias) for weights, bias in zip(w1, b1)]
            hidden = [relu(total) for total in sums]
            error = neuron(hidden, w2, b2) - target
            loss += error * error / len(y)

            out_g = 2 * error / len(y)
            hidden_g = [0.0] * len(hidden)
            neuron_grad(out_g, hidden, w2, hidden_g, w2_g)
            b2_g += out_g
            for j, total in enumerate(sums):
                if total > 0:
                    neuron_grad(hidden_g[j], inputs, w1[j], [0.0] * len(inputs), w1_g[j])
                    b1_g[j] += hidden_g[j]

        for weights, gradients in [*zip(w1, w1_g), (b1, b1_g), (w2, w2_g)]:
            for i, gradient in enumerate(gradients):
                weights[i] -= lr * gradient
        b2 -= lr * b2_g
        return loss, {"w1": w1_g, "b1": b1_g, "w2": [w2_g], "b2": [b2_g]}

    return step
