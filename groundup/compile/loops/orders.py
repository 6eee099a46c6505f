"""In which order the axes of a value run in memory, where a kernel wants another order than NumPy's.

Convolution of many small images has the batch run fastest. What is computed from such a value element by element keeps
its order, and loops go through it as memory does, so that nothing is copied to and fro between two layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from groundup.compile.graph import Graph, Value
from groundup.compile.loops.group import Task
from groundup.compile.loops.layout import Buffer, Layout, Shape, steps

STRIDED = frozenset("squeeze unsqueeze expand permute transpose t slice diagonal alias".split())


def plain_memory(graph: Graph) -> set[Any]:
    """The memory that must lie as NumPy has it: of results, and of what is written while other shapes look at it."""
    written = {each.out.memory for each in graph.statements if each.inplace}
    views = (each for each in graph.statements if each.is_view and each.row.name not in STRIDED)
    plain = {each.out.memory for each in views if each.out.memory in written}
    return plain | {each.memory for each in graph.outputs if isinstance(each, Value)}


def order_of(layout: Layout) -> tuple[int, ...] | None:
    """The axes from the slowest to the fastest, if the elements lie without gaps in another order than NumPy's.

    >>> import numpy as np
    >>> order_of(Layout(Buffer(np.dtype("float32"), 24, "temporary"), (4, 2, 3), (1, 12, 4)))
    (1, 2, 0)
    """
    single = [axis for axis, n in enumerate(layout.shape) if n == 1]
    moving = [axis for axis, n in enumerate(layout.shape) if n != 1]
    turned = sorted(moving, key=lambda axis: -layout.strides[axis])
    if turned == moving or [layout.strides[a] for a in turned] != list(steps(tuple(layout.shape[a] for a in turned))):
        return None
    return (*single, *turned)


def in_order(buffer: Buffer, shape: Shape, order: tuple[int, ...]) -> Layout:
    """A whole buffer as a value of that shape, whose axes run in that order.

    >>> import numpy as np
    >>> in_order(Buffer(np.dtype("float32"), 24, "temporary"), (4, 2, 3), (1, 2, 0)).strides
    (1, 12, 4)
    """
    strides = [0] * len(shape)
    for axis, step in zip(order, steps(tuple(shape[axis] for axis in order)), strict=True):
        strides[axis] = step
    return Layout(buffer, shape, tuple(strides))


def kept(reads: Sequence[Any], shape: Shape, turned: set[Buffer]) -> tuple[int, ...] | None:
    """The order that what is computed from these operands over a shape takes over from one of them, if it does."""
    for each in reads:
        if each is not None and each[1].buffer in turned and each[1].shape == shape:
            found = order_of(each[1])
            if found is not None:
                return found
    return None


def as_memory_runs(task: Task, turned: set[Buffer]) -> Task:
    """The same task, its axes in the order of its result, or of what it reduces, if that is not NumPy's."""
    leading = task.reads[0] if task.reduced else (*task.out[:2], task.out[2])
    if leading is None or leading[1].buffer not in turned or leading[1].shape != task.shape:
        return task
    order = order_of(leading[1])
    if order is None:
        return task

    def relaid(strides: Shape) -> Shape:
        return tuple(strides[axis] for axis in order)

    reads = [None if each is None else (*each[:2], relaid(each[2])) for each in task.reads]
    reduced = tuple(at for at, axis in enumerate(order) if axis in task.reduced)
    return replace(
        task, shape=relaid(task.shape), reads=reads, out=(*task.out[:2], relaid(task.out[2])), reduced=reduced
    )
