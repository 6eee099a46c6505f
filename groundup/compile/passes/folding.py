"""Leading axes stay folded: a reshape that unfolds them moves behind the statements that do not look at them.

`linear(x.reshape(16, 64, 128))` is `linear(x).reshape(16, 64, 384)` for a matrix x, and so is every function of single
elements. What lies between two layers then is one matrix, and each product one call of BLAS.
"""

from __future__ import annotations

import math

from groundup.compile.graph import Graph, Statement, Value
from groundup.compile.passes.rewriting import Rewriting
from groundup.compile.passes.views import RESHAPES, reshaped

# Whose results are in order in memory, so that folding their axes copies nothing.
_IN_ORDER = ("linear", "matmul", "mm", "normalise", "normalise_back", "embedding", "nll_back", "log_softmax_back")


def folding(graph: Graph) -> Graph:
    """Move reshapes down."""
    return Rewriting(graph).by(_elementwise, _product, _summed)


def _unfolded(r: Rewriting, value: object) -> Value | None:
    """The value that was reshaped to this one, if it has fewer axes."""
    inner = r.maker(value, *RESHAPES)
    if inner is None or not r.intact(inner.operands[0]):
        return None
    source: Value = inner.operands[0]
    return source if 0 < len(source.shape) < len(inner.out.shape) else None


def _elementwise(r: Rewriting, s: Statement) -> Value | None:
    if s.row.family != "elementwise" or s.row.name == "cast":
        return None
    full = {v for v in s.values() if v.shape == s.out.shape and v.constant is None}
    sources = {v: _unfolded(r, v) for v in full}
    shapes = {v.shape for v in sources.values() if v is not None}
    if len(shapes) != 1:
        return None
    (shape,) = shapes
    if not all(v in full or _spreads(v.shape, shape, s.out.shape) for v in s.values()):
        return None
    folded = {v: source if source is not None else _fold(r, v, shape) for v, source in sources.items()}
    if None in folded.values():
        return None
    operands = [folded.get(each, each) if isinstance(each, Value) else each for each in s.operands]
    return _unfold(r, s, operands, shape)


def _spreads(own: tuple[int, ...], folded: tuple[int, ...], whole: tuple[int, ...]) -> bool:
    """Whether an operand meets the same elements in both shapes: a single one, or one for each along the last axis."""
    return (math.prod(own) == 1 and len(own) <= len(folded)) or own == folded[-1:] == whole[-1:]


def _fold(r: Rewriting, value: Value, shape: tuple[int, ...]) -> Value | None:
    """A value that was made in the larger shape, in the smaller one."""
    made = r.maker(value)
    if made is None or not r.intact(value) or not (made.row.family == "elementwise" or made.row.name in _IN_ORDER):
        return None
    return reshaped(r, value, shape)


def _unfold(r: Rewriting, s: Statement, operands: list[object], shape: tuple[int, ...]) -> Value:
    inner = r.emit(s.row.name, *operands, shape=shape, **s.params)
    inner.dtype = s.out.dtype
    inner.gradient_of = s.out.gradient_of
    return reshaped(r, inner, s.out.shape)


def _matrix(r: Rewriting, value: Value) -> Value | None:
    """A value with its leading axes folded into one, if it is the reshape of something already."""
    inner = r.maker(value, *RESHAPES)
    if inner is None or not r.intact(inner.operands[0]) or len(value.shape) < 3:
        return None
    return reshaped(r, inner.operands[0], (math.prod(value.shape[:-1]), value.shape[-1]))


def _product(r: Rewriting, s: Statement) -> Value | None:
    """One product of matrices in the place of a batch with the same right side."""
    if s.row.name not in ("linear", "matmul") or len(s.operands[1].shape) != 2:
        return None
    x = _matrix(r, s.operands[0])
    if x is None:
        return None
    name = "mm" if s.row.name == "matmul" else s.row.name
    inner = r.emit(name, x, *s.operands[1:], shape=(x.shape[0], s.out.shape[-1]), **s.params)
    inner.gradient_of = s.out.gradient_of
    return reshaped(r, inner, s.out.shape)


def _summed(r: Rewriting, s: Statement) -> Value | None:
    """Sums over all leading axes, or over everything."""
    if s.row.name == "sum_to" and s.out.shape == s.operands[0].shape[-1:]:
        matrix = _matrix(r, s.operands[0])
        return None if matrix is None else r.emit("sum_to", matrix, shape=s.out.shape, **s.params)
    if s.row.name in ("sum", "mean") and not s.out.shape:
        x = _unfolded(r, s.operands[0])
        if x is not None:
            return r.emit(s.row.name, x, shape=(), dim=tuple(range(len(x.shape))), keepdim=False)
    return None
