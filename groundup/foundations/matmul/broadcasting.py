"""The matrix product by broadcasting: a whole row of the result at once.

Row i of a becomes a column of shape (inner, 1); against b, of shape (inner, columns), broadcasting repeats it along the
columns without a copy, and the sum over the first axis is row i of the result. Without the last loop,
`(a[:, :, None] * b).sum(1)` says the same, but its product of three axes no longer fits into the cache.
"""

from __future__ import annotations

from typing import Any

from groundup.foundations.matmul.shapes import sizes


def matmul(m: Any, a: Any, b: Any) -> Any:
    """a @ b with one loop in Python.

    >>> import groundup
    >>> matmul(groundup, groundup.ones(2, 3), groundup.ones(3, 2))
    tensor([[3., 3.],
            [3., 3.]])
    """
    rows, _, columns = sizes(a, b)
    c = m.zeros((rows, columns), dtype=a.dtype)
    for i in range(rows):
        c[i] = (a[i][:, None] * b).sum(0)
    return c
