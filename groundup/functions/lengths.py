"""Vectors that are longer than they may be: what `renorm` and tables of embeddings make of them."""

from __future__ import annotations

from typing import Any

from groundup import dtypes
from groundup.functions.elementwise import where

Tensor = Any


def shortened(input: Tensor, p: float, dim: tuple[int, ...], most: float) -> Tensor:
    """What lies along `dim`, scaled to a p-norm of `most` where that is larger."""
    from groundup.functions.linalg import vector_norm

    lengths = vector_norm(input, p, dim, True)
    small = 1e-7 if dtypes.OF_NUMPY[lengths._array.dtype].is_floating_point else 0
    return input * where(lengths > most, most / (lengths + small), 1.0)
