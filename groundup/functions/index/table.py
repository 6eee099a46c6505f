"""Rows of a table: embeddings."""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup.autograd.apply import apply
from groundup.autograd.inplace import changed, write
from groundup.functions.index.checks import legacy
from groundup.ops import index as rows

Tensor = Any


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows of `weight` that the indices in `input` name. Follows ``torch.nn.functional.embedding``.

    The row `padding_idx` gets no gradient. With `max_norm`, rows that are longer (by `norm_type`) are first shortened
    in place; `scale_grad_by_freq` divides the gradient of a row by the number of its indices. Gradients are dense,
    whatever `sparse` says.

    >>> import groundup
    >>> groundup.nn.functional.embedding(groundup.tensor([1, 1]), groundup.tensor([[0.0, 1.0], [2.0, 3.0]]))
    tensor([[2., 3.],
            [2., 3.]])
    """
    if input._array.dtype.kind not in "iu":
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got "
            f"groundup.{legacy(input)}Tensor instead (while checking arguments for embedding)\n"
            "  Convert it with .long(); the weight is the second argument."
        )
    if weight._array.ndim != 2:
        raise RuntimeError("'weight' must be 2-D")
    positions, count = input._array, len(weight._array)
    if positions.size and (positions.min() < 0 or positions.max() >= count):
        wrong = positions[(positions < 0) | (positions >= count)].flat[0]
        raise IndexError(f"index out of range in self\n  index {wrong}, and weight has {count} rows")
    padding = padding_row(padding_idx, count)
    if max_norm is not None:
        shorten_rows(weight, positions, max_norm, norm_type)
    if padding is None and not scale_grad_by_freq:
        return apply(rows.embedding, weight, input)
    counts = None
    if scale_grad_by_freq:
        counts = np.bincount(positions.reshape(-1))[positions][..., None].astype(weight._array.dtype)
    return apply(rows.padded_embedding, weight, input, padding=padding, counts=counts)


def padding_row(padding_idx: int | None, count: int) -> int | None:
    """`padding_idx` as a row of a table of that many rows, negative ones counted from its end."""
    if padding_idx is None:
        return None
    if not -count <= padding_idx < count:
        raise AssertionError(f"Padding_idx must be within num_embeddings\n  It is {padding_idx} of {count} rows.")
    return padding_idx % count


def shorten_rows(weight: Tensor, positions: np.ndarray, max_norm: float, norm_type: float) -> None:
    """Make the rows of `weight` at these positions at most `max_norm` long, in place and unseen by gradients."""
    which = np.unique(positions)
    found = weight._array[which]
    lengths = np.linalg.norm(found, ord=norm_type, axis=1)
    long = lengths > max_norm
    if long.any():
        write(weight._array, which[long], found[long] * (max_norm / (lengths[long] + 1e-7))[:, None])
        changed(weight, "embedding with max_norm")
