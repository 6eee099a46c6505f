"""A list of words of memory that one call of machine code compares with what stood there when they were recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from groundup.compile.loops import entering
from groundup.compile.loops.builtin import builtin
from groundup.compile.loops.words import Word, of_attribute, of_dict
from groundup.compile.reach import BY_KEY, Reach

Size = tuple[Any, int]
Condition = tuple[Any, Any, Any]


class Watch:
    """Words that are looked at: `differs()` says whether one is not as recorded, `record()` records all as they are.

    Who records looks at what the words stand for afterwards, not before: a change in between is then noticed by the
    next look, at the latest. It differs from the start. `rows` are the words and, behind them, room for `more`.
    """

    def __init__(self, words: Sequence[Word], more: int = 0) -> None:
        self.rows = np.zeros((1 + len(words) + more, 2), np.int64)
        self._times = np.zeros(1, np.int64)  # how often it was made to differ
        self.rows[0] = self._times.ctypes.data, -1
        self.rows[1 : 1 + len(words), 0] = words
        self.rows[1 + len(words) :, 0] = self._times.ctypes.data
        start = self.rows.ctypes.data
        self.differs = builtin("differ", {entering.ROWS: start, entering.COUNT: len(self.rows)})
        self.record = builtin("record", {entering.ROWS: start, entering.COUNT: 1 + len(words)})

    def forget(self) -> None:
        """Makes it differ until it is recorded again."""
        self._times[0] += 1


def watched(reach: Reach) -> tuple[list[Word], list[Size], list[Condition]]:
    """What is in reach, in words where it has some; and the sizes and conditions for which there are none."""
    words: dict[Word, None] = {}

    def has_word(holder: Any, key: Any) -> bool:
        if isinstance(holder, dict):
            word = None if id(holder) in reach.restless else of_dict(holder)
        else:
            word = None if isinstance(holder, BY_KEY) or type(key) is not str else of_attribute(holder, key)
        if word is not None:
            words[word] = None
        return word is not None or isinstance(holder, tuple)  # in which nothing can be replaced

    sizes = [each for each in reach.sizes if not has_word(each[0], None)]
    conditions = [each for each in reach.conditions if not has_word(each[0], each[1])]
    return list(words), sizes, conditions
