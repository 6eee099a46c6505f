"""W4: a small network of four convolutions on digits of 28 x 28, trained."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from bench.workloads.base import Workload, normal, uniform
from bench.workloads.rules import Rule

CHANNELS = (1, 8, 16, 32, 10)
SIDES = (14, 7, 4, 2)  # of the images after each convolution, of stride 2


def w4(batch: int = 64) -> Workload:
    rng = np.random.default_rng(0)
    weights = []
    for n_in, n_out in pairwise(CHANNELS):
        weights += [uniform(rng, 9 * n_in, n_out, n_in, 3, 3), uniform(rng, 9 * n_in, n_out)]
    places = [9 * a * b * side * side for (a, b), side in zip(pairwise(CHANNELS), SIDES)]
    return Workload(
        name="W4",
        title=f"{batch} x 1 x 28 x 28, four 3x3 convolutions of stride 2 (8-16-32-10), cross-entropy, SGD",
        flops=2.0 * batch * (3 * sum(places) - places[0]),
        weights=weights,
        batch=(normal(rng, batch, 1, 28, 28), rng.integers(0, 10, batch)),
        modules=modules,
        loss=loss,
        rule=Rule("SGD", rate=0.05),
        checked=8,
        images=True,
        needs=("conv",),
    )


def network(T: Any) -> Any:
    nn = T.nn
    found: list[Any] = []
    for n_in, n_out in pairwise(CHANNELS):
        found += [nn.Conv2d(n_in, n_out, 3, stride=2, padding=1), nn.ReLU()]
    return nn.Sequential(*found[:-1], nn.AdaptiveAvgPool2d(1), nn.Flatten())


def modules(T: Any) -> tuple[Any, Callable[..., Any]]:
    model = network(T)
    return model, lambda x, y: T.nn.functional.cross_entropy(model(x), y)


def scores(ops: Any, weights: Any, x: Any) -> Any:
    for i in range(0, len(weights), 2):
        x = ops.conv(x, weights[i], weights[i + 1])
        if i + 2 < len(weights):
            x = ops.relu(x)
    return x.mean((2, 3))


def loss(ops: Any, weights: Any, x: Any, y: Any) -> Any:
    return ops.cross_entropy(scores(ops, weights, x), y)
