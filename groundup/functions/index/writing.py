"""One way of writing at positions, that a function and its in-place form share."""

from __future__ import annotations

from typing import Any

from groundup.autograd.apply import apply
from groundup.autograd.inplace import apply_
from groundup.autograd.tape import TensorBase
from groundup.functions.view import reshape
from groundup.named import Named
from groundup.ops.row import Row

Tensor = Any


class Writing(Named):
    """A row, and what it is given besides the tensor that is written to."""

    __slots__ = ()

    row: Row
    args: tuple[Any, ...]
    params: dict[str, Any]

    def on(self, input: Tensor) -> Tensor:
        """A copy of `input` that is written to."""
        if input._array.ndim:
            return apply(self.row, input, *self.args, **self.params)
        return reshape(apply(self.row, reshape(input, (1,)), *map(_vector, self.args), **self.params), ())

    def into(self, input: Tensor) -> Tensor:
        """`input`, written to."""
        if input._array.ndim:
            return apply_(self.row, input, *self.args, **self.params)
        apply_(self.row, reshape(input, (1,)), *map(_vector, self.args), **self.params)
        return input


def _vector(value: Any) -> Any:
    """A tensor without dimensions as one with a single element."""
    return reshape(value, (1,)) if isinstance(value, TensorBase) and not value._array.ndim else value
