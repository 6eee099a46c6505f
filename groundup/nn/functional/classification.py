"""Losses for choosing one class of several: cross entropy and the negative log likelihood.

They stand on ``log_softmax`` and on the row ``nll``; nothing in them branches on a value, so that a
compiler can follow them.
"""

from __future__ import annotations

from groundup import dtypes
from groundup.autograd import apply
from groundup.functions import elementwise, reduce
from groundup.nn.functional.reduction import check_reduction, reduced
from groundup.ops import ROWS
from groundup.tensor import Tensor


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """The cross entropy of softmax(input) and the target: -log(softmax(input)[target]).

    ``input`` holds scores of shape (C,), (N, C) or (N, C, d1, ...). ``target`` is either class indices,
    of the same shape without C, or probabilities, of the same shape. ``weight`` (C,) scales the classes.
    Elements whose index is ``ignore_index`` count nothing. ``label_smoothing`` e mixes the target with
    the uniform distribution: (1 - e) * target + e / C. The mean divides by the sum of the weights that
    were used. Follows ``torch.nn.functional.cross_entropy``.

    >>> import groundup
    >>> F = groundup.nn.functional
    >>> scores = groundup.tensor([[2.0, 0.0], [0.0, 0.0]])
    >>> F.cross_entropy(scores, groundup.tensor([0, 1]))
    tensor(0.4100)
    """
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    axis = _class_axis(input)
    if target.shape == input.shape:
        _check_weight("cross_entropy: ", weight, input.shape[axis])
        _check_probabilities(target, ignore_index)
        log_probabilities = reduce.log_softmax(input, axis)
        return _from_probabilities(log_probabilities, target, weight, reduction, label_smoothing, axis)
    _check_weight("", weight, input.shape[axis])
    _check_indices(input, target, ignore_index)
    log_probabilities = reduce.log_softmax(input, axis)
    return _from_indices(log_probabilities, target, weight, ignore_index, reduction, label_smoothing, axis)


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    """The negative log likelihood -input[target] of log probabilities, such as ``log_softmax`` gives.

    Shapes, ``weight``, ``ignore_index`` and the mean are those of ``cross_entropy``.

    >>> import groundup
    >>> F = groundup.nn.functional
    >>> F.nll_loss(groundup.tensor([[-0.5, -2.0], [-3.0, -0.1]]), groundup.tensor([0, 1]))
    tensor(0.3000)
    """
    axis = _class_axis(input)
    _check_weight("", weight, input.shape[axis])
    if weight is not None and weight.dtype != input.dtype:
        raise RuntimeError(
            f"expected scalar type {input.dtype.legacy} but found {weight.dtype.legacy}\n"
            "  weight and input must have one dtype: write weight.to(input.dtype)"
        )
    _check_indices(input, target, ignore_index)
    return _from_indices(input, target, weight, ignore_index, reduction, 0.0, axis)


def _from_indices(
    log_probabilities: Tensor,
    target: Tensor,
    weight: Tensor | None,
    ignore_index: int,
    reduction: str,
    smoothing: float,
    axis: int,
) -> Tensor:
    check_reduction(reduction)
    if log_probabilities.dim() == 1:
        target = target.reshape(())  # PyTorch takes the one index of a single example in either shape
    class_weight = 1 if weight is None else weight
    loss = apply(
        ROWS["nll"],
        log_probabilities,
        target,
        class_weight,
        axis=axis,
        ignore=ignore_index,
        reduction=reduction,
    )
    if not smoothing:
        return loss
    valid = target != ignore_index
    spread = elementwise.where(valid, -_class_sum(log_probabilities, weight, axis), 0.0)
    if reduction == "mean":
        used = valid if weight is None else weight[elementwise.where(valid, target, 0)] * valid
        spread = spread.sum() / used.sum()
    else:
        spread = reduced(spread, reduction)
    return (1 - smoothing) * loss + (smoothing / log_probabilities.shape[axis]) * spread


