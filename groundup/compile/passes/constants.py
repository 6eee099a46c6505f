"""Constant folding: what is computed from constants alone is computed now, and a spread-out constant is a number.

A constant of one element that is only expanded to meet others needs no expanding, since NumPy broadcasts.
"""

from __future__ import annotations

import math

import numpy as np

from groundup.compile.graph import Graph, Memory, Statement, Value

_SMALL = 4096  # elements: larger results are left to be computed,
_LARGE = 1 << 24  # but for those that take no more memory than what they are computed from, as masks do


def constants(graph: Graph) -> Graph:
    """Fold elementwise statements, views and sums of constants."""
    written = {statement.out.memory for statement in graph.statements if statement.inplace}
    kept = []
    for statement in graph.statements:
        if not _folds(statement, written):
            kept.append(statement)
            continue
        operands = [each.constant if isinstance(each, Value) else each for each in statement.operands]
        with np.errstate(all="ignore"):
            statement.out.constant = np.array(statement.row.eager(*operands, **statement.params), order="C")
    graph.statements = kept
    _unspread(graph)
    return graph


def _folds(statement: Statement, written: set[Memory]) -> bool:
    values = list(statement.values())
    plain = all(isinstance(each, (Value, int, float)) for each in statement.operands)
    known = bool(values) and all(each.constant is not None and each.memory not in written for each in values)
    free = not statement.inplace and statement.call is None and statement.out.memory not in written
    sizes = [math.prod(each.shape) for each in (statement.out, *values)]
    gains = not statement.is_view and values and _bytes(statement.out) <= max(map(_bytes, values))
    small = max(sizes) <= (_LARGE if gains else _SMALL)
    folding = statement.row.family in ("elementwise", "view") or statement.row.name in ("sum", "sum_to", "mean")
    return plain and known and free and small and folding


def _bytes(value: Value) -> int:
    return math.prod(value.shape) * value.dtype.itemsize


def _unspread(graph: Graph) -> None:
    """Where a constant of equal elements meets an array of at least its shape, one element is enough."""
    for statement in graph.statements:
        if statement.row.family != "elementwise" or statement.inplace:
            continue
        shapes = [each.shape for each in statement.values() if each.constant is None]
        for i, each in enumerate(statement.operands):
            if isinstance(each, Value) and each.constant is not None and each.constant.size > 1:
                first = each.constant.reshape(-1)[:1]
                if (each.constant == first).all() and np.broadcast_shapes(*shapes, ()) == statement.out.shape:
                    single = first.reshape(())
                    statement.operands[i] = Value((), each.dtype, each.memory, constant=single)
