"""What a pass test looks at: the program of a function, and that it does what the function does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import groundup


def random(*shape: int, dtype: Any = np.float64, seed: int = 0) -> Any:
    """Numbers that are the same in each test."""
    return groundup.from_numpy(np.random.default_rng((seed, *shape)).standard_normal(shape).astype(dtype))


def lines(function: Callable[..., Any], *inputs: Any) -> list[str]:
    """The lines of the program, without comments; it must give what the function gives, on other numbers too."""
    compiled = groundup.compile(function)
    with groundup.compile.reading("numpy"):
        compiled(*inputs)
        given = [0.5 * each if each.dtype.is_floating_point else each for each in inputs]
        same(compiled(*given), function(*given))
    body = [line.partition("  # ")[0].strip() for line in compiled.source().split("\n")[1:]]
    return [line for line in body if line and not line.startswith("#")]


def same(found: Any, wanted: Any, rtol: float = 1e-10) -> None:
    """Equal up to rounding."""
    ours, theirs = (each if isinstance(each, tuple) else (each,) for each in (found, wanted))
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=rtol, atol=1e-12)


def with_gradient(function: Callable[..., Any], *inputs: Any) -> Callable[..., Any]:
    """The function, followed by the gradients of the sum of its result times something that differs everywhere."""

    def step(*given: Any) -> Any:
        leaves = [each.detach().requires_grad_() if each.dtype.is_floating_point else each for each in given]
        result = function(*leaves)
        weights = groundup.arange(1, result.numel() + 1, dtype=result.dtype).reshape(result.shape)
        wanted = [each for each in leaves if each.dtype.is_floating_point]
        return (result.detach(), *groundup.autograd.grad((result * weights).sum(), wanted))

    return step
