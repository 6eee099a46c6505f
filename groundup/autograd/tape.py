"""The tape: what is recorded of each operation, and the walk back over it.

A tensor that has a gradient to give points to a node; a node points to the nodes of its arguments. `backward` counts
how often each node is used, then visits each node once, when all of its gradient has arrived. Nothing recurses, so
the depth of a graph is limited by memory alone.
"""

from __future__ import annotations

import itertools
import sys
import threading
import weakref
from collections.abc import Callable, Iterable, Sequence
from types import CodeType, FrameType
from typing import Any

import numpy as np

from groundup.autograd.state import LOCAL, State, usable_run
from groundup.dtypes import OF_NUMPY
from groundup.ops.readings import ARRAYS
from groundup.ops.reduce import unbroadcast
from groundup.ops.row import Plan, Row

PACKAGE = __name__.split(".")[0]
# Threads that walk back to one leaf must not lose each other's gradients. Re-entrant, since a finaliser or a signal
# handler may run backward while its thread is inside.
_ACCUMULATING = threading.RLock()
RETAIN = -1  # the key of retain_grad's hook, which runs after all others
_INTERNAL: dict[str, bool] = {}
UNSEEN = ", under no_grad"
_NO_METHODS = {"setitem": UNSEEN, "backward": ", which added to a .grad"}  # changes that no method_ makes


class Storage:
    """What all views of one memory share: how often it was changed in place, and by what."""

    _version = 0
    rebased = 0  # how often an in-place operation changed the history of the whole memory
    changed_by: tuple[str, Any] = ("", None)  # the last operation that did, and where it stood


class OldValue:
    """Stands for the owner of a value that was copied before an in-place operation overwrote it."""

    __slots__ = ("_version", "node")

    def __init__(self, node: AnyNode | None) -> None:
        self.node = node
        self._version = 0


class TensorBase:
    """The fields of a tensor that the tape works with; `groundup.tensor.Tensor` is the only direct subclass."""

    __slots__ = ("__dict__", "__weakref__", "_array", "_node", "_storage", "_view")

    _array: np.ndarray
    _node: AnyNode | None  # a Leaf or the node that made it; None if no gradient is wanted
    _storage: Storage | None  # made when first needed; None stands for version 0
    _view: Any  # a View, if this is a view of another tensor's memory

    @property
    def _version(self) -> int:
        return 0 if self._storage is None else self._storage._version


class _Made:
    """The class that results are made of; `groundup.tensor` sets it when it is imported."""

    tensor: type[TensorBase] = TensorBase


def register_tensor(cls: type[TensorBase]) -> None:
    """Make `cls` the class of all results."""
    _Made.tensor = cls


def wrap(array: Any, node: AnyNode | None = None) -> Any:
    """A tensor around an array, without a copy."""
    tensor = object.__new__(_Made.tensor)
    tensor._array = array if type(array) is np.ndarray else np.asarray(array)
    tensor._node = node
    tensor._storage = None
    tensor._view = None
    return tensor


def storage_of(tensor: TensorBase) -> Storage:
    """The tensor's record, made if it has none yet."""
    found = tensor._storage
    if found is None:
        found = tensor._storage = Storage()
    return found


def caller() -> tuple[CodeType, int] | None:
    """Where the nearest code outside this package stands: its code object and instruction."""
    frame: FrameType | None = sys._getframe(3)  # behind record, apply and the function that called it
    while frame is not None:
        code = frame.f_code
        inside = _INTERNAL.get(code.co_filename)
        if inside is None:
            name = frame.f_globals.get("__name__") or ""
            inside = _INTERNAL[code.co_filename] = name == PACKAGE or name.startswith(PACKAGE + ".")
        if not inside:
            return code, frame.f_lasti
        frame = frame.f_back
    return None


