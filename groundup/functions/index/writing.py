"""Writing at positions: copies of a tensor with other values at the places that an index names."""

from __future__ import annotations

from typing import Any

from groundup.autograd.apply import apply
from groundup.autograd.tape import TensorBase, shown_as
from groundup.functions.index.checks import check_scatter
from groundup.ops import index as rows

__all__ = [
    "scatter",
    "scatter_add",
]

Tensor = Any


def scatter(input: Tensor, dim: int, index: Tensor, src: Tensor | float) -> Tensor:
    """A copy of `input` with `src` written at `index` along `dim`: out[i][index[i][j]] = src[i][j] for dim=1."""
    written = apply(rows.scatter, input, index, src, dim=check_scatter(input, dim, index, src, "scatter"))
    return written if isinstance(src, TensorBase) else shown_as(written, "ScatterBackward1")


def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy of `input` with `src` added at `index` along `dim`, repeated positions adding up."""
    return apply(rows.scatter_add, input, index, src, dim=check_scatter(input, dim, index, src, "scatter_add"))
