"""The layer that drops random elements during training."""

from __future__ import annotations

from groundup.nn import functional as F
from groundup.nn.module import Module
from groundup.tensor import Tensor


class Dropout(Module):
    """Sets each element to 0 with probability ``p`` in training mode, and divides the others by ``1 - p``.

    In evaluation mode the input passes unchanged. Follows ``torch.nn.Dropout``; Srivastava et al. (2014).

    >>> import groundup
    >>> groundup.nn.Dropout(0.2).eval()(groundup.ones(3))
    tensor([1., 1., 1.])
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Drops elements of ``input`` in training mode."""
        return F.dropout(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        """The settings."""
        return f"p={self.p}, inplace={self.inplace}"
