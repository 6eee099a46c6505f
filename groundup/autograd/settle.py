"""What `apply` does off the good path: PyTorch's type promotion, and the diagnosis of what NumPy refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from groundup import dtypes
from groundup.autograd.state import quiet
from groundup.autograd.watch import Symbol
from groundup.errors import LinAlgError, broadcast_error, matmul_error
from groundup.ops.row import Row

INFINITY = float("inf")


class NotATensor(TypeError):
    """An operation was given something that is neither a tensor nor a number."""


def plain_value(row: Row, value: Any) -> Any:
    """A bool, NumPy scalar or NumPy array as an operand; other objects are refused."""
    if isinstance(value, (bool, int, float)):
        return (
            value if type(value) in (bool, int, float) else (float(value) if isinstance(value, float) else int(value))
        )
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Symbol):
        return value.value
    if isinstance(value, np.ndarray):
        dtypes.of_numpy(value.dtype)
        return value
    raise NotATensor(
        f"{row.name}(): an operand must be a Tensor or a number, not {type(value).__name__}\n"
        "  Make it one with groundup.tensor(...)."
    )


def no_tensor(row: Row, args: tuple[Any, ...]) -> NotATensor:
    """PyTorch's complaint about an operation that was given numbers alone."""
    found = type(args[0]).__name__ if args else "nothing"
    return NotATensor(
        f"{row.name}(): argument 'input' (position 1) must be Tensor, not {found}\n"
        "  Make it one with groundup.tensor(...), or use Python's math."
    )


def _to(value: Any, target: np.dtype[Any]) -> Any:
    """An array in the type `target`; a number that the type would refuse (300 for int8) wrapped as PyTorch does."""
    if isinstance(value, np.ndarray):
        return value if value.dtype is target or value.dtype == target else quiet(value.astype, target)
    if target.kind in dtypes.REAL:
        return value if type(value) is not bool else float(value)
    if target.kind in "iu" and not (np.iinfo(target).min <= value <= np.iinfo(target).max):
        return np.array(value, dtype=np.int64).astype(target)
    return int(value) if target.kind in "iu" else value


def holdable(value: Any, kind: np.dtype[Any]) -> Any:
    """A number that is to be written into memory of that type. Raises if it is finite and too large for the type."""
    if kind.kind in dtypes.REAL and type(value) in (int, float) and 65504 < abs(value) < INFINITY:
        largest = float(dtypes.OF_NUMPY[kind].limits.max)
        if abs(value) > largest:
            raise RuntimeError(
                f"value cannot be converted to type {kind} without overflow\n"
                f"  The value is {value}, the largest number {largest:g}; float('inf') can be written."
            )
    if kind.kind in "iu" and isinstance(value, int) and not np.iinfo(kind).min <= value <= np.iinfo(kind).max:
        raise RuntimeError(f"value cannot be converted to type {kind} without overflow\n  The value is {value}.")
    return value


def _alike(values: list[Any]) -> bool:
    """Whether all are arrays of one type, so that there is nothing to promote."""
    kind = None
    for value in values:
        if type(value) is not np.ndarray or (kind is not None and value.dtype is not kind):
            return False
        kind = value.dtype
    return True


def _promote(row: Row, values: list[Any]) -> list[Any]:
    if _alike(values):
        return values
    target = dtypes.result_of(values)
    return [_to(value, target) for value in values]


def _float(row: Row, values: list[Any]) -> list[Any]:
    target = dtypes.result_of(values)
    if target.kind not in dtypes.REAL:
        target = dtypes.default_float()
    return [_to(value, target) for value in values]


def _not_integral(row: Row, target: np.dtype[Any]) -> Exception:
    if row.name == "bitwise_not":
        return TypeError(
            "~ (operator.invert) is only implemented on integer and Boolean-type tensors\n"
            "  Compare first, ~(x > 0), or convert with .long() or .bool()."
        )
    return _unimplemented(row, target, "integers and bools; compare first (x > 0) or convert with .long() or .bool().")


