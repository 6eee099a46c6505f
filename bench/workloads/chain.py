"""W6: fifty square layers with ReLU and nothing else, forward and backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bench.workloads.base import ByHand, Step, Workload, normal


def w6(depth: int = 50, width: int = 100, batch: int = 100) -> Workload:
    rng = np.random.default_rng(0)
    return Workload(
        name="W6",
        title=f"{batch} x {width}, {depth} layers of {width} x {width} with ReLU, gradients",
        flops=2.0 * batch * width * width * (3 * depth - 1),
        weights=[normal(rng, width, width) * np.float32((2 / width) ** 0.5) for _ in range(depth)],
        batch=(normal(rng, batch, width),),
        modules=lambda T: modules(T, depth, width),
        loss=loss,
        by_hand=by_hand,
        tolerance=1e-3,
    )


def modules(T: Any, depth: int, width: int) -> tuple[Any, Callable[..., Any]]:
    class Chain(T.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = T.nn.ParameterList([T.nn.Parameter(T.empty(width, width)) for _ in range(depth)])

        def forward(self, x: Any) -> Any:
            for w in self.layers:
                x = T.relu(x @ w)
            return x.mean()

    model = Chain()
    return model, lambda x: model(x)


def loss(ops: Any, weights: Any, x: Any) -> Any:
    for w in weights:
        x = ops.relu(x @ w)
    return x.mean()


def by_hand(workload: Workload) -> tuple[Step, Callable[[Any], list[Any]]]:
    held = ByHand(workload)
    (x,) = workload.batch
    weights, gradients = held.weights, held.gradients
    outs = [np.empty((len(x), w.shape[1]), np.float32) for w in weights]
    back, other = np.empty_like(outs[0]), np.empty_like(outs[0])
    mask = np.empty(back.shape, bool)
    share = np.float32(1 / back.size)

    def step() -> Any:
        nonlocal back, other
        inputs = x
        for w, out in zip(weights, outs):
            np.matmul(inputs, w, out=out)
            np.maximum(out, 0, out=out)
            inputs = out
        loss = inputs.mean()
        back.fill(share)
        for i in reversed(range(len(weights))):
            np.greater(outs[i], 0, out=mask)
            back *= mask
            np.matmul((outs[i - 1] if i else x).T, back, out=gradients[i])
            if i:
                np.matmul(back, weights[i].T, out=other)
                back, other = other, back
        return loss

    return step, held.look
