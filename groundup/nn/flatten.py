"""Layers that only change the shape: several dimensions into one, and one into several."""

from __future__ import annotations

from collections.abc import Sequence

from groundup.functions import view
from groundup.nn.module import Module
from groundup.tensor import Tensor


class Flatten(Module):
    """Makes one dimension of ``start_dim`` to ``end_dim``; the batch stays apart.

    Follows ``torch.nn.Flatten``.

    >>> import groundup
    >>> groundup.nn.Flatten()(groundup.ones(32, 1, 5, 5)).shape
    groundup.Size([32, 25])
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Tensor:
        """Flattens ``input``, without a copy where a view will do."""
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        """The settings."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Splits dimension ``dim`` into ``unflattened_size``, in which one size may be -1.

    Follows ``torch.nn.Unflatten``.

    >>> import groundup
    >>> groundup.nn.Unflatten(1, (2, 5, -1))(groundup.ones(32, 50)).shape
    groundup.Size([32, 2, 5, 5])
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        if not isinstance(dim, int):
            raise TypeError(f"invalid argument type for dim: {type(dim).__name__}")
        self.dim = dim
        self.unflattened_size = tuple(unflattened_size)

    def forward(self, input: Tensor) -> Tensor:
        """Splits the dimension, as a view where it can be one."""
        return view.unflatten(input, self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        """The settings."""
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
