"""Losses that ask for a margin: between the right class and the others, or between what is near and what is far."""

from __future__ import annotations

from collections.abc import Callable

from groundup import dtypes
from groundup.autograd.state import is_traced
from groundup.autograd.tape import shown_as
from groundup.functions import creation, elementwise, index, reduce
from groundup.nn.functional.activation import logsigmoid
from groundup.nn.functional.distance import pairwise_distance
from groundup.nn.functional.reduction import check_no_outer_product, check_reduction, reduced
from groundup.tensor import Tensor


def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0, *, reduction: str = "mean") -> Tensor:
    """x where the target is 1, max(0, margin - x) where it is -1: small distances for pairs that belong together.

    >>> import groundup
    >>> F = groundup.nn.functional
    >>> F.hinge_embedding_loss(groundup.tensor([0.25, 0.25]), groundup.tensor([1, -1]), reduction="none")
    tensor([0.2500, 0.7500])
    """
    check_no_outer_product("hinge_embedding_loss", input, target)
    far = elementwise.where(target != 1, elementwise.clamp_min(margin - input, 0), 0.0)
    return reduced(far + elementwise.where(target != -1, input, 0.0), reduction)


def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, *, reduction: str = "mean"
) -> Tensor:
    """1 - cos where the target is 1, max(0, cos - margin) where it is -1, with cos between the rows of the inputs.

    >>> import groundup
    >>> F = groundup.nn.functional
    >>> x, y = groundup.tensor([[1.0, 0.0], [1.0, 0.0]]), groundup.tensor([[0.0, 2.0], [3.0, 0.0]])
    >>> F.cosine_embedding_loss(x, y, groundup.tensor([1, -1]), reduction="none")
    tensor([1., 1.])
    """
    if target.dim() > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if not input1.dim() == input2.dim() == target.dim() + 1:
        raise RuntimeError(
            f"{target.dim()}D target tensor expects {target.dim() + 1}D input tensors, "
            f"but found inputs with sizes {list(input1.shape)} and {list(input2.shape)}."
        )
    small = 1e-12
    lengths = (reduce.sum(elementwise.square(x), -1) + small for x in (input1, input2))
    first, second = lengths
    cosine = reduce.sum(input1 * input2, -1) / elementwise.sqrt(first * second)
    check_no_outer_product("cosine_embedding_loss", cosine, target)
    together = elementwise.where(target == 1, 1 - cosine, 0.0)
    return reduced(
        together + elementwise.where(target == -1, elementwise.clamp_min(cosine - margin, 0), 0.0), reduction
    )


def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, *, reduction: str = "mean"
) -> Tensor:
    """max(0, margin - target * (input1 - input2)): the first is to rank higher where the target is 1, lower at -1.

    >>> import groundup
    >>> one = groundup.ones(1)
    >>> groundup.nn.functional.margin_ranking_loss(one, 3 * one, one)
    tensor(2.)
    """
    if not input1.dim() == input2.dim() == target.dim():
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {input1.shape!r}, input2: {input2.shape!r}, target: {target.shape!r} "
        )
    check_no_outer_product("margin_ranking_loss", input1, input2)
    check_no_outer_product("margin_ranking_loss", input1, target)
    return reduced(elementwise.clamp_min(-target * (input1 - input2) + margin, 0), reduction)


def soft_margin_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """log(1 + exp(-target * input)) for targets of 1 and -1, without overflow.

    >>> import groundup
    >>> groundup.nn.functional.soft_margin_loss(groundup.tensor([0.0]), groundup.tensor([1.0]))
    tensor(0.6931)
    """
    check_no_outer_product("soft_margin_loss", input, target)
    return shown_as(reduced(-logsigmoid(target * input), reduction), "SoftMarginLossBackward0")


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    *,
    reduction: str = "mean",
) -> Tensor:
    """The mean over the classes of max(0, margin - x[target] + x[i])**p, the target itself left out.

    Scores (N, C) or (C), class indices (N) or one; ``weight`` (C) scales the examples of each class.

    >>> import groundup
    >>> groundup.nn.functional.multi_margin_loss(groundup.tensor([[0.5, 0.75]]), groundup.tensor([0]))
    tensor(0.6250)
    """
    check_reduction(reduction)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    _check_scores(input)
    x = input if input.dim() else input.reshape(1)
    classes, batch = x.shape[-1], x.shape[:-1]
    if weight is not None and weight.dim() != 1:
        raise ValueError("weight must be one-dimensional\n  it holds one number for each class")
    if weight is not None and tuple(weight.shape) != (classes,):
        raise RuntimeError(f"inconsistent weight size, expected {classes} but got {list(weight.shape)}")
    if target.shape != batch and (batch or target.numel() != 1):
        raise RuntimeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples "
            f"(batch size). Expected target size {list(batch) or [1]}, but got {list(target.shape)}. "
            f"Input has shape {list(input.shape)}."
        )
    target = _checked_classes(target, 0, classes, "target out of range")
    place = target.reshape(batch).unsqueeze(-1)
    excess = elementwise.clamp_min(margin - index.gather(x, -1, place) + x, 0)
    if p == 2:
        excess = elementwise.square(excess)
    if weight is not None:
        excess = excess * weight[place]
    excess = index.scatter(excess, -1, place, 0.0)
    return shown_as(reduced(reduce.sum(excess, -1) / classes, reduction), "MultiMarginLossBackward0")


