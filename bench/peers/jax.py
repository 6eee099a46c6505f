"""JAX: the whole step jitted, with the memory of weights and states given away; and many steps in one `scan`."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from bench.peers.base import Absent, Made
from bench.peers.functional import states_of, step_of
from bench.workloads.base import STEPS_IN_ONE_CALL, Workload


def prepare(threads: int) -> None:
    """JAX takes as many threads as the process may use cores."""
    jax.config.update("jax_platforms", "cpu")


class Ops:
    """The functional operations, as JAX's own functions give them."""

    relu, tanh, sqrt = jax.nn.relu, jnp.tanh, jnp.sqrt

    @staticmethod
    def linear(x: Any, w: Any, b: Any) -> Any:
        return x @ w.T + b

    @staticmethod
    def cross_entropy(scores: Any, target: Any) -> Any:
        rows = jax.nn.log_softmax(scores)
        return -jnp.take_along_axis(rows, target[:, None], 1).mean()

    @staticmethod
    def gelu(x: Any) -> Any:
        return jax.nn.gelu(x, approximate=False)

    softmax = jax.nn.softmax

    @staticmethod
    def layer_norm(x: Any, gain: Any, bias: Any) -> Any:
        apart = x - x.mean(-1, keepdims=True)
        return apart * lax.rsqrt((apart * apart).mean(-1, keepdims=True) + 1e-5) * gain + bias

    @staticmethod
    def embed(w: Any, i: Any) -> Any:
        return w[i]

    @staticmethod
    def attention(qkv: Any) -> Any:
        return jax.nn.dot_product_attention(qkv[:, :, 0], qkv[:, :, 1], qkv[:, :, 2], is_causal=True)

    @staticmethod
    def conv(x: Any, w: Any, b: Any) -> Any:
        return lax.conv_general_dilated(x, w, (2, 2), ((1, 1), (1, 1))) + b[:, None, None]


def jit(workload: Workload) -> Made:
    function = step_of(workload, Ops, jax.value_and_grad)
    weights, batch = _arrays(workload.weights), _arrays(workload.batch)
    if workload.rule is None:
        other = jax.jit(function)
        return Made(lambda: other(weights, *batch), lambda found: [np.asarray(a) for a in found], jax.block_until_ready)
    step = jax.jit(function, donate_argnums=(0, 1, 2))
    states, count = states_of(workload, jnp.zeros_like, weights), jnp.float32(1)

    def call() -> Any:
        nonlocal weights, states, count
        weights, states, count, loss = step(weights, states, count, *batch)
        return loss

    return Made(call, lambda loss: [np.asarray(loss)], jax.block_until_ready)


def scan(workload: Workload) -> Made:
    if not workload.many or workload.rule is None:
        raise Absent("many steps in one call are measured on W1, W2 and the small W3")
    function = step_of(workload, Ops, jax.value_and_grad)
    n = STEPS_IN_ONE_CALL
    weights, batches = _arrays(workload.weights), [jnp.stack([a] * n) for a in _arrays(workload.batch)]
    states, count = states_of(workload, jnp.zeros_like, weights), jnp.float32(1)

    def body(carry: Any, batch: Any) -> Any:
        *carry, loss = function(*carry, *batch)
        return tuple(carry), loss

    whole = jax.jit(lambda *carry: lax.scan(body, carry, tuple(batches)), donate_argnums=(0, 1, 2))

    def call() -> Any:
        nonlocal weights, states, count
        (weights, states, count), losses = whole(weights, states, count)
        return losses

    return Made(call, lambda losses: [np.asarray(losses)], jax.block_until_ready, steps_in_one_call=n)


def _arrays(arrays: Any) -> list[Any]:
    return [jnp.array(a, dtype=jnp.int32 if a.dtype.kind == "i" else a.dtype) for a in arrays]
