"""How large random weights should be, so that fifty layers neither blow a signal up nor let it die.

A dense layer without bias multiplies the mean square of its input by n_in * scale**2. What is kept is that mean square;
four names stand for four ways to keep it, and they are often mixed up.
"""

from __future__ import annotations

import math


def lecun(n_in: int) -> float:
    """1 / sqrt(n_in): keeps the scale through layers without an activation (LeCun and others, 1998).

    >>> lecun(100)
    0.1
    """
    return 1 / math.sqrt(n_in)


def xavier(n_in: int, n_out: int) -> float:
    """sqrt(2 / (n_in + n_out)): between what the forward pass wants, 1 / n_in, and the backward pass, 1 / n_out.

    For square layers it is LeCun's; otherwise it is not (Glorot and Bengio, 2010).

    >>> xavier(100, 100), xavier(100, 700)
    (0.1, 0.05)
    """
    return math.sqrt(2 / (n_in + n_out))


def kaiming(n_in: int) -> float:
    """sqrt(2 / n_in): relu drops half of the mean square, the 2 brings it back (He and others, 2015).

    What it keeps near 1 is the root mean square, not the standard deviation: what comes out of a relu has no mean of
    zero, so its standard deviation is smaller, sqrt(1 - 1 / pi) = 0.83 of the root mean square.

    >>> import groundup
    >>> _ = groundup.manual_seed(0)
    >>> x = groundup.randn(1000, 500)
    >>> for _ in range(10):
    ...     x = (x @ (groundup.randn(500, 500) * kaiming(500)).T).clamp_min(0)
    >>> 0.9 < x.square().mean().sqrt().item() < 1.1, 0.73 < x.std().item() < 0.9
    (True, True)
    """
    return math.sqrt(2 / n_in)


def linear_bound(n_in: int) -> float:
    """1 / sqrt(n_in): the bound of the even distribution that nn.Linear draws weights and biases from.

    The standard deviation of such numbers is the bound / sqrt(3): they are smaller than LeCun's.

    >>> linear_bound(100)
    0.1
    """
    return 1 / math.sqrt(n_in)
