"""The walk back over the tape: each node once, after all nodes that use its value.

It is read in two mathematics: arrays, where gradients are plain numbers, and tensors, where the backward pass is
itself recorded and can be differentiated again. Gradients are added up, fitted to their values and handed to the
leaves here and nowhere else.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from groundup.autograd.apply import TENSORS
from groundup.autograd.state import LOCAL, State, usable_run
from groundup.autograd.tape import AnyNode, TensorBase, storage_of, wrap
from groundup.dtypes import OF_NUMPY
from groundup.ops.readings import ARRAYS
from groundup.ops.reduce import unbroadcast

# Threads that walk back to one leaf must not lose each other's gradients. Re-entrant, since a finaliser or a signal
# handler may run backward while its thread is inside.
_ACCUMULATING = threading.RLock()


class Walk:
    """One backward pass: the mathematics it is read in, and where gradients end."""

    def __init__(self, create_graph: bool, keep: bool, targets: dict[AnyNode, Any] | None) -> None:
        state: State = LOCAL.state
        self.create_graph = create_graph
        self.in_tensors = create_graph or state.watch is not None  # else gradients are plain arrays
        self.watch = state.watch
        self.keep = keep
        self.targets = targets
        self.delivered: dict[int, np.ndarray] = {}
        self.arrived: dict[AnyNode, list[Any]] = {}  # for functions with several outputs, the gradient of each
        if self.in_tensors:
            self.math: Any = TENSORS
            self.run: Callable[..., Any] = _call
        else:
            self.math = ARRAYS
            self.run = usable_run(state)

    def accumulate(self, tensor: Any, g: Any) -> None:
        """Add `g` to `tensor.grad`."""
        if self.targets is not None:
            return
        if self.watch is not None:
            self.watch.gradient(tensor, is_read=True)
        with _ACCUMULATING:
            held = tensor.grad
            if held is None:
                tensor.grad = g if self.create_graph else self.own(g)
            elif self.create_graph:
                tensor.grad = held + g
            elif self.in_tensors:
                held.add_(g)
            elif 0 in held._array.strides or not held._array.flags.writeable:  # a constant, expanded, was put there
                tensor.grad = wrap(self.run(np.add, held._array, g))
            else:
                self.run(np.add, held._array, g, held._array)
                storage = storage_of(held)
                storage._version += 1
                storage.changed_by = "backward", None

    def own(self, g: Any) -> Any:
        """A tensor of `g` that nothing else holds: fresh memory as it is, a view or what was given away copied."""
        array = g._array if self.in_tensors else np.asarray(g)
        if array.base is not None or id(array) in self.delivered or not array.flags.c_contiguous:
            if self.in_tensors:
                return TENSORS.clone(g)
            array = array.copy()
        self.delivered[id(array)] = array
        return g if self.in_tensors else wrap(array)

    def fit(self, g: Any, node: AnyNode) -> Any:
        """`g` in the shape and type of the node's value: what broadcasting repeated is summed, here and only here."""
        if self.in_tensors:
            if tuple(g.shape) != node.shape:
                g = TENSORS.sum_to(g, size=node.shape)
            return g if g._array.dtype == node.dtype else TENSORS.cast(g, to=node.dtype)
        if g.shape != node.shape:
            g = self.run(unbroadcast, g, node.shape)
        return g if g.dtype == node.dtype else self.run(g.astype, node.dtype)

    def hooked(self, node: AnyNode, g: Any) -> Any:
        """`g` after the hooks of the node; a hook that returns None leaves it."""
        tensor = g if self.in_tensors else wrap(g)
        for hook in list((node.hooks or {}).values()):
            found = hook(tensor)
            if found is not None:
                _check_hooked(hook, found, node)
                tensor = found
        # A view, since a hook may have kept the tensor: a leaf then makes its own copy.
        return tensor if self.in_tensors else tensor._array[...]

    def go(self, roots: list[tuple[AnyNode, Any]]) -> None:
        """Visit each node once, after all nodes that use its value."""
        uses = _count_uses([node for node, _ in roots])
        needed = None if self.targets is None else _leading_to(self.targets, [node for node, _ in roots])
        grads: dict[AnyNode, Any] = {}
        for node, g in roots:
            grads[node] = g if node not in grads else self.run(_add, grads[node], g)
        ready = [node for node in grads if not uses.get(node)]
        while ready:
            node = ready.pop()
            g = grads.pop(node, None)
            pulled: Iterable[Any] = itertools.repeat(None)
            if g is not None:
                if node.hooks:
                    g = self.hooked(node, g)
                if self.targets is not None and node in self.targets:
                    self.targets[node] = g
                if self.watch is not None:
                    self.watch.flowing(node, g)
                if needed is None or node in needed:
                    pulled = node.pull(g, self)
                    if not self.keep:
                        node.release()
            for edge, g in zip(node.edges, pulled, strict=False):
                if edge is None:
                    continue
                if g is not None:
                    if g.shape != edge.shape or g.dtype is not edge.dtype:
                        g = self.fit(g, edge)
                    before = grads.get(edge)
                    grads[edge] = g if before is None else self.run(_add, before, g)
                uses[edge] -= 1
                if not uses[edge]:
                    ready.append(edge)


def _check_hooked(hook: Callable[..., Any], found: Any, node: AnyNode) -> None:
    """Refuse what a hook returned if it is no gradient of the node's value."""
    name = getattr(hook, "__name__", type(hook).__name__)
    if not isinstance(found, TensorBase):
        raise TypeError(
            f"expected Variable, but hook returned '{type(found).__name__}'\n"
            f"  The hook '{name}' returns a Tensor, which replaces the gradient, or None, which leaves it."
        )
    if found._array.shape != node.shape:
        raise RuntimeError(
            f"hook '{name}' has changed the size of value\n"
            f"  The gradient has shape {node.shape}, the hook returned {found._array.shape}."
        )
    if found._array.dtype != node.dtype:
        have, want = (OF_NUMPY[each] for each in (found._array.dtype, node.dtype))
        raise RuntimeError(
            f"hook '{name}' has changed the type of value (was groundup.{want.legacy}Tensor got "
            f"groundup.{have.legacy}Tensor)\n  Return the gradient .to({want})."
        )


def _call(function: Callable[..., Any], *args: Any, **params: Any) -> Any:
    return function(*args, **params)


def _add(a: Any, b: Any) -> Any:
    return a + b


def _count_uses(roots: list[AnyNode]) -> dict[AnyNode, int]:
    """How many edges of the graph lead to each node."""
    uses = dict.fromkeys(roots, 0)
    stack = list(uses)
    while stack:
        for edge in stack.pop().edges:
            if edge in uses:
                uses[edge] += 1
            elif edge is not None:
                uses[edge] = 1
                stack.append(edge)
    return uses


def _leading_to(targets: dict[AnyNode, Any], roots: list[AnyNode]) -> set[AnyNode]:
    """The nodes with a target strictly below them: the only ones whose derivatives are worth computing."""
    leading: set[AnyNode] = set()
    done: set[AnyNode] = set()
    stack: list[tuple[AnyNode, bool]] = [(root, False) for root in roots]
    while stack:
        node, children_done = stack.pop()
        if children_done:
            if any(edge in targets or edge in leading for edge in node.edges if edge is not None):
                leading.add(node)
        elif node not in done:
            done.add(node)
            stack.append((node, True))
            stack.extend((edge, False) for edge in node.edges if edge is not None and edge not in done)
    return leading
