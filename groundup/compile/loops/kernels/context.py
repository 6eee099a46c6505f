"""What the lowering of one row may ask for: the arrays that it reads and writes, calls of kernels, products by BLAS.

A lowering says in which steps loops do what a row of the table does to arrays. It sees no memory and no threads; the
plan that it speaks to settles where arrays lie, in which order calls run and how their units are shared out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from groundup.compile.graph import Statement, Value

Buffer = Any  # an array of the program, as the plan knows it
Order = tuple[int, ...] | None  # of the axes in memory, the last of them running fastest; None: as they stand
Lowering = Callable[[Statement, "Context"], None]

WHOLE = 1  # the number of units of work that cannot be shared


class Context(Protocol):
    """The plan, as a lowering sees it."""

    def read(self, value: Value, order: Order = None) -> Buffer:
        """The elements of a value, without gaps, its axes in that order in memory."""

    def strided(self, value: Value) -> tuple[Buffer, int, tuple[int, ...]]:
        """A value as it lies in memory: the first element, and the steps along its axes in elements."""

    def out(self, value: Value, order: Order = None) -> Buffer:
        """Where the result goes, without gaps, its axes in that order in memory."""

    def scratch(self, shape: tuple[int, ...], dtype: Any) -> Buffer:
        """Memory that this statement alone uses; it holds anything at first."""

    def constant(self, array: np.ndarray) -> Buffer:
        """A table that no call changes."""

    def flag(self, found: Callable[[int], Exception]) -> Buffer:
        """Two whole numbers: whether some index was wrong, and which; the program then raises what `found` makes."""

    def call(
        self,
        kernel: Callable[..., None],
        arguments: Sequence[Any],
        split: int = WHOLE,
        flops: int = 0,
        bytes: int = 0,
    ) -> None:
        """`kernel(*arguments, begin, end)` over `split` units, after all calls before it are done.

        An argument is a buffer, a buffer with an offset in elements, or a number.
        """

    def gemm(
        self,
        a: Any,
        b: Any,
        c: Any,
        m: int,
        n: int,
        k: int,
        transa: bool = False,
        transb: bool = False,
        lda: int = 0,
        ldb: int = 0,
        ldc: int = 0,
        beta: int = 0,
    ) -> None:
        """c = a @ b + beta c for matrices of m x k and k x n (before they are turned), rows `ld` elements apart.

        Each is a buffer, or a buffer with an offset; a distance of 0 stands for rows without gaps.
        """

    def gemm_batched(
        self,
        a: Any,
        b: Any,
        c: Any,
        count: int,
        m: int,
        n: int,
        k: int,
        step_a: int,
        step_b: int,
        step_c: int,
        transa: bool = False,
        transb: bool = False,
        lda: int = 0,
        ldb: int = 0,
        ldc: int = 0,
        beta: int = 0,
    ) -> None:
        """`count` products at once, each `step` elements behind the one before it."""

    def refuse(self, reason: str) -> Exception:
        """An exception to raise: the statement stays with NumPy."""


def operand(ctx: Context, each: Any, dtype: Any) -> Buffer:
    """An operand as an array: a value, or a plain number of that type."""
    if isinstance(each, Value):
        return ctx.read(each)
    if isinstance(each, (bool, int, float, np.generic, np.ndarray)):
        return ctx.constant(np.asarray(each, dtype))
    raise ctx.refuse("a number that is not known before the call")
