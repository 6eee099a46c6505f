"""The optimiser's step from scratch: move each parameter a little against its gradient.

The gradients have to be forgotten before the next backward pass, because that pass adds to them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class SGD:
    """Gradient descent on the batch at hand, with momentum if it is wanted: v = momentum * v + g, p = p - lr * v.

    >>> import groundup
    >>> w = groundup.tensor([1.0], requires_grad=True)
    >>> optimizer = SGD(groundup, [w], lr=0.1, momentum=0.9)
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     (3 * w).sum().backward()
    ...     optimizer.step()
    >>> w.detach()
    tensor([0.1300])
    """

    def __init__(self, m: Any, parameters: Iterable[Any], lr: float, momentum: float = 0.0) -> None:
        self.m, self.parameters = m, list(parameters)
        self.lr, self.momentum = lr, momentum
        self.velocities: list[Any] = [None] * len(self.parameters)

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    def step(self) -> None:
        """Move the parameters. The tape must not see it, as it is no part of the loss."""
        with self.m.no_grad():
            for place, parameter in enumerate(self.parameters):
                if parameter.grad is not None:
                    parameter -= self.lr * self._velocity(place, parameter.grad)

    def _velocity(self, place: int, g: Any) -> Any:
        if self.momentum == 0:
            return g
        before = self.velocities[place]
        self.velocities[place] = g.clone() if before is None else self.momentum * before + g
        return self.velocities[place]
