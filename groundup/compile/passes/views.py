"""View simplification: chains of views become one, views that change nothing go, and so does what NumPy spreads itself.

The order of elements in memory never matters here, only their order in the array: a chain of reshapes is the last of
them, and a chain of transpositions one permutation.
"""

from __future__ import annotations

import numpy as np

from groundup.compile.graph import Graph, Statement, Value
from groundup.compile.passes.rewriting import Rewriting

RESHAPES = ("reshape", "flatten", "squeeze", "unsqueeze")
TURNS = ("t", "transpose", "permute")
KEEPING = ("sum", "mean", "amax", "amin", "logsumexp", "var", "std")  # reductions with a choice to keep their axes


def views(graph: Graph) -> Graph:
    """Simplify each view, and what reads views."""
    return Rewriting(graph).by(_inserted, _reshaped, _turned, _spread, _kept_axes, _broadcast)


def turned(statement: Statement) -> tuple[int, ...]:
    """The order of axes that a transposition leads to."""
    rank = len(statement.out.shape)
    if statement.row.name == "t":
        return tuple(reversed(range(rank)))
    if statement.row.name == "permute":
        return tuple(axis % rank for axis in statement.params["dims"])
    order = list(range(rank))
    first, second = statement.params["dim0"] % rank, statement.params["dim1"] % rank
    order[first], order[second] = order[second], order[first]
    return tuple(order)


def permuted(r: Rewriting, x: Value, order: tuple[int, ...]) -> Value:
    """x with its axes in that order, by the simplest row that does it."""
    moved = [axis for axis, place in enumerate(order) if axis != place]
    if not moved:
        return x
    shape = tuple(x.shape[axis] for axis in order)
    if len(order) == 2:
        return r.emit("t", x, shape=shape)
    if len(moved) == 2:
        return r.emit("transpose", x, shape=shape, dim0=moved[0], dim1=moved[1])
    return r.emit("permute", x, shape=shape, dims=order)


def reshaped(r: Rewriting, x: Value, shape: tuple[int, ...]) -> Value:
    """x in another shape."""
    return x if x.shape == shape else r.emit("reshape", x, shape=shape, size=shape)


def _inserted(r: Rewriting, s: Statement) -> Value | None:
    """x[:, None] is a reshape too, and so is its gradient; x[...] is x."""
    if s.row.name not in ("slice", "alias", "placed"):
        return None
    key = s.params.get("key", ())
    if not all(each is None or each is Ellipsis or each == slice(None) for each in key):
        return None
    if s.row.name == "placed" and not r.may_share(s.operands[0]):
        return None
    return _instead(r, s, s.operands[0])


def _reshaped(r: Rewriting, s: Statement) -> Value | None:
    if s.row.name not in RESHAPES:
        return None
    inner = r.maker(s.operands[0], *RESHAPES)
    if inner is not None and r.may_share(inner.operands[0]):
        return _instead(r, s, inner.operands[0])
    return _instead(r, s, s.operands[0]) if s.operands[0].shape == s.out.shape else None


def _instead(r: Rewriting, s: Statement, source: Value) -> Value | None:
    """The source itself, or in the shape of the result."""
    if source.shape != s.out.shape:
        return r.emit("reshape", source, shape=s.out.shape, size=s.out.shape)
    returned_argument = source.memory.external and s.out.memory in r.escaping
    return None if returned_argument or not r.may_share(source) else source


def _turned(r: Rewriting, s: Statement) -> Value | None:
    if s.row.name not in TURNS:
        return None
    x, order = s.operands[0], turned(s)
    inner = r.maker(x, *TURNS)
    if inner is not None and r.may_share(inner.operands[0]):
        x, before = inner.operands[0], turned(inner)
        order = tuple(before[axis] for axis in order)
    elif order != tuple(range(len(order))) and (s.row.name == "t" or len(order) != 2):
        return None
    if order == tuple(range(len(order))):
        return _instead(r, s, x)
    return permuted(r, x, order)


