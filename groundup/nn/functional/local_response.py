"""Normalisation by the neighbouring channels."""

from __future__ import annotations

import math

from groundup.autograd import apply
from groundup.ops import ROWS
from groundup.ops.windows import Line
from groundup.tensor import Tensor


def local_response_norm(input: Tensor, size: int, alpha: float = 0.0001, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """x / (k + alpha * mean of x ** 2 over ``size`` neighbouring channels) ** beta, for (N, C, ...).

    Channels beyond the first and last count as zeros. Follows ``torch.nn.functional.local_response_norm``.

    >>> import groundup
    >>> groundup.nn.functional.local_response_norm(groundup.ones(1, 2, 1), 2, alpha=2.0, beta=1.0)
    tensor([[[0.5000],
             [0.3333]]])
    """
    if input.dim() < 3:
        raise ValueError(
            f"Expected 3D or higher dimensionality                          input (got {input.dim()} dimensions)"
        )
    if input.numel() == 0:
        return input
    batch, channels, *image = input.shape
    squares = (input * input).reshape(batch, channels, math.prod(image))
    where = (Line(size, 1, 1, size // 2, channels), Line(1, 1, 1, 0, squares.shape[2]))
    means = apply(ROWS["mean_windows"], squares, where=where, counts=size).reshape(input.shape)
    return input / (means * alpha + k).pow(beta)
