"""A step as a function of the weights and the state, from a loss and its gradient: for JAX, autograd, torch.compile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench.workloads.base import Workload

Function = Callable[..., Any]


def step_of(workload: Workload, ops: Any, value_and_grad: Callable[[Function], Function]) -> Function:
    """(weights, states, count, *batch) to (weights, states, count, loss), or without a rule to (loss, *gradients).

    A workload that only infers gives (result,).
    """
    rule = workload.rule

    def forward(weights: Any, *batch: Any) -> Any:
        return workload.loss(ops, weights, *batch)

    differentiated = value_and_grad(forward)

    def train(weights: Any, states: Any, count: Any, *batch: Any) -> Any:
        loss, gradients = differentiated(weights, *batch)
        pairs = [rule.new(p, g, s, count, ops.sqrt) for p, g, s in zip(weights, gradients, states)]  # type: ignore[union-attr]
        return [p for p, _ in pairs], [s for _, s in pairs], count + 1, loss

    def differentiate(weights: Any, *batch: Any) -> Any:
        loss, gradients = differentiated(weights, *batch)
        return (loss, *gradients)

    def infer(weights: Any, *batch: Any) -> Any:
        return (forward(weights, *batch),)

    if workload.forward_only:
        return infer
    return train if rule else differentiate


def states_of(workload: Workload, zeros_like: Function, weights: list[Any]) -> list[list[Any]]:
    """The rule's arrays for each weight before the first step."""
    count = workload.rule.states if workload.rule else 0
    return [[zeros_like(p) for _ in range(count)] for p in weights]
