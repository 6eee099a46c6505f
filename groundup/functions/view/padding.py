"""Borders around the last axes of a tensor: of one value, mirrored, continued, or from the other end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from groundup.autograd.apply import apply
from groundup.functions.axes import sizes
from groundup.ops import view as rows

__all__: list[str] = []

Tensor = Any
Pairs = tuple[tuple[int, int], ...]

MODES = ("constant", "reflect", "replicate", "circular")


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """A border around the last axes: (before, after) for the last, then for the one before it, and so on.

    Mode "constant" fills it with `value` (0), "reflect" mirrors the elements without the outermost, "replicate"
    continues the outermost, "circular" takes those of the other end. Negative widths crop. Follows
    ``torch.nn.functional.pad``.

    >>> import groundup
    >>> groundup.nn.functional.pad(groundup.tensor([[1, 2, 3]]), (2, 1), "reflect")
    tensor([[3, 2, 1, 2, 3, 2]])
    """
    widths, shape = sizes((pad,)), input._array.shape
    if len(widths) % 2:
        raise RuntimeError(f"Padding length must be divisible by 2\n  The widths are {list(widths)}.")
    if len(widths) > 2 * len(shape):
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but got padding length "
            f"{len(widths)} and input of dimension {len(shape)}"
        )
    pairs = tuple([(widths[i], widths[i + 1]) for i in range(len(widths) - 2, -1, -2)])
    full = ((0, 0),) * (len(shape) - len(pairs)) + pairs
    if mode == "constant":
        if widths and min(widths) < 0:
            _check_left(shape, full)
        return apply(rows.pad, input, widths=full, value=0 if value is None else value)
    if mode not in MODES:
        raise NotImplementedError(f"Unrecognised padding mode {mode}\n  There are {', '.join(MODES)}.")
    if value:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    if len(pairs) not in (1, 2, 3) or len(shape) - len(pairs) not in (1, 2):
        raise NotImplementedError(
            f"Padding size {len(widths)} is not supported for {len(shape)}D input tensor.\n"
            "  In this mode 1 to 3 axes have a border, with one or two axes in front of them that have none: 2 widths "
            "for a tensor of 2 or 3 dimensions, 4 for 3 or 4, 6 for 4 or 5."
        )
    return _bordered(input, full, mode)


def _check_left(shape: tuple[int, ...], widths: Pairs) -> None:
    for axis, (size, (before, after)) in enumerate(zip(shape, widths, strict=True)):
        if size + before + after < 0:
            raise RuntimeError(
                f"The input size {size}, plus negative padding {before} and {after}, resulted in a negative output "
                f"size, which is invalid. Check dimension {axis} of your input."
            )


def _bordered(input: Tensor, widths: Pairs, mode: str) -> Tensor:
    """A border that repeats elements; what negative widths crop is cropped first only where it counts as gone."""
    positive = tuple((max(before, 0), max(after, 0)) for before, after in widths)
    cropped = tuple((min(before, 0), min(after, 0)) for before, after in widths)
    crops = any(before or after for before, after in cropped)
    if mode == "circular" and crops:
        input = _crop(input, cropped)
    _check_border(input._array.shape, positive, mode)
    made = apply(rows.border, input, widths=positive, mode=mode)
    return _crop(made, cropped) if crops and mode != "circular" else made


def _crop(input: Tensor, widths: Pairs) -> Tensor:
    return apply(rows.pad, input, widths=widths, value=0)


def _check_border(shape: tuple[int, ...], widths: Pairs, mode: str) -> None:
    for axis, (size, pair) in enumerate(zip(shape, widths, strict=True)):
        if mode == "reflect" and max(pair) >= size and any(pair):
            raise RuntimeError(
                "Argument #4: Padding size should be less than the corresponding input dimension, but got: padding "
                f"({pair[0]}, {pair[1]}) at dimension {axis} of input {list(shape)}"
            )
        if mode == "circular" and max(pair) > size:
            raise RuntimeError("Padding value causes wrapping around more than once.")
        if mode == "replicate" and not size and any(pair):
            raise RuntimeError(
                f"Expected {len(shape)}D tensor with possibly 0 batch size and other non-zero dimensions for input, "
                f"but got: {list(shape)}"
            )
