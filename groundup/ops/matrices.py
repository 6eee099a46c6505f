"""What the rows of `linalg` compute on arrays: NumPy's factorizations, and the few that NumPy does not have.

All work on batches of matrices. Where LAPACK gives up, the error is PyTorch's, and says which matrix of the batch it
was. A factorization with several factors comes back as one array with the factors side by side, so that one row, with
one derivative, can stand for it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from groundup.errors import LinAlgError

_qr: Any = np.linalg.qr  # NumPy's types only know settings that are written out
_eigh: Any = np.linalg.eigh


def swap(x: np.ndarray) -> np.ndarray:
    """The matrices transposed."""
    return x.swapaxes(-1, -2)


def inverse(a: np.ndarray) -> np.ndarray:
    """The inverses. Raises LinAlgError for a singular matrix."""
    try:
        return np.linalg.inv(a)
    except np.linalg.LinAlgError:
        which, row = _first_singular(a)
        raise LinAlgError(
            f"linalg.inv: {which}The diagonal element {row + 1} is zero, the inversion could not be completed because "
            "the input matrix is singular.\n  pinv(A) inverts what can be inverted; inv_ex(A) does not raise."
        ) from None


def solve(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """X with A X = B. Raises LinAlgError for a singular matrix."""
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        which, _ = _first_singular(a)
        raise LinAlgError(
            f"torch.linalg.solve: {which}The solver failed because the input matrix is singular.\n"
            "  lstsq(A, B) finds the X that comes nearest; solve_ex(A, B) does not raise."
        ) from None


def lu(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gaussian elimination with partial pivoting: L below and U on and above the diagonal, and the row exchanges.

    `pivots[k]` is the row that was exchanged with row k before column k was eliminated.
    """
    rows, columns = a.shape[-2:]
    found = a.copy().reshape(math.prod(a.shape[:-2]), rows, columns)
    steps = min(rows, columns)
    pivots = np.empty((len(found), steps), np.int32)
    each = np.arange(len(found))
    for k in range(steps):
        pivot = pivots[:, k] = k + np.argmax(np.abs(found[:, k:, k]), axis=1)
        found[each, k], found[each, pivot] = found[each, pivot], found[each, k]
        head = found[:, k, k, None]
        found[:, k + 1 :, k] /= np.where(head == 0, 1, head)
        found[:, k + 1 :, k + 1 :] -= found[:, k + 1 :, k, None] * found[:, k, None, k + 1 :]
    return found.reshape(a.shape), pivots.reshape(*a.shape[:-2], steps)


def first_zeros(packed: np.ndarray) -> np.ndarray:
    """For each matrix that was eliminated 0, or the first k, counted from 1, where U[k, k] is 0."""
    zero = np.diagonal(packed, axis1=-2, axis2=-1) == 0
    first = zero.argmax(axis=-1) + 1 if zero.shape[-1] else 0
    return np.where(zero.any(axis=-1), first, 0).astype(np.int32)


def inverse_ex(a: np.ndarray) -> np.ndarray:
    """The inverses; nan for singular matrices."""
    try:
        return np.linalg.inv(a)
    except np.linalg.LinAlgError:
        broken = first_zeros(lu(a)[0])[..., None, None] != 0
        return np.where(broken, np.nan, inverse(np.where(broken, np.eye(a.shape[-1], dtype=a.dtype), a)))


def solve_ex(a: np.ndarray, b: np.ndarray, across: bool) -> np.ndarray:
    """X with A X = B; nan for singular matrices, which elimination of A tells, or of its transpose if `across`."""
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        broken = first_zeros(lu(swap(a) if across else a)[0])[..., None, None] != 0
        return np.where(broken, np.nan, solve(np.where(broken, np.eye(a.shape[-1], dtype=a.dtype), a), b))


def singular(a: np.ndarray, found: np.ndarray) -> np.ndarray:
    """For each matrix 0, or which diagonal element of U was 0; only nan among what was found tells of any."""
    if found.size and not np.isnan(found).any():
        return np.zeros(a.shape[:-2], np.int32)
    return first_zeros(lu(a)[0])


def _first_singular(a: np.ndarray) -> tuple[str, int]:
    """The first singular matrix of a batch, in words, and the first zero on the diagonal of its U."""
    sizes = np.abs(np.diagonal(lu(a)[0], axis1=-2, axis2=-1)).reshape(-1, a.shape[-1])
    least = sizes.min(axis=1)
    # Elimination in another order may leave a tiny number where LAPACK found 0.
    index = int(np.argmax(least == 0)) if not least.all() else int(np.argmin(least))
    return _element(a, index), int(np.argmin(sizes[index]))


def _element(a: np.ndarray, index: int) -> str:
    return f"(Batch element {index}): " if a.ndim > 2 else ""


