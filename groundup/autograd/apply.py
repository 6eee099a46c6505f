"""`apply(row, ...)`: the only way that an operation happens to a tensor.

It settles the types, runs the row, records it on the tape if a gradient is wanted, and turns NumPy's refusals into
errors that say what to do. The good path is written out flat, since every operation of every network pays for it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from groundup.autograd import tape
from groundup.autograd.half import HalfNode, half_of, reading
from groundup.autograd.settle import SETTLE, NotATensor, diagnose, no_tensor, plain_value
from groundup.autograd.state import LOCAL, is_nested, run_nested
from groundup.autograd.tape import Node, Storage, TensorBase, caller, keep_retaining, storage_of, wrap
from groundup.dtypes import FLOAT32, FLOAT64, to_numpy
from groundup.ops import ROWS
from groundup.ops.row import Formula, Row

__all__ = ["TENSORS", "NotATensor", "apply"]

_new = object.__new__
_ndarray = np.ndarray
_made = tape._Made


def apply(row: Row, *args: Any, **params: Any) -> Any:
    """Compute `row` on tensors and numbers; the result is a tensor, recorded if a gradient is wanted.

    Raises PyTorch's errors for shapes and types that do not fit, and `NotATensor` (a TypeError) for other objects.
    """
    if row.shares:
        return _view_of(row, params, *args)
    tensor_type = _made.tensor
    arrays: list[Any]
    plain = True
    silent = row.silent
    if len(args) == 1 and type(args[0]) is tensor_type:  # as for most rows: nothing to settle between arguments
        arg = args[0]
        array = arg._array
        arrays = [array]
        if arg._view is not None:
            arg._view.refresh(arg)
        mask = 0 if arg._node is None else 1
        dtype = array.dtype
    else:
        arrays = []
        mask = 0  # which arguments want a gradient, a bit for each
        dtype = None
        for arg in args:
            if type(arg) is tensor_type or isinstance(arg, TensorBase):
                array = arg._array
                arrays.append(array)
                if arg._view is not None:
                    arg._view.refresh(arg)
                if arg._node is not None:
                    mask |= 1 << (len(arrays) - 1)
                found = array.dtype
                if found is not dtype:
                    if dtype is None:
                        dtype = found
                    else:
                        plain = False
            elif type(arg) is float or type(arg) is int:
                arrays.append(arg)
                silent = row.quiet  # NumPy warns of a number that the type of the array cannot hold
            else:
                arrays.append(plain_value(row, arg))
                plain = False
                silent = row.quiet
    if dtype is None:
        raise no_tensor(row, args)
    eager = row.eager
    kind = Node
    if not (plain and (dtype is FLOAT32 or dtype is FLOAT64)):
        if row.dtypes is not None:
            arrays = SETTLE[row.dtypes](row, arrays)
        if half_of(arrays):
            eager, kind = reading(row, arrays), HalfNode
            silent = row.quiet
    state = LOCAL.state
    try:
        if silent:
            out = eager(*arrays, **params)
        elif params:
            out = state.run(eager, *arrays, **params)
        else:
            out = state.run(eager, *arrays)
    except Exception as error:
        out = _again(row, eager, arrays, params, error)
    result = _new(tensor_type)
    result._node = None
    result._storage = None
    result._view = None
    result._array = out if type(out) is _ndarray else np.asarray(out)
    if mask and state.grad and row.differentiable:
        record(row, args, arrays, mask, params, result, kind)
    if state.watch is not None:
        state.watch.applied(row, args, arrays, params, result)
    return result


def mask_of(args: tuple[Any, ...] | list[Any]) -> int:
    """Which arguments want a gradient, a bit for each."""
    mask = 0
    for i, arg in enumerate(args):
        if isinstance(arg, TensorBase) and arg._node is not None:
            mask |= 1 << i
    return mask


def record(
    row: Row,
    args: tuple[Any, ...],
    arrays: list[Any],
    mask: int,
    params: dict[str, Any],
    result: Any,
    kind: type[Node] = Node,
) -> None:
    """Put the operation on the tape: keep what the wanted derivatives need, and point the result to the node."""
    plan = row.plans.get(mask) or row.plan(mask, len(args))
    if plan is None:
        return
    saved: list[Any] = []
    guards: list[tuple[Any, int]] = []
    for i in plan.inputs:
        arg = args[i]
        saved.append(arrays[i])
        if isinstance(arg, TensorBase):
            guards.append((arg, 0 if arg._storage is None else arg._storage._version))
        else:
            guards.append((None, 0))
    out = result._array
    if plan.result:
        storage = storage_of(result)
        saved.append(out)
        guards.append((storage, storage._version))
    if plan.only is not None:
        edges: tuple[Any, ...] = (args[plan.only]._node,)
    else:
        edges = tuple([args[step.argument]._node for step in plan.steps])
    result._node = kind(row, plan, edges, saved, guards, params, out, caller())


def _again(row: Row, eager: Formula, arrays: list[Any], params: dict[str, Any], error: Exception) -> Any:
    """After a failure: run it nested if only the context was in use, else raise the diagnosis."""
    if is_nested(error):
        return run_nested(eager, *arrays, **params)
    raise diagnose(row, arrays, params, error) from None


class View:
    """How a tensor lies in another one's memory, so that an in-place change of either reaches both histories."""

    __slots__ = ("base", "params", "row", "seen")

    def __init__(self, base: TensorBase, row: Row, params: dict[str, Any], seen: int) -> None:
        self.base = base
        self.row = row
        self.params = params
        self.seen = seen  # the storage's count of new histories when this view's node was made

    def refresh(self, tensor: Any) -> None:
        """Record the view again, and the views that it is a view of, if the memory has got a new history since."""
        if tensor._storage.rebased == self.seen:
            return
        stale = []
        while tensor._view is not None and tensor._view.seen != tensor._storage.rebased:
            stale.append(tensor)
            tensor = tensor._view.base
        for each in reversed(stale):
            each._view._record_again(each)

    def _record_again(self, tensor: Any) -> None:
        self.seen = tensor._storage.rebased
        base: Any = self.base
        old, tensor._node = tensor._node, None
        if base._node is not None:
            record(self.row, (base,), [base._array], 1, self.params, tensor)
            keep_retaining(old, tensor._node)


