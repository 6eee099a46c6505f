"""In-place methods that overwrite a tensor: with another one's values, with one number, with random numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup import dtypes, random
from groundup.autograd.inplace import apply_, changed, check_leaf, check_overlap, write
from groundup.autograd.settle import holdable
from groundup.autograd.state import LOCAL, quiet
from groundup.autograd.tape import TensorBase, wrap
from groundup.ops import index as rows


def overwrite(tensor: Any, values: Any, operation: str) -> Any:
    """Put constant values into the tensor's memory: what it held before no longer matters to any gradient."""
    if LOCAL.state.grad and (tensor._node is not None or tensor._view is not None):
        check_leaf(tensor)
        source = np.asarray(values, dtype=tensor._array.dtype)
        return apply_(rows.assign, tensor, wrap(source), pattern=(Ellipsis,))
    check_overlap(tensor._array)
    write(tensor._array, ..., values)
    changed(tensor, operation)
    return tensor


class Filling(TensorBase):
    """The methods that fill a tensor. Each returns the tensor itself."""

    __slots__ = ()

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
            return apply_(rows.assign, self, src, pattern=(Ellipsis,))
        return overwrite(self, src._array, "copy_")

    def fill_(self, value: Any) -> Any:
        """Fill with one value."""
        if isinstance(value, TensorBase):
            if value._array.ndim:
                raise RuntimeError(
                    f"fill_ only supports 0-dimension value tensor but got tensor with {value._array.ndim} dimensions."
                    "\n  Write x.copy_(value), which takes any shape that broadcasts."
                )
            return Filling.copy_(self, value)
        return overwrite(self, holdable(value, self._array.dtype), "fill_")

    def zero_(self) -> Any:
        """Fill with zeros."""
        return overwrite(self, 0, "zero_")

    def fill_diagonal_(self, fill_value: float) -> Any:
        """Put a value on the diagonal of a matrix."""
        rank = min(self._array.shape)
        positions = np.arange(rank)
        self[positions, positions] = fill_value  # type: ignore[index]
        return self

    def uniform_(self, from_: float = 0.0, to: float = 1.0, *, generator: Any = None) -> Any:
        """Fill with uniform random numbers between the bounds."""
        return overwrite(
            self,
            random.uniform(self._array.shape, self._array.dtype, from_, to, generator=generator),
            "uniform_",
        )

    def normal_(self, mean: float = 0.0, std: float = 1.0, *, generator: Any = None) -> Any:
        """Fill with normal random numbers."""
        return overwrite(
            self,
            random.normal(self._array.shape, self._array.dtype, mean, std, generator=generator),
            "normal_",
        )

    def bernoulli_(self, p: Any = 0.5, *, generator: Any = None) -> Any:
        """Fill with 1 with probability `p`, else 0."""
        chance = p._array if isinstance(p, TensorBase) else p
        return overwrite(self, random.bernoulli(self._array.shape, chance, generator=generator), "bernoulli_")

    def random_(self, from_: int = 0, to: int | None = None, *, generator: Any = None) -> Any:
        """Fill with random integers, from `from_` up to but without `to`."""
        if to is None:
            from_, to = (0, from_) if from_ else (0, 2**24)
        return overwrite(self, random.integers(self._array.shape, from_, to, generator=generator), "random_")