def solve_triangular(a: np.ndarray, b: np.ndarray, upper: bool, unitriangular: bool) -> np.ndarray:
    """X with A X = B, where one triangle of A is read; a 0 on the diagonal gives inf and nan."""
    a = np.triu(a) if upper else np.tril(a)
    if unitriangular:
        every = np.arange(a.shape[-1])
        a[..., every, every] = 1
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        return _substitute(a, b, upper)


def _substitute(a: np.ndarray, b: np.ndarray, upper: bool) -> np.ndarray:
    """Forward or back substitution, a row at a time."""
    n = a.shape[-1]
    x = np.empty(np.broadcast_shapes(a.shape[:-2], b.shape[:-2]) + b.shape[-2:], b.dtype)
    for k in reversed(range(n)) if upper else range(n):
        solved = slice(k + 1, n) if upper else slice(0, k)
        rest = b[..., k, :] - (a[..., k, None, solved] @ x[..., solved, :])[..., 0, :]
        x[..., k, :] = rest / a[..., k, k, None]
    return x


def cholesky(a: np.ndarray) -> np.ndarray:
    """L with A = L L^T, of the lower triangle. Raises LinAlgError if A is not positive definite."""
    try:
        return np.linalg.cholesky(a)
    except np.linalg.LinAlgError:
        index, order = next((i, k) for i, k in enumerate(definite_orders(a)) if k)
        raise LinAlgError(
            f"linalg.cholesky: {_element(a, index)}The factorization could not be completed because the input is not "
            f"positive-definite (the leading minor of order {order} is not positive-definite).\n"
            "  A matrix X @ X.mT is positive definite once a small multiple of the identity is added."
        ) from None


def cholesky_ex(a: np.ndarray) -> np.ndarray:
    """L with A = L L^T, of the lower triangle; nan for matrices that are not positive definite."""
    try:
        return np.linalg.cholesky(a)
    except np.linalg.LinAlgError:
        orders = np.array(definite_orders(a)).reshape(a.shape[:-2])
        broken = orders[..., None, None] != 0
        return np.where(broken, np.nan, np.linalg.cholesky(np.where(broken, np.eye(a.shape[-1], dtype=a.dtype), a)))


def indefinite(a: np.ndarray, found: np.ndarray) -> np.ndarray:
    """For each matrix 0, or the order of the first minor that is not positive definite; only nan tells of any."""
    if not np.isnan(found).any():
        return np.zeros(a.shape[:-2], np.int32)
    return np.array(definite_orders(a), np.int32).reshape(a.shape[:-2])


def definite_orders(a: np.ndarray) -> list[int]:
    """For each matrix the order of the smallest leading minor that is not positive definite, or 0."""
    return [_definite_order(each) for each in a.reshape(-1, *a.shape[-2:])]


def _definite_order(a: np.ndarray) -> int:
    good, bad = 0, len(a) + 1  # by bisection: the minors inside a positive definite one are so too
    while bad - good > 1:
        order = (good + bad) // 2
        try:
            np.linalg.cholesky(a[:order, :order])
            good = order
        except np.linalg.LinAlgError:
            bad = order
    return bad if bad <= len(a) else 0


def qr(a: np.ndarray, mode: str) -> np.ndarray:
    """Q over R^T, in one array with a column for each column of Q; for the mode "r" R^T alone."""
    if mode == "r":
        return swap(_qr(a, mode="r"))
    q, r = _qr(a, mode=mode)
    return np.concatenate((q, swap(r)), axis=-2)


def eigh(a: np.ndarray, uplo: str) -> np.ndarray:
    """The eigenvectors as columns, and below them a row of their eigenvalues, ascending."""
    try:
        values, vectors = _eigh(a, uplo)
    except np.linalg.LinAlgError:
        raise _not_converged("linalg.eigh", "eigenvalues") from None
    return np.concatenate((vectors, values[..., None, :]), axis=-2)


def svd(a: np.ndarray, full: bool) -> np.ndarray:
    """U over V over a row of singular values, descending: a column for each; if `full`, more vectors beside them."""
    try:
        u, s, vh = np.linalg.svd(a, full_matrices=full)
    except np.linalg.LinAlgError:
        raise _not_converged("linalg.svd", "singular values", a) from None
    rows, columns = a.shape[-2:]
    width = max(rows, columns) if full else s.shape[-1]
    packed = np.zeros((*a.shape[:-2], rows + columns + 1, width), a.dtype)
    packed[..., :rows, : u.shape[-1]] = u
    packed[..., rows:-1, : vh.shape[-2]] = swap(vh)
    packed[..., -1, : s.shape[-1]] = s
    return packed


def svdvals(a: np.ndarray) -> np.ndarray:
    """The singular values alone."""
    try:
        return np.linalg.svd(a, compute_uv=False)
    except np.linalg.LinAlgError:
        raise _not_converged("linalg.svd", "singular values", a) from None


