"""Tensors of random numbers, and the seed and state of the generator that they come from."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from groundup import dtypes, random
from groundup.autograd.tape import TensorBase, wrap
from groundup.functions.creation.placing import checked, finish, kind_like, kind_of

__all__ = [
    "bernoulli",
    "get_rng_state",
    "manual_seed",
    "normal",
    "rand",
    "rand_like",
    "randint",
    "randn",
    "randn_like",
    "randperm",
    "set_rng_state",
]

Tensor = Any
DType = Any


def rand(
    *size: Any, generator: Any = None, dtype: DType = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Uniform random numbers in [0, 1)."""
    return finish(random.uniform(checked(size), kind_of(dtype), generator=generator), requires_grad, device)


def randn(
    *size: Any, generator: Any = None, dtype: DType = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Random numbers of the standard normal distribution.

    >>> import groundup
    >>> g = groundup.manual_seed(1)
    >>> bool((groundup.randn(10_000).std() - 1).abs() < 0.05)
    True
    """
    return finish(random.normal(checked(size), kind_of(dtype), generator=generator), requires_grad, device)


def rand_like(input: Tensor, *, dtype: DType = None, requires_grad: bool = False) -> Tensor:
    """Uniform random numbers in the shape and type of `input`."""
    return finish(random.uniform(input._array.shape, kind_like(input, dtype)), requires_grad, None)


def randn_like(input: Tensor, *, dtype: DType = None, requires_grad: bool = False) -> Tensor:
    """Standard normal random numbers in the shape and type of `input`."""
    return finish(random.normal(input._array.shape, kind_like(input, dtype)), requires_grad, None)


def randint(
    low: int,
    high: Any = None,
    size: Any = None,
    *,
    generator: Any = None,
    dtype: DType = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Random integers from `low` (0 if only one bound is given) up to but without `high`."""
    if size is None:
        low, high, size = (0, low, high)
    kind = np.dtype(np.int64) if dtype is None else dtypes.to_numpy(dtype)
    drawn = random.integers(checked((size,)), operator.index(low), operator.index(high), kind, generator=generator)
    return finish(drawn, requires_grad, device)


def randperm(n: int, *, generator: Any = None, dtype: DType = None, device: Any = None) -> Tensor:
    """The numbers 0 to n - 1 in random order."""
    drawn = random.permutation(n, generator=generator)
    return finish(drawn if dtype is None else drawn.astype(dtypes.to_numpy(dtype)), False, device)


def normal(mean: Any = 0.0, std: Any = 1.0, size: Any = None, *, generator: Any = None) -> Tensor:
    """Normal random numbers with the given mean and standard deviation, numbers or tensors."""
    if size is None:
        shapes = [each._array.shape for each in (mean, std) if isinstance(each, TensorBase)]
        size = np.broadcast_shapes(*shapes)
    drawn = wrap(random.normal(checked((size,)), dtypes.default_float(), generator=generator))
    return drawn * std + mean


def bernoulli(input: Tensor, *, generator: Any = None) -> Tensor:
    """1 with the probability that `input` gives, else 0."""
    drawn = random.bernoulli(input._array.shape, input._array, generator=generator)
    return wrap(drawn.astype(input._array.dtype))


def manual_seed(seed: int) -> random.Generator:
    """Start the stream of random numbers anew from `seed`, so that a run repeats bit for bit."""
    return random.manual_seed(seed)


def get_rng_state() -> Tensor:
    """The state of the default generator, as a tensor of bytes."""
    return wrap(random.get_rng_state())


def set_rng_state(new_state: Tensor) -> None:
    """Put the default generator back to a state that `get_rng_state` gave."""
    random.set_rng_state(new_state._array if isinstance(new_state, TensorBase) else new_state)