def _spread(r: Rewriting, s: Statement) -> Value | None:
    if s.row.name != "expand":
        return None
    x = s.operands[0]
    inner = r.maker(x, "expand")
    if inner is not None and r.may_share(inner.operands[0]):
        return r.emit("expand", inner.operands[0], shape=s.out.shape, size=s.out.shape)
    return _instead(r, s, x) if x.shape == s.out.shape else None


def _kept_axes(r: Rewriting, s: Statement) -> Value | None:
    """A reduction whose axes of length 1 are put back, or taken away, right after it."""
    if s.row.name == "sum_to" and len(s.out.shape) == len(s.operands[0].shape):
        lost = tuple(i for i, (n, m) in enumerate(zip(s.operands[0].shape, s.out.shape, strict=True)) if n != m)
        return r.emit("sum", s.operands[0], shape=s.out.shape, dim=lost, keepdim=True) if lost else None
    inner = r.maker(s.operands[0], *KEEPING) if s.row.name in RESHAPES else None
    if inner is None or r.uses.get(s.operands[0]) != 1 or not r.intact(inner.operands[0]):
        return None
    x, dim, keepdim = inner.operands[0], inner.params["dim"], inner.params["keepdim"]
    axes = [axis % max(len(x.shape), 1) for axis in dim]
    kept = tuple(1 if axis in axes else n for axis, n in enumerate(x.shape))
    lost = tuple(n for axis, n in enumerate(x.shape) if axis not in axes)
    if s.out.shape != (lost if keepdim else kept) or s.out.shape == inner.out.shape:
        return None
    return r.emit(inner.row.name, x, shape=s.out.shape, **{**inner.params, "keepdim": not keepdim})


def _broadcast(r: Rewriting, s: Statement) -> Value | None:
    """What NumPy spreads by itself need not be spread before."""
    if s.row.family == "elementwise":
        for i, each in enumerate(s.operands):
            inner = r.maker(each, "expand", *RESHAPES)
            if inner is not None and _fits(r, s, i, inner):
                s.operands[i] = inner.operands[0]
    elif s.row.name == "matmul":
        _batched(r, s)
    return None


def _fits(r: Rewriting, s: Statement, i: int, inner: Statement) -> bool:
    source = inner.operands[0]
    leading = (1,) * (len(inner.out.shape) - len(source.shape))
    if inner.row.name != "expand" and inner.out.shape != leading + source.shape:
        return False
    shapes = [v.shape for k, v in enumerate(s.operands) if isinstance(v, Value) and k != i]
    return bool(shapes) and r.intact(source) and np.broadcast_shapes(source.shape, *shapes) == s.out.shape


def _batched(r: Rewriting, s: Statement) -> None:
    """A matrix that is the same for all of a batch, turned or not."""
    for i in (0, 1):
        flipped = r.maker(s.operands[i], *TURNS)
        flipped = flipped if flipped is not None and swaps_matrices(flipped) else None
        inner, other = r.maker(s.operands[i] if flipped is None else flipped.operands[0], "expand"), s.operands[1 - i]
        if inner is None or not r.intact(inner.operands[0]):
            continue
        source = inner.operands[0]
        if len(source.shape) < 2 or source.shape[-2:] != inner.out.shape[-2:]:
            continue
        source = _without_ones(r, source)
        if np.broadcast_shapes(source.shape[:-2], other.shape[:-2]) == s.out.shape[:-2]:
            rank = len(source.shape)
            turn = (*range(rank - 2), rank - 1, rank - 2)
            s.operands[i] = source if flipped is None else permuted(r, source, turn)


def swaps_matrices(s: Statement) -> bool:
    """Whether a transposition exchanges the last two axes, and leaves those before them."""
    rank = len(s.out.shape)
    return turned(s) == (*range(rank - 2), rank - 1, rank - 2)


def _without_ones(r: Rewriting, x: Value) -> Value:
    """The matrix before leading axes of length 1 were put to it."""
    inner = r.maker(x, *RESHAPES)
    if inner is None or not r.intact(inner.operands[0]):
        return x
    source = inner.operands[0]
    leading = len(x.shape) - len(source.shape)
    return source if leading > 0 and len(source.shape) >= 2 and x.shape == (1,) * leading + source.shape else x