def _from_probabilities(
    log_probabilities: Tensor,
    target: Tensor,
    weight: Tensor | None,
    reduction: str,
    smoothing: float,
    axis: int,
) -> Tensor:
    check_reduction(reduction)
    classes = log_probabilities.shape[axis]
    if smoothing:
        target = target * (1 - smoothing) + smoothing / classes
    loss = -_class_sum(log_probabilities * target, weight, axis)
    # PyTorch divides by the number of targets here, whatever the weights.
    return loss.sum() / loss.numel() if reduction == "mean" else reduced(loss, reduction)


def _class_sum(values: Tensor, weight: Tensor | None, axis: int) -> Tensor:
    if weight is not None:
        values = values * weight.reshape(-1, *[1] * (values.dim() - axis - 1))
    return values.sum(axis)


def _class_axis(input: Tensor) -> int:
    if input.dim() == 0:
        raise ValueError("Expected 1 or more dimensions (got 0)")
    return 0 if input.dim() == 1 else 1


def _check_weight(where: str, weight: Tensor | None, classes: int) -> None:
    if weight is not None and tuple(weight.shape) != (classes,):
        raise RuntimeError(
            f"{where}weight tensor should be defined either for all {classes} classes or no classes "
            f"but got weight tensor of shape: {list(weight.shape)}\n"
            "  it holds one number for each class; numbers for each sample go with reduction='none'"
        )


def _check_probabilities(target: Tensor, ignore_index: int) -> None:
    if not target.is_floating_point():
        raise RuntimeError(
            "Expected floating point type for target with class probabilities, "
            f"got {target.dtype.legacy}\n"
            "  class indices have the shape of the scores without the dimension of the classes"
        )
    if ignore_index >= 0:
        raise RuntimeError("ignore_index is not supported for floating point target")


def _check_indices(input: Tensor, target: Tensor, ignore_index: int) -> None:
    if isinstance(ignore_index, bool) or not hasattr(ignore_index, "__index__"):
        kind = type(ignore_index).__name__
        raise TypeError(f"argument 'ignore_index' must be int, not {kind}\n  it is one class index, such as -100")
    shape, scores = tuple(target.shape), tuple(input.shape)
    expected = scores[:1] + scores[2:] if len(scores) > 1 else ()
    if shape == expected or (len(scores) == 1 and shape == (1,)):
        if target.dtype in (dtypes.int64, dtypes.uint8):
            return
        raise RuntimeError(
            f"expected target dtype to be Long or Byte, but got {target.dtype.legacy}\n"
            "  write target.long() for class indices"
        )
    if input.dim() > 1 and shape[:1] != expected[:1]:
        raise ValueError(
            f"Expected input batch_size ({input.shape[0]}) to match target batch_size ({shape[0] if shape else 1}).\n"
            f"  scores:  {scores}\n  target:  {shape}\n  class indices must have the shape {expected}"
        )
    raise RuntimeError(_shape_message(input, target, expected))


def _shape_message(input: Tensor, target: Tensor, expected: tuple[int, ...]) -> str:
    if input.dim() <= 2:
        first = "0D or 1D target tensor expected, multi-target not supported"
    elif input.dim() == 3:
        first = f"Expected target size {list(expected)}, got {list(target.shape)}"
    elif len(target.shape) != len(expected):
        first = f"only batches of spatial targets supported (3D tensors) but got targets of dimension: {target.dim()}"
    else:
        first = f"size mismatch (got input: {list(input.shape)} , target: {list(target.shape)}"
    advice = "  write target.squeeze(-1)\n" if tuple(target.shape) == (*expected, 1) else ""
    return (
        f"{first}\n  scores:  {tuple(input.shape)}\n  target:  {tuple(target.shape)}\n{advice}"
        f"  class indices must have the shape {expected}, probabilities the shape of the scores"
    )
