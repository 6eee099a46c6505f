"""The three loops again, not one changed, but compiled: what Python itself costs.

Numba reads the function of ``three_loops`` and makes machine code of it. ``blocked`` and ``tile`` stand on the helpers
here, which bring tensors of any namespace to compiled code and its result back.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from groundup.errors import MissingExtra
from groundup.foundations.matmul import three_loops
from groundup.foundations.matmul.shapes import sizes

Array = np.ndarray[Any, Any]


def numba(feature: str) -> Any:
    """The package numba, or the error that says how to get it."""
    try:
        import numba
    except ImportError as error:
        raise MissingExtra(feature, "numba", "compile") from error
    return numba


def on_arrays(m: Any, multiply: Callable[[Array, Array], Array], a: Any, b: Any) -> Any:
    """The product of tensors by a function of NumPy arrays in C order."""
    sizes(a, b)
    return m.asarray(multiply(*(np.ascontiguousarray(np.asarray(each)) for each in (a, b))))


@functools.cache
def loops() -> Callable[[Array, Array, Array], None]:
    """The three loops as machine code."""
    code: Callable[[Array, Array, Array], None] = numba("the compiled loops").njit(three_loops.accumulate)
    return code


def multiply(a: Array, b: Array) -> Array:
    """a @ b by the compiled loops."""
    c = np.zeros((a.shape[0], b.shape[1]), a.dtype)
    loops()(a, b, c)
    return c


def matmul(m: Any, a: Any, b: Any) -> Any:
    """a @ b: compiled, each number of the result is still one long sum through a column of b.

    >>> import groundup
    >>> matmul(groundup, groundup.ones(2, 3), groundup.ones(3, 2))
    tensor([[3., 3.],
            [3., 3.]])
    """
    return on_arrays(m, multiply, a, b)
