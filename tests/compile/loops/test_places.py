"""How layouts are written in NumPy: what the source gives is the view itself, for any slices, turns and axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("hypothesis")

from hypothesis import given, settings
from hypothesis import strategies as st

from groundup.compile.loops.layout import Buffer, Layout
from groundup.compile.loops.places import Named

WHOLE = (4, 3, 6)


def layout_of(view: np.ndarray, whole: np.ndarray) -> Layout:
    size = whole.itemsize
    offset = (view.__array_interface__["data"][0] - whole.__array_interface__["data"][0]) // size
    strides = tuple(0 if n == 1 else s // size for n, s in zip(view.shape, view.strides, strict=True))
    return Layout(Buffer(whole.dtype, whole.size, "temporary"), view.shape, strides, offset)


def written(view: np.ndarray, whole: np.ndarray) -> tuple[str, Any]:
    text = Named("x", whole.shape).view(layout_of(view, whole))
    return text, eval(text, {"np": np, "x": whole})


@st.composite
def views(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    whole = np.arange(np.prod(WHOLE), dtype=np.float32).reshape(WHOLE)
    view: Any = whole.reshape(draw(st.sampled_from([WHOLE, (12, 6), (72,), (2, 2, 3, 6), (4, 18)])))
    for _ in range(draw(st.integers(0, 3))):
        axis = draw(st.integers(0, view.ndim - 1)) if view.ndim else 0
        what = draw(st.sampled_from(["slice", "turn", "one", "pick", "step"]))
        if what == "one" or not view.ndim:
            view = np.expand_dims(view, axis)
        elif what == "slice":
            first = draw(st.integers(0, view.shape[axis] - 1))
            last = draw(st.integers(first + 1, view.shape[axis]))
            view = view[(slice(None),) * axis + (slice(first, last),)]
        elif what == "turn":
            view = view.swapaxes(axis, -1)
        elif what == "pick":
            view = view[(slice(None),) * axis + (draw(st.integers(0, view.shape[axis] - 1)), ...)]
        else:
            view = view[(slice(None),) * axis + (slice(None, None, draw(st.sampled_from([2, 3, -1, -2]))),)]
    return whole, view


@settings(max_examples=150, deadline=None)
@given(views())
def test_the_source_gives_the_view(each: Any) -> None:
    whole, view = each
    text, found = written(view, whole)
    assert np.array_equal(found, view) and found.shape == view.shape, text
    assert np.shares_memory(found, whole), text


@pytest.mark.parametrize(
    ("shape", "take", "text"),
    [
        ((4, 6), lambda x: x, "x"),
        ((4, 6), lambda x: x.T, "x.T"),
        ((4, 6), lambda x: x.reshape(2, 12), "x.reshape(2, 12)"),
        ((4, 6), lambda x: x[1:3], "x[1:3]"),
        ((4, 6), lambda x: x[:, :2], "x[:, :2]"),
        ((4, 6), lambda x: x[:, 2], "x[:, 2]"),
        ((4, 6, 1), lambda x: x[..., 0], "x[..., 0]"),
        ((2, 4, 6), lambda x: x.swapaxes(1, 2), "x.swapaxes(-1, -2)"),
        ((2, 4, 6), lambda x: x.transpose(2, 0, 1), "x.transpose(2, 0, 1)"),
        ((2, 5, 24), lambda x: x.reshape(2, 5, 3, 2, 4)[:, :, 1].transpose(0, 2, 1, 3),
         "x.reshape(2, 5, 6, 4)[:, :, 2:4].transpose(0, 2, 1, 3)"),
    ],
)  # fmt: skip
def test_it_reads_well(shape: Any, take: Any, text: str) -> None:
    whole = np.arange(np.prod(shape), dtype=np.float64).reshape(shape)
    assert written(take(whole), whole)[0] == text
