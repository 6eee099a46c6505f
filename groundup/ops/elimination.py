"""The contract family's Gaussian elimination: A = P L U as one row, with the triangles and the order of the rows.

NumPy keeps LAPACK's elimination to itself, so that this one is written out, a column at a time.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from groundup.ops import matrices
from groundup.ops.contract import contraction
from groundup.ops.row import name_rows


def row_order(pivots: np.ndarray, rows: int) -> np.ndarray:
    """The order that exchanging row k with row pivots[k], one k after the other, brings the rows into."""
    flat = pivots.reshape(math.prod(pivots.shape[:-1]), pivots.shape[-1])
    order = np.tile(np.arange(rows), (len(flat), 1))
    each = np.arange(len(flat))
    for k in range(flat.shape[1]):
        order[each, k], order[each, flat[:, k]] = order[each, flat[:, k]], order[each, k]
    return order.reshape(*pivots.shape[:-1], rows)


def _packed(a: np.ndarray) -> np.ndarray:
    """L below and U on and above the diagonal; beside them a column of the order of the rows, and one of pivots."""
    found, pivots = matrices.lu(a)
    beside = np.zeros((*a.shape[:-1], 2), a.dtype)
    beside[..., 0] = row_order(pivots, a.shape[-2])
    beside[..., : pivots.shape[-1], 1] = pivots
    return np.concatenate((found, beside), axis=-1)


def _checked(packed: np.ndarray) -> np.ndarray:
    """The packed factors as they are. Raises RuntimeError if some U is singular."""
    info = matrices.first_zeros(packed[..., :-2])
    if info.any():
        which = int(np.flatnonzero(info)[0])
        k, batch = info.reshape(-1)[which], f"(Batch element {which}): " if info.ndim else ""
        raise RuntimeError(
            f"torch.linalg.lu_factor: {batch}U[{k},{k}] is zero and using it on lu_solve would result in a division by "
            "zero. If you still want to perform the factorization, consider calling linalg.lu(A, pivot) or "
            "linalg.lu_factor_ex(A, pivot)"
        )
    return packed


def _permutation(pivots: np.ndarray, rows: int, to: np.dtype[Any]) -> np.ndarray:
    order = row_order(pivots - 1, rows)
    return (order[..., None, :] == np.arange(rows)[:, None]).astype(to)


lu = contraction(
    lambda m, a, *, check: _checked(_packed(a)) if check else _packed(a),
    lambda m, g, y, shape: _lu_grad(m, g, y, shape),
    label="LinalgLuFactorExBackward0",
    judge="finite differences and PyTorch",
)

# What it finds beside the factors: pivots and places that count from 1, and the permutation that pivots stand for.
lu_pivots = contraction(lambda m, packed, *, size: packed[..., :size, -1].astype(np.int32) + np.int32(1))
lu_info = contraction(lambda m, lu: matrices.first_zeros(lu))
permutation = contraction(lambda m, pivots, *, rows, to: _permutation(pivots, rows, to))


def _lu_grad(m: Any, g: Any, y: Any, shape: tuple[int, ...]) -> Any:
    """P L^-T (lower(L^T gL) + upper(gU U^T)) U^-T of the square part; the rest of A is L2 U or L U2."""
    rows, columns = shape[-2:]
    k = min(rows, columns)
    front, behind = slice(k), slice(k, None)
    upper, gupper = _part(m, y, front, front), _part(m, g, front, front)
    lower = m.where(m.constant(np.eye(k, dtype=bool)), 1, m.tril(upper, diagonal=-1))
    below = _t(m, lower) @ m.tril(gupper, diagonal=-1)
    above = m.triu(gupper, diagonal=0) @ _t(m, m.triu(upper, diagonal=0))
    if rows > columns:
        rest, grest = _part(m, y, behind, front), _part(m, g, behind, front)
        above = above - _t(m, rest) @ grest
    if columns > rows:
        wide = slice(k, columns)
        rest, grest = _part(m, y, front, wide), _part(m, g, front, wide)
        below = below - grest @ _t(m, rest)
    inner = m.tril(below, diagonal=-1) + m.triu(above, diagonal=0)
    found = _after_upper(m, _before_lower(m, inner, lower), upper)
    if rows > columns:
        found = m.cat(found, _after_upper(m, grest, upper), dim=len(shape) - 2, sizes=(k, rows - k))
    if columns > rows:
        found = m.cat(found, _before_lower(m, grest, lower), dim=len(shape) - 1, sizes=(k, columns - k))
    order = _part(m, y, slice(None), slice(columns, columns + 1))
    back = m.cast(_t(m, order) == m.constant(np.arange(rows)[:, None]), to=g.dtype)
    return back @ found


def _part(m: Any, x: Any, rows: slice, columns: slice) -> Any:
    return m.slice(x, key=(Ellipsis, rows, columns))


def _t(m: Any, x: Any) -> Any:
    return m.transpose(x, dim0=x.ndim - 2, dim1=x.ndim - 1)


def _before_lower(m: Any, x: Any, lower: Any) -> Any:
    """L^-T X."""
    return m.solve_triangular(_t(m, lower), x, upper=True, unitriangular=True)


def _after_upper(m: Any, x: Any, upper: Any) -> Any:
    """X U^-T."""
    return _t(m, m.solve_triangular(upper, _t(m, x), upper=True, unitriangular=False))


ROWS = name_rows(globals())