def _not_converged(name: str, what: str, a: np.ndarray | None = None) -> LinAlgError:
    reason = f"is ill-conditioned or has too many repeated {what} (error code: 1)."
    if a is not None and not np.isfinite(a).all():
        reason = "contained non-finite values."
    return LinAlgError(f"{name}: The algorithm failed to converge because the input matrix {reason}")


def slogdet(a: np.ndarray) -> np.ndarray:
    """Sign and logarithm of the absolute determinant, side by side."""
    return np.stack(np.linalg.slogdet(a), axis=-1)


def cofactor(a: np.ndarray) -> np.ndarray:
    """The signed minors, which are the derivatives of the determinant.

    They are det(A) A^-T, where the errors of the two factors cancel (G. W. Stewart, On the adjugate matrix, 1998);
    for singular matrices, det(U V) U C V^T with the cofactors C of the singular values.
    """
    det = np.asarray(np.linalg.det(a))
    if det.all():
        return det[..., None, None] * swap(np.linalg.inv(a))
    u, s, vh = np.linalg.svd(a)
    n = s.shape[-1]
    others = np.where(np.eye(n, dtype=bool), 1, s[..., None, :]).prod(axis=-1)
    turned = np.linalg.det(u) * np.linalg.det(vh)
    return turned[..., None, None] * ((u * others[..., None, :]) @ vh)


def tolerances(kind: np.dtype[Any], atol: Any, rtol: Any, rounding: Any) -> tuple[np.ndarray, np.ndarray]:
    """The bounds up to which a singular value counts as 0; `rounding` stands for an rtol that is not given."""
    absolute = np.asarray(atol, kind)
    if rounding is None:
        return absolute, np.asarray(rtol, kind)
    return absolute, np.where(absolute > 0, 0.0, rounding).astype(kind)


def rank(values: np.ndarray, atol: Any, rtol: Any, rounding: Any) -> np.ndarray:
    """How many singular values are above max(atol, rtol * the largest one)."""
    atol, rtol = tolerances(values.dtype, atol, rtol, rounding)
    limit = np.maximum(atol, rtol * values.max(axis=-1, initial=0))
    return (values > limit[..., None]).sum(axis=-1)


def pinv(a: np.ndarray, atol: Any, rtol: Any, hermitian: bool) -> np.ndarray:
    """The pseudo-inverse: singular values up to max(atol, rtol * the largest one) count as 0."""
    u, inverted, vh = _inverted(a, atol, rtol, hermitian)
    return swap(vh) @ (inverted[..., None] * swap(u))


def lstsq(a: np.ndarray, b: np.ndarray, rtol: float) -> np.ndarray:
    """The pseudo-inverse times B, without the digits that the pseudo-inverse itself would cost."""
    u, inverted, vh = _inverted(a, 0, rtol, False)
    return swap(vh) @ (inverted[..., None] * (swap(u) @ b))


def _inverted(a: np.ndarray, atol: Any, rtol: Any, hermitian: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """U, the inverses of the singular values that do not count as 0, and V^T."""
    if hermitian:
        s, u = np.linalg.eigh(a)
        vh = swap(u)
    else:
        u, s, vh = np.linalg.svd(a, full_matrices=False)
    size = np.abs(s)
    kept = size > np.maximum(atol, rtol * size.max(axis=-1, initial=0))[..., None]
    return u, np.where(kept, 1 / np.where(kept, s, 1), 0), vh


# Numerator of the Padé approximant of order 13 to exp, and the norm up to which it is exact in double precision:
# N. J. Higham, The scaling and squaring method for the matrix exponential revisited, 2005.
_PADE = (
    64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
    670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
)  # fmt: skip
_PADE_NORM = 5.371920351148152


def matrix_exp(a: np.ndarray) -> np.ndarray:
    """exp(A): halved until it is small, approximated by a quotient of polynomials, and squared as often."""
    x = a.astype(np.float64)
    norm = np.abs(x).sum(axis=-2).max(axis=-1, initial=0)
    norm = np.where(np.isfinite(norm), norm, 0)  # the result is nan, whatever the scaling
    halvings = np.ceil(np.log2(np.maximum(norm / _PADE_NORM, 1)))
    x /= np.exp2(halvings)[..., None, None]
    eye = np.broadcast_to(np.eye(x.shape[-1]), x.shape)
    square = x @ x
    odd, even, power = np.zeros_like(x), np.zeros_like(x), eye
    for k in range(0, len(_PADE), 2):
        even += _PADE[k] * power
        odd += _PADE[k + 1] * power
        power = power @ square
    odd = x @ odd
    found = np.linalg.solve(even - odd, even + odd)
    for k in range(int(halvings.max(initial=0))):
        found = np.where((halvings > k)[..., None, None], found @ found, found)
    return found.astype(a.dtype)
