"""Rows of a table: embeddings."""

from __future__ import annotations

from typing import Any

from groundup.autograd.apply import apply
from groundup.functions.index.checks import check_positions
from groundup.ops import index as rows

Tensor = Any


def embedding(input: Tensor, weight: Tensor) -> Tensor:
    """The rows of `weight` that the indices in `input` name. Follows ``torch.nn.functional.embedding``."""
    check_positions(input, "embedding")
    positions = input._array
    if positions.size and (positions.min() < 0 or positions.max() >= len(weight._array)):
        wrong = positions[(positions < 0) | (positions >= len(weight._array))].flat[0]
        raise IndexError(f"index out of range in self\n  index {wrong}, and weight has {len(weight._array)} rows")
    return apply(rows.embedding, weight, input)
