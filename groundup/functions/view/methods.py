"""The methods of a tensor that move elements: the functions of this room, listed, and the transposes by letter."""

from __future__ import annotations

from typing import Any

from groundup.autograd.apply import apply
from groundup.autograd.tape import TensorBase
from groundup.functions.view import copies, diagonals, expanding, order, parts, pieces, shapes, strided
from groundup.ops import view as rows


class ViewMethods(TensorBase):
    """What can be called on a tensor to see it in another shape, or in part."""

    __slots__ = ()

    reshape = shapes.reshape
    view = shapes.view
    view_as = shapes.view_as
    reshape_as = shapes.reshape_as
    flatten = shapes.flatten
    ravel = shapes.ravel
    unflatten = shapes.unflatten
    squeeze = shapes.squeeze
    unsqueeze = shapes.unsqueeze
    expand = expanding.expand
    expand_as = expanding.expand_as
    broadcast_to = expanding.broadcast_to
    sum_to_size = expanding.sum_to_size
    permute = order.permute
    transpose = order.transpose
    swapaxes = order.swapaxes
    swapdims = order.swapdims
    adjoint = order.adjoint
    movedim = order.movedim
    moveaxis = order.moveaxis
    t = order.t
    flip = order.flip
    fliplr = order.fliplr
    flipud = order.flipud
    roll = order.roll
    rot90 = order.rot90
    narrow = parts.narrow
    select = parts.select
    unfold = parts.unfold
    unbind = pieces.unbind
    split_with_sizes = pieces.split_with_sizes
    chunk = pieces.chunk
    tensor_split = pieces.tensor_split
    hsplit = pieces.hsplit
    vsplit = pieces.vsplit
    dsplit = pieces.dsplit
    unsafe_chunk = pieces.unsafe_chunk
    diagonal = diagonals.diagonal
    diag = diagonals.diag
    diag_embed = diagonals.diag_embed
    diagflat = diagonals.diagflat
    tril = diagonals.tril
    triu = diagonals.triu
    clone = copies.clone
    contiguous = copies.contiguous
    repeat = copies.repeat
    tile = copies.tile
    repeat_interleave = copies.repeat_interleave
    as_strided = strided.as_strided
    as_strided_scatter = strided.as_strided_scatter
    diagonal_scatter = strided.diagonal_scatter
    select_scatter = strided.select_scatter
    slice_scatter = strided.slice_scatter

    def split(self, split_size: Any, dim: int = 0) -> tuple[Any, ...]:
        """Pieces along `dim` of one size (the last may be smaller), or of the sizes given."""
        return pieces.split(self, split_size, dim)

    unsafe_split = split

    @property
    def T(self) -> Any:
        """The axes in reverse order: for a matrix the transpose."""
        return apply(rows.permute, self, dims=tuple(range(self._array.ndim - 1, -1, -1)))

    @property
    def mT(self) -> Any:
        """The last two axes exchanged."""
        return self._matrix_transposed("mT")

    @property
    def mH(self) -> Any:
        """The last two axes exchanged (of real numbers, the conjugate is no other)."""
        return self._matrix_transposed("mH")

    @property
    def H(self) -> Any:
        """The matrix transposed (of real numbers, the conjugate is no other)."""
        rank = self._array.ndim
        if rank in (0, 2):
            return apply(rows.t, self)
        advice = " For batches of matrices, consider using tensor.mH" if rank > 2 else ""
        raise RuntimeError(f"tensor.H is only supported on matrices (2-D tensors). Got {rank}-D tensor.{advice}")

    def _matrix_transposed(self, name: str) -> Any:
        rank = self._array.ndim
        if rank == 1 or (rank == 0 and name == "mT"):
            raise RuntimeError(
                f"tensor.{name} is only supported on matrices or batches of matrices. Got {rank}-D tensor."
            )
        return order.transpose(self, -2, -1) if rank else self
