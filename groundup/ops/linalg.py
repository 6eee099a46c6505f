"""The contract family's inverses and factorizations: rows whose derivative is another product or another solve.

The formulas are those of M. Giles, Collected matrix derivative results for forward and reverse mode algorithmic
differentiation (2008), where nothing else is named. The gradients of vectors that are unique only up to a sign are
those of functions that do not depend on the choice. Where two values coincide the vectors have no derivative: a
gradient that comes to them gives nan or inf, as in PyTorch, and one that comes to the values alone is right.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from groundup.ops import matrices
from groundup.ops.contract import contraction
from groundup.ops.row import Row, name_rows

# No formula in indices stands for these.
factorization = partial(contraction, judge="finite differences and PyTorch")


def _t(m: Any, x: Any) -> Any:
    """The matrices transposed."""
    return m.transpose(x, dim0=x.ndim - 2, dim1=x.ndim - 1)


def _part(m: Any, x: Any, rows: Any, columns: Any = slice(None)) -> Any:
    return m.slice(x, key=(Ellipsis, rows, columns))


def _diag(m: Any, x: Any) -> Any:
    """The vectors as diagonal matrices."""
    return m.on_diagonal(x, offset=0, dim1=x.ndim - 1, dim2=x.ndim, size=(*x.shape, x.shape[-1]))


def _diagonal(m: Any, x: Any) -> Any:
    return m.diagonal(x, offset=0, dim1=x.ndim - 2, dim2=x.ndim - 1)


def _column(m: Any, x: Any) -> Any:
    """Vectors as matrices of one column; numbers as matrices of one element by two of these."""
    return m.reshape(x, size=(*x.shape, 1))


def _row(m: Any, x: Any) -> Any:
    return m.reshape(x, size=(*x.shape[:-1], 1, x.shape[-1]))


def _lower(m: Any, x: Any) -> Any:
    """The lower triangle with half the diagonal: what of a symmetric change belongs to a triangular factor."""
    return (m.tril(x, diagonal=0) + m.tril(x, diagonal=-1)) / 2


def _skew(m: Any, x: Any) -> Any:
    return x - _t(m, x)


def _over(m: Any, x: Any, y: Any, g: Any) -> Any:
    """x / y; 0 for matrices whose gradient g, of which x is a multiple, is all 0, even where y is."""
    idle = m.any(g != 0, dim=(g.ndim - 2, g.ndim - 1), keepdim=True) == 0
    return x / m.where((y == 0) & idle, 1, y)


def _gaps(m: Any, x: Any) -> Any:
    """x[j] - x[i] in row i and column j, and 1 on the diagonal."""
    return m.where(m.constant(np.eye(x.shape[-1], dtype=bool)), 1, _row(m, x) - _column(m, x))


inv = factorization(
    lambda m, a: matrices.inverse(a),
    lambda m, g, y: -(_t(m, y) @ g @ _t(m, y)),
    label="LinalgInvExBackward0",
)
solve = factorization(
    lambda m, a, b: matrices.solve(a, b),
    lambda m, g, a, y: -(m.solve(_t(m, a), g) @ _t(m, y)),
    lambda m, g, a: m.solve(_t(m, a), g),
    label="LinalgSolveExBackward0",
)
inv_ex = factorization(
    lambda m, a: matrices.inverse_ex(a),
    lambda m, g, a, y: _inv_ex_grad(m, g, y, _each(m, m.singular(a, y) == 0)),
    label="LinalgInvExBackward0",
)
solve_ex = factorization(
    lambda m, a, b, *, across: matrices.solve_ex(a, b, across),
    lambda m, g, a, y, across: _solve_ex_grad(m, g, a, y, across)[0],
    lambda m, g, a, y, across: _solve_ex_grad(m, g, a, y, across)[1],
    label="LinalgSolveExBackward0",
)
# Which diagonal element of U was 0, from the matrices and the nan that stand for what could not be found.
singular = factorization(lambda m, a, found: matrices.singular(a, found))


def _each(m: Any, x: Any) -> Any:
    """A number for each matrix as one for each element of it."""
    return _column(m, _column(m, x))


def _inv_ex_grad(m: Any, g: Any, y: Any, regular: Any) -> Any:
    """That of the inverse; 0 for matrices that have none."""
    yt = _t(m, m.where(regular, y, 0))
    return yt @ m.where(regular, -g, 0) @ yt


def _solve_ex_grad(m: Any, g: Any, a: Any, y: Any, across: bool) -> tuple[Any, Any]:
    """Those of the solution; 0 for systems that have none."""
    regular = _each(m, m.singular(_t(m, a) if across else a, y) == 0)
    safe = m.where(regular, a, m.cast(m.constant(np.eye(a.shape[-1])), to=a.dtype))
    gb = m.solve(_t(m, safe), m.where(regular, g, 0))
    return gb @ _t(m, m.where(regular, -y, 0)), gb


solve_triangular = factorization(
    lambda m, a, b, *, upper, unitriangular: matrices.solve_triangular(a, b, upper, unitriangular),
    lambda m, g, a, y, upper, unitriangular: _triangle(
        m, -(_solve_back(m, a, g, upper, unitriangular) @ _t(m, y)), upper, unitriangular
    ),
    lambda m, g, a, upper, unitriangular: _solve_back(m, a, g, upper, unitriangular),
    label="LinalgSolveTriangularBackward0",
)


def _solve_back(m: Any, a: Any, g: Any, upper: bool, unitriangular: bool) -> Any:
    return m.solve_triangular(_t(m, a), g, upper=not upper, unitriangular=unitriangular)


def _triangle(m: Any, x: Any, upper: bool, strict: bool) -> Any:
    return m.triu(x, diagonal=int(strict)) if upper else m.tril(x, diagonal=-int(strict))


det = factorization(
    lambda m, a: np.asarray(np.linalg.det(a)),
    lambda m, g, a: _column(m, _column(m, g)) * m.cofactor(a),
    label="LinalgDetBackward0",
)
cofactor = factorization(
    lambda m, a: matrices.cofactor(a),
    lambda m, g, a: _cofactor_grad(m, g, a),
)
slogdet = factorization(
    lambda m, a: matrices.slogdet(a),
    lambda m, g, a: _column(m, _column(m, m.slice(g, key=(Ellipsis, 1)))) * _t(m, m.inv(a)),
    label="LinalgSlogdetBackward0",
)


def _cofactor_grad(m: Any, g: Any, a: Any) -> Any:
    """With A = U S V^T and W = U^T G V: U (diag(P diag(W)) - P * W^T) V^T, where P[i, j] is the product of all
    singular values but the i-th and j-th, and det(U V) is the sign. No division, so that it holds for singular A."""
    n = a.shape[-1]
    u, s, v = _factors(m, m.svd(a, full=False), a.shape)
    sign = m.slice(m.slogdet(u @ _t(m, v)), key=(Ellipsis, 0))
    eye = np.eye(n, dtype=bool)
    left_out = m.constant(eye[:, None, :] | eye[None, :, :])
    lines = m.expand(m.reshape(s, size=(*s.shape[:-1], 1, 1, n)), size=(*s.shape[:-1], n, n, n))
    others = m.prod(m.where(left_out, 1, lines), dim=(s.ndim + 1,), keepdim=False)
    others = m.where(m.constant(eye), 0, others)
    w = _t(m, u) @ g @ v
    on = m.reshape(others @ _column(m, _diagonal(m, w)), size=s.shape)
    return _column(m, _column(m, sign)) * (u @ (_diag(m, on) - others * _t(m, w)) @ _t(m, v))


# I. Murray, Differentiation of the Cholesky decomposition, 2016.
cholesky = factorization(
    lambda m, a: matrices.cholesky(a),
    lambda m, g, y: _cholesky_grad(m, g, y),
    label="LinalgCholeskyExBackward0",
)
cholesky_ex = factorization(
    lambda m, a: matrices.cholesky_ex(a),
    lambda m, g, a, y: _cholesky_ex_grad(m, g, a, y),
    label="LinalgCholeskyExBackward0",
)
# The order of the first minor that is not positive definite, from the matrices and the nan that stand for factors.
indefinite = factorization(lambda m, a, found: matrices.indefinite(a, found))


def _cholesky_ex_grad(m: Any, g: Any, a: Any, y: Any) -> Any:
    """That of the factor; 0 for matrices that have none."""
    definite = _each(m, m.indefinite(a, y) == 0)
    safe = m.where(definite, y, m.cast(m.constant(np.eye(a.shape[-1])), to=a.dtype))
    return _cholesky_grad(m, m.where(definite, g, 0), safe)


def _cholesky_grad(m: Any, g: Any, y: Any) -> Any:
    """The symmetric part of L^-T lower(L^T G) L^-1."""
    inner = _lower(m, _t(m, y) @ g)
    left = _solve_back(m, y, inner, False, False)
    whole = _t(m, _solve_back(m, y, _t(m, left), False, False))
    return (whole + _t(m, whole)) / 2


# S. F. Walter and L. Lehmann, Algorithmic differentiation of linear algebra functions, 2010, for R of full rank.
qr = factorization(
    lambda m, a, *, mode: matrices.qr(a, mode),
    lambda m, g, y, shape, mode: _qr_grad(m, g, y, shape, mode),
    label="LinalgQrBackward0",
)


def _qr_grad(m: Any, g: Any, y: Any, shape: tuple[int, ...], mode: str) -> Any:
    rows, columns = shape[-2:]
    if mode == "r":
        raise RuntimeError(
            "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use "
            "linalg.qr(A, mode='reduced') if you are going to differentiate through linalg.qr."
        )
    if mode == "complete" and rows > columns:
        raise RuntimeError(
            "The QR decomposition is not differentiable when mode='complete' and nrows > ncols.\n"
            "  The columns of Q behind the first ones are not determined by A; use mode='reduced'."
        )
    q, r = _part(m, y, slice(rows)), _t(m, _part(m, y, slice(rows, None)))
    gq, gr = _part(m, g, slice(rows)), _t(m, _part(m, g, slice(rows, None)))
    if rows >= columns:
        return _qr_grad_tall(m, gq, gr, q, r)
    # The columns behind the square part are A2 = Q R2, so that R2 = Q^T A2 gives its gradient to A2 and to Q.
    front, behind = slice(rows), slice(rows, None)
    r2, gr2 = _part(m, r, slice(None), behind), _part(m, gr, slice(None), behind)
    gq = gq + q @ r2 @ _t(m, gr2)
    first = _qr_grad_tall(m, gq, _part(m, gr, slice(None), front), q, _part(m, r, slice(None), front))
    return m.cat(first, q @ gr2, dim=len(shape) - 1, sizes=(rows, columns - rows))


def _qr_grad_tall(m: Any, gq: Any, gr: Any, q: Any, r: Any) -> Any:
    """(gQ + Q sym(upper(gR R^T - Q^T gQ))) R^-T."""
    upper = _t(m, _lower(m, _t(m, gr @ _t(m, r) - _t(m, q) @ gq)))
    found = gq + q @ (upper + _t(m, upper))
    return _t(m, m.solve_triangular(r, _t(m, found), upper=True, unitriangular=False))


# One of the factors that a factorization gives side by side, in memory of its own.
factor = factorization(
    lambda m, packed, *, key, name: packed[key].copy(),
    lambda m, g, shape, key: m.placed(g, key=key, size=shape),
    label=lambda name, **_: name,
)
eigh = factorization(
    lambda m, a, *, uplo: matrices.eigh(a, uplo),
    lambda m, g, y: _eigh_grad(m, g, y),
    label="LinalgEighBackward0",
)


def _eigh_grad(m: Any, g: Any, y: Any) -> Any:
    """V (diag(gw) + skew(V^T gV) / 2 (w_j - w_i)) V^T, which is symmetric."""
    vectors, values = _part(m, y, slice(-1)), m.slice(y, key=(Ellipsis, -1, slice(None)))
    gvectors, gvalues = _part(m, g, slice(-1)), m.slice(g, key=(Ellipsis, -1, slice(None)))
    turned = _skew(m, _t(m, vectors) @ gvectors) / 2
    return vectors @ (_diag(m, gvalues) + _over(m, turned, _gaps(m, values), gvectors)) @ _t(m, vectors)


# J. Townsend, Differentiating the singular value decomposition, 2016.
svd = factorization(
    lambda m, a, *, full: matrices.svd(a, full),
    lambda m, g, y, shape: _svd_grad(m, g, y, shape),
    label="LinalgSvdBackward0",
)
svdvals = factorization(
    lambda m, a: matrices.svdvals(a),
    lambda m, g, a: _svdvals_grad(m, g, a),
    label="LinalgSvdBackward0",
)


def _factors(m: Any, y: Any, shape: tuple[int, ...]) -> tuple[Any, Any, Any]:
    """U, the singular values and V, of as many columns as there are singular values."""
    rows, columns = shape[-2:]
    front = slice(min(rows, columns))
    return (
        _part(m, y, slice(rows), front),
        m.slice(y, key=(Ellipsis, -1, front)),
        _part(m, y, slice(rows, -1), front),
    )


def _svd_grad(m: Any, g: Any, y: Any, shape: tuple[int, ...]) -> Any:
    u, s, v = _factors(m, y, shape)
    gu, gs, gv = _factors(m, g, shape)
    gaps = _gaps(m, s * s)
    ut, vt = _t(m, u), _t(m, v)
    inner = _diag(m, gs)
    inner = inner + _over(m, _skew(m, ut @ gu), gaps, gu) * _row(m, s)
    inner = inner + _over(m, _skew(m, vt @ gv), gaps, gv) * _column(m, s)
    found = u @ inner @ vt
    if shape[-2] > shape[-1]:
        found = found + _over(m, gu - u @ (ut @ gu), _row(m, s), gu) @ vt
    if shape[-1] > shape[-2]:
        found = found + u @ _t(m, _over(m, gv - v @ (vt @ gv), _row(m, s), gv))
    return found


def _svdvals_grad(m: Any, g: Any, a: Any) -> Any:
    u, _, v = _factors(m, m.svd(a, full=False), a.shape)
    return (u * _row(m, g)) @ _t(m, v)


# G. H. Golub and V. Pereyra, The differentiation of pseudo-inverses, 1973, for matrices of constant rank.
pinv = factorization(
    lambda m, a, *, atol, rtol, hermitian: matrices.pinv(a, atol, rtol, hermitian),
    lambda m, g, a, y: _pinv_grad(m, g, a, y),
    label="LinalgPinvBackward0",
)
lstsq = factorization(
    lambda m, a, b, *, rtol: matrices.lstsq(a, b, rtol),
    lambda m, g, a, b, rtol: _pinv_grad(m, g @ _t(m, b), a, m.pinv(a, atol=0, rtol=rtol, hermitian=False)),
    lambda m, g, a, rtol: _t(m, m.pinv(a, atol=0, rtol=rtol, hermitian=False)) @ g,
    label="LinalgLstsqBackward0",
)

# How many singular values are above the tolerances.
rank = Row(
    "contract",
    lambda m, values, atol, rtol, *, rounding: matrices.rank(values, atol, rtol, rounding),
    dtypes="own",
    judge="piecewise constant",
)


def _pinv_grad(m: Any, g: Any, a: Any, y: Any) -> Any:
    """-Y^T G Y^T + (I - A Y) G^T Y Y^T + Y^T Y G^T (I - Y A)."""
    yt, gt = _t(m, y), _t(m, g)
    left = gt @ (y @ yt)
    right = (yt @ y) @ gt
    return -(yt @ g @ yt) + (left - a @ (y @ left)) + (right - (right @ y) @ a)


matrix_exp = factorization(
    lambda m, a: matrices.matrix_exp(a),
    lambda m, g, a: _matrix_exp_grad(m, g, _t(m, a)),
    label="LinalgMatrixExpBackward0",
)


def _matrix_exp_grad(m: Any, g: Any, a: Any) -> Any:
    """The upper right block of exp([[A, G], [0, A]]): R. Mathias, A chain rule for matrix functions, 1996."""
    n = a.shape[-1]
    front, behind = slice(n), slice(n, None)
    size = (*a.shape[:-2], 2 * n, 2 * n)
    block = m.placed(g, key=(Ellipsis, front, behind), size=size)
    for each in (front, behind):
        block = block + m.placed(a, key=(Ellipsis, each, each), size=size)
    return _part(m, m.matrix_exp(block), front, behind)


ROWS = name_rows(globals())
