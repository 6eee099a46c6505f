"""Tensors of numbers in order: counted, evenly spaced, and spaced by equal factors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from groundup import dtypes
from groundup.autograd.state import quiet
from groundup.autograd.tape import TensorBase
from groundup.functions.creation.placing import finish, kind_of

__all__ = ["arange", "linspace", "logspace"]

Tensor = Any
DType = Any


def _number(value: Any, name: str) -> Any:
    """A bound as a Python number; a tensor without dimensions gives its element."""
    if isinstance(value, TensorBase):
        if value._array.ndim:
            raise RuntimeError(
                f"{name} only supports 0-dimensional start and end tensors, but got a tensor with {value._array.ndim} "
                "dimension(s)."
            )
        return value._array.item()
    return value.item() if hasattr(value, "item") else value


def arange(
    start: Any,
    end: Any = None,
    step: Any = 1,
    *,
    dtype: DType = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """start, start + step, ... up to but without `end`; int64 if all three are integers.

    >>> import groundup
    >>> groundup.arange(1, 2, 0.5)
    tensor([1.0000, 1.5000])
    """
    if end is None:
        start, end = 0, start
    start, end, step = (_number(each, "arange") for each in (start, end, step))
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (end - start) / step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    whole = all(isinstance(each, int) for each in (start, end, step))
    kind = dtypes.to_numpy(dtype) if dtype is not None else (dtypes.INT64 if whole else dtypes.default_float())
    if kind == dtypes.INT64 and not whole and int(step):
        start, end, step, whole = int(start), int(end), int(step), True  # as PyTorch does, for this type alone
    count = len(range(start, end, step)) if whole else math.ceil((end - start) / step)
    wide = np.arange(count, dtype=np.int64 if whole else np.float64)
    return finish(quiet((start + step * wide).astype, kind), requires_grad, device, layout, pin_memory)


def _evenly(start: Any, end: Any, steps: int, kind: np.dtype[Any], name: str) -> np.ndarray:
    """`steps` float64 numbers from `start` to `end`, which a whole type takes without their fractions.

    Both halves are counted from their own end, so that the numbers are symmetric and meet both bounds exactly.
    """
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    start, end = _number(start, name), _number(end, name)
    if kind.kind not in dtypes.REAL:
        start, end = int(start), int(end)
    step = (end - start) / max(steps - 1, 1)
    count = np.arange(steps)
    return quiet(np.where, count < steps / 2, start + step * count, end - step * count[::-1])


def linspace(
    start: Any,
    end: Any,
    steps: int,
    *,
    dtype: DType = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """`steps` values evenly from `start` to `end`, both included."""
    kind = kind_of(dtype)
    array = quiet(_evenly(start, end, steps, kind, "linspace").astype, kind)
    return finish(array, requires_grad, device, layout, pin_memory)


def logspace(
    start: Any,
    end: Any,
    steps: int,
    base: float = 10.0,
    *,
    dtype: DType = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """`base` to the powers that `linspace` gives: from base ** start to base ** end.

    >>> import groundup
    >>> groundup.logspace(0, 3, 4)
    tensor([   1.,   10.,  100., 1000.])
    """
    kind = kind_of(dtype)
    powers = quiet(np.power, float(base), _evenly(start, end, steps, kind, "logspace"))
    return finish(quiet(powers.astype, kind), requires_grad, device, layout, pin_memory)
