"""Random numbers whose distributions tensors describe: chances, means, rates, weights. None has a derivative."""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup import dtypes, random
from groundup.autograd.tape import TensorBase, wrap
from groundup.errors import broadcast_error
from groundup.functions.creation.placing import checked, finish, kind_of

__all__ = ["bernoulli", "binomial", "multinomial", "normal", "poisson"]

Tensor = Any
DType = Any

MOST_CATEGORIES = 2**24


def _legacy(tensor: Tensor) -> str:
    return dtypes.OF_NUMPY[tensor._array.dtype].legacy


def _common_shape(name: str, *tensors: Tensor) -> tuple[int, ...]:
    shapes = [each._array.shape for each in tensors]
    problem = broadcast_error(name, shapes)
    if problem is not None:
        raise problem
    return np.broadcast_shapes(*shapes)


def bernoulli(input: Tensor, p: float | None = None, *, generator: Any = None) -> Tensor:
    """1 with the probability that `input` gives (or `p`, for every element), else 0.

    >>> import groundup
    >>> groundup.bernoulli(groundup.tensor([0.0, 1.0]))
    tensor([0., 1.])
    """
    array = input._array
    if p is None and array.dtype.kind not in dtypes.REAL:
        raise NotImplementedError(f"\"bernoulli_tensor_cpu_p_\" not implemented for '{_legacy(input)}'")
    drawn = random.bernoulli(array.shape, array if p is None else p, generator=generator)
    return wrap(drawn.astype(array.dtype))


def normal(
    mean: Tensor | float = 0.0,
    std: Tensor | float = 1.0,
    size: Any = None,
    *,
    generator: Any = None,
    dtype: DType = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Normal random numbers with the given mean and standard deviation: tensors, or numbers and a size.

    No gradient passes to the tensors; `mean + std * randn_like(mean)` has one.

    >>> import groundup
    >>> groundup.normal(groundup.tensor([1.0, 2.0]), 0.0)
    tensor([1., 2.])
    """
    tensors = [each for each in (mean, std) if isinstance(each, TensorBase)]
    if not tensors:
        if size is None:
            raise TypeError("normal() of two numbers needs a size\n  normal(0.0, 1.0, (2, 3)) makes a tensor.")
        drawn = random.normal(checked((size,)), kind_of(dtype), mean, std, generator)
        return finish(drawn, requires_grad, device, layout, pin_memory)
    shape, kind = _common_shape("normal", *tensors), tensors[0]._array.dtype
    if isinstance(std, TensorBase):
        if (std._array < 0).any():
            raise RuntimeError("normal expects all elements of std >= 0.0")
        drawn = random.normal(shape, kind, generator=generator)
        drawn *= std._array.astype(kind, copy=False)
    else:
        drawn = random.normal(shape, kind, 0.0, std, generator)
    drawn += mean._array.astype(kind, copy=False) if isinstance(mean, TensorBase) else kind.type(mean)
    return wrap(drawn)


def poisson(input: Tensor, generator: Any = None) -> Tensor:
    """How many events occur where `input` of them are expected.

    >>> import groundup
    >>> groundup.poisson(groundup.tensor([0.0, 0.0]))
    tensor([0., 0.])
    """
    if input._array.dtype.kind not in dtypes.REAL:
        raise NotImplementedError(
            f"\"poisson_cpu\" not implemented for '{_legacy(input)}'\n  Convert it with .float()."
        )
    return wrap(random.poisson(input._array, generator))


def binomial(count: Tensor, prob: Tensor, generator: Any = None) -> Tensor:
    """How many of `count` tries succeed, each with the chance `prob`; in the type of `count`.

    >>> import groundup
    >>> groundup.binomial(groundup.tensor([5.0, 7.0]), groundup.tensor([0.0, 1.0]))
    tensor([0., 7.])
    """
    for name, each in (("count", count), ("prob", prob)):
        if each._array.dtype.kind not in dtypes.REAL:
            raise ValueError(f"binomial only supports floating-point dtypes for {name}, got: {_legacy(each)}")
    _common_shape("binomial", count, prob)
    return wrap(random.binomial(count._array, prob._array, generator))


def multinomial(input: Tensor, num_samples: int, replacement: bool = False, *, generator: Any = None) -> Tensor:
    """Positions drawn with probabilities in proportion to the weights in `input`, for each row if it is a matrix.

    >>> import groundup
    >>> groundup.multinomial(groundup.tensor([0.0, 3.0, 0.0]), 2, replacement=True)
    tensor([1, 1])
    """
    weights = input._array
    if weights.ndim not in (1, 2):
        raise RuntimeError(f"prob_dist must be 1 or 2 dim\n  Its shape is {weights.shape}.")
    if weights.dtype.kind not in dtypes.REAL:
        raise RuntimeError(f"multinomial only supports floating-point dtypes for input, got: {_legacy(input)}")
    if num_samples <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and num_samples > weights.shape[-1]:
        raise RuntimeError(
            "cannot sample n_sample > prob_dist.size(-1) samples without replacement\n"
            f"  {num_samples} are wanted of {weights.shape[-1]}; pass replacement=True to draw some repeatedly."
        )
    if weights.shape[-1] > MOST_CATEGORIES:
        raise RuntimeError("number of categories cannot exceed 2^24")
    rows = weights.reshape(-1, weights.shape[-1])
    _check_weights(rows, replacement and num_samples > 1)
    found = random.choices(rows, num_samples, replacement, generator)
    return wrap(found.reshape(*weights.shape[:-1], num_samples))


def _check_weights(rows: np.ndarray, one_by_one: bool) -> None:
    """Refuse weights that are no probabilities, in PyTorch's words for drawing several with replacement or not."""
    if not one_by_one:
        if not ((rows >= 0) & np.isfinite(rows)).all():
            raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    elif (rows < 0).any():
        raise RuntimeError("invalid multinomial distribution (encountering probability entry < 0)")
    elif not np.isfinite(rows).all():
        raise RuntimeError("invalid multinomial distribution (encountering probability entry = infinity or NaN)")
    if (np.add.reduce(rows, axis=1) <= 0).any():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
