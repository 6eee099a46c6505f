"""Linear algebra's part of the table.

Eigenvectors and singular vectors are unique only up to a sign: what is compared is a function of them that does not
depend on it (absolute values, and the product that gives the matrix back). Matrices that must be symmetric or positive
definite are made so from any matrix, within what is judged, so that each element can be changed by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.table.table import NUMBERS, Arg, Entry, Sample, listed, on, some, tensors


def regular(*shapes: tuple[int, ...], layout: str = "plain", **kwargs: Any) -> Callable[[np.random.Generator], Sample]:
    """A sample of matrices, the first of which is far from singular: its diagonal is large."""

    def make(random: np.random.Generator) -> Sample:
        arrays = [random.uniform(-1, 1, shape) for shape in shapes]
        arrays[0] = arrays[0] + 3 * np.eye(shapes[0][-2], shapes[0][-1])
        return Sample(tuple(Arg(each, layout) for each in arrays), kwargs)

    return make


def matrix(*rows: Any, smooth: bool = True) -> Callable[[np.random.Generator], Sample]:
    """A sample of one matrix, written out."""
    return lambda random: Sample((Arg(np.array(rows, dtype=np.float64)),), smooth=smooth)


def positive(t: Any, x: Any) -> Any:
    """A symmetric positive definite matrix."""
    return x @ x.mT + t.eye(x.shape[-1], dtype=x.dtype)


def symmetric(x: Any) -> Any:
    """A symmetric matrix."""
    return (x + x.mT) / 2


SQUARES = (
    regular((3, 3)),
    regular((2, 2, 2)),
    regular((2, 2), layout="transposed"),
    regular((1, 1)),
    regular((0, 0)),
    regular((0, 2, 2)),
)
SINGULAR = (
    matrix((1, 2), (2, 4)),
    matrix((0, 0), (0, 0)),
    matrix((1, 2, 3), (2, 4, 6), (1, 0, 1)),
    matrix(((1, 2), (2, 4)), ((1, 0), (0, 1))),
)
SHAPES = (regular((3, 3)), regular((2, 3, 2)), regular((2, 3)), regular((0, 2)))


def factors(of: Callable[..., Any]) -> Callable[..., Any]:
    """L and U, and P, which has no gradient, in the product."""

    def judged(x: Any) -> Any:
        p, lower, upper = of(x)
        return lower, upper, p @ lower @ upper

    return judged


def eigenvectors(t: Any) -> Callable[..., Any]:
    def judged(x: Any, **kwargs: Any) -> Any:
        values, vectors = t.linalg.eigh(symmetric(x), **kwargs)
        return values, vectors.abs(), vectors * values[..., None, :] @ vectors.mT

    return judged


def singular_vectors(of: Callable[..., Any]) -> Callable[..., Any]:
    def judged(*args: Any, **kwargs: Any) -> Any:
        u, s, vh = of(*args, **kwargs)
        return u.abs(), s, vh.abs(), u * s[..., None, :] @ vh

    return judged


def older_svd(t: Any) -> Callable[..., Any]:
    def judged(x: Any) -> Any:
        u, s, v = t.svd(x)
        return u.abs(), s, v.abs(), u * s[..., None, :] @ v.mT

    return judged


SYSTEMS = (
    regular((3, 3), (3, 2)),
    regular((3, 3), (3,)),
    regular((2, 2, 2), (2, 2, 1)),
    regular((2, 2, 2), (2, 1)),
    regular((2, 2), (2, 2, 2)),
    regular((2, 2, 2), (2, 2)),
    regular((2, 2), (3, 2), left=False),
    regular((0, 0), (0, 2)),
)

ENTRIES = [
    Entry("linalg.inv", some(*SQUARES), rows=("inv",), rtol=10),
    Entry("inverse", some(regular((2, 2))), rows=("inv",), rtol=10),
    Entry("linalg.inv_ex", some(*SQUARES), rows=("inv_ex", "singular"), rtol=10),
    Entry("linalg.solve", some(*SYSTEMS), rows=("solve",), rtol=10),
    Entry("linalg.solve_ex", some(regular((2, 2, 2), (2, 2, 1))), rows=("solve_ex",), rtol=10),
    Entry(
        "linalg.solve_triangular",
        some(
            *(
                regular(*shapes, upper=upper, left=left, unitriangular=unit)
                for upper in (False, True)
                for unit in (False, True)
                for shapes, left in ((((2, 3, 3), (3, 2)), True), (((2, 2), (3, 2)), False))
            )
        ),
        rows=("solve_triangular",),
        rtol=10,
    ),
    Entry(
        "triangular_solve",
        some(*(regular((2, 2), (2, 2), transpose=t) for t in (False, True))),
        rtol=10,
        whole=lambda t: lambda A, b, **kwargs: t.triangular_solve(b, A, **kwargs),
    ),
    Entry("linalg.pinv", some(*SHAPES), rows=("pinv",), rtol=100),
    Entry(
        "linalg.pinv hermitian",
        some(regular((2, 2)), regular((2, 3, 3))),
        path="linalg.pinv",
        rtol=100,
        whole=lambda t: lambda x: t.linalg.pinv(symmetric(x), hermitian=True),
    ),
    Entry("pinverse", some(regular((3, 2))), rtol=100),
    Entry(
        "linalg.lstsq",
        some(
            regular((3, 2), (3, 2)),
            regular((2, 3, 2), (2, 3, 1), driver="gelsd"),
            regular((2, 3), (2, 1)),
            regular((3, 2), (3,), driver="gels"),
        ),
        rows=("lstsq",),
        rtol=100,
        whole=lambda t: lambda *args, **kwargs: t.linalg.lstsq(*args, **kwargs)[:3],
    ),
    Entry("linalg.tensorinv", some(regular((4, 2, 2), ind=1)), rtol=10),
    Entry("linalg.tensorsolve", some(tensors((2, 2, 4), (2, 2)), tensors((2, 4, 2), (2, 2), dims=(1,))), rtol=1000),
    Entry(
        "linalg.cholesky",
        some(*(regular(shape, upper=upper) for shape in ((3, 3), (2, 2, 2), (0, 0)) for upper in (False, True))),
        rows=("cholesky",),
        rtol=10,
        whole=lambda t: lambda x, **kwargs: t.linalg.cholesky(positive(t, x), **kwargs),
    ),
    Entry(
        "linalg.cholesky_ex",
        some(regular((2, 2))),
        rows=("cholesky_ex", "indefinite"),
        rtol=10,
        whole=lambda t: lambda x: t.linalg.cholesky_ex(positive(t, x)),
    ),
    Entry("cholesky", some(regular((2, 2))), rtol=10, whole=lambda t: lambda x: t.cholesky(positive(t, x), True)),
    Entry(
        "cholesky_inverse",
        some(regular((2, 2)), regular((2, 3, 3))),
        rtol=10,
        whole=lambda t: lambda x: t.cholesky_inverse(x.tril()),
    ),
    Entry(
        "cholesky_solve",
        some(regular((2, 2), (2, 3))),
        rtol=10,
        whole=lambda t: lambda x, b: t.cholesky_solve(b, x.triu(), upper=True),
    ),
    Entry("linalg.qr", some(*SHAPES), rows=("qr", "factor"), rtol=100),
    Entry(
        "linalg.qr complete",
        some(regular((2, 2)), regular((2, 3))),
        path="linalg.qr",
        rtol=100,
        whole=lambda t: lambda x: t.linalg.qr(x, mode="complete"),
    ),
    Entry("qr", some(regular((3, 2))), rtol=100),
    Entry(
        "linalg.eigh",
        some(regular((3, 3)), regular((2, 2, 2), UPLO="U"), regular((0, 0))),
        rows=("eigh",),
        rtol=1000,
        whole=eigenvectors,
    ),
    Entry(
        "linalg.eigvalsh",
        some(regular((3, 3)), regular((2, 2, 2), UPLO="U")),
        rows=("eigh",),
        rtol=100,
        whole=lambda t: lambda x, **kwargs: t.linalg.eigvalsh(symmetric(x), **kwargs),
    ),
    Entry(
        "linalg.svd",
        some(*(regular(shape, full_matrices=False) for shape in ((2, 2), (2, 3, 2), (2, 3)))),
        rows=("svd",),
        rtol=1000,
        whole=lambda t: singular_vectors(t.linalg.svd),
    ),
    Entry("svd", some(regular((3, 2))), rtol=1000, whole=older_svd),
    Entry(
        "linalg.svdvals",
        some(regular((2, 2)), regular((2, 3, 2)), matrix((1, 0), (0, 1), smooth=False)),
        rows=("svdvals",),
        order=1,
        rtol=100,
    ),
    Entry(
        "linalg.lu",
        some(*SHAPES, tensors((2, 3, 3))),
        rows=("lu", "factor", "permutation"),
        rtol=100,
        whole=lambda t: factors(t.linalg.lu),
    ),
    Entry("linalg.lu_factor", some(tensors((3, 3)), tensors((2, 3, 2))), rows=("lu",), rtol=100),
    Entry(
        "linalg.lu_factor_ex",
        some(tensors((2, 3)), matrix((1, 1), (1, 1), smooth=False)),
        rows=("lu_pivots", "lu_info"),
        order=0,
    ),
    Entry(
        "linalg.lu_solve",
        some(*(regular((2, 2, 2), (2, 2), left=left, adjoint=adj) for left in (True, False) for adj in (True, False))),
        rtol=100,
        whole=lambda t: lambda A, B, **kwargs: t.linalg.lu_solve(*t.linalg.lu_factor(A), B, **kwargs),
    ),
    Entry("lu", some(tensors((2, 2))), rtol=100),
    Entry("lu_solve", some(regular((2, 2), (2, 1))), rtol=100, whole=lambda t: lambda A, b: t.lu_solve(b, *t.lu(A))),
    Entry("lu_unpack", some(tensors((3, 2))), rtol=100, whole=lambda t: factors(lambda A: t.lu_unpack(*t.lu(A)))),
    Entry("linalg.det", some(*SQUARES), rows=("det", "cofactor"), rtol=100),
    Entry("det", some(regular((2, 2))), rows=("det",), rtol=10),
    Entry("linalg.slogdet", some(*SQUARES), rows=("slogdet",), rtol=10),
    Entry("slogdet", some(regular((2, 2))), rtol=10),
    Entry("logdet", some(regular((2, 2)), regular((2, 3, 3))), rtol=10),
    Entry("linalg.matrix_rank", some(*SHAPES, *SINGULAR), rows=("rank",), order=0),
    Entry("linalg.matrix_exp", some(*SQUARES, matrix((0, 50), (-50, 0))), rows=("matrix_exp",), rtol=1000),
    Entry("matrix_exp", some(regular((2, 2))), rtol=100),
    Entry("linalg.matrix_power", some(*(regular((2, 2, 2), n=n) for n in (-2, 0, 1, 2, 5))), rtol=100),
    Entry("matrix_power", some(regular((2, 2), n=3)), rtol=100),
    Entry(
        "linalg.multi_dot",
        some(
            listed((2, 3), (3, 4)),
            listed((2, 3), (3, 4), (4, 1), (1, 2)),
            listed((3,), (3, 2), (2,)),
        ),
        dtypes=NUMBERS,
        rtol=10,
    ),
    Entry(
        "linalg.cross",
        some(tensors((3,), (3,)), tensors((2, 3), (1, 3)), tensors((3, 2), (3, 2), dim=0), tensors((0, 3), (0, 3))),
        rows=("cross",),
        dtypes=NUMBERS,
        rtol=10,
    ),
    Entry("cross", some(tensors((2, 3, 3), (2, 3, 3)), tensors((3, 2), (3, 2))), dtypes=NUMBERS, rtol=10),
    Entry("linalg.vecdot", some(tensors((2, 3), (3,)), tensors((3, 2), (3, 2), dim=0))),
    Entry("linalg.vander", some(on(3)(), on(2, 3)(N=2), on(2)(N=4)), dtypes=NUMBERS, rtol=10),
    Entry("vander", some(on(3)(), on(3)(N=2), on(3)(N=4, increasing=True)), dtypes=NUMBERS, order=0, rtol=10),
    Entry("linalg.diagonal", some(on(2, 3, 3)(), on(3, 2, 2)(offset=1, dim1=0)), rows=("diagonal",), dtypes=NUMBERS),
    Entry("trace", some(on(3, 3)(), on(2, 3)(), on(0, 0)()), dtypes=NUMBERS),
]
