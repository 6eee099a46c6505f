"""Where the history of a traced function ends: at its arguments, and at what else it finds computed already.

What was computed before the call belongs to the caller's tape. Gradients reach it through the program of the results'
gradients, as they reach weights; the trace itself must not walk on into it, since the next call has another one there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from groundup.autograd.tape import AnyNode, Leaf
from groundup.compile.errors import TraceError
from groundup.compile.undisturbed import Undisturbed


class End(AnyNode):
    """Stands for the history of a tensor while a function is traced on it."""

    __slots__ = ()

    def __init__(self, tensor: Any) -> None:
        self.edges = ()
        self.hooks = None
        self.shape = tensor._array.shape
        self.dtype = tensor._array.dtype
        self.where = None

    def name(self) -> str:
        return "Argument"

    def pull(self, g: Any, walk: Any) -> Any:
        raise TraceError(
            f"backward() in a compiled function goes on into what was computed before the call, a tensor of shape "
            f"{tuple(self.shape)}\n  Pass its .detach(); or return the loss, and call backward() outside."
        )


@contextmanager
def ended(tensors: Iterable[Any]) -> Iterator[None]:
    """Within the block, the histories of these tensors end at them."""
    before = [(each, each._node) for each in tensors if not each.is_leaf]
    for each, _ in before:
        each._node = End(each)
    try:
        yield
    finally:
        with Undisturbed():
            for each, node in before:
                each._node = node


@contextmanager
def without_hooks(tensors: Iterable[Any]) -> Iterator[None]:
    """Within the block, no hook on the history of these tensors is called."""
    before = [(each._node, each._node.hooks) for each in tensors]
    for node, _ in before:
        node.hooks = None
    try:
        yield
    finally:
        with Undisturbed():
            for node, hooks in before:
                node.hooks = hooks


def is_end(tensor: Any) -> bool:
    """Whether a tensor is where gradients arrive: a leaf, or computed before."""
    return isinstance(tensor._node, (Leaf, End))
