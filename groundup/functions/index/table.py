"""Rows of a table: embeddings, one by one and in bags."""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup.autograd.apply import apply
from groundup.autograd.state import no_grad
from groundup.autograd.tape import constant, shown_as
from groundup.functions.elementwise import clamp_min, where
from groundup.functions.index.checks import bounded, legacy
from groundup.functions.index.slices import index_add, index_reduce
from groundup.functions.lengths import shortened
from groundup.functions.view import narrow, reshape
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
    in place, which counts as a change of `weight` even if none is; `scale_grad_by_freq` divides the gradient of a row
    by the number of its indices. Gradients are dense, whatever `sparse` says.

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
    count = len(weight._array)
    input = bounded(input, count, 0, "row")
    padding = padding_row(padding_idx, count)
    if max_norm is not None:
        shorten_rows(weight, input, max_norm, norm_type)
    if padding is None and not scale_grad_by_freq:
        return apply(rows.embedding, weight, input)
    return apply(rows.padded_embedding, weight, input, padding=padding, shared=bool(scale_grad_by_freq))


def padding_row(padding_idx: int | None, count: int) -> int | None:
    """`padding_idx` as a row of a table of that many rows, negative ones counted from its end."""
    if padding_idx is None:
        return None
    if not -count <= padding_idx < count:
        raise AssertionError(f"Padding_idx must be within num_embeddings\n  It is {padding_idx} of {count} rows.")
    return padding_idx % count


def shorten_rows(weight: Tensor, positions: Tensor, max_norm: float, norm_type: float) -> None:
    """Make the rows of `weight` at these positions at most `max_norm` long, in place and unseen by gradients."""
    with no_grad():
        which = reshape(positions, (-1,)).long()
        weight.index_copy_(0, which, shortened(apply(rows.embedding, weight, which), norm_type, (1,), max_norm))


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """The sum, mean or maximum of the rows that each bag of indices names. Follows ``torch``'s ``F.embedding_bag``.

    A matrix of indices holds a bag in each row; in a vector the bags begin at `offsets` (of which the last is only an
    end, if `include_last_offset`). Indices of `padding_idx` count for nothing, and an empty bag is 0.

    >>> import groundup
    >>> table = groundup.tensor([[1.0], [2.0], [5.0]])
    >>> groundup.nn.functional.embedding_bag(groundup.tensor([[0, 1], [2, 2]]), table, mode="sum")
    tensor([[ 3.],
            [10.]])
    """
    if mode not in ("sum", "mean", "max"):
        raise ValueError(f"mode has to be one of sum, mean or max\n  It is {mode!r}.")
    if per_sample_weights is not None:
        if mode != "sum":
            raise NotImplementedError(
                "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' "
                f"(got mode='{mode}')."
            )
        if per_sample_weights._array.shape != input._array.shape:
            raise ValueError(
                f"embedding_bag: If per_sample_weights ({list(per_sample_weights._array.shape)}) is not None, then it "
                f"must have the same shape as the input ({list(input._array.shape)})"
            )
        per_sample_weights = reshape(per_sample_weights, (-1,))
    bag, count = _bags(input, offsets, include_last_offset)
    positions = reshape(input, (-1,))
    # What belongs to no bag, or is padding, goes to one more bag behind the others, which is cut off.
    more = int(include_last_offset or padding_idx is not None)
    padding = padding_row(padding_idx, len(weight._array))
    if padding is not None:
        bag = where(positions == padding, count, bag)
    found = embedding(positions, weight, None, max_norm, norm_type, scale_grad_by_freq)
    if per_sample_weights is not None:
        found = found * reshape(per_sample_weights, (-1, 1))
    kind = weight._array.dtype
    empty = constant(np.zeros((count + more, weight._array.shape[1]), kind))
    if mode == "max":
        total = index_reduce(empty, 0, bag, found, "amax", include_self=False)
    else:
        total = index_add(empty, 0, bag, found)
    if mode == "mean":
        ones = constant(np.ones(bag._array.shape, kind))
        many = apply(rows.add_at, constant(np.zeros(count + more, kind)), ones, bag, pattern=(rows.ARRAY,))
        total = total / reshape(clamp_min(many, 1), (-1, 1))
    return shown_as(narrow(total, 0, 0, count) if more else total, "EmbeddingBagBackward0")


def _bags(input: Tensor, offsets: Tensor | None, include_last: bool) -> tuple[Tensor, int]:
    """The bag that each index belongs to, in the order of the flattened indices, and how many bags there are."""
    positions = input._array
    if positions.ndim == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length "
                f"sequences. However, found offsets of type {type(offsets)}"
            )
        return constant(np.repeat(np.arange(len(positions)), positions.shape[1])), len(positions)
    if positions.ndim != 1:
        raise ValueError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {positions.ndim}")
    if offsets is None:
        raise ValueError("offsets has to be a 1D Tensor but got None")
    starts = offsets._array
    if starts.ndim != 1:
        raise ValueError("offsets has to be a 1D Tensor")
    if starts.size and starts[0] != 0:
        raise RuntimeError(
            "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. "
            f"However, got {starts[0]}"
        )
    if starts.size and starts[-1] > len(positions):
        raise RuntimeError(
            f"offsets[-1] can not be greater than input's length {len(positions)} but got offsets[-1] of {starts[-1]}"
        )
    count = len(starts) - (1 if include_last else 0)
    places = constant(np.arange(len(positions)))
    return apply(rows.searchsorted, offsets, places, right=True, out_int32=False) - 1, count
