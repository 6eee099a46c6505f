"""Which columns of scores a mask leaves nothing of, as far as it is known before any call.

A constant mask puts -inf, or 0, in the place of scores; exp makes 0 of -inf, a product with 0 is 0, and what sums or
multiplies may then leave these columns out. Each array of scores is known by what stands behind the last column that
may hold something else, row by row.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from groundup.compile.graph import Value
from groundup.compile.loops.group import Group, Task
from groundup.compile.loops.items import Item, Product
from groundup.compile.loops.layout import Buffer
from groundup.compile.numbers import Number

if TYPE_CHECKING:
    from groundup.compile.loops.nests.blocks import Access, Scores

NOTHING, LOWEST = 0.0, -math.inf
SAME = frozenset("cast clone reshape relaid neg".split())  # rows that make 0 of 0

Rest = tuple[float, np.ndarray]  # what stands behind some column, and which column that is, for each row
NEUTRAL = {"sum": NOTHING, "sum_to": NOTHING, "amax": LOWEST}  # what a reduction does not notice


class Masks:
    """What is known of arrays of scores, from the first items of a plan on."""

    def __init__(self) -> None:
        self.known: dict[Buffer, Rest] = {}

    def reach(self, scores: Scores, members: Sequence[Item], outside: set[Buffer]) -> list[int]:
        """For each row how many columns must be computed, so that nobody who reads the results can tell."""
        found = np.zeros(scores.rows, np.int64)
        for item in members:
            if isinstance(item, Product):
                for each in (item.a, item.b):
                    if each.buffer in scores.buffers:
                        found = np.maximum(found, self._length(scores, self.known.get(each.buffer), NOTHING))
            elif isinstance(item, Group):
                for task, _ in item.tasks:
                    found = np.maximum(found, self._of_task(scores, task, outside))
        return [int(each) for each in found]

    def _length(self, scores: Scores, rest: Rest | None, neutral: float | None) -> np.ndarray:
        """The columns that somebody needs for whom that number is nothing."""
        if rest is None or rest[0] != neutral:
            return np.full(scores.rows, scores.columns)
        return rest[1]

    def _of_task(self, scores: Scores, task: Task, outside: set[Buffer]) -> np.ndarray:
        """The columns that a task needs; what it makes is known from then on."""
        *reads, out = scores.accesses(task) or [None]
        name = task.statement.row.name
        if task.reduced:
            first = reads[0]
            rest = None if first is None or not scores.is_like(first) else self.known.get(first.buffer)
            return self._length(scores, rest, NEUTRAL.get(name))
        if out is None or not scores.is_like(out):
            return np.zeros(scores.rows, np.int64)
        rest = self._made(scores, name, [self._operand(scores, *pair) for pair in zip(task.statement.operands, reads)])
        if rest is not None:
            self.known[out.buffer] = rest
        return np.full(scores.rows, scores.columns) if out.buffer in outside else np.zeros(scores.rows, np.int64)

    def _operand(self, scores: Scores, each: Any, access: Access | None) -> Any:
        """A number, an array of the values of a constant, what is known of an array, or None."""
        if access is None:
            if isinstance(each, Value):
                return None if each.constant is None else each.constant.reshape(-1)[0].item()
            return each if isinstance(each, (bool, int, float)) and not isinstance(each, Number) else None
        if scores.is_like(access) and access.buffer in self.known:
            return self.known[access.buffer]
        constant = access.buffer.constant
        if constant is None:
            return None
        shape = tuple(n if stride else 1 for n, stride in zip(scores.shape, access.strides, strict=True))
        flat = np.ascontiguousarray(constant).reshape(-1)[access.offset :]
        strides = [stride * flat.itemsize for stride in access.strides]
        array = np.lib.stride_tricks.as_strided(flat, shape, strides, writeable=False)
        return array.reshape(-1, *shape[-2:])

    def _made(self, scores: Scores, name: str, given: list[Any]) -> Rest | None:
        """What is known of the result of a row that computes element by element."""
        if name == "where":
            condition, chosen, other = given
            if not isinstance(condition, np.ndarray):
                return None
            holds = condition.astype(bool)
            rests = [self._chosen(scores, holds, other), self._chosen(scores, ~holds, chosen)]
            return min((each for each in rests if each is not None), key=lambda rest: rest[1].sum(), default=None)
        rests = [each for each in given if isinstance(each, tuple)]
        if name == "add":
            rests += [rest for each in given if isinstance(each, np.ndarray) for rest in self._lowest(scores, each)]
        first = rests[0] if rests else None
        if first is None:
            return None
        if first[0] == NOTHING and (name == "mul" or (name in (*SAME, "div") and given[0] is first)):
            return first
        if first[0] == LOWEST:
            if name == "exp":
                return NOTHING, first[1]
            scaled = name in ("mul", "div") and isinstance(given[1], (int, float)) and given[1] > 0
            if name == "add" or (given[0] is first and (scaled or name in ("sub", "cast"))):
                return first
        return None

    def _chosen(self, scores: Scores, condition: np.ndarray, other: Any) -> Rest | None:
        """A choice of `other` where the condition does not hold."""
        length = _lengths(scores, condition.astype(bool))
        if isinstance(other, tuple):
            return other[0], np.maximum(length, other[1])
        return (float(other), length) if other in (NOTHING, LOWEST) and not isinstance(other, np.ndarray) else None

    def _lowest(self, scores: Scores, constant: np.ndarray) -> list[Rest]:
        """What is known of a sum with a constant that has -inf in it."""
        return [(LOWEST, _lengths(scores, constant != LOWEST))] if (constant == LOWEST).any() else []


def _lengths(scores: Scores, holds: np.ndarray) -> np.ndarray:
    """For each row the column behind the last one in which something holds for some item."""
    whole = np.broadcast_to(holds.any(0), (scores.rows, scores.columns))
    return np.where(whole.any(1), scores.columns - np.argmax(whole[:, ::-1], axis=1), 0)
