"""Losses that say how unlikely the target is under a predicted distribution: Kullback-Leibler, Poisson, Gauss."""

from __future__ import annotations

import math
import warnings

from groundup.autograd.state import is_traced
from groundup.functions import elementwise
from groundup.functions.creation import full_like
from groundup.nn.functional.reduction import check_no_outer_product, check_reduction, reduced
from groundup.tensor import Tensor


def kl_div(input: Tensor, target: Tensor, *, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """target * (log(target) - input): the divergence of ``target`` from a distribution of log probabilities.

    With ``log_target`` the target holds logarithms too. "batchmean", the sum over the first dimension's size, is the
    divergence by its definition; "mean" divides by the number of elements.

    >>> import groundup
    >>> F = groundup.nn.functional
    >>> F.kl_div(groundup.tensor([[0.5, 0.5]]).log(), groundup.tensor([[1.0, 0.0]]), reduction="batchmean")
    tensor(0.6931)
    """
    if reduction != "batchmean":
        check_reduction(reduction)
    if reduction == "mean":
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size.'batchmean' divides "
            "only by the batch size, and aligns with the KL div math definition.",
            stacklevel=2,
        )
    check_no_outer_product("kl_div", input, target)
    if log_target:
        loss = elementwise.exp(target) * (target - input)
    else:
        loss = elementwise.xlogy(target, target) - target * input
    if reduction == "batchmean":
        return loss.sum() / input.shape[0] if input.dim() else loss.sum()
    return reduced(loss, reduction)


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    *,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> Tensor:
    """exp(input) - target * input: how unlikely the counts ``target`` are, but for a term of the target alone.

    Without ``log_input`` the input is the expected count itself. ``full`` adds Stirling's approximation of the
    missing term where the target is above 1.

    >>> import groundup
    >>> groundup.nn.functional.poisson_nll_loss(groundup.tensor([0.0, 1.0]), groundup.tensor([2.0, 1.0]))
    tensor(1.3591)
    """
    check_reduction(reduction)
    check_no_outer_product("poisson_nll_loss", input, target)
    if log_input:
        loss = elementwise.exp(input) - target * input
    else:
        loss = input - target * elementwise.log(input + eps)
    if full:
        counted = elementwise.clamp_min(target, 1)
        stirling = target * elementwise.log(counted) - target + 0.5 * elementwise.log(2 * math.pi * counted)
        loss = loss + elementwise.where(target > 1, stirling, 0.0)
    return reduced(loss, reduction)


def gaussian_nll_loss(
    input: Tensor, target: Tensor, var: Tensor | float, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    """(log(var) + (input - target)**2 / var) / 2: how unlikely ``target`` is under a normal distribution.

    ``var`` is one number, or has the shape of the input, perhaps with one dimension of 1 or without the last. It
    counts as at least ``eps``, unseen by the gradient. ``full`` adds the constant log(2 pi) / 2. A negative
    variance raises ``ValueError``; in a compiled function its loss is nan.

    >>> import groundup
    >>> one = groundup.ones(1)
    >>> groundup.nn.functional.gaussian_nll_loss(one, 3 * one, 2 * one)
    tensor(1.3466)
    """
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not valid\n  use one of none, mean, sum")
    variances = var if isinstance(var, Tensor) else full_like(input.detach(), var)
    if is_traced():
        variances = elementwise.where(variances < 0, math.nan, variances)
    elif bool((variances < 0).any()):
        raise ValueError("var has negative entry/entries")
    check_no_outer_product("gaussian_nll_loss", input, target)
    spread = _spread_variance(input, variances)
    spread = spread + (elementwise.clamp_min(spread, eps) - spread).detach()
    loss = 0.5 * (elementwise.log(spread) + elementwise.square(input - target) / spread)
    return reduced(loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)


def _spread_variance(input: Tensor, var: Tensor) -> Tensor:
    """One variance for each number, or one for all numbers of a row."""
    if var.shape == input.shape:
        return var
    if var.shape == input.shape[:-1]:
        return var.unsqueeze(-1)
    if var.dim() == input.dim() and [b for a, b in zip(input.shape, var.shape, strict=True) if a != b] == [1]:
        return var
    raise ValueError(
        "var is of incorrect size\n"
        f"  input: {tuple(input.shape)}\n  var:   {tuple(var.shape)}\n"
        "  it has the shape of the input, or one dimension of it is 1, or the last is missing"
    )
