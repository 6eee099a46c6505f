"""``Parameter`` and ``Buffer``: tensors that a module recognises when they are assigned to it.

Both share the memory of the tensor that they are made of, and operations on them give plain tensors.
"""

from __future__ import annotations

from typing import Any

from groundup.functions.creation import as_tensor, empty
from groundup.tensor import Tensor


class Parameter(Tensor):
    """A tensor that is trained: assigned to a module, it is among the module's ``parameters()``.

    Integer data with ``requires_grad=True`` raise ``RuntimeError``. Follows ``torch.nn.Parameter``.

    >>> import groundup
    >>> groundup.nn.Parameter(groundup.ones(2))
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    """

    __slots__ = ()

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Parameter:
        parameter = _sharing(cls, data)
        return parameter.requires_grad_(requires_grad)

    def __repr__(self) -> str:
        plain = self.detach().requires_grad_(self.requires_grad)
        return f"Parameter containing:\n{plain!r}"


class Buffer(Tensor):
    """A tensor that is part of a module's state but is not trained. Follows ``torch.nn.Buffer``.

    A buffer that is not ``persistent`` is left out of ``state_dict``.

    >>> import groundup
    >>> module = groundup.nn.Module()
    >>> module.mean = groundup.nn.Buffer(groundup.zeros(2))
    >>> list(module.state_dict()), list(module.parameters())
    (['mean'], [])
    """

    __slots__ = ()

    persistent: bool

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Buffer:
        buffer = _sharing(cls, data)
        buffer.persistent = persistent
        return buffer

    def __repr__(self) -> str:
        return f"Buffer containing:\n{self.detach()!r}"


def _sharing(cls: type, data: Any) -> Any:
    """A tensor of class ``cls`` on the memory of ``data``, without its history."""
    tensor = (empty(0) if data is None else as_tensor(data)).detach()
    tensor.__class__ = cls
    return tensor
