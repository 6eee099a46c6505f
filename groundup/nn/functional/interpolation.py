"""Images made larger or smaller, one axis after the other, as in ``torch.nn.functional.interpolate``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from groundup.autograd import apply
from groundup.autograd.tape import shown_as
from groundup.nn.functional.adaptive_pooling import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from groundup.ops import ROWS
from groundup.ops.resampling import Resampling
from groundup.tensor import Tensor

# The modes that need a number of axes, with what happens along each.
SMOOTH = {"linear": (1, "linear"), "bilinear": (2, "linear"), "trilinear": (3, "linear"), "bicubic": (2, "cubic")}
_AREA = {1: adaptive_avg_pool1d, 2: adaptive_avg_pool2d, 3: adaptive_avg_pool3d}


def interpolate(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Images (N, C, ...) of one to three axes in a new ``size``, or in ``scale_factor`` times the old one.

    ``mode`` is ``"nearest"``, ``"nearest-exact"`` (which rounds where "nearest" cuts off), ``"linear"``,
    ``"bilinear"``, ``"trilinear"``, ``"bicubic"`` or ``"area"`` (the mean of the region). With ``align_corners``
    the centres of the outer pixels fall on each other, without it their edges. ``antialias`` widens the
    kernel of "bilinear" and "bicubic" when the image shrinks, so that every pixel counts.
    Follows ``torch.nn.functional.interpolate``.

    >>> import groundup
    >>> F = groundup.nn.functional
    >>> F.interpolate(groundup.tensor([[[0.0, 1.0]]]), size=3, mode="linear", align_corners=True)
    tensor([[[0.0000, 0.5000, 1.0000]]])
    """
    rank = input.dim() - 2
    _check_mode(input, rank, mode, align_corners, antialias)
    image = tuple(input.shape[2:])
    wanted, factors = _wanted(image, size, scale_factor, bool(recompute_scale_factor))
    if min(wanted, default=1) < 1 or 0 in image or input.shape[1] == 0:
        raise RuntimeError(
            f"Input and output sizes should be greater than 0, but got input {list(image)} and output {list(wanted)}"
        )
    if mode == "area":
        return _AREA[rank](input, wanted)
    along = SMOOTH[mode][1] if mode in SMOOTH else mode
    output = input
    for axis, (length, count, factor) in enumerate(zip(image, wanted, factors, strict=True), 2):
        scale = length / count if factor is None else 1 / factor
        key = Resampling(along, length, count, bool(align_corners), scale, antialias)
        output = apply(ROWS["resample"], output, key=key, axis=axis, back=False)
    name = "".join(part.capitalize() for part in mode.split("-"))
    return shown_as(output, f"Upsample{name}{rank if name.startswith('Nearest') else SMOOTH[mode][0]}DBackward0")


def upsample(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """The older name of ``interpolate``."""
    return interpolate(input, size, scale_factor, mode, align_corners)


def _check_mode(input: Tensor, rank: int, mode: str, align_corners: bool | None, antialias: bool) -> None:
    if mode not in (*SMOOTH, "nearest", "nearest-exact", "area") or rank not in (1, 2, 3):
        raise NotImplementedError(
            "Input Error: Only 3D, 4D and 5D input Tensors supported "
            f"(got {input.dim()}D) for the modes: nearest | linear | bilinear | bicubic | trilinear | area | "
            f"nearest-exact (got {mode})"
        )
    if mode not in SMOOTH and align_corners is not None:
        raise ValueError(
            "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear"
        )
    if mode in SMOOTH and SMOOTH[mode][0] != rank:
        raise NotImplementedError(f"Got {rank + 2}D input, but {mode} mode needs {SMOOTH[mode][0] + 2}D input")
    if antialias and not (mode in ("bilinear", "bicubic") and rank == 2):
        raise ValueError(
            "Anti-alias option is restricted to bilinear and bicubic modes and requires a 4-D tensor as input"
        )
    if not input.is_floating_point() and mode != "nearest" and mode != "nearest-exact":
        raise NotImplementedError(
            f"\"interpolate\" not implemented for '{input.dtype.legacy}'\n  Convert the images with .float()."
        )


def _wanted(image: tuple[int, ...], size: Any, scale_factor: Any, recompute: bool) -> tuple[tuple[int, ...], Any]:
    """The new size of the image, and for each axis the factor to count with, or None for the ratio of the sizes."""
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is None and scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    name, value = ("size", size) if scale_factor is None else ("scale_factor", scale_factor)
    values = tuple(value) if isinstance(value, (tuple, list)) else (value,) * len(image)
    if len(values) != len(image):
        raise ValueError(
            "Input and output must have the same number of spatial dimensions, but got input with spatial dimensions "
            f"of {list(image)} and output size of {value}. Please provide input tensor in (N, C, d1, d2, ...,dK) "
            "format and output size in (o1, o2, ...,oK) format."
            if name == "size"
            else "Input and scale_factor must have the same number of spatial dimensions, but got input with spatial "
            f"dimensions of {list(image)} and scale_factor of shape {value}. Please provide input tensor in "
            "(N, C, d1, d2, ...,dK) format and scale_factor in (s1, s2, ...,sK) format."
        )
    if name == "size":
        if recompute:
            raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
        return tuple(int(each) for each in values), (None,) * len(image)
    wanted = tuple(math.floor(float(n) * float(factor)) for n, factor in zip(image, values, strict=True))
    return wanted, (None,) * len(image) if recompute else tuple(map(float, values))
