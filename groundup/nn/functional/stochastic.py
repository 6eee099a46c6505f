"""Dropout: random zeros during training. The dropout layer stands on it."""

from __future__ import annotations

from groundup.functions import creation
from groundup.tensor import Tensor


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Sets each element to 0 with probability ``p`` and divides the others by ``1 - p``.

    The expected value stays the same; without ``training`` the input is returned as it is. A ``p``
    outside [0, 1] raises ``ValueError``. Srivastava et al., "Dropout" (2014).

    >>> import groundup
    >>> from groundup.nn import functional as F
    >>> F.dropout(groundup.ones(3), training=False)
    tensor([1., 1., 1.])
    >>> sorted(set(F.dropout(groundup.ones(100), 0.5).tolist()))
    [0.0, 2.0]
    """
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0.0:
        return input
    # The mask holds 0 and 1/(1-p), so that a step costs one product forward and one back.
    mask = creation.empty_like(input).bernoulli_(1.0 - p)
    if 0.0 < p < 1.0:
        mask.mul_(1.0 / (1.0 - p))
    return input.mul_(mask) if inplace else input * mask
