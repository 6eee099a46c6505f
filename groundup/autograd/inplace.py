"""In-place operations: the same rows, written into the memory of their first argument.

Each one counts up the version that all views of the memory share, so that a backward pass which still needs the old
value says so. A change of a view becomes part of the history of the tensor that it is a view of.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup import dtypes
from groundup.autograd.apply import TENSORS, Sealed, View, apply, mask_of, record
from groundup.autograd.half import HalfNode, half_of, reading
from groundup.autograd.settle import SETTLE, diagnose, plain_value
from groundup.autograd.state import LOCAL, is_nested, quiet, run_nested
from groundup.autograd.tape import Leaf, Node, OldValue, TensorBase, caller, constant, keep_retaining, storage_of
from groundup.dtypes import FLOAT32, FLOAT64
from groundup.errors import broadcast_error
from groundup.ops import ROWS
from groundup.ops.readings import ARRAYS
from groundup.ops.row import Plan, Row, Step


def apply_(row: Row, target: Any, *args: Any, **params: Any) -> Any:
    """Compute `row(target, *args)` into the memory of `target`, which is returned.

    Raises as PyTorch does: for a leaf that requires a gradient, for a result that does not fit in type or shape, and
    for an expanded target whose elements share memory.
    """
    if target._view is not None:
        target._view.refresh(target)
    state = LOCAL.state
    array = target._array
    dtype = array.dtype
    arrays = [array]
    plain = dtype is FLOAT32 or dtype is FLOAT64
    tracked = target._node is not None
    for arg in args:
        if isinstance(arg, TensorBase):
            other = arg._array
            arrays.append(other)
            if arg._view is not None:
                arg._view.refresh(arg)
            if arg._node is not None:
                tracked = True
            if other.dtype is not dtype:
                plain = False
        elif type(arg) is float or type(arg) is int:
            arrays.append(arg)
        else:
            arrays.append(plain_value(row, arg))
            plain = False
    tracked = tracked and state.grad and dtype.kind in dtypes.REAL  # whole numbers have no gradient
    if tracked:
        check_leaf(target)
        args = _apart(target, args, arrays)
    if 0 in array.strides:
        check_overlap(array)
    if state.watch is not None:
        state.watch.writing(row, target, args)
    before = array
    if tracked and _needs_target(row, target, args):
        before = array.copy()
        if state.watch is not None:
            state.watch.copied(target, before)
    if row.dtypes is not None and not plain:
        arrays = SETTLE[row.dtypes](row, arrays)
    _compute(row, array, arrays, params)
    storage = changed(target, row.name)
    if tracked:
        _rebase(row, target, before, args, arrays, params)
        storage.rebased += 1
        if target._view is not None:
            write_back(target)
    if state.watch is not None:
        state.watch.written(row, target, args, arrays, params)
    return target


def _apart(target: Any, args: tuple[Any, ...], arrays: list[Any]) -> tuple[Any, ...]:
    """The arguments, those that lie in the target's memory (y *= y) copied before it is overwritten."""
    found = list(args)
    for i, arg in enumerate(args):
        if isinstance(arg, TensorBase) and (
            arg is target or (arg._storage is not None and arg._storage is target._storage)
        ):
            found[i] = apply(ROWS["clone"], arg)
            arrays[i + 1] = found[i]._array
    return tuple(found)


def changed(target: Any, operation: str) -> Any:
    """Count a change of the target's memory, and remember who made it."""
    storage = storage_of(target)
    storage._version += 1
    state = LOCAL.state
    storage.changed_by = operation, caller() if state.grad else None
    if state.watch is not None:
        state.watch.overwritten(target, operation)
    return storage


def check_leaf(target: Any) -> None:
    """Refuse to change a leaf that requires a gradient while operations are recorded."""
    if isinstance(target._node, Leaf):
        raise RuntimeError(
            "a leaf Variable that requires grad is being used in an in-place operation.\n"
            "  Do it under `with groundup.no_grad():`, as an optimiser does, or out of place (x = x + 1 for x += 1)."
        )
    view = target._view
    while view is not None:
        if isinstance(view, Sealed):
            raise RuntimeError(view.MESSAGE)
        if isinstance(view.base._node, Leaf):
            raise RuntimeError(
                "a view of a leaf Variable that requires grad is being used in an in-place operation.\n"
                "  Do it under `with groundup.no_grad():`, or on a .clone()."
            )
        view = view.base._view


def check_overlap(array: np.ndarray) -> None:
    """Refuse to write into an expanded array."""
    if array.size and any(stride == 0 and size > 1 for stride, size in zip(array.strides, array.shape, strict=True)):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory "
            "location. Please clone() the tensor before performing the operation.\n"
            f"  Its shape is {array.shape} and it was expanded: write x.clone() in front."
        )


def write(array: np.ndarray, place: Any, values: Any) -> None:
    """array[place] = values, or an error that says why the memory cannot be written."""
    try:
        quiet(array.__setitem__, place, values)
    except ValueError:
        if array.flags.writeable:
            raise
        raise read_only() from None


def read_only() -> RuntimeError:
    """The error for memory that NumPy may only read."""
    return RuntimeError(
        "the tensor's memory is read-only: it is shared with a NumPy array or buffer that may not be written\n"
        "  Change a .clone(), or make the tensor from array.copy()."
    )