def _unimplemented(row: Row, target: np.dtype[Any], advice: str) -> NotImplementedError:
    """PyTorch's complaint about a type that the operation is not for."""
    name = {"bitwise_left_shift": "lshift", "bitwise_right_shift": "rshift"}.get(row.name, row.name)
    return NotImplementedError(
        f"\"{name}_cpu\" not implemented for '{dtypes.OF_NUMPY[target].legacy}'\n  {row.name} works on {advice}"
    )


def _not_integers(row: Row, target: np.dtype[Any]) -> NotImplementedError:
    return _unimplemented(row, target, "integers; convert with .long().")


def _integers(row: Row, values: list[Any]) -> list[Any]:
    target = dtypes.result_of(values)
    if target.kind not in "iu":
        raise _not_integers(row, target)
    return [_to(value, target) for value in values]


def _numbers(row: Row, values: list[Any]) -> list[Any]:
    target = dtypes.result_of(values)
    if target == dtypes.BOOL:
        raise _unimplemented(row, target, "numbers; convert with .long().")
    return [_to(value, target) for value in values]


def _floating(row: Row, values: list[Any]) -> list[Any]:
    target = dtypes.result_of(values)
    if target.kind not in dtypes.REAL:
        raise _unimplemented(row, target, "floating-point numbers; convert with .float().")
    return [_to(value, target) for value in values]


def _integral(row: Row, values: list[Any]) -> list[Any]:
    target = values[0].dtype if _alike(values) else dtypes.result_of(values)
    if target.kind in dtypes.REAL:
        raise _not_integral(row, target)
    return [_to(value, target) for value in values]


def _where(row: Row, values: list[Any]) -> list[Any]:
    condition, a, b = values
    rest = [a, b]
    if not isinstance(condition, np.ndarray) or not dtypes.is_bool(condition):
        found = dtypes.of_numpy(condition.dtype) if isinstance(condition, np.ndarray) else type(condition).__name__
        raise RuntimeError(
            f"where expected condition to be a boolean tensor, but got a tensor with dtype {found}\n"
            "  Write a comparison, such as x > 0, or condition.bool()."
        )
    if _alike(rest):
        return values
    target = dtypes.result_of(rest)
    arrays = [_to(value, target) for value in rest]
    if not any(isinstance(each, np.ndarray) for each in arrays):
        arrays = [quiet(np.asarray, each, dtype=target) for each in arrays]
    return [condition, *arrays]


def _same(row: Row, values: list[Any]) -> list[Any]:
    kinds = {value.dtype for value in values if isinstance(value, np.ndarray)}
    if len(kinds) > 1:
        raise RuntimeError(_mixed(row, [value for value in values if isinstance(value, np.ndarray)]))
    if dtypes.BOOL in kinds and len(values) > 1:
        raise NotImplementedError(
            f"\"{_THEIRS.get(row.name, 'bmm')}\" not implemented for 'Bool'\n"
            f"  {row.name} multiplies and adds numbers; convert with .float() or .long()."
        )
    return values


# PyTorch's words for operands of different dtypes, and the names it gives its products.
_MIXED = {
    "mm": "expected m1 and m2 to have the same dtype, but got: {a.c_name} != {b.c_name}",
    "mv": "addmv input tensors must have the same dtype, but got {b.legacy}, {a.legacy}, and {b.legacy}",
    "dot": "dot : expected both vectors to have same dtype, but found {a.legacy} and {b.legacy}",
    "matmul": "expected scalar type {a.legacy} but found {b.legacy}",
    "einsum": "expected scalar type {a.legacy} but found {b.legacy}",
}
_THEIRS = {"mm": "addmm_impl_cpu_", "linear": "addmm_impl_cpu_", "mv": "addmv_impl_cpu", "dot": "dot", "cross": "cross"}


def _mixed(row: Row, arrays: list[np.ndarray]) -> str:
    """What to say of a product of different dtypes: PyTorch's line, and which operand to convert."""
    a, b, *rest = (dtypes.OF_NUMPY[array.dtype] for array in arrays)
    if row.name == "linear":
        if a is b:
            first = f"self and mat2 must have the same dtype, but got {rest[0].legacy} and {b.legacy}"
            advice = "give bias and weight one dtype"
        else:
            first = f"mat1 and mat2 must have the same dtype, but got {a.legacy} and {b.legacy}"
            advice = f"write input.to(groundup.{b.name}), the dtype of the weight, or convert the layer"
    else:
        first = (_MIXED.get(row.name) or _MIXED["mm"]).format(a=a, b=b)
        # Towards the floating-point one: the other way the fractions would be lost.
        convert = f"b.to(groundup.{a.name})" if a.is_floating_point else f"a.to(groundup.{b.name})"
        advice = f"convert one of them, e.g. {convert}"
    return f"{first}\n  {row.name} does not mix types: {advice}"


