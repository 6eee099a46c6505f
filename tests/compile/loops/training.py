"""A small network and its training step, for tests of the short call of a program."""

from __future__ import annotations

from typing import Any

import groundup
from groundup import nn, optim


def is_short(run: Any, entry: int = 0) -> bool:
    """Whether the program is called by a function of its own."""
    return "locked" in run.entries[entry].call.__globals__


class Training:
    """A small network that is trained, compiled and not, from the same weights."""

    def __init__(self, compiled: bool = True, rule: Any = optim.Adam) -> None:
        groundup.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
        self.optimizer = rule(self.model.parameters(), lr=0.1)
        model, optimizer = self.model, self.optimizer

        def step(x: Any, y: Any) -> Any:
            optimizer.zero_grad()
            loss = ((model(x) - y) ** 2).mean()
            loss.backward()
            optimizer.step()
            return loss.detach()

        self.step = groundup.compile(step) if compiled else step
        self.x, self.y = groundup.randn(5, 3), groundup.randn(5, 1)

    def __call__(self) -> Any:
        return self.step(self.x, self.y)

    def ready(self) -> Training:
        """After so many steps that the short call is in use, and has everything in its place."""
        for _ in range(4):
            self()
        assert is_short(self.step)
        return self

    @property
    def weight(self) -> Any:
        return self.model[0].weight

    def state(self) -> list[Any]:
        weights = list(self.model.parameters())
        return [each.tolist() for each in (*weights, *(w.grad for w in weights))]
