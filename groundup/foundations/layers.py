"""Layers as objects: each remembers what it was called with, so that `backward` needs no arguments.

A layer may be called twice before it goes backward, for instance because it stands in a model twice. So it keeps its
calls on a pile, and `backward` takes the last one off it: what was computed last is differentiated first. A call that
never goes backward stays on the pile for good; the tape of ``function_ctx`` hangs on the result, and goes with it.
"""

from __future__ import annotations

from typing import Any

from groundup.foundations import forward, gradients
from groundup.foundations.network import Network, Step, copied


class Relu:
    """The positive numbers, and 0 for the others."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, Any]] = []

    def __call__(self, x: Any) -> Any:
        out = forward.relu(x)
        self.calls.append((x, out))
        return out

    def backward(self) -> None:
        gradients.relu_grad(*self.calls.pop())


class Lin:
    """A dense layer with weights w and biases b."""

    def __init__(self, w: Any, b: Any) -> None:
        self.w, self.b = w, b
        self.calls: list[tuple[Any, Any]] = []

    def __call__(self, x: Any) -> Any:
        out = forward.lin(x, self.w, self.b)
        self.calls.append((x, out))
        return out

    def backward(self) -> None:
        x, out = self.calls.pop()
        gradients.lin_grad(x, self.w, self.b, out)


class Mse:
    """The mean squared error."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, Any]] = []

    def __call__(self, out: Any, y: Any) -> Any:
        self.calls.append((out, y))
        return forward.mse(out, y)

    def backward(self) -> None:
        gradients.mse_grad(*self.calls.pop())


class Model:
    """Layers one after the other, and a loss."""

    def __init__(self, layers: list[Any], loss: Any) -> None:
        self.layers, self.loss = layers, loss

    def __call__(self, x: Any, y: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return self.loss(x, y)

    def backward(self) -> None:
        """Backward through the loss, and then the layers in reverse."""
        self.loss.backward()
        for layer in reversed(self.layers):
            layer.backward()


def stepped(model: Any, own: Network, lr: float) -> Step:
    """The training step of a model of the network's weights that has `backward`."""

    def step() -> tuple[Any, dict[str, Any]]:
        gradients.clear(*own)
        loss = model(own.x, own.y)
        model.backward()
        return loss, {"x": own.x.g, **gradients.move(own, lr)}

    return step


def training(m: Any, network: Network, lr: float) -> Step:
    """The network's training step with layers that have `backward`."""
    own = copied(network)
    return stepped(Model([Lin(own.w1, own.b1), Relu(), Lin(own.w2, own.b2)], Mse()), own, lr)
