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
from groundup.autograd.settle import SETTLE, NotATensor, diagnose, plain_value
from groundup.autograd.state import LOCAL, run_nested
from groundup.autograd.tape import Node, TensorBase, caller, storage_of
from groundup.dtypes import FLOAT32, FLOAT64, to_numpy
from groundup.ops import ROWS
from groundup.ops.row import Row

__all__ = ["TENSORS", "NotATensor", "apply"]

_new = object.__new__
_ndarray = np.ndarray
_made = tape._Made


def apply(row: Row, *args: Any, **params: Any) -> Any:
    """Compute `row` on tensors and numbers; the result is a tensor, recorded if a gradient is wanted.

    Raises PyTorch's errors for shapes and types that do not fit, and `NotATensor` (a TypeError) for other objects.
    """
    state = LOCAL.state
    arrays: list[Any] = []
    mask = 0
    bit = 1
    dtype = None
    plain = True
    for arg in args:
        if isinstance(arg, TensorBase):
            array = arg._array
            arrays.append(array)
            if arg._view is not None:
                arg._view.refresh(arg)
            if arg._node is not None:
                mask |= bit
            if array.dtype is not dtype:
                if dtype is None:
                    dtype = array.dtype
                else:
                    plain = False
        else:
            kind = type(arg)
            if kind is not float and kind is not int:
                arg = plain_value(row, arg)
                plain = False
            arrays.append(arg)
        bit <<= 1
    if (not plain or (dtype is not FLOAT32 and dtype is not FLOAT64)) and row.dtypes is not None:
        arrays = SETTLE[row.dtypes](row, arrays)
    try:
        out = state.run(row.eager, *arrays, **params)
    except Exception as error:
        out = _again(row, arrays, params, error)
    result = _new(_made.tensor)
    result._node = None
    result._storage = None
    result._view = None
    if type(out) is not _ndarray:
        out = np.asarray(out)
    result._array = out
    if row.shares:
        _share(row, args[0], result, params)
    if mask and state.grad and row.differentiable:
        record(row, args, arrays, mask, params, result)
    return result


def record(row: Row, args: tuple[Any, ...], arrays: list[Any], mask: int, params: dict[str, Any], result: Any) -> None:
    """Put the operation on the tape: keep what the wanted derivatives need, and point the result to the node."""
    plan = row.plans.get(mask) or row.plan(mask, len(args))
    if plan is None:
        return
    saved = []
    guards = []
    for i in plan.inputs:
        saved.append(arrays[i])
        arg = args[i]
        guards.append((arg, arg._version) if isinstance(arg, TensorBase) else (None, 0))
    out = result._array
    if plan.result:
        saved.append(out)
        storage = storage_of(result)
        guards.append((storage, storage._version))
    edges = tuple([args[step.argument]._node for step in plan.steps])
    result._node = Node(row, plan, edges, tuple(saved), tuple(guards), params, out, caller())


def _again(row: Row, arrays: list[Any], params: dict[str, Any], error: Exception) -> Any:
    """After a failure: run it nested if only the context was in use, else raise the diagnosis."""
    if isinstance(error, RuntimeError) and "cannot enter context" in str(error):
        return run_nested(row.eager, *arrays, **params)
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
        """Record the view again if its base has got a new history since."""
        storage = tensor._storage
        if storage.rebased == self.seen:
            return
        self.seen = storage.rebased
        base: Any = self.base
        if base._view is not None:
            base._view.refresh(base)
        tensor._node = None
        if base._node is not None:
            record(self.row, (base,), [base._array], 1, self.params, tensor)


def _share(row: Row, base: TensorBase, result: Any, params: dict[str, Any]) -> None:
    """Let the result of a view row share the record of its base, if it did not have to copy."""
    array, out = base._array, result._array
    if out is array:
        out = result._array = array[...]
    owner = array if array.base is None else array.base
    if out.base is owner or out.base is array:
        storage = result._storage = storage_of(base)
        result._view = View(base, row, params, storage.rebased)


class TensorMath:
    """The mathematics of tensors: every name is the row of that name, applied. What higher derivatives are read in."""

    def cast(self, x: Any, to: Any) -> Any:
        """x in the type `to`."""
        return apply(ROWS["cast"], x, to=to_numpy(to))

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in ROWS:
            raise AttributeError(f"no operation is called {name!r}")
        bound = partial(apply, ROWS[name])
        setattr(self, name, bound)
        return bound


TENSORS = TensorMath()
