"""Tensors of random numbers, and the seed and state of the generator that they come from.

All numbers come from the counter-based generator of `groundup.random`, so that a seed repeats them on every machine.
"""

from __future__ import annotations

import operator
from typing import Any

from groundup import dtypes, random
from groundup.autograd.settle import holdable
from groundup.autograd.tape import TensorBase, wrap
from groundup.functions.creation.placing import checked, finish, kind_like, kind_of

__all__ = [
    "get_rng_state",
    "manual_seed",
    "rand",
    "rand_like",
    "randint",
    "randint_like",
    "randn",
    "randn_like",
    "randperm",
    "set_rng_state",
]

Tensor = Any
DType = Any


def rand(
    *shape: Any,
    size: Any = None,
    generator: Any = None,
    dtype: DType = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Uniform random numbers in [0, 1)."""
    drawn = random.uniform(checked(shape, size), kind_of(dtype), generator=generator)
    return finish(drawn, requires_grad, device, layout, pin_memory)


def randn(
    *shape: Any,
    size: Any = None,
    generator: Any = None,
    dtype: DType = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Random numbers of the standard normal distribution.

    >>> import groundup
    >>> g = groundup.manual_seed(1)
    >>> bool((groundup.randn(10_000).std() - 1).abs() < 0.05)
    True
    """
    drawn = random.normal(checked(shape, size), kind_of(dtype), generator=generator)
    return finish(drawn, requires_grad, device, layout, pin_memory)


def rand_like(
    input: Tensor,
    *,
    generator: Any = None,
    dtype: DType = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """Uniform random numbers in the shape and type of `input`, in C order whatever `memory_format` says."""
    drawn = random.uniform(input._array.shape, kind_like(input, dtype), generator=generator)
    return finish(drawn, requires_grad, device, layout, pin_memory)


def randn_like(
    input: Tensor,
    *,
    generator: Any = None,
    dtype: DType = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """Standard normal random numbers in the shape and type of `input`, in C order whatever `memory_format` says."""
    drawn = random.normal(input._array.shape, kind_like(input, dtype), generator=generator)
    return finish(drawn, requires_grad, device, layout, pin_memory)


def randint(
    low: int = 0,
    high: Any = None,
    size: Any = None,
    *,
    generator: Any = None,
    dtype: DType = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Random integers from `low` (0 if only one bound is given) up to but without `high`.

    >>> import groundup
    >>> groundup.randint(3, 4, (2,))
    tensor([3, 3])
    """
    if high is None:
        low, high = 0, low
    elif size is None:
        low, high, size = 0, low, high
    kind = dtypes.INT64 if dtype is None else dtypes.to_numpy(dtype)
    drawn = random.integers(checked((size,)), operator.index(low), operator.index(high), kind, generator=generator)
    return finish(drawn, requires_grad, device, layout, pin_memory)


def randint_like(
    input: Tensor,
    low: int,
    high: int | None = None,
    *,
    generator: Any = None,
    dtype: DType = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """Random integers in the shape and type of `input`, from `low` (0 if only one bound is given) up to `high`."""
    if high is None:
        low, high = 0, low
    kind = kind_like(input, dtype)
    drawn = random.integers(input._array.shape, operator.index(low), operator.index(high), kind, generator)
    return finish(drawn, requires_grad, device, layout, pin_memory)


def randperm(
    n: int,
    *,
    generator: Any = None,
    dtype: DType = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """The numbers 0 to n - 1 in random order."""
    drawn = random.permutation(n, generator=generator)
    if dtype is not None:
        kind = dtypes.to_numpy(dtype)
        holdable(n, kind)
        drawn = drawn.astype(kind)
    return finish(drawn, requires_grad, device, layout, pin_memory)


def manual_seed(seed: int) -> random.Generator:
    """Start the stream of random numbers anew from `seed`, so that a run repeats bit for bit."""
    return random.manual_seed(seed)


def get_rng_state() -> Tensor:
    """The state of the default generator, as a tensor of bytes."""
    return wrap(random.get_rng_state())


def set_rng_state(new_state: Tensor) -> None:
    """Put the default generator back to a state that `get_rng_state` gave."""
    random.set_rng_state(new_state._array if isinstance(new_state, TensorBase) else new_state)
