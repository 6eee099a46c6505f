"""The in-place methods that move elements: the triangles, and those that change the tensor's own shape.

A changed shape is a view of what the tensor was, put in its place; the elements stay where they are in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from groundup.autograd.inplace import apply_, check_leaf
from groundup.autograd.state import LOCAL
from groundup.autograd.tape import Leaf, TensorBase, storage_of, wrap
from groundup.functions.axes import Dim, sizes
from groundup.functions.view.diagonals import check_matrix
from groundup.functions.view.order import swapaxes, swapdims, t, transpose
from groundup.functions.view.shapes import squeeze, unsqueeze
from groundup.functions.view.strided import as_strided
from groundup.ops import view as rows

Tensor = Any


def _become(tensor: Tensor, seen: Callable[[Tensor], Tensor]) -> Tensor:
    """Put a view of the tensor in its own place, with its history."""
    if LOCAL.state.grad:
        check_leaf(tensor)
    before = wrap(tensor._array, tensor._node)
    before._storage, before._view = storage_of(tensor), tensor._view
    after = seen(before)
    tensor._array = after._array
    if isinstance(tensor._node, Leaf):  # under no_grad: it stays the leaf that it was
        tensor._node.shape = after._array.shape
    elif tensor._node is not None or tensor._view is not None:
        tensor._node, tensor._view = after._node, after._view
    return tensor


class ViewInPlace(TensorBase):
    """The methods of this room whose names end in an underscore."""

    __slots__ = ()

    def tril_(self, diagonal: int = 0) -> Any:
        """Zeros above the diagonal."""
        check_matrix(self, "tril")
        return apply_(rows.tril, self, diagonal=diagonal)

    def triu_(self, diagonal: int = 0) -> Any:
        """Zeros below the diagonal."""
        check_matrix(self, "triu")
        return apply_(rows.triu, self, diagonal=diagonal)

    def squeeze_(self, dim: Dim = None) -> Any:
        """Without the axes of size 1."""
        return _become(self, lambda x: squeeze(x, dim))

    def unsqueeze_(self, dim: int) -> Any:
        """With a new axis of size 1."""
        return _become(self, lambda x: unsqueeze(x, dim))

    def t_(self) -> Any:
        """The matrix transposed."""
        return _become(self, t)

    def transpose_(self, dim0: int, dim1: int) -> Any:
        """Two axes exchanged."""
        return _become(self, lambda x: transpose(x, dim0, dim1))

    def swapaxes_(self, axis0: int, axis1: int) -> Any:
        """Two axes exchanged."""
        return _become(self, lambda x: swapaxes(x, axis0, axis1))

    def swapdims_(self, dim0: int, dim1: int) -> Any:
        """Two axes exchanged."""
        return _become(self, lambda x: swapdims(x, dim0, dim1))

    def as_strided_(self, size: Any, stride: Any, storage_offset: int | None = None) -> Any:
        """The view of its memory with that size and those steps."""
        return _become(self, lambda x: as_strided(x, size, stride, storage_offset))

    def resize_(self, *shape: Any, size: Any = None, memory_format: Any = None) -> Any:
        """The same memory with another size, more of it if it does not suffice; new elements are uninitialised."""
        if self._node is not None:
            raise RuntimeError("cannot resize variables that require grad\n  Make a new tensor, or .reshape this one.")
        found = sizes(shape if size is None else (size,))
        count = int(np.prod(found, dtype=np.int64))
        start, memory = self.storage_offset(), self._memory()  # type: ignore[attr-defined]
        if start + count > memory.size:
            grown = np.empty(start + count, memory.dtype)
            grown[: memory.size] = memory
            memory = grown
        self._array, self._view = memory[start : start + count].reshape(found), None
        return self

    def resize_as_(self, the_template: Any, *, memory_format: Any = None) -> Any:
        """`resize_` to the size of another tensor."""
        return self.resize_(the_template._array.shape)
