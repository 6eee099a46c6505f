"""The matrix product as its definition says: c[i, j] is the sum over k of a[i, k] * b[k, j].

Three loops, one for each letter. Every faster rung computes this and nothing else, and is tested against it.
"""

from __future__ import annotations

from typing import Any

from groundup.foundations.matmul.shapes import sizes


def accumulate(a: Any, b: Any, c: Any) -> None:
    """Add a @ b to c."""
    for i in range(a.shape[0]):  # a row of a
        for j in range(b.shape[1]):  # a column of b
            for k in range(a.shape[1]):  # along both
                c[i, j] += a[i, k] * b[k, j]


def matmul(m: Any, a: Any, b: Any) -> Any:
    """a @ b. `m` is the namespace that the tensors come from: groundup, torch or numpy.

    >>> import groundup
    >>> a, b = groundup.tensor([[1.0, 2.0], [3.0, 4.0]]), groundup.tensor([[5.0, 6.0], [7.0, 8.0]])
    >>> matmul(groundup, a, b)
    tensor([[19., 22.],
            [43., 50.]])
    """
    rows, _, columns = sizes(a, b)
    c = m.zeros((rows, columns), dtype=a.dtype)
    accumulate(a, b, c)
    return c
