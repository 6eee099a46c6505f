"""Words of memory tell of every change of a dict, cell, function, tensor or list, and machine code is a builtin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import groundup
from groundup.compile.loops import builtin, entering, words
from groundup.compile.loops.watch import Put, Watch

pytestmark = pytest.mark.skipif(not builtin.available(), reason="machine code is no builtin of this Python")


counting = pytest.mark.skipif(words.of_dict({}) is None, reason="this Python does not count the changes of dicts")


@counting
def test_a_watch_sees_changes_of_dicts_cells_functions_tensors_and_lists() -> None:
    holder, other = {"a": 1}, groundup.ones(2)
    items = [object(), object()]
    value = 1

    def function() -> Any:
        return value

    cell = function.__closure__[0]  # type: ignore[index]
    found = [
        words.of_dict(holder),
        words.of_attribute(cell, "cell_contents"),
        words.of_attribute(function, "__defaults__"),
        words.of_attribute(other, "_array"),
    ]
    assert None not in found
    watch = Watch([word for word in found if word is not None], lists=[items])
    assert watch.differs()

    def change_of_a_cell() -> None:
        nonlocal value
        value += 1

    changes: list[Callable[[], Any]] = [
        lambda: holder.update(a=2),
        lambda: holder.update(b=2),
        lambda: holder.pop("b"),
        change_of_a_cell,
        lambda: setattr(function, "__defaults__", (1,)),
        lambda: setattr(other, "data", groundup.ones(3)),
        watch.forget,
    ]
    for change in changes:
        watch.record()
        assert not watch.differs()
        change()
        assert watch.differs()
    watch.record()
    kept_items = [*items]
    for change_items in (lambda: items.append(1), items.clear, lambda: items.extend([1, 2])):
        change_items()
        assert watch.differs()
        items[:] = kept_items
        assert not watch.differs()


@counting
def test_what_is_put_is_no_change_and_hides_none() -> None:
    first: dict[Any, Any] = {"step": 1}
    second: dict[Any, Any] = {"step": 1}
    watch = Watch([words.of_dict(first) or 0, words.of_dict(second) or 0])
    put = Put(watch, [(first, "step"), (second, "step")])
    watch.record()
    for value in (2, 10**30, None, "x"):
        put.put(value)
        assert first == second == {"step": value}
        assert not watch.differs()
    second["other"] = 1
    put.put(3)
    assert (first, second) == ({"step": 3}, {"step": 3, "other": 1})
    assert watch.differs()


def test_machine_code_tells_which_tensors_fit() -> None:
    places = [(words.of_attribute(SAMPLE, name) or 0) - id(SAMPLE) for name in ("_array", "_node")]
    form = [id(groundup.Tensor), id(np.ndarray), id(None), *[place // 8 for place in places]]
    form += [id(np.dtype(np.float32)), 2, 3, 4]
    forms = np.array(form * 2, np.int64)
    fit = builtin.builtin("fit", {entering.ROWS: forms.ctypes.data, entering.COUNT: 2})
    good = groundup.zeros(3, 4)
    assert fit(good, good) == 1
    others = [
        groundup.zeros(4, 3),
        groundup.zeros(4, 3).T,
        groundup.zeros(3, 4, 1),
        groundup.zeros(12),
        groundup.zeros(3, 4, dtype=groundup.float64),
        groundup.zeros(3, 4, dtype=groundup.int32),
        groundup.zeros(3, 4, requires_grad=True),
        groundup.nn.Parameter(groundup.zeros(3, 4), requires_grad=False),
        object.__new__(groundup.Tensor),
        np.zeros((3, 4), np.float32),
        None,
        1,
        "text",
    ]
    for other in others:
        assert fit(other, good) == fit(good, other) == 0
    assert fit(good[:], good + 1) == 1


SAMPLE = groundup.zeros(1)
