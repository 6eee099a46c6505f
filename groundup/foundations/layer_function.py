"""What the layers had in common, said once: the base class keeps the calls, a layer says only its two formulas.

This is where the shape of every autograd appears: `forward` computes, `gradient` turns the gradient of the result into
those of the arguments, and what lies between is the same for all.
"""

from __future__ import annotations

from typing import Any

from groundup.foundations.forward import without_last
from groundup.foundations.gradients import add_gradient
from groundup.foundations.layers import Model, stepped
from groundup.foundations.network import Network, Step, copied


class LayerFunction:
    """A function with a gradient. A call is kept until `backward` takes it, so a layer can be used again."""

    def __init__(self) -> None:
        self.calls: list[tuple[tuple[Any, ...], Any]] = []

    def __call__(self, *args: Any) -> Any:
        out = self.forward(*args)
        self.calls.append((args, out))
        return out

    def backward(self) -> None:
        """Add to the arguments' gradients what the last call's result says."""
        args, out = self.calls.pop()
        self.gradient(out, *args)

    def forward(self, *args: Any) -> Any:
        """The function."""
        raise NotImplementedError(f"{type(self).__name__} needs forward(*args)")

    def gradient(self, out: Any, *args: Any) -> None:
        """Add to `.g` of the arguments, from `out.g`."""
        raise NotImplementedError(f"{type(self).__name__} needs gradient(out, *args)")


class Relu(LayerFunction):
    def forward(self, x: Any) -> Any:
        return x.clamp_min(0)

    def gradient(self, out: Any, x: Any) -> None:
        add_gradient(x, out.g.masked_fill(x <= 0, 0))


class Lin(LayerFunction):
    def __init__(self, w: Any, b: Any) -> None:
        super().__init__()
        self.w, self.b = w, b

    def forward(self, x: Any) -> Any:
        return x @ self.w.T + self.b

    def gradient(self, out: Any, x: Any) -> None:
        add_gradient(x, out.g @ self.w)
        add_gradient(self.w, out.g.T @ x)
        add_gradient(self.b, out.g.sum(0))


class Mse(LayerFunction):
    def forward(self, x: Any, y: Any) -> Any:
        return (without_last(x, y) - y).square().mean()

    def gradient(self, out: Any, x: Any, y: Any) -> None:
        add_gradient(x, (2 * (without_last(x, y) - y) / y.shape[0]).unsqueeze(-1))


def training(m: Any, network: Network, lr: float) -> Step:
    """The network's training step with layers on a base class."""
    own = copied(network)
    return stepped(Model([Lin(own.w1, own.b1), Relu(), Lin(own.w2, own.b2)], Mse()), own, lr)
