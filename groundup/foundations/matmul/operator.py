"""The matrix product by the operator that Python has for it: `@` hands the work to BLAS.

BLAS is the interface that fast libraries of matrix products have shared since 1979. What such a library does inside is
the rung ``tile``.
"""

from __future__ import annotations

from typing import Any

from groundup.foundations.matmul.shapes import sizes


def matmul(m: Any, a: Any, b: Any) -> Any:
    """a @ b.

    >>> import groundup
    >>> matmul(groundup, groundup.ones(2, 3), groundup.ones(3, 2))
    tensor([[3., 3.],
            [3., 3.]])
    """
    sizes(a, b)
    return a @ b
