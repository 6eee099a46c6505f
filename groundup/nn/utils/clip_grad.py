"""Limits for gradients: called between ``backward()`` and the optimiser's ``step()``.

``foreach`` is accepted for PyTorch's sake; there is one implementation.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator

from groundup.autograd import no_grad
from groundup.functions import creation, elementwise, norms, view
from groundup.tensor import Tensor


def get_total_norm(
    tensors: Tensor | Iterable[Tensor],
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The norm of all ``tensors`` together, as if they were one vector.

    ``norm_type`` inf is the largest absolute value. A norm that is not finite raises ``RuntimeError``
    if ``error_if_nonfinite``.

    >>> import groundup
    >>> groundup.nn.utils.get_total_norm([groundup.tensor([3.0]), groundup.tensor([4.0])])
    tensor(5.)
    """
    given = _listed(tensors)
    if not given:
        return creation.tensor(0.0)
    norm_type = float(norm_type)
    with no_grad():
        lengths = [norms.norm(each.detach(), norm_type) for each in given]
        total = norms.norm(view.stack(lengths), norm_type)
    if error_if_nonfinite and not math.isfinite(total.item()):
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, so it "
            "cannot be clipped. To disable this error and scale the gradients by the non-finite norm anyway, "
            "set `error_if_nonfinite=False`"
        )
    return total


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scales all gradients in place so that their norm together is at most ``max_norm``.

    Returns the norm before. Parameters without a gradient are left out. Pascanu et al. (2012);
    follows ``torch.nn.utils.clip_grad_norm_``.

    >>> import groundup
    >>> w = groundup.ones(4, requires_grad=True)
    >>> w.sum().backward()
    >>> groundup.nn.utils.clip_grad_norm_([w], 1.0)
    tensor(2.)
    >>> w.grad
    tensor([0.5000, 0.5000, 0.5000, 0.5000])
    """
    grads = _gradients(parameters)
    total = get_total_norm(grads, norm_type, error_if_nonfinite)
    with no_grad():
        factor = elementwise.clamp_max(float(max_norm) / (total + 1e-6), 1.0)
        for grad in grads:
            grad.mul_(factor)
    return total


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None) -> None:
    """Limits every element of every gradient, in place, to the interval from -clip_value to clip_value.

    >>> import groundup
    >>> w = groundup.ones(2, requires_grad=True)
    >>> (w * groundup.tensor([3.0, -0.1])).sum().backward()
    >>> groundup.nn.utils.clip_grad_value_([w], 0.5)
    >>> w.grad
    tensor([ 0.5000, -0.1000])
    """
    limit = float(clip_value)
    with no_grad():
        for grad in _gradients(parameters):
            grad.clamp_(-limit, limit)


def _gradients(parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    given = _listed(parameters)
    if not given and isinstance(parameters, Iterator):
        warnings.warn(
            "`parameters` is an empty generator, no gradient clipping will occur.\n"
            "  model.parameters() is used up by its first reader: make it anew for each call",
            stacklevel=3,
        )
    return [each.grad for each in given if each.grad is not None]


def _listed(tensors: Tensor | Iterable[Tensor]) -> list[Tensor]:
    if isinstance(tensors, Tensor):
        return [tensors]
    if not isinstance(tensors, Iterable):
        hint = "\n  write model.parameters()" if hasattr(tensors, "parameters") else ""
        raise TypeError(f"'{type(tensors).__name__}' object is not iterable{hint}")
    return list(tensors)
