"""The tape: what is recorded of each operation.

A tensor that has a gradient to give points to a node; a node points to the nodes of its arguments and keeps what
their derivatives need. `walk` goes back over the nodes. Nothing recurses, so the depth of a graph is limited by
memory alone.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Iterable, Sequence
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any

import numpy as np

from groundup.autograd.state import LOCAL
from groundup.dtypes import OF_NUMPY
from groundup.ops.row import Plan, Row

if TYPE_CHECKING:
    from groundup.autograd.walk import Walk

PACKAGE = __name__.split(".")[0]
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
    watch = LOCAL.state.watch
    if watch is not None:
        watch.made(tensor)
    return tensor


def constant(array: Any) -> Any:
    """A tensor around an array that is the same whenever the code runs: the compiler may keep it."""
    tensor = object.__new__(_Made.tensor)
    tensor._array = array if type(array) is np.ndarray else np.asarray(array)
    tensor._node = tensor._storage = tensor._view = None
    watch = LOCAL.state.watch
    if watch is not None:
        watch.made(tensor)
        watch.constant(tensor)
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
        if walk.in_tensors:
            saved = self._as_tensors(saved, walk.math)
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

    def _as_tensors(self, saved: Sequence[Any], math: Any) -> Sequence[Any]:
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
                found[i] = owner if same else math.cast(owner, to=saved[i].dtype)
        return found


def shown_as(tensor: Any, name: str) -> Any:
    """The result of a composed function, its last node printed under the name that PyTorch gives the whole."""
    if isinstance(tensor._node, Node):
        tensor._node.shown = name
    return tensor
