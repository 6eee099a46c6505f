"""A step as users of PyTorch's names write it, with a module and an optimiser: what groundup and PyTorch share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench.peers.base import Made
from bench.workloads.base import Workload


class Prepared:
    """A module with the workload's weights, the batch as tensors, and the step."""

    def __init__(self, T: Any, workload: Workload, **settings: Any) -> None:
        self.T, self.workload = T, workload
        self.model, self.objective = workload.modules(T)
        self.parameters = list(self.model.parameters())
        for parameter, array in zip(self.parameters, workload.weights, strict=True):
            parameter.data = T.from_numpy(array.copy())
        self.batch = [T.from_numpy(array.copy()) for array in workload.batch]
        rule = workload.rule
        self.optimizer: Any = None if rule is None else rule.optimizer(T, self.parameters, **settings)

    def step(self) -> Callable[..., Any]:
        """The function of a batch that does one step."""
        model, objective, optimizer, T = self.model, self.objective, self.optimizer, self.T

        def train(*batch: Any) -> Any:
            optimizer.zero_grad()
            loss = objective(*batch)
            loss.backward()
            optimizer.step()
            return loss.detach()

        def differentiate(*batch: Any) -> Any:
            model.zero_grad()
            loss = objective(*batch)
            loss.backward()
            return loss.detach()

        def infer(*batch: Any) -> Any:
            with T.no_grad():
                return objective(*batch)

        if self.workload.forward_only:
            model.eval()
            return infer
        return train if optimizer else differentiate

    def made(self, step: Callable[..., Any]) -> Made:
        batch = self.batch
        return Made(lambda: step(*batch), self.look)

    def look(self, loss: Any) -> list[Any]:
        if self.workload.forward_only or self.optimizer:
            return [loss.numpy()]
        return [loss.numpy(), *(p.grad.numpy() for p in self.parameters)]
