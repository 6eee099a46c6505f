"""All the parameters of a network as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable

from groundup.autograd import no_grad
from groundup.functions import view
from groundup.tensor import Tensor


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """Joins the parameters, each flattened, into one vector; gradients flow through it.

    >>> import groundup
    >>> layer = groundup.nn.Linear(3, 2)
    >>> groundup.nn.utils.parameters_to_vector(layer.parameters()).shape
    groundup.Size([8])
    """
    flat = [each.reshape(-1) for each in parameters]
    if not flat:
        raise ValueError("parameters_to_vector needs at least one parameter, got none")
    return view.cat(flat)


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Copies consecutive pieces of ``vec`` into the parameters: the inverse of ``parameters_to_vector``.

    Unlike PyTorch, a vector that is too short or too long raises ``ValueError``, and nothing is changed.

    >>> import groundup
    >>> layer = groundup.nn.Linear(1, 1)
    >>> groundup.nn.utils.vector_to_parameters(groundup.tensor([2.0, 3.0]), layer.parameters())
    >>> layer.weight.item(), layer.bias.item()
    (2.0, 3.0)
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected groundup.Tensor, but got: {type(vec).__name__}")
    listed = list(parameters)
    count = sum(each.numel() for each in listed)
    if vec.dim() != 1 or vec.numel() != count:
        raise ValueError(
            f"the parameters have {count} elements, so a vector of shape ({count},) is needed; got {tuple(vec.shape)}"
        )
    with no_grad():
        start = 0
        for each in listed:
            each.copy_(vec[start : start + each.numel()].reshape(each.shape))
            start += each.numel()
