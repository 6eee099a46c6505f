"""Dropout: random zeros during training, of elements or of whole channels. The dropout layers stand on it."""

from __future__ import annotations

import math
import warnings

from groundup.functions import creation
from groundup.tensor import Tensor

SATURATION = -1.7580993408473766  # what selu tends to far below 0: -scale * alpha


def _check(p: float) -> None:
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def _channels(input: Tensor) -> tuple[int, ...]:
    """The shape of a mask that has one element for each channel of each example."""
    if input.dim() < 2:
        raise RuntimeError(
            "Feature dropout requires at least 2 dimensions in the input\n"
            f"  The input has shape {tuple(input.shape)}: the examples, their channels, and what is in those."
        )
    return (*input.shape[:2], *(1,) * (input.dim() - 2))


def _dropped(input: Tensor, shape: tuple[int, ...], p: float, inplace: bool) -> Tensor:
    """The input times a mask of that shape, which holds 0 and 1/(1-p): one product forward and one back."""
    mask = creation.empty(shape, dtype=input.dtype).bernoulli_(1.0 - p)
    if 0.0 < p < 1.0:
        mask.mul_(1.0 / (1.0 - p))
    return input.mul_(mask) if inplace else input * mask


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Sets each element to 0 with probability ``p`` and divides the others by ``1 - p``.

    The expected value stays the same; without ``training`` the input is returned as it is. A ``p``
    outside [0, 1] raises ``ValueError``. Srivastava et al., "Dropout" (2014).

    >>> import groundup
    >>> from groundup.nn import functional as F
    >>> F.dropout(groundup.ones(3), training=False)
    tensor([1., 1., 1.])
    >>> sorted(set(F.dropout(groundup.ones(100), 0.5).tolist()))
    [0.0, 2.0]
    """
    _check(p)
    if not training or p == 0.0:
        return input
    return _dropped(input, tuple(input.shape), p, inplace)


def _channel_dropout(input: Tensor, p: float, training: bool, inplace: bool) -> Tensor:
    _check(p)
    if not training or p == 0.0:
        return input
    return _dropped(input, _channels(input), p, inplace)


def _unusual_rank(name: str, input: Tensor, spatial: int) -> None:
    """Warn of an input of a rank that PyTorch will refuse one day."""
    if input.dim() not in (spatial + 1, spatial + 2):
        warnings.warn(
            f"{name}: Received a {input.dim()}-D input to {name}, which is deprecated and will result in an error in "
            f"a future release. Its input has {spatial} spatial dimensions, a channel dimension, and an optional batch "
            f"dimension (i.e. {spatial + 1}D or {spatial + 2}D inputs); dropout takes any.",
            stacklevel=3,
        )


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Sets whole channels of ``(N, C, L)`` or ``(C, L)`` to 0 with probability ``p``."""
    _check(p)
    if input.dim() not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {input.dim()}D input. Note that dropout1d exists to "
            "provide channel-wise dropout on inputs with 1 spatial dimension, a channel dimension, and an optional "
            "batch dimension (i.e. 2D or 3D inputs)."
        )
    if input.dim() == 3:
        return _channel_dropout(input, p, training, inplace)
    return _channel_dropout(input.unsqueeze(0), p, training, inplace).squeeze(0)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Sets whole channels of images ``(N, C, H, W)`` to 0 with probability ``p``, and divides the others by 1 - p.

    Neighbouring pixels are alike, so that dropping single ones would take little away. As in PyTorch, the first two
    dimensions count as examples and channels also where there are only three.
    """
    _unusual_rank("dropout2d", input, 2)
    return _channel_dropout(input, p, training, inplace)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Sets whole channels of volumes ``(N, C, D, H, W)`` or ``(C, D, H, W)`` to 0 with probability ``p``."""
    _unusual_rank("dropout3d", input, 3)
    _check(p)
    if input.dim() == 4:
        return _channel_dropout(input.unsqueeze(0), p, training, inplace).squeeze(0)
    return _channel_dropout(input, p, training, inplace)


def _saturated(input: Tensor, shape: tuple[int, ...], p: float, inplace: bool) -> Tensor:
    """What a mask of that shape drops becomes selu's limit; then both are scaled to mean 0 and variance 1 again."""
    if p == 1.0:
        return input.mul_(0) if inplace else input * 0
    scale = 1 / math.sqrt((1 - p) * (1 + p * SATURATION * SATURATION))
    keep = creation.empty(shape, dtype=input.dtype).bernoulli_(1.0 - p)
    offset = (1 - keep) * (SATURATION * scale) - SATURATION * scale * p
    if inplace:
        return input.mul_(keep * scale).add_(offset)
    return input * (keep * scale) + offset


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout that keeps inputs of mean 0 and variance 1 at that, for networks of selu.

    What is dropped becomes selu's value far below 0. Klambauer et al., "Self-normalizing neural networks" (2017).
    """
    _check(p)
    return _saturated(input, tuple(input.shape), p, inplace) if training and p else input


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """`alpha_dropout` of whole channels."""
    _check(p)
    return _saturated(input, _channels(input), p, inplace) if training and p else input
