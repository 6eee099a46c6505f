"""What a workload is: weights, a batch, and one step written three ways, so that each library runs it in its own.

`modules` is the step as a user of PyTorch's names writes it, for groundup and PyTorch alike. `loss` is a function of
the weights in the few operations that every functional library has, for JAX, autograd, tinygrad and torch.compile.
`by_hand` is NumPy that writes into buffers of its own. All start from the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.workloads.rules import Rule

Array = np.ndarray
Step = Callable[[], Any]

STEPS_IN_ONE_CALL = 50


@dataclass(frozen=True)
class Workload:
    """A workload. What it does: train (with a rule), only the gradients (without one), or only the forward pass."""

    name: str
    title: str
    flops: float  # of the matrix products
    weights: list[Array]  # in the order of the module's parameters
    batch: tuple[Array, ...]
    modules: Callable[[Any], tuple[Any, Callable[..., Any]]]  # T -> a module, and the loss of a batch
    loss: Callable[..., Any]  # (ops, weights, *batch)
    by_hand: Callable[[Workload], tuple[Step, Callable[[Any], list[Any]]]] | None = None
    rule: Rule | None = None
    forward_only: bool = False
    traffic: float = 0.0  # bytes that have to come from memory or go there
    checked: int = 20  # steps whose numbers must agree
    tolerance: float = 1e-4
    many: bool = False  # whether many steps in one call are of interest
    images: bool = False  # whether the order of an image's channels is of interest
    needs: tuple[str, ...] = ()  # operations that not every library has


def uniform(rng: np.random.Generator, n_in: int, *shape: int) -> Array:
    """Weights within 1/sqrt(n_in), as float32."""
    return rng.uniform(-(n_in**-0.5), n_in**-0.5, shape).astype(np.float32)


def normal(rng: np.random.Generator, *shape: int) -> Array:
    return rng.standard_normal(shape, np.float32)


def in_one_piece(arrays: list[Array]) -> tuple[Array, list[Array]]:
    """A vector that holds the numbers of all arrays, and each array as a view of it.

    An optimiser by hand then makes a few calls for all weights together.
    """
    whole = np.concatenate([a.ravel() for a in arrays])
    ends = np.cumsum([a.size for a in arrays])
    return whole, [whole[end - a.size : end].reshape(a.shape) for a, end in zip(arrays, ends)]


class ByHand:
    """The weights and gradients of a step by hand, each in one piece, and the rule applied to them."""

    def __init__(self, workload: Workload) -> None:
        self.whole, self.weights = in_one_piece(workload.weights)
        self.whole_gradient, self.gradients = in_one_piece([np.zeros_like(w) for w in workload.weights])
        self.rule = workload.rule
        kept = 0 if self.rule is None else 3 if self.rule.states == 2 else self.rule.states
        self.states = [np.zeros_like(self.whole) for _ in range(kept)]
        self.count = 0

    def update(self) -> None:
        """Apply the rule to the gradients that have been filled in."""
        if self.rule is not None:
            self.count += 1
            self.rule.in_place(self.whole, self.whole_gradient, self.states, self.count)

    def look(self, loss: Any) -> list[Any]:
        """The numbers of a step that are compared: the loss, and the gradients where no rule uses them up."""
        return [loss] if self.rule is not None else [loss, *self.gradients]
