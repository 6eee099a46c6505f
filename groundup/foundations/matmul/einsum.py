"""The matrix product as a sentence: a letter for each axis, and what comes after the arrow is kept.

The rules of einsum, in full: axes of one letter are multiplied with each other, position by position; a letter that the
result does not name is summed over; and one that it names is kept, however often it occurs on the left. So a repeated
letter is not always summed: `bi,ij,bj->b` has b in two operands and keeps it, a number for each b.

    >>> import groundup
    >>> x, w = groundup.tensor([[1.0, 2.0], [3.0, 4.0]]), groundup.ones(2, 2)
    >>> groundup.einsum("bi,ij,bj->b", x, w, x)
    tensor([ 9., 49.])
"""

from __future__ import annotations

from typing import Any

from groundup.foundations.matmul.shapes import sizes


def matmul(m: Any, a: Any, b: Any) -> Any:
    """a @ b: i and j are kept, k is summed.

    >>> import groundup
    >>> matmul(groundup, groundup.ones(2, 3), groundup.ones(3, 2))
    tensor([[3., 3.],
            [3., 3.]])
    """
    sizes(a, b)
    return m.einsum("ik,kj->ij", a, b)