def multilabel_margin_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """The sum of max(0, 1 - (x[j] - x[i])) over the right classes j and the wrong ones i, by the number of classes.

    The right classes of each row stand at its beginning in ``target``, up to the first -1.

    >>> import groundup
    >>> F = groundup.nn.functional
    >>> F.multilabel_margin_loss(groundup.tensor([0.25, 0.5, 0.75]), groundup.tensor([2, -1, 0]))
    tensor(0.4167)
    """
    check_reduction(reduction)
    _check_scores(input)
    if target.shape != input.shape:
        raise RuntimeError(f"inconsistent target size: {list(target.shape)} for input of size: {list(input.shape)}")
    classes = input.shape[-1] if input.dim() else 1
    target = _checked_classes(target, -1, classes, "argument #2 'target' is out of range")
    x, named = (t if t.dim() else t.reshape(1) for t in (input, target))
    named_until = reduce.cumsum((named < 0).long(), -1) == 0
    place = elementwise.where(named_until, named, 0)
    right = index.scatter_add(creation.zeros_like(named), -1, place, named_until.long()) > 0
    excess = 1 - index.gather(x, -1, place).unsqueeze(-1) + x.unsqueeze(-2)
    counts = named_until.unsqueeze(-1) & ~right.unsqueeze(-2)
    excess = elementwise.where(counts, elementwise.clamp_min(excess, 0), 0.0)
    return shown_as(reduced(reduce.sum(excess, (-2, -1)) / classes, reduction), "MultilabelMarginLossBackward0")


def multilabel_soft_margin_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean"
) -> Tensor:
    """The mean over the classes of -(t * log(sigmoid(x)) + (1 - t) * log(sigmoid(-x))), each scaled by ``weight``.

    >>> import groundup
    >>> F = groundup.nn.functional
    >>> F.multilabel_soft_margin_loss(groundup.zeros(1, 2), groundup.tensor([[1.0, 0.0]]))
    tensor(0.6931)
    """
    check_no_outer_product("multilabel_soft_margin_loss", input, target)
    loss = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    if weight is not None:
        loss = loss * weight
    return reduced(reduce.mean(loss, -1), reduction)


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    *,
    reduction: str = "mean",
) -> Tensor:
    """max(0, margin + d(anchor, positive) - d(anchor, negative)) with the distance by the norm ``p``.

    With ``swap`` the negative is also compared with the positive, and the smaller distance counts.
    Balntas et al. (2016).

    >>> import groundup
    >>> a = groundup.zeros(1, 2)
    >>> groundup.nn.functional.triplet_margin_loss(a, a + 3, a + 1, eps=0.0)
    tensor(3.8284)
    """

    def distance(a: Tensor, b: Tensor) -> Tensor:
        return pairwise_distance(a, b, p, eps)

    return triplet_margin_with_distance_loss(
        anchor, positive, negative, distance_function=distance, margin=margin, swap=swap, reduction=reduction
    )


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """``triplet_margin_loss`` with a distance of one's own; the Euclidean one if it is None."""
    check_reduction(reduction)
    if distance_function is None:
        return triplet_margin_loss(anchor, positive, negative, margin, swap=swap, reduction=reduction)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    if not anchor.dim() == positive.dim() == negative.dim():
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {anchor.dim()}D, positive {positive.dim()}D, and negative {negative.dim()}D inputs"
        )
    near, far = distance_function(anchor, positive), distance_function(anchor, negative)
    if swap:
        far = elementwise.minimum(far, distance_function(positive, negative))
    return reduced(elementwise.clamp_min(margin + near - far, 0), reduction)


def _check_scores(input: Tensor) -> None:
    if input.dim() > 2 or (input.dim() and not input.shape[-1]):
        raise RuntimeError(
            f"Expected non-empty vector or matrix with optional 0-dim batch size, but got: {list(input.shape)}"
        )


def _checked_classes(target: Tensor, lowest: int, classes: int, first: str) -> Tensor:
    if target.dtype != dtypes.int64:
        raise RuntimeError(
            f"expected scalar type Long but found {target.dtype.legacy}\n  write target.long() for class indices"
        )
    if is_traced():  # what is too small becomes too large, so that whoever reads there raises
        return elementwise.where(target < lowest, classes, target)
    if bool(((target < lowest) | (target >= classes)).any()):
        raise RuntimeError(f"{first}\n  the classes are 0 to {classes - 1}")
    return target
