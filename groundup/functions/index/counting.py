"""Where and how often: positions of what is not 0, counts, bins and codes."""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup.autograd.apply import apply
from groundup.autograd.tape import wrap
from groundup.functions.index.checks import check_positions
from groundup.ops import elementwise

__all__ = [
    "nonzero",
]

Tensor = Any


def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The indices of the elements that are not 0, a row for each; or a tuple with a tensor for each axis."""
    found = np.nonzero(np.atleast_1d(input._array)) if input._array.ndim else ()
    if as_tuple:
        return tuple(wrap(each) for each in found)
    if not input._array.ndim:
        return wrap(np.zeros((int(bool(input._array)), 0), np.int64))
    return wrap(np.stack(found, axis=1))


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """For each index a row of `num_classes` zeros (one more than the largest index, if -1) with a 1 at the index.

    >>> import groundup
    >>> groundup.nn.functional.one_hot(groundup.tensor([0, 2]))
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    check_positions(tensor, "one_hot")
    positions = tensor._array
    if positions.size and positions.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    if num_classes == -1:
        if not positions.size:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
        num_classes = int(positions.max()) + 1
    elif positions.size and positions.max() >= num_classes:
        raise RuntimeError(
            f"Class values must be smaller than num_classes.\n  found {int(positions.max())}, num_classes={num_classes}"
        )
    classes = wrap(np.arange(num_classes))
    return apply(elementwise.cast, apply(elementwise.eq, tensor.unsqueeze(-1), classes), to=np.dtype(np.int64))
