"""Whole training steps, written twice: with a library, eager and compiled by groundup, and by hand in NumPy.

The library's version is one function that takes the namespace, so all run the same lines. All start from
the same weights and see the same batch, and before anything is timed their losses must agree over several
steps.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

Array = np.ndarray
Step = Callable[[], Any]


def weights(*sizes: int) -> list[Array]:
    """Weight and bias of each layer, uniform within 1/sqrt(n_in), as float32."""
    rng = np.random.default_rng(0)
    arrays = []
    for n_in, n_out in pairwise(sizes):
        bound = n_in**-0.5
        arrays.append(rng.uniform(-bound, bound, (n_out, n_in)).astype(np.float32))
        arrays.append(rng.uniform(-bound, bound, n_out).astype(np.float32))
    return arrays


def batch(size: int, n_in: int) -> tuple[Array, Array]:
    """Inputs, and a target that can be learnt."""
    x = np.random.default_rng(1).standard_normal((size, n_in), np.float32)
    return x, np.sin(x.sum(1, keepdims=True)).astype(np.float32)


# --- W1: batch 200, 100-50-1, ReLU, mean squared error, SGD
# --------------------------------------------------

W1_SIZES, W1_BATCH, W1_RATE = (100, 50, 1), 200, 0.05


def w1_with(T: Any) -> Step:
    nn = T.nn
    model = nn.Sequential(nn.Linear(100, 50), nn.ReLU(), nn.Linear(50, 1))
    _copy_into(T, model, weights(*W1_SIZES))
    optimizer = T.optim.SGD(model.parameters(), lr=W1_RATE)
    return _training_step(T, model, optimizer, *batch(W1_BATCH, W1_SIZES[0]))


def w1_by_hand() -> Step:
    w1, b1, w2, b2 = weights(*W1_SIZES)
    x, y = batch(W1_BATCH, W1_SIZES[0])

    def step() -> Any:
        nonlocal w1, b1, w2, b2
        hidden = x @ w1.T + b1
        active = np.maximum(hidden, 0)
        error = active @ w2.T + b2 - y
        loss = np.mean(error * error)
        d_out = error * np.float32(2 / error.size)
        d_hidden = (d_out @ w2) * (hidden > 0)
        w2 -= W1_RATE * (d_out.T @ active)
        b2 -= W1_RATE * d_out.sum(0)
        w1 -= W1_RATE * (d_hidden.T @ x)
        b1 -= W1_RATE * d_hidden.sum(0)
        return loss

    return step


# --- W2: batch 32, 8-32-32-1, tanh, mean squared error, Adam
# --------------------------------------------------

W2_SIZES, W2_BATCH, W2_RATE = (8, 32, 32, 1), 32, 1e-3


def w2_with(T: Any) -> Step:
    nn = T.nn
    model = nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
    _copy_into(T, model, weights(*W2_SIZES))
    optimizer = T.optim.Adam(model.parameters(), lr=W2_RATE)
    return _training_step(T, model, optimizer, *batch(W2_BATCH, W2_SIZES[0]))


def w2_by_hand() -> Step:
    parameters = weights(*W2_SIZES)
    w1, b1, w2, b2, w3, b3 = parameters
    x, y = batch(W2_BATCH, W2_SIZES[0])
    averages = [np.zeros_like(p) for p in parameters]
    squares = [np.zeros_like(p) for p in parameters]
    beta1, beta2, epsilon = 0.9, 0.999, 1e-8
    count = 0

    def step() -> Any:
        nonlocal count
        count += 1
        h1 = np.tanh(x @ w1.T + b1)
        h2 = np.tanh(h1 @ w2.T + b2)
        error = h2 @ w3.T + b3 - y
        loss = np.mean(error * error)
        d3 = error * np.float32(2 / error.size)
        d2 = (d3 @ w3) * (1 - h2 * h2)
        d1 = (d2 @ w2) * (1 - h1 * h1)
        gradients = (d1.T @ x, d1.sum(0), d2.T @ h1, d2.sum(0), d3.T @ h2, d3.sum(0))
        rate = W2_RATE / (1 - beta1**count)
        root = (1 - beta2**count) ** 0.5
        for p, g, average, square in zip(parameters, gradients, averages, squares):
            average += (1 - beta1) * (g - average)
            square *= beta2
            square += (1 - beta2) * g * g
            p -= rate * average / (np.sqrt(square) / root + epsilon)
        return loss

    return step


# --- what both share --------------------------------------------------


def _copy_into(T: Any, model: Any, arrays: list[Array]) -> None:
    with T.no_grad():
        for parameter, array in zip(model.parameters(), arrays):
            parameter.copy_(T.from_numpy(array.copy()))


def _training_step(T: Any, model: Any, optimizer: Any, x: Array, y: Array) -> Step:
    inputs, target = T.from_numpy(x), T.from_numpy(y)
    mse_loss = T.nn.functional.mse_loss

    def step() -> Any:
        optimizer.zero_grad()
        loss = mse_loss(model(inputs), target)
        loss.backward()
        optimizer.step()
        return loss

    return step


WORKLOADS: dict[str, tuple[Callable[[Any], Step], Callable[[], Step], float]] = {
    # name: with a library, by hand, and the products' operations (forward, and backward twice as many but
    # for the gradient of the input, which nobody asks for)
    "W1  200 x 100-50-1, ReLU, SGD": (w1_with, w1_by_hand, 2.0 * 200 * (2 * 100 * 50 + 3 * 50)),
    "W2  32 x 8-32-32-1, tanh, Adam": (w2_with, w2_by_hand, 2.0 * 32 * (2 * 8 * 32 + 3 * (32 * 32 + 32))),
}


COMPILED = "compiled"


def versions(name: str, libraries: dict[str, Any]) -> dict[str, Step]:
    """The step of each library, groundup's also compiled, and the one by hand, each at its beginning."""
    with_library, by_hand, _ = WORKLOADS[name]
    found: dict[str, Step] = {}
    for who, T in libraries.items():
        found[who] = with_library(T)
        if T.__name__ == "groundup":
            found[COMPILED] = T.compile(with_library(T))
    return {**found, "by hand": by_hand()}


def check(name: str, libraries: dict[str, Any], steps: int = 20) -> None:
    """Raise unless all versions of a workload have the same losses over the first steps."""
    runs = versions(name, libraries)
    losses = {who: [step().item() for _ in range(steps)] for who, step in runs.items()}
    for who, found in losses.items():
        if not np.allclose(found, losses["by hand"], rtol=1e-4):
            raise ValueError(f"{name}: {who} has the losses {found}, by hand they are {losses['by hand']}")
