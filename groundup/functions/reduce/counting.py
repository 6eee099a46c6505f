"""Histograms: how many elements fall between neighbouring edges."""

from __future__ import annotations

from typing import Any

from groundup.autograd.apply import apply
from groundup.autograd.tape import TensorBase
from groundup.functions.reduce.results import histogram_result
from groundup.functions.view import clone
from groundup.ops import reduce as rows

__all__ = ["histc", "histogram"]

Tensor = Any


def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """How many elements fall into each of `bins` equal parts between min and max (those of the data, if equal).

    >>> import groundup
    >>> groundup.histc(groundup.tensor([1.0, 2.0, 1.0]), bins=4, min=0, max=3)
    tensor([0., 2., 1., 0.])
    """
    if bins <= 0:
        raise RuntimeError("torch.histc(): bins must be > 0")
    return apply(rows.histc, input, bins=bins, low=min, high=max)


def histogram(
    input: Tensor,
    bins: int | Tensor,
    *,
    range: tuple[float, float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
) -> histogram_result:
    """The weight of the elements between neighbouring edges, and the edges: given, or so many equal parts of `range`.

    With `density` the bars have the area 1.

    >>> import groundup
    >>> groundup.histogram(groundup.tensor([1.0, 2.0, 1.0]), 2, range=(0.0, 3.0)).hist
    tensor([2., 1.])
    """
    if isinstance(bins, TensorBase):
        given: Tensor = bins
        edges = clone(given.detach())
        if edges._array.dtype != input._array.dtype:
            raise RuntimeError("torch.histogram(): input tensor and bins tensors should have the same dtype")
    else:
        low, high = range or (0, 0 if input._array.size else 1)
        edges = apply(rows.bin_edges, input, bins=bins, low=low, high=high)
    if weight is not None and weight._array.shape != input._array.shape:
        raise RuntimeError(
            "torch.histogram(): if weight tensor is provided it should have the same shape as the input tensor "
            "excluding its innermost dimension"
        )
    found = apply(rows.histogram, input, edges, 1 if weight is None else weight, density=bool(density))
    return histogram_result(found, edges)
