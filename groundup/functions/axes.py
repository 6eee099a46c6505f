"""What the public functions settle before a row is applied: negative dimensions, sizes written in several ways."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

Dim = int | Sequence[int] | None


EVERY_AXIS = tuple(tuple(range(rank)) for rank in range(9))  # the axes of a tensor, by its rank


def one_axis(dim: int, rank: int) -> int:
    """`dim` as a non-negative axis of a tensor of that rank. Raises IndexError as PyTorch does."""
    try:
        inside = -max(rank, 1) <= dim < max(rank, 1)
    except TypeError:
        raise TypeError(f"argument 'dim' must be int, not {type(dim).__name__}") from None
    if not inside:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-max(rank, 1)}, {max(rank, 1) - 1}], but got {dim})"
        )
    return dim + max(rank, 1) if dim < 0 else dim


def axes(dim: Dim, rank: int) -> tuple[int, ...]:
    """`dim` as a tuple of non-negative axes; None and the empty tuple mean all of them."""
    if dim is None:
        return EVERY_AXIS[rank] if rank < 9 else tuple(range(rank))
    if isinstance(dim, int):
        axis = one_axis(dim, rank)
        return (axis,) if rank else ()
    if not dim:
        return tuple(range(rank))
    if not hasattr(dim, "__iter__"):
        raise TypeError(f"argument 'dim' must be tuple of ints, not {type(dim).__name__}")
    found = tuple(one_axis(each, rank) for each in dim)
    for i, axis in enumerate(found):
        if axis in found[:i]:
            raise RuntimeError(f"dim {axis} appears multiple times in the list of dims")
    return found if rank else ()


def sizes(given: tuple[Any, ...]) -> tuple[int, ...]:
    """Sizes written as several numbers or as one sequence."""
    for each in given:
        if type(each) is not int:
            break
    else:
        return given
    if len(given) == 1:
        only = given[0]
        if type(only) is tuple:
            for each in only:
                if type(each) is not int:
                    break
            else:
                return only
        if isinstance(only, (tuple, list)) or (hasattr(only, "__iter__") and not hasattr(only, "__index__")):
            given = tuple(only)
    try:
        return tuple(operator.index(each) for each in given)
    except TypeError:
        wrong = next((each for each in given if not hasattr(each, "__index__")), given[-1])  # or a float tensor
        raise TypeError(f"sizes and dims must be ints or a tuple of ints, not {type(wrong).__name__}") from None


def inferred(size: tuple[int, ...], numel: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """`size` with its -1 worked out. Raises PyTorch's error if the elements do not fit."""
    known = 1
    unknown = -1
    for axis, each in enumerate(size):
        if each >= 0:
            known *= each
        elif each == -1 and unknown < 0:
            unknown = axis
        else:
            problem = "only one dimension can be inferred" if each == -1 else f"invalid shape dimension {each}"
            raise RuntimeError(problem)
    if unknown < 0:
        if known != numel:
            raise _misfit(size, numel, shape)
        return size
    if known == 0 and numel == 0:
        raise RuntimeError(
            f"cannot reshape tensor of 0 elements into shape {list(size)} because the unspecified dimension size -1 "
            "can be any value and is ambiguous"
        )
    if known == 0 or numel % known:
        raise _misfit(size, numel, shape)
    return (*size[:unknown], numel // known, *size[unknown + 1 :])


def _misfit(size: tuple[int, ...], numel: int, shape: tuple[int, ...]) -> RuntimeError:
    return RuntimeError(
        f"shape '{list(size)}' is invalid for input of size {numel}\n"
        f"  The tensor has shape {shape}; the product of the sizes must stay the same, and one may be -1."
    )
