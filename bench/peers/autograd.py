"""HIPS autograd: NumPy's functions, differentiated; no compiler, and no convolution."""

from __future__ import annotations

from typing import Any

import autograd.numpy as np
import numpy
from autograd import value_and_grad
from autograd.scipy.special import erf

from bench.peers.base import Absent, Made
from bench.peers.functional import states_of, step_of
from bench.workloads.base import Workload


def prepare(threads: int) -> None:
    """Threads are what the process has been given."""


class Ops:
    """The functional operations in NumPy's, which is all that autograd has."""

    tanh, sqrt = np.tanh, np.sqrt

    @staticmethod
    def linear(x: Any, w: Any, b: Any) -> Any:
        return np.dot(x, w.T) + b

    @staticmethod
    def relu(x: Any) -> Any:
        return np.maximum(x, numpy.float32(0))

    @staticmethod
    def gelu(x: Any) -> Any:
        return 0.5 * x * (1 + erf(x * numpy.float32(0.5**0.5)))

    @staticmethod
    def softmax(x: Any) -> Any:
        powers = np.exp(x - np.max(x, -1, keepdims=True))
        return powers / np.sum(powers, -1, keepdims=True)

    @staticmethod
    def layer_norm(x: Any, gain: Any, bias: Any) -> Any:
        apart = x - np.mean(x, -1, keepdims=True)
        return apart / np.sqrt(np.mean(apart * apart, -1, keepdims=True) + 1e-5) * gain + bias

    @staticmethod
    def cross_entropy(scores: Any, target: Any) -> Any:
        apart = scores - np.max(scores, -1, keepdims=True)
        rows = apart - np.log(np.sum(np.exp(apart), -1, keepdims=True))
        return -np.mean(rows[numpy.arange(len(target)), target])

    @staticmethod
    def embed(w: Any, i: Any) -> Any:
        return w[i]

    @staticmethod
    def attention(qkv: Any) -> Any:
        q, k, v = (np.transpose(qkv[:, :, i], (0, 2, 1, 3)) for i in range(3))
        n, width = q.shape[-2:]
        scores = np.matmul(q, np.transpose(k, (0, 1, 3, 2))) * numpy.float32(width**-0.5)
        scores = np.where(numpy.tri(n, dtype=bool), scores, numpy.float32(-1e30))
        return np.transpose(np.matmul(Ops.softmax(scores), v), (0, 2, 1, 3))


def eager(workload: Workload) -> Made:
    for need in workload.needs:
        if not hasattr(Ops, need):
            raise Absent(f"autograd has no form of {need}")
    function = step_of(workload, Ops, value_and_grad)
    weights, batch = [w.copy() for w in workload.weights], workload.batch
    if workload.rule is None:
        return Made(lambda: function(weights, *batch), list)
    states, count = states_of(workload, numpy.zeros_like, weights), 1

    def step() -> Any:
        nonlocal weights, states, count
        weights, states, count, loss = function(weights, states, count, *batch)
        return loss

    return Made(step, lambda loss: [loss])
