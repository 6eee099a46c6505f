"""tinygrad: the whole step in its jit. It needs a C compiler that takes clang's options (clang itself, or CC)."""

from __future__ import annotations

from typing import Any

from tinygrad import Tensor, TinyJit, dtypes

from bench.peers.base import Absent, Made
from bench.peers.functional import states_of, step_of
from bench.workloads.base import Workload


def prepare(threads: int) -> None:
    """tinygrad takes its threads from the environment; whether it can compile shows now."""
    try:
        (Tensor([1.0]) + 1).realize()
    except Exception as error:
        raise Absent(f"tinygrad cannot compile here: {error}".splitlines()[0]) from error


class Ops:
    """The functional operations, as tinygrad's own methods give them."""

    relu, tanh, sqrt = Tensor.relu, Tensor.tanh, Tensor.sqrt
    softmax, cross_entropy = Tensor.softmax, Tensor.sparse_categorical_crossentropy

    @staticmethod
    def linear(x: Any, w: Any, b: Any) -> Any:
        return x.linear(w.T, b)

    @staticmethod
    def gelu(x: Any) -> Any:
        return 0.5 * x * (1 + (x * 0.5**0.5).erf())

    @staticmethod
    def layer_norm(x: Any, gain: Any, bias: Any) -> Any:
        return x.layernorm() * gain + bias

    @staticmethod
    def embed(w: Any, i: Any) -> Any:
        return w[i]

    @staticmethod
    def attention(qkv: Any) -> Any:
        q, k, v = (qkv[:, :, i].transpose(1, 2) for i in range(3))
        return q.scaled_dot_product_attention(k, v, is_causal=True).transpose(1, 2)

    @staticmethod
    def conv(x: Any, w: Any, b: Any) -> Any:
        return x.conv2d(w, b, stride=2, padding=1)


def jit(workload: Workload) -> Made:
    function = step_of(workload, Ops, _value_and_grad)
    weights, batch = _tensors(workload.weights), _tensors(workload.batch)
    if workload.rule is None:
        other = TinyJit(lambda: [found.contiguous().realize() for found in function(weights, *batch)])
        return Made(other, lambda found: [each.numpy() for each in found])
    states, count = states_of(workload, _zeros_like, weights), Tensor([1.0]).contiguous().realize()

    @TinyJit
    def step() -> Any:
        new_weights, new_states, new_count, loss = function(weights, states, count, *batch)
        changes = [mine.assign(new) for mine, new in zip(weights, new_weights)]
        for kept, newer in zip(states, new_states):
            changes += [mine.assign(new) for mine, new in zip(kept, newer)]
        return loss.realize(*changes, count.assign(new_count))

    return Made(step, lambda loss: [loss.numpy()])


def _value_and_grad(function: Any) -> Any:
    def differentiated(weights: Any, *batch: Any) -> Any:
        loss = function(weights, *batch)
        return loss, loss.gradient(*weights)

    return differentiated


def _zeros_like(p: Any) -> Any:
    return Tensor.zeros(*p.shape).contiguous().realize()


def _tensors(arrays: Any) -> list[Any]:
    return [Tensor(a, dtype=dtypes.int32 if a.dtype.kind == "i" else None).contiguous().realize() for a in arrays]
