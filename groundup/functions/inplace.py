"""The in-place methods of tensors, with PyTorch's names: the same rows, written into the tensor's own memory.

They live in a base class of `Tensor`, since they make no sense as functions. Each returns the tensor itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup import dtypes, random
from groundup.autograd.inplace import apply_, changed, check_leaf, check_overlap, write
from groundup.autograd.settle import holdable
from groundup.autograd.state import LOCAL, quiet
from groundup.autograd.tape import TensorBase, wrap
from groundup.functions.index import setitem
from groundup.functions.index.checks import check_scatter
from groundup.ops import elementwise as rows
from groundup.ops import index as index_rows

Tensor = Any


def _overwrite(tensor: Any, values: Any, operation: str) -> Any:
    """Put constant values into the tensor's memory: what it held before no longer matters to any gradient."""
    if LOCAL.state.grad and (tensor._node is not None or tensor._view is not None):
        check_leaf(tensor)
        source = np.asarray(values, dtype=tensor._array.dtype)
        return apply_(index_rows.assign, tensor, wrap(source), pattern=(Ellipsis,))
    check_overlap(tensor._array)
    write(tensor._array, ..., values)
    changed(tensor, operation)
    return tensor


class InPlace(TensorBase):
    """The methods whose names end in an underscore."""

    __slots__ = ()

    def add_(self, other: Any, *, alpha: Any = 1) -> Any:
        """self += alpha * other."""
        return apply_(rows.add, self, other if alpha == 1 else other * alpha)

    def sub_(self, other: Any, *, alpha: Any = 1) -> Any:
        """self -= alpha * other."""
        return apply_(rows.sub, self, other if alpha == 1 else other * alpha)

    def mul_(self, other: Any) -> Any:
        """self *= other."""
        return apply_(rows.mul, self, other)

    def div_(self, other: Any) -> Any:
        """self /= other."""
        return apply_(rows.div, self, other)

    def pow_(self, exponent: Any) -> Any:
        """self **= exponent."""
        return apply_(rows.pow_, self, exponent)

    def floor_divide_(self, other: Any) -> Any:
        """self //= other."""
        return apply_(rows.floor_divide, self, other)

    def remainder_(self, other: Any) -> Any:
        """self %= other."""
        return apply_(rows.remainder, self, other)

    def neg_(self) -> Any:
        """self = -self."""
        return apply_(rows.neg, self)

    def abs_(self) -> Any:
        """self = |self|."""
        return apply_(rows.abs_, self)

    def exp_(self) -> Any:
        """self = exp(self)."""
        return apply_(rows.exp, self)

    def log_(self) -> Any:
        """self = log(self)."""
        return apply_(rows.log, self)

    def sqrt_(self) -> Any:
        """self = sqrt(self)."""
        return apply_(rows.sqrt, self)

    def rsqrt_(self) -> Any:
        """self = 1 / sqrt(self)."""
        return apply_(rows.rsqrt, self)

    def reciprocal_(self) -> Any:
        """self = 1 / self."""
        return apply_(rows.reciprocal, self)

    def square_(self) -> Any:
        """self = self * self."""
        return apply_(rows.square, self)

    def tanh_(self) -> Any:
        """self = tanh(self)."""
        return apply_(rows.tanh, self)

    def sigmoid_(self) -> Any:
        """self = sigmoid(self)."""
        return apply_(rows.sigmoid, self)

    def relu_(self) -> Any:
        """self = relu(self)."""
        return apply_(rows.relu, self)

    def floor_(self) -> Any:
        """self = floor(self)."""
        return apply_(rows.floor, self)

    def ceil_(self) -> Any:
        """self = ceil(self)."""
        return apply_(rows.ceil, self)

    def round_(self) -> Any:
        """self = round(self)."""
        return apply_(rows.round_, self)

    def trunc_(self) -> Any:
        """self = trunc(self)."""
        return apply_(rows.trunc, self)

    def clamp_(self, min: Any = None, max: Any = None) -> Any:
        """self, but at least `min` and at most `max`."""
        if min is None and max is None:
            raise RuntimeError("clamp_: At least one of 'min' or 'max' must not be None")
        if min is not None:
            apply_(rows.clamp_min, self, min)
        return self if max is None else apply_(rows.clamp_max, self, max)

    def clamp_min_(self, min: Any) -> Any:
        """self, but at least `min`."""
        return apply_(rows.clamp_min, self, min)

    def clamp_max_(self, max: Any) -> Any:
        """self, but at most `max`."""
        return apply_(rows.clamp_max, self, max)

    def lerp_(self, end: Any, weight: Any) -> Any:
        """self += weight * (end - self)."""
        return apply_(rows.lerp, self, end, weight)

    def addcmul_(self, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Any:
        """self += value * tensor1 * tensor2."""
        return apply_(rows.addcmul, self, tensor1, tensor2, value)

    def addcdiv_(self, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Any:
        """self += value * tensor1 / tensor2."""
        return apply_(rows.addcdiv, self, tensor1, tensor2, value)

    def logical_not_(self) -> Any:
        """self = not self."""
        return apply_(rows.logical_not, self)

    def masked_fill_(self, mask: Any, value: Any) -> Any:
        """self = value where the mask holds."""
        setitem(self, mask.expand(self._array.shape), value)
        return self

    def scatter_(self, dim: int, index: Any, src: Any) -> Any:
        """Write `src` at `index` along `dim`."""
        return apply_(index_rows.scatter, self, index, src, dim=check_scatter(self, dim, index, src, "scatter_"))

    def scatter_add_(self, dim: int, index: Any, src: Any) -> Any:
        """Add `src` at `index` along `dim`."""
        return apply_(
            index_rows.scatter_add, self, index, src, dim=check_scatter(self, dim, index, src, "scatter_add_")
        )

    def copy_(self, src: Any, non_blocking: bool = False) -> Any:
        """Copy `src` here, converting its type and broadcasting its shape."""
        if not isinstance(src, TensorBase):
            src = wrap(np.asarray(src))
        if src._array.dtype != self._array.dtype:
            if src._node is None:
                src = wrap(quiet(src._array.astype, self._array.dtype))
            else:
                src = src.to(dtypes.OF_NUMPY[self._array.dtype])
        if src._array.shape != self._array.shape:
            src = src.expand(self._array.shape)
        if src._node is not None and LOCAL.state.grad:
            return apply_(index_rows.assign, self, src, pattern=(Ellipsis,))
        return _overwrite(self, src._array, "copy_")

    def fill_(self, value: Any) -> Any:
        """Fill with one value."""
        if isinstance(value, TensorBase):
            if value._array.ndim:
                raise RuntimeError(
                    f"fill_ only supports 0-dimension value tensor but got tensor with {value._array.ndim} dimensions."
                    "\n  Write x.copy_(value), which takes any shape that broadcasts."
                )
            return InPlace.copy_(self, value)
        return _overwrite(self, holdable(value, self._array.dtype), "fill_")

    def zero_(self) -> Any:
        """Fill with zeros."""
        return _overwrite(self, 0, "zero_")

    def fill_diagonal_(self, fill_value: float) -> Any:
        """Put a value on the diagonal of a matrix."""
        rank = min(self._array.shape)
        positions = np.arange(rank)
        self[positions, positions] = fill_value  # type: ignore[index]
        return self

    def uniform_(self, from_: float = 0.0, to: float = 1.0, *, generator: Any = None) -> Any:
        """Fill with uniform random numbers between the bounds."""
        return _overwrite(
            self,
            random.uniform(self._array.shape, self._array.dtype, from_, to, generator=generator),
            "uniform_",
        )

    def normal_(self, mean: float = 0.0, std: float = 1.0, *, generator: Any = None) -> Any:
        """Fill with normal random numbers."""
        return _overwrite(
            self,
            random.normal(self._array.shape, self._array.dtype, mean, std, generator=generator),
            "normal_",
        )

    def bernoulli_(self, p: Any = 0.5, *, generator: Any = None) -> Any:
        """Fill with 1 with probability `p`, else 0."""
        chance = p._array if isinstance(p, TensorBase) else p
        return _overwrite(self, random.bernoulli(self._array.shape, chance, generator=generator), "bernoulli_")

    def random_(self, from_: int = 0, to: int | None = None, *, generator: Any = None) -> Any:
        """Fill with random integers, from `from_` up to but without `to`."""
        if to is None:
            from_, to = (0, from_) if from_ else (0, 2**24)
        return _overwrite(self, random.integers(self._array.shape, from_, to, generator=generator), "random_")
