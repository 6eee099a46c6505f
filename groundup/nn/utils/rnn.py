"""Sequences of unequal lengths as one tensor, filled up to the longest, and back."""

from __future__ import annotations

from collections.abc import Sequence

from groundup.functions import creation, view
from groundup.tensor import Tensor

__all__ = ["pad_sequence", "unpad_sequence"]


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
