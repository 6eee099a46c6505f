"""The in-place forms of what writes at positions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from groundup.autograd.settle import holdable
from groundup.autograd.tape import TensorBase
from groundup.functions.index import elements, scattering, slices
from groundup.functions.index.brackets import setitem
from groundup.functions.index.checks import check_mask
from groundup.functions.view import clone, expand

Tensor = Any


class IndexInPlace(TensorBase):
    """The methods that write at positions. Each returns the tensor itself."""

    __slots__ = ()

    def masked_fill_(self, mask: Tensor, value: Tensor | float) -> Any:
        """self = value where the mask holds."""
        check_mask(mask, "masked_fill_")
        if isinstance(value, TensorBase) and value._array.ndim:
            raise RuntimeError(
                "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with "
                f"{value._array.ndim} dimension(s)."
            )
        if not isinstance(value, TensorBase):
            value = holdable(value, self._array.dtype)
        setitem(self, expand(mask, self._array.shape), value)
        return self

    def masked_scatter_(self, mask: Tensor, source: Tensor) -> Any:
        """self = the elements of `source`, in order, where the mask holds."""
        check_mask(mask, "masked_scatter_")
        return elements.masked_scatter_writing(self, expand(mask, self._array.shape), source).into(self)

    def scatter_(
        self,
        dim: int,
        index: Tensor,
        src: Tensor | float | None = None,
        *,
        value: float | None = None,
        reduce: str | None = None,
    ) -> Any:
        """Write `src` at `index` along `dim`, or combine it with what is there."""
        writing = scattering.scatter_writing(self, dim, index, src, value, reduce)
        return writing.into(self) if index._array.size else self

    def scatter_add_(self, dim: int, index: Tensor, src: Tensor) -> Any:
        """Add `src` at `index` along `dim`."""
        writing = scattering.add_writing(self, dim, index, src)
        return writing.into(self) if index._array.size else self

    def scatter_reduce_(self, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True) -> Any:
        """Combine what `index` sends to one place along `dim`."""
        found = scattering.scatter_reduce(clone(self), dim, index, src, reduce, include_self=include_self)
        return self.copy_(found)  # type: ignore[attr-defined]

    def index_add_(self, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1) -> Any:
        """Add the slices of alpha * source at `index` along `dim`."""
        return slices.add_writing(self, dim, index, source, alpha).into(self)

    def index_copy_(self, dim: int, index: Tensor, source: Tensor) -> Any:
        """Copy the slices of `source` to `index` along `dim`."""
        return slices.copy_writing(self, dim, index, source).into(self)

    def index_fill_(self, dim: int, index: Tensor, value: Tensor | float) -> Any:
        """Fill the slices at `index` along `dim` with one value."""
        return slices.fill_writing(self, dim, index, value).into(self)

    def index_reduce_(self, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True) -> Any:
        """Combine the slices that `index` sends to one place along `dim`."""
        found = slices.index_reduce(clone(self), dim, index, source, reduce, include_self=include_self)
        return self.copy_(found)  # type: ignore[attr-defined]

    def index_put_(self, indices: Sequence[Tensor | None], values: Tensor, accumulate: bool = False) -> Any:
        """Write (or add) `values` at `indices`, a tensor for each axis."""
        return elements.index_put_writing(self, indices, values, accumulate).into(self)

    def put_(self, index: Tensor, source: Tensor, accumulate: bool = False) -> Any:
        """Write (or add) `source` at the positions `index` of the flattened elements."""
        return elements.put_writing(self, index, source, accumulate).into(self)
