"""The judge of linear operations: <A x, y> = <x, A' y>, exactly, on small whole numbers.

The numbers are multiples of 60, so that means over 2, 3, 4, 5, 6 or 12 elements are whole too, and nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import groundup


def whole(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Multiples of 60 between -300 and 300, without 0."""
    return np.asarray(60.0 * random.integers(1, 6, shape) * random.choice([-1, 1], shape))


def inner(a: Any, b: Any) -> float:
    """The inner product of two tensors of one shape."""
    assert a.shape == b.shape, f"{a.shape} and {b.shape}"
    return float(np.sum(a.detach().numpy() * b.detach().numpy()))


def gaps(function: Callable[..., Any], leaves: Sequence[Any], each: bool) -> list[float]:
    """<f(x), y> - <x, f'(y)>, of a function linear in all its tensors together, or (`each`) in each of them."""
    random = np.random.default_rng(3)
    outputs = [out for out in function(*leaves) if out.requires_grad]
    cotangents = [groundup.from_numpy(whole(random, tuple(out.shape))) for out in outputs]
    found = groundup.autograd.grad(outputs, leaves, cotangents, materialize_grads=True)
    left = sum(inner(out, y) for out, y in zip(outputs, cotangents))
    right = [inner(x, g) for x, g in zip(leaves, found)]
    return [left - part for part in right] if each else [left - sum(right)]
