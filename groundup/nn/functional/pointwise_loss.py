"""Losses that compare a prediction and a target element by element.

Unlike PyTorch, none of them lets a prediction of shape (n, 1) broadcast against a target of shape (n,)
into n * n pairs: that raises ``ValueError`` with the ``squeeze`` to write. The loss layers stand on these.
"""

from __future__ import annotations

from groundup.autograd.state import is_traced
from groundup.autograd.tape import shown_as
from groundup.functions import elementwise
from groundup.nn.functional.activation import logsigmoid
from groundup.nn.functional.reduction import (
    check_no_outer_product,
    check_reduction,
    check_same_shape,
    reduced,
)
from groundup.tensor import Tensor


def mse_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", weight: Tensor | None = None) -> Tensor:
    """The squared error (input - target)**2, averaged, summed or as it is.

    With ``weight`` each error counts that often, and the mean divides by the sum of the weights.

    >>> import groundup
    >>> F = groundup.nn.functional
    >>> F.mse_loss(groundup.tensor([1.0, 2.0]), groundup.tensor([1.0, 4.0]))
    tensor(2.)
    """
    check_no_outer_product("mse_loss", input, target)
    return shown_as(_weighted(elementwise.square(input - target), weight, reduction), "MseLossBackward0")


def l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", weight: Tensor | None = None) -> Tensor:
    """The absolute error abs(input - target), averaged, summed or as it is.

    With ``weight`` each error counts that often, and the mean divides by the sum of the weights.

    >>> import groundup
    >>> F = groundup.nn.functional
    >>> F.l1_loss(groundup.tensor([1.0, 2.0]), groundup.tensor([1.0, 4.0]), reduction="sum")
    tensor(2.)
    """
    check_no_outer_product("l1_loss", input, target)
    return _weighted(elementwise.abs(input - target), weight, reduction)


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """d**2 / 2 where d = abs(input - target) is below ``delta``, and delta * (d - delta / 2) beyond.

    Huber, "Robust estimation of a location parameter" (1964).

    >>> import groundup
    >>> F = groundup.nn.functional
    >>> F.huber_loss(groundup.tensor([0.0, 0.0]), groundup.tensor([1.0, 3.0]), reduction="none")
    tensor([0.5000, 2.5000])
    """
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    check_no_outer_product("huber_loss", input, target)
    return shown_as(_weighted(_huber(input - target, delta), weight, reduction), "HuberLossBackward0")


def smooth_l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """d**2 / (2 * beta) where d = abs(input - target) is below ``beta``, and d - beta / 2 beyond.

    Girshick, "Fast R-CNN" (2015).

    >>> import groundup
    >>> F = groundup.nn.functional
    >>> F.smooth_l1_loss(groundup.tensor([0.0, 0.0]), groundup.tensor([1.0, 3.0]), reduction="none")
    tensor([0.5000, 2.5000])
    """
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0:
        return l1_loss(input, target, reduction=reduction)
    check_no_outer_product("smooth_l1_loss", input, target)
    return shown_as(reduced(_huber(input - target, beta) / beta, reduction), "SmoothL1LossBackward0")


def _huber(difference: Tensor, delta: float) -> Tensor:
    size = elementwise.abs(difference)
    return elementwise.where(size < delta, 0.5 * difference * difference, delta * (size - 0.5 * delta))


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean"
) -> Tensor:
    """-(t * log(p) + (1 - t) * log(1 - p)) for a probability p = input; each log is at least -100.

    A probability outside [0, 1] raises ``RuntimeError``; in a compiled function its loss is nan.
    ``binary_cross_entropy_with_logits`` keeps more digits.

    >>> import groundup
    >>> F = groundup.nn.functional
    >>> F.binary_cross_entropy(groundup.tensor([0.5, 0.25]), groundup.tensor([1.0, 0.0]), reduction="none")
    tensor([0.6931, 0.2877])
    """
    check_same_shape("binary_cross_entropy", input, target)
    if not is_traced() and not bool(((input >= 0) & (input <= 1)).all()):
        raise RuntimeError(
            "all elements of input should be between 0 and 1\n"
            "  give scores of any size to binary_cross_entropy_with_logits"
        )
    hit = elementwise.clamp_min(elementwise.log(input), -100.0)
    miss = elementwise.clamp_min(elementwise.log1p(-input), -100.0)
    return _scaled(-(target * hit + (1 - target) * miss), weight, reduction)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """The binary cross entropy of sigmoid(input), computed from the scores without overflow.

    -(pos_weight * t * log(sigmoid(x)) + (1 - t) * log(1 - sigmoid(x))). ``pos_weight`` broadcasts over the
    last dimension (one number for each class); ``weight`` scales the losses. The target must have the
    input's shape, or ``ValueError`` is raised.

    >>> import groundup
    >>> F = groundup.nn.functional
    >>> F.binary_cross_entropy_with_logits(groundup.tensor([0.0, 100.0]), groundup.tensor([1.0, 0.0]))
    tensor(50.3466)
    """
    check_same_shape("binary_cross_entropy_with_logits", input, target)
    log_sigmoid = logsigmoid(input)
    if pos_weight is None:
        loss = (1 - target) * input - log_sigmoid
    else:
        loss = (1 - target) * input - (1 + (pos_weight - 1) * target) * log_sigmoid
    return shown_as(_scaled(loss, weight, reduction), "BinaryCrossEntropyWithLogitsBackward0")


def _weighted(loss: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    if weight is None:
        return reduced(loss, reduction)
    check_reduction(reduction)
    if weight.shape != loss.shape:
        raise ValueError("Inputs and weights must have the same size.")
    total = loss * weight
    return total.sum() / weight.sum() if reduction == "mean" else reduced(total, reduction)


def _scaled(loss: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    return reduced(loss if weight is None else loss * weight, reduction)
