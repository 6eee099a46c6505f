"""Norms and what is measured by them: `norm`, `dist` and `renorm`, as ``torch`` has them beside ``torch.linalg``.

They are methods of tensors too, and load what they call in the first call.
"""

from __future__ import annotations

from typing import Any

from groundup.autograd.tape import shown_as
from groundup.functions.axes import Dim, one_axis
from groundup.functions.lengths import shortened

__all__ = ["dist", "norm", "renorm"]

Tensor = Any


def norm(
    input: Tensor, p: float | str | None = "fro", dim: Dim = None, keepdim: bool = False, dtype: Any = None
) -> Tensor:
    """The vector norm over `dim`, (sum |x|**p) ** (1/p), with p=2 the default; "nuc" sums singular values.

    >>> import groundup
    >>> groundup.norm(groundup.tensor([3.0, 4.0]))
    tensor(5.)
    """
    from groundup.functions.linalg import matrix_norm, vector_norm

    if p == "nuc":
        return matrix_norm(input, "nuc", (-2, -1) if dim is None else _pair(dim), keepdim, dtype=dtype)
    if isinstance(p, str) and p != "fro":
        raise RuntimeError(f"norm knows the orders 'fro', 'nuc' and numbers, not {p!r}")
    order = 2 if p in ("fro", None) else float(p)
    return vector_norm(input, order, () if dim is None else dim, keepdim, dtype=dtype)


def _pair(dim: Any) -> tuple[int, int]:
    if isinstance(dim, int) or len(dim) != 2:
        raise RuntimeError(f"linalg.matrix_norm: dim must be a 2-tuple of ints\n  It is {dim}.")
    return tuple(dim)


def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The p-norm of input - other.

    >>> import groundup
    >>> groundup.dist(groundup.tensor([0.0, 0.0]), groundup.tensor([3.0, 4.0]))
    tensor(5.)
    """
    return norm(input - other, p)


def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """The slices along `dim`, those longer than `maxnorm` in the p-norm shortened to it."""
    rank = input._array.ndim
    if rank < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {rank} dimensions")
    if p <= 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm}")
    axis = one_axis(dim, rank)
    return shown_as(
        shortened(input, p, tuple(each for each in range(rank) if each != axis), maxnorm), "RenormBackward0"
    )