class Sealed(View):
    """A view that a `Function` gave out: its derivative is the user's, and a change in place would go around it."""

    __slots__ = ()

    MESSAGE = (
        "Output of a custom Function is a view and is being modified inplace. This view was created inside a custom "
        "Function, whose backward the change would go around.\n  Return a .clone() from its forward."
    )

    def refresh(self, tensor: Any) -> None:
        """Raise if the memory has got a new history since."""
        if tensor._storage.rebased != self.seen:
            raise RuntimeError(self.MESSAGE)

    _record_again = refresh


def _view_of(row: Row, params: dict[str, Any], base: Any) -> Any:
    """The same as `apply` for a row that moves one tensor's elements: the result shares its memory where it can."""
    if not isinstance(base, TensorBase):
        base = wrap(plain_value(row, base))
    array = base._array
    if base._view is not None:
        base._view.refresh(base)
    try:
        out = row.eager(array, **params)
    except Exception as error:
        raise diagnose(row, [array], params, error) from None
    if out is array:
        out = array[...]
    result = _new(_made.tensor)
    result._array = out
    root = out.base
    owner = array.base
    if owner is None:
        owner = array
    if type(root) is not _ndarray:  # as_strided puts an object of its own between
        while root is not None and root is not owner:
            root = getattr(root, "base", None)
    if root is not None and (root is owner or root is array):
        storage = base._storage
        if storage is None:
            storage = base._storage = Storage()
        result._storage = storage
        view = result._view = _new(View)  # its fields are set here, which saves a call
        view.base = base
        view.row = row
        view.params = params
        view.seen = storage.rebased
    else:  # it had to copy
        result._storage = result._view = None
    result._node = None
    state = LOCAL.state
    if base._node is not None and state.grad and row.differentiable:
        record(row, (base,), [array], 1, params, result)
    if state.watch is not None:
        state.watch.viewed(row, base, params, result)
    return result


class TensorMath:
    """The mathematics of tensors: every name is the row of that name, applied. What higher derivatives are read in."""

    def constant(self, array: np.ndarray) -> Any:
        """The same whenever the formula is read with these shapes."""
        return tape.constant(array)

    def cast(self, x: Any, to: Any) -> Any:
        """x in the type `to`."""
        return apply(ROWS["cast"], x, to=to_numpy(to))

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in ROWS:
            raise AttributeError(f"no operation is called {name!r}")
        bound = partial(_on_values, ROWS[name])
        setattr(self, name, bound)
        return bound


def _on_values(row: Row, *args: Any, **params: Any) -> Any:
    """`apply`; numbers alone, as the constant base of a power in a derivative, give a number."""
    if any(isinstance(arg, TensorBase) for arg in args):
        return apply(row, *args, **params)
    return np.asarray(run_nested(row.eager, *args, **params)).item()


TENSORS = TensorMath()
