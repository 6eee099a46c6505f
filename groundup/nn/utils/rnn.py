"""Sequences of unequal lengths as one tensor: filled up to the longest, or packed step by step, and back.

A `PackedSequence` has the first elements of all sequences, then the second elements of those that have one, and so
on, the longest sequence first; recurrent layers take it and compute nothing for what is not there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from groundup.functions import creation, index, view
from groundup.named import Named
from groundup.tensor import Tensor

__all__ = [
    "PackedSequence",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpad_sequence",
]


class PackedSequence(Named):
    """Sequences packed step by step: how many are left at each step, and how they were sorted by length.

    Follows ``torch.nn.utils.rnn.PackedSequence``. The indices are None if they were sorted already.
    """

    __slots__ = ()

    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


def pad_sequence(
    sequences: Tensor | Sequence[Tensor],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """The sequences, each (length, ...), as one tensor (longest, batch, ...), or (batch, longest, ...).

    What is missing has the ``padding_value``, at the ``padding_side`` of each sequence.
    Follows ``torch.nn.utils.rnn.pad_sequence``.

    >>> import groundup
    >>> pad_sequence([groundup.tensor([1, 2, 3]), groundup.tensor([4])], batch_first=True)
    tensor([[1, 2, 3],
            [4, 0, 0]])
    """
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"Expected padding_side to be one of left or right, but got {padding_side}.")
    given = list(sequences)
    if not given:
        raise RuntimeError("received an empty list of sequences")
    longest = max(len(each) for each in given)
    rest = tuple(given[0].shape[1:])
    padded = []
    for each in given:
        if tuple(each.shape[1:]) != rest:
            raise RuntimeError(
                f"pad_sequence: the sequences differ in more than their length: {tuple(given[0].shape)} and "
                f"{tuple(each.shape)}"
            )
        filler = creation.full((longest - len(each), *rest), padding_value, dtype=given[0].dtype)
        padded.append(view.cat([each, filler] if padding_side == "right" else [filler, each]))
    return view.stack(padded, 0 if batch_first else 1)


def unpad_sequence(padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """The sequences of those lengths out of a padded tensor. Follows ``torch.nn.utils.rnn.unpad_sequence``.

    >>> import groundup
    >>> unpad_sequence(groundup.tensor([[1, 2, 3], [4, 0, 0]]), groundup.tensor([3, 1]), batch_first=True)
    [tensor([1, 2, 3]), tensor([4])]
    """
    rows = padded_sequences if batch_first else view.transpose(padded_sequences, 0, 1)
    return [row[:length] for row, length in zip(rows, lengths.tolist(), strict=True)]


def pack_padded_sequence(
    input: Tensor, lengths: Tensor | Sequence[int], batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """The sequences of those lengths out of a padded tensor, packed; the longest first unless not ``enforce_sorted``.

    Follows ``torch.nn.utils.rnn.pack_padded_sequence``.

    >>> import groundup
    >>> packed = pack_padded_sequence(groundup.tensor([[1, 2, 3], [4, 0, 0]]), [3, 1], batch_first=True)
    >>> packed.data, packed.batch_sizes
    (tensor([1, 4, 2, 3]), tensor([2, 1, 1]))
    """
    rows = view.transpose(input, 0, 1) if batch_first else input
    given = np.asarray(lengths.tolist() if isinstance(lengths, Tensor) else lengths, dtype=np.int64)
    longest, batch = rows.shape[:2]
    if given.shape != (batch,):
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {given.size} (batch_size={batch})"
        )
    if batch and not (1 <= given.min() and given.max() <= longest):
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0"
            if given.min() < 1
            else f"the padded sequences have {longest} steps, but found {given.max()} in 'lengths'"
        )
    order = None
    if not enforce_sorted:
        order = np.argsort(-given, kind="stable")
        given = given[order]
    elif (given[1:] > given[:-1]).any():
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass "
            "`enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement if you "
            "do not need ONNX exportability."
        )
    sizes = (given[None, :] > np.arange(given.max(initial=0))[:, None]).sum(1)
    data = index.index_select(view.flatten(rows, 0, 1), 0, _places(sizes, order, batch))
    if order is None:
        return PackedSequence(data, creation.from_numpy(sizes), None, None)
    back = np.argsort(order)
    return PackedSequence(data, *map(creation.from_numpy, (sizes, order, back)))


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """The packed sequences padded up to the longest, or to ``total_length``, and their lengths.

    Follows ``torch.nn.utils.rnn.pad_packed_sequence``.
    """
    sizes = np.asarray(sequence.batch_sizes.tolist(), dtype=np.int64)
    longest, batch = len(sizes), int(sizes[0])
    if total_length is not None and total_length < longest:
        raise ValueError(
            "Expected total_length to be at least the length of the longest sequence in input, but got "
            f"total_length={total_length} and max sequence length being {longest}"
        )
    lengths = (sizes[None, :] > np.arange(batch)[:, None]).sum(1)
    order = None if sequence.sorted_indices is None else np.asarray(sequence.sorted_indices.tolist())
    if order is not None:
        lengths = lengths[np.argsort(order)]
    data, steps = sequence.data, total_length or longest
    blank = creation.full((steps * batch, *data.shape[1:]), padding_value, dtype=data.dtype)
    rows = view.reshape(index.index_copy(blank, 0, _places(sizes, order, batch), data), (steps, batch, *data.shape[1:]))
    return view.transpose(rows, 0, 1) if batch_first else rows, creation.from_numpy(lengths)


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Sequences of unequal lengths, packed. Follows ``torch.nn.utils.rnn.pack_sequence``."""
    lengths = [len(each) for each in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def _places(sizes: np.ndarray, order: np.ndarray | None, batch: int) -> Tensor:
    """Where the packed elements lie in the padded tensor of the steps, its first two axes taken as one."""
    first = np.arange(batch) if order is None else order
    places = [step * batch + first[:size] for step, size in enumerate(sizes)]
    return creation.from_numpy(np.concatenate(places) if places else np.zeros(0, np.int64))
