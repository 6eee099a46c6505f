"""PyTorch: eager, eager with its fused optimisers or its other layout of images, and the whole step compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F

from bench.peers.base import Absent, Made
from bench.peers.functional import states_of, step_of
from bench.peers.modules import Prepared
from bench.workloads.base import Workload


def prepare(threads: int) -> None:
    torch.set_num_threads(threads)


def eager(workload: Workload) -> Made:
    prepared = Prepared(torch, workload)
    return prepared.made(prepared.step())


def fused(workload: Workload) -> Made:
    if workload.rule is None:
        raise Absent(f"{workload.name} has no optimiser")
    prepared = Prepared(torch, workload, fused=True)
    return prepared.made(prepared.step())


def channels_last(workload: Workload) -> Made:
    if not workload.images:
        raise Absent(f"{workload.name} has no images")
    prepared = Prepared(torch, workload)
    prepared.model.to(memory_format=torch.channels_last)
    prepared.batch[0] = prepared.batch[0].contiguous(memory_format=torch.channels_last)
    return prepared.made(prepared.step())


class Ops:
    """The functional operations, as PyTorch's own functions give them."""

    linear, relu, tanh, sqrt, cross_entropy = F.linear, torch.relu, torch.tanh, torch.sqrt, F.cross_entropy
    gelu = F.gelu

    @staticmethod
    def softmax(x: Any) -> Any:
        return torch.softmax(x, -1)

    @staticmethod
    def layer_norm(x: Any, gain: Any, bias: Any) -> Any:
        return F.layer_norm(x, (x.shape[-1],), gain, bias)

    @staticmethod
    def embed(w: Any, i: Any) -> Any:
        return F.embedding(i, w)

    @staticmethod
    def attention(qkv: Any) -> Any:
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        return F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2)

    @staticmethod
    def conv(x: Any, w: Any, b: Any) -> Any:
        return F.conv2d(x, w, b, stride=2, padding=1)


def compiled(workload: Workload) -> Made:
    """Forward, backward and optimiser in one graph, which writes the weights where they are."""
    function = step_of(workload, Ops, _value_and_grad)
    weights = [torch.from_numpy(a.copy()) for a in workload.weights]
    batch = [torch.from_numpy(a.copy()) for a in workload.batch]
    if workload.rule is None:
        other = _whole(function)
        return Made(lambda: other(weights, *batch), lambda found: [a.numpy() for a in found])
    states, count = states_of(workload, torch.zeros_like, weights), torch.ones(())

    @_whole
    def step(weights: Any, states: Any, count: Any, *batch: Any) -> Any:
        new_weights, new_states, new_count, loss = function(weights, states, count, *batch)
        count.copy_(new_count)
        for mine, new in zip(weights, new_weights):
            mine.copy_(new)
        for kept, newer in zip(states, new_states):
            for mine, new in zip(kept, newer):
                mine.copy_(new)
        return loss

    return Made(lambda: step(weights, states, count, *batch), lambda loss: [loss.numpy()])


def compiled_loss(workload: Workload) -> Made:
    """The loss alone in one graph, and `backward` of it: where nothing is updated this is sometimes the faster way."""
    if workload.rule is not None or workload.forward_only:
        raise Absent("with an optimiser the whole step is compiled, and inference has no gradients")
    weights = [torch.from_numpy(a.copy()).requires_grad_() for a in workload.weights]
    batch = [torch.from_numpy(a.copy()) for a in workload.batch]
    loss_of = _whole(lambda weights, *batch: workload.loss(Ops, weights, *batch))

    def step() -> Any:
        for weight in weights:
            weight.grad = None
        loss = loss_of(weights, *batch)
        loss.backward()
        return loss.detach()

    return Made(step, lambda loss: [loss.numpy(), *(w.grad.numpy() for w in weights if w.grad is not None)])


def _whole(function: Callable[..., Any]) -> Callable[..., Any]:
    torch.compiler.reset()  # or it gives up at the ninth workload: to it they are one function of other shapes
    made: Callable[..., Any] = torch.compile(function, fullgraph=True, dynamic=False)
    return made


def _value_and_grad(function: Callable[..., Any]) -> Callable[..., Any]:
    differentiated = torch.func.grad_and_value(function)

    def turned(*arguments: Any) -> tuple[Any, Any]:
        gradients, loss = differentiated(*arguments)
        return loss, gradients

    return turned
