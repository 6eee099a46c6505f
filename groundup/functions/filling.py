"""In-place methods that overwrite a tensor: with another one's values, with one number, with random numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup import dtypes, random
from groundup.autograd.inplace import apply_, changed, check_leaf, check_overlap, write
from groundup.autograd.settle import holdable
from groundup.autograd.state import LOCAL
from groundup.autograd.tape import TensorBase, constant, wrap
from groundup.autograd.watch import Symbol
from groundup.ops import index as rows


def overwrite(tensor: Any, values: Any, operation: str) -> Any:
    """Put constant values into the tensor's memory: what it held before no longer matters to any gradient."""
    if LOCAL.state.grad and (tensor._node is not None or tensor._view is not None):
        check_leaf(tensor)
        source = values
        if not isinstance(values, Symbol):
            source = (wrap if isinstance(values, np.ndarray) else constant)(np.asarray(values, tensor._array.dtype))
        return apply_(rows.assign, tensor, source, pattern=(Ellipsis,))
    check_overlap(tensor._array)
    watch = LOCAL.state.watch
    if watch is not None:
        watch.filled(tensor, values)
        values = values.value if isinstance(values, Symbol) else values
    write(tensor._array, ..., values)
    changed(tensor, operation)
    return tensor


class Filling(TensorBase):
    """The methods that fill a tensor. Each returns the tensor itself."""

    __slots__ = ()

    def copy_(self, src: Any, non_blocking: bool = False) -> Any:
        """Copy `src` here, converting its type and broadcasting its shape."""
        if not isinstance(src, TensorBase):
            src = constant(np.asarray(src))
        if src._array.dtype != self._array.dtype:
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
        if not isinstance(value, (int, float, np.generic, Symbol)):
            raise TypeError(f"fill_(): argument 'value' (position 1) must be Number, not {type(value).__name__}")
        return overwrite(self, holdable(value, self._array.dtype), "fill_")

    def zero_(self) -> Any:
        """Fill with zeros."""
        return overwrite(self, 0, "zero_")

    def fill_diagonal_(self, fill_value: float, wrap: bool = False) -> Any:
        """Put a value on the diagonal of a matrix, or where all indices of a cube are equal.

        With `wrap` the diagonal of a tall matrix begins anew below its end, one row further down.
        """
        shape = self._array.shape
        if len(shape) < 2:
            raise RuntimeError("dimensions must larger than 1")
        if len(shape) > 2 and len(set(shape)) > 1:
            raise RuntimeError("all dimensions of input must be of equal length")
        down = np.arange(shape[0] if wrap and len(shape) == 2 else min(shape))
        columns = down % (shape[1] + 1)
        inside = columns < shape[1]
        first, rest = down[inside], columns[inside]
        self[(first, *[rest] * (len(shape) - 1))] = fill_value  # type: ignore[index]
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
        """Fill with 1 with probability `p`, a number or a tensor that broadcasts, else 0."""
        shape = self._array.shape
        chance = p.expand(shape)._array if isinstance(p, TensorBase) else p  # type: ignore[attr-defined]
        return overwrite(self, random.bernoulli(shape, chance, generator=generator), "bernoulli_")

    def exponential_(self, lambd: float = 1.0, *, generator: Any = None) -> Any:
        """Fill with exponential random numbers of rate `lambd`."""
        drawn = random.exponential(self._array.shape, self._array.dtype, lambd, generator)
        return overwrite(self, drawn, "exponential_")

    def geometric_(self, p: float, *, generator: Any = None) -> Any:
        """Fill with the numbers of tries that a success of chance `p` takes."""
        drawn = random.geometric(self._array.shape, p, self._array.dtype, generator)
        return overwrite(self, drawn, "geometric_")

    def cauchy_(self, median: float = 0.0, sigma: float = 1.0, *, generator: Any = None) -> Any:
        """Fill with random numbers of the Cauchy distribution."""
        drawn = random.cauchy(self._array.shape, self._array.dtype, median, sigma, generator)
        return overwrite(self, drawn, "cauchy_")

    def log_normal_(self, mean: float = 1.0, std: float = 2.0, *, generator: Any = None) -> Any:
        """Fill with random numbers whose logarithms are normal, with this mean and standard deviation."""
        drawn = random.log_normal(self._array.shape, self._array.dtype, mean, std, generator)
        return overwrite(self, drawn, "log_normal_")

    def random_(self, from_: int | None = None, to: int | None = None, *, generator: Any = None) -> Any:
        """Fill with random integers below `to`, from `from_` (0) on; without bounds, all that the type holds exactly.

        With one bound alone, that is the upper one.
        """
        kind = self._array.dtype
        if to is None and from_ is not None:
            from_, to = 0, from_
        if to is None:
            to = random.end_of_range(kind)
        return overwrite(self, random.integers(self._array.shape, from_ or 0, to, kind, generator), "random_")
