"""The last step of every loss: one number from many, and the checks that the losses share."""

from __future__ import annotations

import math
import warnings

from groundup.errors import broadcast_error
from groundup.tensor import Tensor

REDUCTIONS = ("none", "mean", "sum")


def check_reduction(reduction: str) -> None:
    """Raises ``ValueError`` unless ``reduction`` is "none", "mean" or "sum"."""
    if reduction not in REDUCTIONS:
        raise ValueError(f"{reduction} is not a valid value for reduction\n  use one of {', '.join(REDUCTIONS)}")


def reduced(loss: Tensor, reduction: str) -> Tensor:
    """The mean or the sum of ``loss``, or ``loss`` itself."""
    check_reduction(reduction)
    if reduction == "mean":
        return loss.mean()
    return loss.sum() if reduction == "sum" else loss


def check_same_shape(name: str, input: Tensor, target: Tensor) -> None:
    """Raises ``ValueError`` unless both shapes are the same, and says how to make them so."""
    if input.shape != target.shape:
        if name == "binary_cross_entropy_with_logits":
            first = f"Target size ({target.shape!r}) must be the same as input size ({input.shape!r})"
        else:
            first = (
                f"Using a target size ({target.shape!r}) that is different to the input size ({input.shape!r}) "
                "is deprecated. Please ensure they have the same size."
            )
        raise ValueError(_message(first, name, input, target))


def check_no_outer_product(name: str, input: Tensor, target: Tensor) -> None:
    """Raises if broadcasting would pair elements that do not belong together, as (n, 1) against (n,) does.

    Broadcasting only one of the two to the shape of the other is allowed, with PyTorch's warning.
    """
    if input.shape == target.shape:
        return
    clash = broadcast_error(name, [tuple(input.shape), tuple(target.shape)])
    if clash is not None and not _advice(input, target):
        raise clash
    first = (
        f"Using a target size ({target.shape!r}) that is different to the input size ({input.shape!r}). "
        "This will likely lead to incorrect results due to broadcasting. "
        "Please ensure they have the same size."
    )
    message = _message(first, name, input, target)
    rank = max(input.dim(), target.dim())
    padded = [(1,) * (rank - len(shape)) + tuple(shape) for shape in (input.shape, target.shape)]
    both_grow = any(a < b for a, b in zip(*padded, strict=True)) and any(a > b for a, b in zip(*padded, strict=True))
    if both_grow or (input.numel() == target.numel() and input.dim() and target.dim()):
        raise ValueError(message)
    warnings.warn(message, stacklevel=3)


def _message(first: str, name: str, input: Tensor, target: Tensor) -> str:
    shapes = f"    input:  {tuple(input.shape)}\n    target: {tuple(target.shape)}"
    return f"{first}\n  in {name}:\n{shapes}{_advice(input, target)}"


def _advice(input: Tensor, target: Tensor) -> str:
    """The line that makes the shapes equal, where one does."""
    for name, longer, other in (("input", input, target), ("target", target, input)):
        for axis in range(-1, -longer.dim() - 1, -1):
            shape = tuple(longer.shape)
            position = axis + longer.dim()
            if shape[position] == 1 and shape[:position] + shape[position + 1 :] == tuple(other.shape):
                return f"\n  write {name}.squeeze({axis}) to drop the dimension of size 1"
    if math.prod(input.shape) == math.prod(target.shape):
        return "\n  the elements are as many: write target.reshape(input.shape) if their order agrees"
    return ""
