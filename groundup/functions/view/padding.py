"""Borders around a tensor."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

from groundup.autograd.apply import apply
from groundup.ops import view as rows

__all__ = []

Tensor = Any


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """A border of `value` (0) around the last axes: (before, after) for the last, then for the one before it.

    Negative widths crop. Only mode "constant" so far. Follows ``torch.nn.functional.pad``.
    """
    if mode != "constant":
        raise ValueError(f"pad knows the mode 'constant' so far, not {mode!r}")
    widths = list(pad)
    rank = input._array.ndim
    if len(widths) % 2 or len(widths) > 2 * rank:
        raise RuntimeError(
            f"Padding length should be even and less than or equal to two times the input dimension: got {widths} "
            f"for a tensor of {rank} dimensions"
        )
    pairs = [(widths[i], widths[i + 1]) for i in builtins.range(0, len(widths), 2)]
    full = [(0, 0)] * (rank - len(pairs)) + pairs[::-1]
    return apply(rows.pad, input, widths=tuple(full), value=0 if value is None else value)