def line_of(where: tuple[CodeType, int] | None) -> str:
    """`file.py:12: the source line`, as far as it is known."""
    if where is None:
        return "an unknown line"
    import linecache

    code, instruction = where
    positions = list(code.co_positions())
    number = positions[instruction // 2][0] or code.co_firstlineno
    text = linecache.getline(code.co_filename, number).strip()
    return f"{code.co_filename}:{number}" + (f": {text}" if text else "")


class AnyNode:
    """What every node has: the nodes of its arguments, the shape and type of its gradient, and hooks on it."""

    __slots__ = ("__weakref__", "dtype", "edges", "hooks", "shape", "where")

    edges: tuple[AnyNode | None, ...]
    hooks: dict[int, Callable[[Any], Any]] | None
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    where: tuple[CodeType, int] | None

    def name(self) -> str:
        """PyTorch's name for it, as a tensor prints it."""
        raise NotImplementedError

    def pull(self, g: Any, walk: Walk) -> Iterable[Any]:
        """The gradient of each edge, from the gradient of the result."""
        raise NotImplementedError

    def release(self) -> None:
        """Let go of what was saved."""

    def origin(self) -> AnyNode:
        """The node of the operation itself, where this one stands for one of its results."""
        return self

    @property
    def next_functions(self) -> tuple[tuple[AnyNode, int], ...]:
        """The nodes of the arguments, as in PyTorch."""
        return tuple((edge, 0) for edge in self.edges if edge is not None)

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"


class Leaf(AnyNode):
    """The end of a path: a tensor made by the user, whose `.grad` collects what arrives."""

    __slots__ = ("tensor",)

    def __init__(self, tensor: TensorBase) -> None:
        self.tensor = weakref.ref(tensor)
        self.edges = ()
        self.hooks = None
        self.shape = tensor._array.shape
        self.dtype = tensor._array.dtype
        self.where = None

    def name(self) -> str:
        return "AccumulateGrad"

    def pull(self, g: Any, walk: Walk) -> Iterable[Any]:
        tensor = self.tensor()
        if tensor is not None and tensor._node is not None:  # detach_ and requires_grad_(False) end the collecting
            walk.accumulate(tensor, g)
        return ()


def keep_retaining(old: AnyNode | None, new: AnyNode | None) -> None:
    """Let `retain_grad` follow a tensor to its new history; other hooks stay where they were put."""
    if old is not None and new is not None and old is not new and old.hooks and RETAIN in old.hooks:
        new.hooks = {RETAIN: old.hooks.pop(RETAIN)}


class Node(AnyNode):
    """One recorded operation: its row, what its derivatives need, and the nodes of the arguments."""

    __slots__ = ("guards", "params", "plan", "row", "saved", "shown")

    shown: str  # set by `shown_as` alone

    def __init__(
        self,
        row: Row,
        plan: Plan,
        edges: tuple[AnyNode | None, ...],
        saved: Sequence[Any] | None,
        guards: Sequence[tuple[Any, int]],
        params: dict[str, Any],
        out: np.ndarray,
        where: tuple[CodeType, int] | None,
    ) -> None:
        self.row = row
        self.plan = plan
        self.edges = edges
        self.saved = saved  # the arrays of the plan's inputs, then the result if it is needed
        self.guards = guards  # for each of them who owns it, and the owner's version when it was saved
        self.params = params
        self.shape = out.shape
        self.dtype = out.dtype
        self.where = where
        self.hooks = None

    def name(self) -> str:
        label = getattr(self, "shown", self.row.label)
        if callable(label):
            edge = next(edge for edge in self.edges if edge is not None)
            return label(**self.params, rank=len(edge.shape))
        if label:
            return label
        return "".join(part.capitalize() for part in self.row.name.split("_")) + "Backward0"

    def release(self) -> None:
        self.saved = None
        self.guards = ()

    def _check(self) -> Sequence[Any]:
        """The saved values, if they are still there and still what they were."""
        saved = self.saved
        if saved is None:
            raise RuntimeError(
                "Trying to backward through the graph a second time (or directly access saved tensors after they have "
                "already been freed). Saved intermediate values of the graph are freed when you call .backward() or "
                "autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time.\n"
                f"  The operation is {self.row.name}, recorded at {line_of(self.where)}"
            )
        for owner, version in self.guards:
            if owner is not None and owner._version != version:
                self._changed(owner, version)
        return saved

    def _changed(self, owner: Any, version: int) -> None:
        storage = owner if isinstance(owner, Storage) else owner._storage
        changed_by, where = storage.changed_by
        operation = changed_by if changed_by.endswith("_") or changed_by in _NO_METHODS else changed_by + "_"
        place = f", at {line_of(where)}" if where else _NO_METHODS.get(operation, UNSEEN)
        index = next(i for i, guard in enumerate(self.guards) if guard[0] is owner)
        array = self.saved[index] if self.saved is not None else np.empty(0)
        raise RuntimeError(
            "one of the variables needed for gradient computation has been modified by an inplace operation: "
            f"[groundup.{OF_NUMPY[array.dtype].legacy}Tensor {list(array.shape)}], saved by {self.row.name}, is at "
            f"version {owner._version}; expected version {version} instead.\n"
            f"  It was saved at   {line_of(self.where)}\n"
            f"  and changed by    {operation}{place}\n"
            "  Write the change out of place (x = x + 1 for x += 1), or change a .clone()."
        )

    def pull(self, g: Any, walk: Walk) -> Iterable[Any]:
        saved = self._check()
        if walk.create_graph:
            saved = self._as_tensors(saved)
        run, m = walk.run, walk.math
        grads = []
        try:
            for step, edge in zip(self.plan.steps, self.edges, strict=True):
                if step.plain and step.only is not None:
                    grads.append(run(step.formula, m, g, saved[step.only]))
                    continue
                values = [saved[slot] for slot in step.slots]
                if step.plain:
                    grads.append(run(step.formula, m, g, *values))
                else:
                    named = step.named(saved, self.params, edge.shape)  # type: ignore[union-attr]
                    grads.append(run(step.formula, m, g, *values, **named))
        except Exception as error:
            error.add_note(f"In the backward pass of {self.row.name}, recorded at {line_of(self.where)}")
            raise
        return grads

    def _as_tensors(self, saved: Sequence[Any]) -> Sequence[Any]:
        """The saved values as tensors with their history, for a backward pass that is itself recorded."""
        found = list(saved)
        for i, (owner, _) in enumerate(self.guards):
            if isinstance(owner, Storage):
                found[i] = wrap(saved[i], self)
            elif isinstance(owner, OldValue):
                found[i] = wrap(saved[i], owner.node)
            elif owner is not None:
                # Where settling types made a copy, the history lies on the tensor that was copied.
                same = owner._array is saved[i]
                found[i] = owner if same else recorded("cast", owner, to=saved[i].dtype)
        return found


def shown_as(tensor: Any, name: str) -> Any:
    """The result of a composed function, its last node printed under the name that PyTorch gives the whole."""
    if isinstance(tensor._node, Node):
        tensor._node.shown = name
    return tensor


def recorded(name: str, *args: Any, **params: Any) -> Any:
    """`apply` by name, for the few places below it that compute on tensors."""
    from groundup.autograd.apply import apply
    from groundup.ops import ROWS

    return apply(ROWS[name], *args, **params)


class Walk:
    """One backward pass: the mathematics it is read in, and where gradients end."""

    def __init__(self, create_graph: bool, keep: bool, targets: dict[AnyNode, Any] | None) -> None:
        state: State = LOCAL.state
        self.create_graph = create_graph
        self.keep = keep
        self.targets = targets
        self.delivered: dict[int, np.ndarray] = {}
        self.arrived: dict[AnyNode, list[Any]] = {}  # for functions with several outputs, the gradient of each
        if create_graph:
            from groundup.autograd.apply import TENSORS

            self.math: Any = TENSORS
            self.run: Callable[..., Any] = _call
        else:
            self.math = ARRAYS
            self.run = usable_run(state)

    def accumulate(self, tensor: Any, g: Any) -> None:
        """Add `g` to `tensor.grad`."""
        if self.targets is not None:
            return
        with _ACCUMULATING:
            held = tensor.grad
            if held is None:
                tensor.grad = g if self.create_graph else wrap(self.own(g))
            elif self.create_graph:
                tensor.grad = held + g
            elif 0 in held._array.strides or not held._array.flags.writeable:  # a constant, expanded, was put there
                tensor.grad = wrap(self.run(np.add, held._array, g))
            else:
                self.run(np.add, held._array, g, held._array)
                storage = storage_of(held)
                storage._version += 1
                storage.changed_by = "backward", None

    def own(self, g: Any) -> np.ndarray:
        """`g` as an array that nothing else holds: a fresh one as it is, a view or one already given away copied."""
        if type(g) is not np.ndarray:
            return np.array(g)
        if g.base is not None or id(g) in self.delivered or not g.flags.c_contiguous:
            g = g.copy()
        self.delivered[id(g)] = g
        return g

    def fit(self, g: Any, node: AnyNode) -> Any:
        """`g` in the shape and type of the node's value: what broadcasting repeated is summed, here and only here."""
        if self.create_graph:
            if tuple(g.shape) != node.shape:
                g = recorded("sum_to", g, size=node.shape)
            return g if g._array.dtype == node.dtype else recorded("cast", g, to=node.dtype)
        if g.shape != node.shape:
            g = self.run(unbroadcast, g, node.shape)
        return g if g.dtype == node.dtype else self.run(g.astype, node.dtype)

    def hooked(self, node: AnyNode, g: Any) -> Any:
        """`g` after the hooks of the node; a hook that returns None leaves it."""
        tensor = g if self.create_graph else wrap(g)
        for hook in list((node.hooks or {}).values()):
            found = hook(tensor)
            if found is not None:
                _check_hooked(hook, found, node)
                tensor = found
        # A view, since a hook may have kept the tensor: a leaf then makes its own copy.
        return tensor if self.create_graph else tensor._array[...]

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
