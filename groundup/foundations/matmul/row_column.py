"""The matrix product with the innermost loop gone: each result is a row of a times a column of b, summed.

The loop over k has not vanished; it runs in compiled code, once for each pair of a row and a column.
"""

from __future__ import annotations

from typing import Any

from groundup.foundations.matmul.shapes import sizes


def matmul(m: Any, a: Any, b: Any) -> Any:
    """a @ b with two loops in Python.

    >>> import groundup
    >>> matmul(groundup, groundup.ones(2, 3), groundup.ones(3, 2))
    tensor([[3., 3.],
            [3., 3.]])
    """
    rows, _, columns = sizes(a, b)
    c = m.zeros((rows, columns), dtype=a.dtype)
    for i in range(rows):
        for j in range(columns):
            c[i, j] = (a[i] * b[:, j]).sum()
    return c