def _own(row: Row, values: list[Any]) -> list[Any]:
    return values


SETTLE: dict[str, Callable[[Row, list[Any]], list[Any]]] = {
    "promote": _promote,
    "bool": _promote,
    "float": _float,
    "numbers": _numbers,
    "floating": _floating,
    "integral": _integral,
    "integers": _integers,
    "where": _where,
    "same": _same,
    "own": _own,
}


def diagnose(row: Row, arrays: list[Any], params: dict[str, Any], error: Exception) -> Exception:
    """PyTorch's error for an operation that NumPy refused."""
    shapes = [value.shape for value in arrays if isinstance(value, np.ndarray)]
    if row.family == "elementwise":
        found = broadcast_error(row.name, shapes)
        if found is not None:
            return found
        if isinstance(error, TypeError):
            if row.name == "sub":
                return RuntimeError(
                    "Subtraction, the `-` operator, with two bool tensors is not supported. "
                    "Use the `^` or `logical_xor()` operator instead."
                )
            kind = next(v.dtype for v in arrays if isinstance(v, np.ndarray))
            if row.dtypes == "integral":
                return _not_integral(row, kind)
            if row.dtypes == "integers":
                return _not_integers(row, kind)
            kinds = ", ".join(str(dtypes.OF_NUMPY[v.dtype]) for v in arrays if isinstance(v, np.ndarray))
            return RuntimeError(f"{row.name} is not implemented for tensors of type {kinds}")
    if row.name in ("matmul", "mm", "mv", "dot"):
        return matmul_error(*shapes[:2])
    if row.name == "linear":
        return _linear_error(*shapes[:3])
    if row.name == "expand":
        return _expand_error(arrays[0], params["size"])
    if row.name in ("reshape", "flatten", "squeeze", "unsqueeze"):
        return RuntimeError(
            f"shape '{list(params['size'])}' is invalid for input of size {arrays[0].size}\n"
            f"  The tensor has shape {arrays[0].shape}; one size may be -1, and the product must stay the same."
        )
    if isinstance(error, (IndexError, MemoryError, OverflowError, LinAlgError)):
        return error
    if isinstance(error, (ValueError, TypeError)):
        described = ", ".join(str(list(shape)) for shape in shapes)
        return RuntimeError(f"{row.name} failed on tensors of shape {described}: {error}")
    return error


def _linear_error(x: tuple[int, ...], weight: tuple[int, ...], bias: tuple[int, ...]) -> Exception:
    if x and len(weight) == 2 and x[-1] != weight[1]:
        return matmul_error(x, weight[::-1])
    clash = broadcast_error("linear's bias", [(*x[:-1], weight[0]), bias])
    return clash or RuntimeError(f"linear failed on input {x}, weight {weight}, bias {bias}")


def _expand_error(array: np.ndarray, size: tuple[int, ...]) -> RuntimeError:
    shape = array.shape
    if len(size) < len(shape):
        kind = f"groundup.{dtypes.OF_NUMPY[array.dtype].legacy}Tensor{{{list(shape)}}}"
        return RuntimeError(
            f"expand({kind}, size={list(size)}): the number of sizes provided ({len(size)}) must be greater or equal "
            f"to the number of dimensions in the tensor ({len(shape)})"
        )
    lead = len(size) - len(shape)
    for axis, have in enumerate(shape):
        if have not in (1, size[lead + axis]):
            return RuntimeError(
                f"The expanded size of the tensor ({size[lead + axis]}) must match the existing size ({have}) at "
                f"non-singleton dimension {lead + axis}.  Target sizes: {list(size)}.  Tensor sizes: {list(shape)}"
            )
    return RuntimeError(f"expand failed from {shape} to {size}")
