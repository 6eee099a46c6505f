"""How long vectors are and how far apart: scaled to length 1, the cosine of their angle, the distance of pairs."""

from __future__ import annotations

from groundup import dtypes
from groundup.functions.elementwise import clamp_min
from groundup.functions.linalg.norms import vector_norm
from groundup.functions.norms import norm
from groundup.functions.reduce import sum as sum_
from groundup.functions.view import broadcast_tensors
from groundup.tensor import Tensor


def normalize(input: Tensor, p: float = 2.0, dim: int | tuple[int, ...] = 1, eps: float = 1e-12) -> Tensor:
    """The vectors along ``dim`` divided by their p-norms, or by ``eps`` where those are smaller.

    >>> import groundup
    >>> groundup.nn.functional.normalize(groundup.tensor([[3.0, 4.0]]))
    tensor([[0.6000, 0.8000]])
    """
    return input / clamp_min(norm(input, p, dim, True), eps)


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors along ``dim``: the dot product of both, divided by their lengths.

    >>> import groundup
    >>> groundup.nn.functional.cosine_similarity(groundup.tensor([1.0, 0.0]), groundup.tensor([3.0, 4.0]), dim=0)
    tensor(0.6000)
    """
    kind = dtypes.OF_NUMPY[dtypes.result_of([x1._array, x2._array])]
    if not kind.is_floating_point:
        raise RuntimeError(
            f"expected common dtype to be floating point, yet common dtype is {kind.legacy}\n"
            "  Convert one of them first, with .float()."
        )
    first, second = broadcast_tensors(x1, x2)
    return sum_(first / _length(first, dim, eps) * (second / _length(second, dim, eps)), dim)


def _length(x: Tensor, dim: int, eps: float) -> Tensor:
    """The length along ``dim``, at least ``eps``, which the gradient does not know of, as in PyTorch."""
    length = vector_norm(x, 2, dim, True)
    return length + (clamp_min(length, eps) - length).detach()


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """The p-norm of x1 - x2 along the last dimension; ``eps`` keeps it away from 0, where it has no derivative.

    >>> import groundup
    >>> groundup.nn.functional.pairwise_distance(groundup.tensor([[0.0, 0.0]]), groundup.tensor([[3.0, 4.0]]))
    tensor([5.0000])
    """
    return norm(x1 - x2 + eps, p, -1, keepdim)
