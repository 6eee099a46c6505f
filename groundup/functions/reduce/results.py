"""The named tuples that functions with several results return, printed as PyTorch prints its own."""

from __future__ import annotations

from typing import Any

from groundup.autograd.apply import apply
from groundup.autograd.tape import shown_as
from groundup.functions.axes import one_axis
from groundup.functions.view import clone, squeeze
from groundup.named import Result
from groundup.ops import index

Tensor = Any


class _Pair(Result):
    __slots__ = ()
    values: Tensor
    indices: Tensor


class _Extremes(Result):
    __slots__ = ()
    min: Tensor
    max: Tensor


class _Histogram(Result):
    __slots__ = ()
    hist: Tensor
    bin_edges: Tensor


class max_result(_Pair):
    """What `max` along an axis returns."""


class min_result(_Pair):
    """What `min` along an axis returns."""


class sort_result(_Pair):
    """What `sort` returns."""


class topk_result(_Pair):
    """What `topk` returns."""


class kthvalue_result(_Pair):
    """What `kthvalue` returns."""


class median_result(_Pair):
    """What `median` along an axis returns."""


class nanmedian_result(_Pair):
    """What `nanmedian` along an axis returns."""


class mode_result(_Pair):
    """What `mode` returns."""


class cummax_result(_Pair):
    """What `cummax` returns."""


class cummin_result(_Pair):
    """What `cummin` returns."""


class aminmax_result(_Extremes):
    """What `aminmax` returns."""


class histogram_result(_Histogram):
    """What `histogram` returns."""


def values_at(input: Tensor, dim: int, indices: Tensor) -> Tensor:
    """The elements at positions along `dim` that are known to be there."""
    rank = input._array.ndim
    return apply(index.gather, input, indices, dim=one_axis(dim, rank)) if rank else clone(input)


def selected(input: Tensor, dim: int, keepdim: bool, indices: Tensor, result: Any, node: str) -> Any:
    """One element of each line, and where it was; `indices` have kept their axis."""
    values = values_at(input, dim, indices)
    if not keepdim and input._array.ndim:
        values, indices = squeeze(values, dim), squeeze(indices, dim)
    return result(shown_as(values, f"{node}Backward0"), indices)
