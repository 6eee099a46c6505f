"""Layers that compare two batches of vectors: the cosine of their angle, and their distance."""

from __future__ import annotations

from groundup.nn import functional as F
from groundup.nn.module import Module
from groundup.tensor import Tensor


class CosineSimilarity(Module):
    """The cosine of the angle between vectors along ``dim``, whose lengths count as at least ``eps``.

    Follows ``torch.nn.CosineSimilarity``.

    >>> import groundup
    >>> groundup.nn.CosineSimilarity(dim=0)(groundup.tensor([1.0, 0.0]), groundup.tensor([3.0, 4.0]))
    tensor(0.6000)
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        self.dim = dim
        self.eps = eps

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """Compares ``x1`` with ``x2``, which broadcast."""
        return F.cosine_similarity(x1, x2, self.dim, self.eps)


class PairwiseDistance(Module):
    """The p-norm of the difference along the last dimension, to each element of which ``eps`` is added.

    Follows ``torch.nn.PairwiseDistance``.

    >>> import groundup
    >>> groundup.nn.PairwiseDistance()(groundup.tensor([[0.0, 0.0]]), groundup.tensor([[3.0, 4.0]]))
    tensor([5.0000])
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        self.norm = p
        self.eps = eps
        self.keepdim = keepdim

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """The distances of ``x1`` from ``x2``, which broadcast."""
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)
