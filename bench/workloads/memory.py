"""W7: what is bound by memory and by elementary functions: gelu on a million elements, softmax and layer norm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bench.workloads.base import Workload, normal


def w7_gelu(n: int = 1_000_000) -> Workload:
    rng = np.random.default_rng(0)
    x, w, b = normal(rng, n), normal(rng, n), normal(rng, n)
    return Workload(
        name="W7-gelu",
        title=f"gelu(x * w + b) on {n:,} elements, gradients of w and b",
        flops=0.0,
        weights=[w, b],
        batch=(x,),
        modules=lambda T: _with_parameters(T, 2, n, lambda w, b, x: T.nn.functional.gelu(x * w + b).sum()),
        loss=lambda ops, weights, x: ops.gelu(x * weights[0] + weights[1]).sum(),
        traffic=5.0 * x.nbytes,  # three arrays read, two written
        tolerance=1e-3,
        needs=("gelu",),
    )


def w7_rows(rows: int = 4096, columns: int = 1024) -> Workload:
    rng = np.random.default_rng(0)
    x = normal(rng, rows, columns)
    gain, bias = normal(rng, columns), normal(rng, columns)

    def modules(T: Any) -> Any:
        softmax, layer_norm = T.nn.functional.softmax, T.nn.functional.layer_norm

        def loss(x: Any, gain: Any, bias: Any) -> Any:
            return layer_norm(softmax(x, -1), (columns,), gain, bias).square().sum()

        return _with_parameters(T, 3, 1, loss)

    return Workload(
        name="W7-rows",
        title=f"softmax and layer norm of {rows} x {columns}, gradients of all three inputs",
        flops=0.0,
        weights=[x, gain, bias],
        batch=(),
        modules=modules,
        loss=loss_of_rows,
        traffic=2.0 * x.nbytes,
        tolerance=1e-3,
        needs=("layer_norm",),
    )


def loss_of_rows(ops: Any, weights: Any) -> Any:
    x, gain, bias = weights
    y = ops.layer_norm(ops.softmax(x), gain, bias)
    return (y * y).sum()


def _with_parameters(T: Any, count: int, n: int, function: Callable[..., Any]) -> tuple[Any, Callable[..., Any]]:
    """A module that only holds parameters, and the function of these and a batch."""
    model = T.nn.ParameterList([T.nn.Parameter(T.empty(n)) for _ in range(count)])
    parameters = list(model)
    return model, lambda *batch: function(*parameters, *batch)
