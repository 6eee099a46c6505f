"""The same functions for autograd: `forward` and `backward` with a `ctx` that carries what backward needs.

Here the order of the backward pass is nobody's concern any more: a call of `apply` is recorded on the tape of the
namespace (groundup's or PyTorch's), and `loss.backward()` walks it in reverse, adding up where ways meet.
"""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any

from groundup.foundations import forward
from groundup.foundations.network import Network, Step, copied


@functools.cache
def functions(m: Any) -> SimpleNamespace:
    """lin, relu and mse as differentiable functions of m's tensors."""

    class Relu(m.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return forward.relu(x)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return g.masked_fill(x <= 0, 0)

    class Lin(m.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, w: Any, b: Any) -> Any:
            ctx.save_for_backward(x, w)
            return forward.lin(x, w, b)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x, w = ctx.saved_tensors
            # The first layer's x is data: nobody asks for its gradient, so it costs nothing.
            x_g = g @ w if ctx.needs_input_grad[0] else None
            return x_g, g.T @ x, g.sum(0)

    class Mse(m.autograd.Function):
        @staticmethod
        def forward(ctx: Any, out: Any, y: Any) -> Any:
            ctx.save_for_backward(out, y)
            return forward.mse(out, y)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            out, y = ctx.saved_tensors
            return g * (2 * (out.squeeze(-1) - y) / y.shape[0]).unsqueeze(-1), None

    return SimpleNamespace(relu=Relu.apply, lin=Lin.apply, mse=Mse.apply)


def training(m: Any, network: Network, lr: float) -> Step:
    """The network's training step with functions that autograd records."""
    x, y, *weights = copied(network)
    w1, b1, w2, b2 = (weight.requires_grad_() for weight in weights)
    f = functions(m)

    def step() -> tuple[Any, dict[str, Any]]:
        for weight in (w1, b1, w2, b2):
            weight.grad = None
        loss = f.mse(f.lin(f.relu(f.lin(x, w1, b1)), w2, b2), y)
        loss.backward()
        with m.no_grad():
            for weight in (w1, b1, w2, b2):
                weight -= lr * weight.grad
        return loss, {"w1": w1.grad, "b1": b1.grad, "w2": w2.grad, "b2": b2.grad}

    return step