def _compute(row: Row, array: np.ndarray, arrays: list[Any], params: dict[str, Any], run: Any = None) -> None:
    run = run or LOCAL.state.run
    eager = row.eager if array.dtype.itemsize != 2 else reading(row, arrays)
    try:
        if arrays[0] is array and not params and eager is row.eager:
            if row.ufunc:
                run(eager, *arrays, out=array)
                return
            if row.into:
                run(row.into, *arrays)
                return
        out = np.asarray(run(eager, *arrays, **params))
    except Exception as error:
        if is_nested(error):
            _compute(row, array, arrays, params, run_nested)
            return
        raise _refused(row, array, arrays, params, error) from None
    if out.shape != array.shape:
        raise _wrong_shape(array.shape, out.shape)
    if not can_store(out.dtype, array.dtype):
        raise wrong_type(out.dtype, array.dtype)
    write(array, ..., out)


def can_store(result: np.dtype[Any], target: np.dtype[Any]) -> bool:
    """Whether a result may be written into that type: never from float to integer, nor from number to bool."""
    return dtypes.category(result) <= dtypes.category(target)


def _refused(row: Row, array: np.ndarray, arrays: list[Any], params: dict[str, Any], error: Exception) -> Exception:
    if not array.flags.writeable:
        return read_only()
    shapes = [each.shape for each in arrays if isinstance(each, np.ndarray)]
    if broadcast_error(row.name, shapes) is None:
        try:
            whole = np.broadcast_shapes(*shapes)
        except ValueError:
            whole = array.shape
        if whole != array.shape:
            return _wrong_shape(array.shape, whole)
        if isinstance(error, TypeError):
            found = dtypes.BOOL if row.dtypes == "bool" else dtypes.result_of(arrays)
            if not can_store(found, array.dtype):
                return wrong_type(found, array.dtype)
    return diagnose(row, arrays, params, error)


def _wrong_shape(have: tuple[int, ...], result: tuple[int, ...]) -> RuntimeError:
    return RuntimeError(
        f"output with shape {list(have)} doesn't match the broadcast shape {list(result)}\n"
        "  An in-place operation cannot grow its tensor: write it out of place (x = x + y for x += y)."
    )


def wrong_type(result: np.dtype[Any], have: np.dtype[Any]) -> RuntimeError:
    return RuntimeError(
        f"result type {dtypes.OF_NUMPY[result].legacy} can't be cast to the desired output type "
        f"{dtypes.OF_NUMPY[have].legacy}\n"
        "  Write it out of place (x = x * 0.5 for x *= 0.5), or convert the tensor first."
    )


def _needs_target(row: Row, target: Any, values: tuple[Any, ...]) -> bool:
    """Whether a wanted derivative needs the value that is about to be overwritten."""
    plan = row.plan(mask_of((target, *values)), 1 + len(values)) if row.differentiable else None
    return plan is not None and 0 in plan.inputs


def _rebase(
    row: Row, target: Any, before: np.ndarray, values: tuple[Any, ...], arrays: list[Any], params: dict[str, Any]
) -> None:
    """Give the target the operation as its new history."""
    old = target._node
    saved = [before, *arrays[1:]]
    kind = HalfNode if half_of(saved) else Node
    record(row, (target, *values), saved, mask_of((target, *values)), params, target, kind)
    node = target._node
    keep_retaining(old, node)
    if node is not old and isinstance(node, Node):
        node.guards = tuple((OldValue(old), 0) if owner is target else (owner, v) for owner, v in node.guards)


def write_back(view: Any) -> None:
    """Make the new history of a view part of its base's, and so on down to the tensor that owns the memory."""
    while view._view is not None:
        _write_into_base(view)
        view = view._view.base


def _write_into_base(view: Any) -> None:
    """The base's new history: this part of it comes from the view, the rest from before."""
    link: View = view._view
    base: Any = link.base
    touched = _touched(link, view._array.shape, base._array.shape)

    name, params = link.row.name, link.params  # not the link, whose base would hold itself alive by its own history

    def of_base(m: Any, g: Any) -> Any:
        return m.where(wrap_like(m, touched), 0, g)

    def of_view(m: Any, g: Any) -> Any:
        return getattr(m, name)(g, **params)

    steps, edges = [], []
    for argument, (formula, source) in enumerate(((of_base, base), (of_view, view))):
        if source._node is not None:
            steps.append(Step(argument, formula, [], None, []))
            edges.append(source._node)
    plan = Plan((), False, tuple(steps))
    old = base._node
    base._node = Node(ROWS["assign"], plan, tuple(edges), (), (), {}, base._array, caller())
    keep_retaining(old, base._node)
    link.seen = storage_of(view).rebased


def _touched(link: View, shape: tuple[int, ...], base: tuple[int, ...]) -> np.ndarray:
    """Which elements of the base the view shows: those that its adjoint, given ones, adds something to."""
    plan = link.row.plan(1, 1)
    if plan is None:
        raise RuntimeError(f"a change in place through {link.row.name} has no derivative\n  Change a .clone().")
    step = plan.steps[0]
    seen = step.formula(ARRAYS, np.ones(shape, bool), **step.named((), link.params, base))
    return np.asarray(seen != 0)


def wrap_like(m: Any, array: np.ndarray) -> Any:
    """An array as an operand of the mathematics `m`."""
    return constant(array) if m is TENSORS else array
