"""W8: the networks of W3 and W4 asked about a single image."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from bench.workloads import dense, images
from bench.workloads.base import Step, Workload

SIZES = (784, 50, 10)


def w8_dense() -> Workload:
    trained = dense.w3(batch=1)

    def modules(T: Any) -> tuple[Any, Callable[..., Any]]:
        model = dense.layers(T, SIZES, "relu")
        return model, lambda x: model(x)

    return _inference(
        trained,
        name="W8-W3",
        title="the forward pass of W3, one image",
        modules=modules,
        loss=lambda ops, weights, x: dense.scores(ops, weights, x, "relu"),
        by_hand=_by_hand,
        flops=2.0 * (784 * 50 + 50 * 10),
    )


def w8_images() -> Workload:
    trained = images.w4(batch=1)

    def modules(T: Any) -> tuple[Any, Callable[..., Any]]:
        model = images.network(T)
        return model, lambda x: model(x)

    return _inference(
        trained,
        name="W8-W4",
        title="the forward pass of W4, one image",
        modules=modules,
        loss=images.scores,
        flops=2.0 * sum(9 * a * b * s * s for a, b, s in zip(images.CHANNELS, images.CHANNELS[1:], images.SIDES)),
    )


def _inference(trained: Workload, **changes: Any) -> Workload:
    return dataclasses.replace(
        trained, batch=trained.batch[:1], rule=None, forward_only=True, many=False, tolerance=1e-3, **changes
    )


def _by_hand(workload: Workload) -> tuple[Step, Callable[[Any], list[Any]]]:
    (x,) = workload.batch
    w1, b1, w2, b2 = workload.weights
    across1, across2 = w1.T, w2.T
    hidden, out = np.empty((1, b1.size), np.float32), np.empty((1, b2.size), np.float32)
    matmul, add, maximum = np.matmul, np.add, np.maximum

    def step() -> Any:
        matmul(x, across1, hidden)
        add(hidden, b1, hidden)
        maximum(hidden, 0, out=hidden)
        matmul(hidden, across2, out)
        return add(out, b2, out)

    return step, lambda out: [out]
