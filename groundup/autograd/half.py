"""Half precision is a way to store numbers: a row computes in float32, and its result is rounded once.

float16 and bfloat16 arguments are widened before the row and before each of its derivatives; rows that only move
numbers take them as they are. `apply`, in-place operations and the tape come here when they meet such an array.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np

from groundup.autograd.tape import Node
from groundup.dtypes import FLOAT32, is_half
from groundup.ops.row import Row


def half_of(arrays: Sequence[Any]) -> np.dtype[Any] | None:
    """The half precision that a row on these arrays is to answer in, or None."""
    found = None
    for each in arrays:
        if isinstance(each, np.ndarray) and each.dtype.kind not in "biu":
            if not is_half(each.dtype):
                return None
            found = each.dtype
    return found


def reading(row: Row, arrays: Sequence[Any]) -> Callable[..., Any]:
    """The row's reading on these arrays: in float32 if they are of half precision and it computes."""
    kind = None if row.quiet or row.name == "cast" else half_of(arrays)
    return row.eager if kind is None else partial(_in_single, row.eager, kind)


def _in_single(eager: Callable[..., Any], kind: np.dtype[Any], *arrays: Any, **params: Any) -> Any:
    out = eager(*[widened(each) for each in arrays], **params)
    return out.astype(kind) if out.dtype == FLOAT32 else out


def widened(value: Any) -> Any:
    """An array of half precision as float32; anything else as it is."""
    return value.astype(FLOAT32) if isinstance(value, np.ndarray) and is_half(value.dtype) else value


class HalfNode(Node):
    """A recorded operation on half precision: what it saved is widened when its derivatives need it."""

    __slots__ = ()

    def _check(self) -> Sequence[Any]:
        return [widened(each) for each in super()._check()]

    def _as_tensors(self, saved: Sequence[Any], math: Any) -> Sequence[Any]:
        return [_in_math(math, each) for each in super()._as_tensors(self.saved or (), math)]

    def pull(self, g: Any, walk: Any) -> Iterable[Any]:
        return super().pull(_in_math(walk.math, g) if walk.in_tensors else widened(g), walk)


def _in_math(math: Any, value: Any) -> Any:
    """A tensor of half precision, cast to float32 by an operation that has a derivative of its own."""
    array = getattr(value, "_array", value)
    return math.cast(value, to=FLOAT32) if isinstance(array, np.ndarray) and is_half(array.dtype) else value
