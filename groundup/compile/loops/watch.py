"""A list of words of memory that one call of machine code compares with what stood there when they were recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from groundup.compile.loops import entering
from groundup.compile.loops.builtin import builtin, python_function
from groundup.compile.loops.words import Word, lists_are_known, of_attribute, of_dict
from groundup.compile.reach import BY_KEY, Reach

Size = tuple[Any, int]
Condition = tuple[Any, Any, Any]


class Watch:
    """Words that are looked at: `differs()` says whether one is not as recorded, `record()` records all as they are.

    Who records looks at what the words stand for afterwards, not before: a change in between is then noticed by the
    next look, at the latest. It differs from the start. `rows` are the words and, behind them, room for `more`; of
    `lists` the objects in them are looked at.
    """

    def __init__(self, words: Sequence[Word], more: int = 0, lists: Sequence[list[Any]] = ()) -> None:
        self.words = words
        self.rows = np.zeros((1 + len(words) + more, 2), np.int64)
        self._times = np.zeros(1, np.int64)  # how often it was made to differ
        self.rows[0] = self._times.ctypes.data, -1
        self.rows[1 : 1 + len(words), 0] = words
        self.rows[1 + len(words) :, 0] = self._times.ctypes.data
        self._lists = [(each, [*each]) for each in lists]  # with copies, so that ids stay those of what was there
        listed = [word for each, parts in self._lists for word in (id(each), len(parts), *map(id, parts))]
        self._listed = np.array([*listed, 0], np.int64)
        start = self.rows.ctypes.data
        words_of_lists = {entering.LISTS: self._listed.ctypes.data, entering.LISTED: len(self._lists)}
        self.differs = builtin("differ", {entering.ROWS: start, entering.COUNT: len(self.rows), **words_of_lists})
        self.record = builtin("record", {entering.ROWS: start, entering.COUNT: 1 + len(words)})

    def forget(self) -> None:
        """Makes it differ until it is recorded again."""
        self._times[0] += 1

    def part(self, first: int, count: int) -> Callable[..., int]:
        """As `differs`, of some of the rows."""
        return builtin("differ", {entering.ROWS: self.rows.ctypes.data + 16 * first, entering.COUNT: count})

    def row(self, word: Word) -> int:
        """The address of the row of a word."""
        return self.rows.ctypes.data + 16 * (1 + self.words.index(word))


class Put:
    """`put(value)` puts a value under keys of several dicts, which a watch does not take for a change."""

    def __init__(self, watch: Watch, places: Iterable[tuple[dict[Any, Any], Any]]) -> None:
        self.places = [*places]
        words = [(id(holder), id(key), watch.row(of_dict(holder) or 0)) for holder, key in self.places]
        self._words = np.array(words, np.int64)
        self.put = builtin(
            "put",
            {
                entering.PUTS: self._words.ctypes.data,
                entering.COUNT: len(words),
                entering.SET: python_function("PyDict_SetItem"),
            },
        )


class Watched:
    """What is in reach, divided: `words`, `lists`, and the `sizes` and `conditions` for which there are none of these.

    Sizes and conditions of the dicts in `apart` are neither, and stand in `sizes_apart` and `conditions_apart`.
    """

    def __init__(self, reach: Reach, apart: set[int]) -> None:
        self._words: dict[Word, Any] = {}  # with the dict, if there is nobody else who keeps it
        self._lists: dict[int, list[Any]] = {}
        self._restless = reach.restless
        sizes = [each for each in reach.sizes if not self._has_word(each[0], None)]
        conditions = [each for each in reach.conditions if not self._has_word(each[0], each[1])]
        self.sizes = [each for each in sizes if id(each[0]) not in apart]
        self.sizes_apart = [each for each in sizes if id(each[0]) in apart]
        self.conditions = [each for each in conditions if id(each[0]) not in apart]
        self.conditions_apart = [each for each in conditions if id(each[0]) in apart]
        self.words = list(self._words)
        self.lists = list(self._lists.values())

    def _has_word(self, holder: Any, key: Any) -> bool:
        if isinstance(holder, tuple):
            return True  # in which nothing can be replaced
        if isinstance(holder, list) and lists_are_known():
            self._lists[id(holder)] = holder
            return True
        word = self._word(holder, key)
        if word is not None:
            self._words.setdefault(word, getattr(holder, "__dict__", None))
        return word is not None

    def _word(self, holder: Any, key: Any) -> Word | None:
        if isinstance(holder, dict):
            return None if id(holder) in self._restless else of_dict(holder)
        if isinstance(holder, BY_KEY) or type(key) is not str:
            return None
        own = getattr(holder, "__dict__", {})
        if key in own and not hasattr(type(holder), key):
            return of_dict(own)
        return of_attribute(holder, key)
