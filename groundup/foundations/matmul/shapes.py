"""What every rung of the matrix product asks first: whether the two matrices fit.

The rule is one line: a has as many columns as b has rows. NumPy, PyTorch and plain loops would each say it otherwise,
or not at all.
"""

from __future__ import annotations

from typing import Any


def sizes(a: Any, b: Any) -> tuple[int, int, int]:
    """Rows of a, columns of a (which are the rows of b), columns of b.

    >>> import groundup
    >>> sizes(groundup.ones(2, 3), groundup.ones(3, 4))
    (2, 3, 4)
    """
    if len(a.shape) != 2 or len(b.shape) != 2:
        raise RuntimeError(f"matmul on this rung takes two matrices, got shapes {tuple(a.shape)} and {tuple(b.shape)}")
    (rows, inner), (inner_b, columns) = a.shape, b.shape
    if inner != inner_b:
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({rows}x{inner} and {inner_b}x{columns})\n"
            f"  a has {inner} columns and b has {inner_b} rows: the two must be one number, over which is summed."
        )
    return rows, inner, columns
