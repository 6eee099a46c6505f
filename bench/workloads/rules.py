"""How a step changes the weights: three rules of PyTorch's optimisers, each written once for any array library.

`Rule.optimizer` is the library's own class where there is one; `Rule.new` is the same arithmetic in operators alone,
which JAX, autograd, tinygrad and torch.compile can trace; `Rule.in_place` is what one writes by hand in NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


@dataclass(frozen=True)
class Rule:
    """The name of a rule, "SGD", "Adam" or "AdamW", and its numbers."""

    name: str
    rate: float
    momentum: float = 0.0
    decay: float = 0.0

    @property
    def states(self) -> int:
        """How many arrays are kept for each weight."""
        return 2 if self.name != "SGD" else int(self.momentum > 0)

    def optimizer(self, T: Any, parameters: Any, **settings: Any) -> Any:
        """The optimiser of a library that has PyTorch's names."""
        numbers = {"momentum": self.momentum} if self.name == "SGD" else {"weight_decay": self.decay}
        return getattr(T.optim, self.name)(parameters, lr=self.rate, **numbers, **settings)

    def new(self, p: Any, g: Any, states: Any, count: Any, root: Callable[[Any], Any]) -> tuple[Any, list[Any]]:
        """The weight and its states after the step of this count, which begins at 1; `root` is the square root."""
        if self.name == "SGD":
            if not self.states:
                return p - self.rate * g, []
            velocity = self.momentum * states[0] + g
            return p - self.rate * velocity, [velocity]
        mean = BETA1 * states[0] + (1 - BETA1) * g
        square = BETA2 * states[1] + (1 - BETA2) * (g * g)
        if self.decay:
            p = p * (1 - self.rate * self.decay)
        below = root(square) / root(1 - BETA2**count) + EPSILON
        return p - self.rate / (1 - BETA1**count) * mean / below, [mean, square]

    def in_place(self, p: Array, g: Array, states: list[Array], count: int) -> None:
        """The same on arrays that stay where they are; the gradient's memory is used up."""
        if self.name == "SGD":
            if self.states:
                (velocity,) = states
                velocity *= self.momentum
                velocity += g
                np.multiply(velocity, self.rate, out=g)
            else:
                g *= self.rate
            p -= g
            return
        mean, square, spare = states
        mean *= BETA1
        np.multiply(g, 1 - BETA1, out=spare)
        mean += spare
        square *= BETA2
        np.multiply(g, g, out=g)
        g *= 1 - BETA2
        square += g
        if self.decay:
            p *= 1 - self.rate * self.decay
        np.sqrt(square, out=g)
        g /= (1 - BETA2**count) ** 0.5
        g += EPSILON
        np.divide(mean, g, out=g)
        g *= self.rate / (1 - BETA1**count)
        p -= g
