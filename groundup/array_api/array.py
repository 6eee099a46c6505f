"""`Array`: a tensor as the array API standard wants an array, with its operators and its rules of types.

The functions of the namespace take arrays apart, call groundup's functions on the tensors inside, and put the results
into arrays again. They meet here: `operand` and `operands` check and promote, `unary` and `binary` make a function of
the namespace out of one of groundup's.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from groundup.array_api.data_types import (
    ALL,
    FLOATING,
    INTEGRAL,
    INTEGRAL_OR_BOOLEAN,
    NUMERIC,
    check_number,
    joined,
    promote,
)
from groundup.dtypes import dtype
from groundup.functions import contract, creation
from groundup.functions import elementwise as of_tensors
from groundup.tensor import Tensor

__all__ = ["Array", "binary", "operand", "operands", "tensor_of", "unary"]

VERSIONS = ("2021.12", "2022.12", "2023.12", "2024.12")
NUMBERS = (int, float, complex, np.generic)  # NumPy's scalars count as Python's numbers
Function = Callable[..., Any]
Kinds = tuple[dtype, ...]


def tensor_of(x: Any, name: str) -> Tensor:
    """The tensor inside an array."""
    if not isinstance(x, Array):
        raise TypeError(f"{name}: expected an array of groundup.array_api, got {type(x).__name__}; see asarray")
    return x.tensor


def operand(name: str, kinds: Kinds, x: Any) -> Tensor:
    """The tensor inside the one argument of a function, of a type that the function is defined for."""
    found = tensor_of(x, name)
    check_kind(name, kinds, found.dtype)
    return found


def check_kind(name: str, kinds: Kinds, found: dtype) -> None:
    if found not in kinds:
        allowed = ", ".join(each.name for each in kinds)
        raise TypeError(f"{name} is not defined for arrays of type {found.name}, only for {allowed}")


def operands(name: str, kinds: Kinds, *values: Any) -> list[Tensor]:
    """The tensors inside arrays and the tensors for Python numbers, all of the type that they have together."""
    types = [x.tensor.dtype for x in values if isinstance(x, Array)]
    if not types:
        raise TypeError(f"{name}: at least one argument must be an array")
    common = types[0]
    if len(types) < len(values) or any(each is not common for each in types):
        values = tuple(x.item() if isinstance(x, np.generic) else x for x in values)
        common = joined(types, [x for x in values if not isinstance(x, Array)])
    check_kind(name, kinds, common)
    return [_as(common, x) for x in values]


def _as(target: dtype, x: Any) -> Tensor:
    if not isinstance(x, Array):
        return creation.tensor(x, dtype=target)
    return x.tensor if x.tensor.dtype is target else x.tensor.to(target)


def unary(name: str, kinds: Kinds, function: Function) -> Callable[[Array], Array]:
    """A function of the namespace with one argument."""

    def operation(x: Array, /) -> Array:
        return Array(function(operand(name, kinds, x)))

    return _named(operation, name, f"{name}(x), element by element.")


def binary(name: str, kinds: Kinds, function: Function) -> Callable[[Any, Any], Array]:
    """A function of the namespace with two arguments that broadcast; one of them may be a Python number."""

    def operation(x1: Any, x2: Any, /) -> Array:
        return Array(function(*operands(name, kinds, x1, x2)))

    return _named(operation, name, f"{name}(x1, x2), element by element.")


def floor_divide(a: Tensor, b: Tensor) -> Tensor:
    """The quotient rounded down; where one of the two is infinite, the rounded limit (where PyTorch has nan or -1)."""
    found = of_tensors.floor_divide(a, b)
    if a.dtype not in FLOATING:
        return found
    return of_tensors.where(of_tensors.isinf(a) | of_tensors.isinf(b), of_tensors.floor(a / b), found)


def _named(operation: Function, name: str, doc: str) -> Function:
    """The function with the name under which it is found in the namespace, by which it is pickled too."""
    operation.__name__ = operation.__qualname__ = name
    operation.__module__ = "groundup.array_api"
    operation.__doc__ = doc
    return operation


def _operator(name: str, kinds: Kinds, function: Function, is_reflected: bool = False) -> Function:
    """A method for an operator, which leaves operands of other classes to these classes."""

    def method(self: Array, other: Any, /) -> Any:
        if not isinstance(other, (Array, *NUMBERS)):
            return NotImplemented
        pair = (other, self) if is_reflected else (self, other)
        return Array(function(*operands(name, kinds, *pair)))

    return _named(method, name, f"The operator {name}.")


def _in_place(name: str, kinds: Kinds, function: Function) -> Function:
    """A method for an operator with `=`, which writes its result into the array and keeps type and shape."""

    def method(self: Array, other: Any, /) -> Any:
        if not isinstance(other, (Array, *NUMBERS)):
            return NotImplemented
        result = function(*operands(name, kinds, self, other))
        if result.dtype is not self.dtype or tuple(result.shape) != self.shape:
            raise TypeError(
                f"{name}: the result is {result.dtype.name} of shape {tuple(result.shape)}, "
                f"which does not fit into {self.dtype.name} of shape {self.shape}"
            )
        self.tensor.copy_(result)
        return self

    return _named(method, name, f"The operator {name}, in place.")


class Array:
    """An array of the array API standard, around a `Tensor`. Made by `groundup.array_api.asarray` and the like.

    The operators and methods are those of the standard and no others, but for `tensor`, the tensor inside. It is the
    same memory, and it carries the history of its gradients: code written for the standard can be differentiated.

    >>> import groundup
    >>> import groundup.array_api as xp
    >>> w = groundup.tensor([1.0, 2.0], requires_grad=True)
    >>> y = xp.sum(xp.asarray(w) ** 2)
    >>> y
    Array(tensor(5., grad_fn=<SumBackward0>))
    >>> y.tensor.backward()
    >>> w.grad
    tensor([2., 4.])
    """

    __slots__ = ("tensor",)
    __array_ufunc__ = None  # NumPy leaves operators to us

    def __init__(self, tensor: Tensor) -> None:
        if not isinstance(tensor, Tensor):
            raise TypeError("Array wraps a tensor; to make an array of other data, write groundup.array_api.asarray")
        self.tensor = tensor

    def __repr__(self) -> str:
        return f"Array({self.tensor!r})"

    # What it is

    @property
    def dtype(self) -> dtype:
        return self.tensor.dtype

    @property
    def device(self) -> creation.device:
        return self.tensor.device

    @property
    def ndim(self) -> int:
        return self.tensor.ndim

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.tensor.shape)

    @property
    def size(self) -> int:
        return self.tensor.numel()

    @property
    def T(self) -> Array:
        """The transpose of a matrix."""
        if self.ndim != 2:
            raise ValueError(f"T is for arrays with two axes, this one has {self.ndim}; see mT and permute_dims")
        return Array(self.tensor.transpose(0, 1))

    @property
    def mT(self) -> Array:
        """The transposes of the matrices in the last two axes."""
        if self.ndim < 2:
            raise ValueError(f"mT is for arrays with two axes or more, this one has {self.ndim}")
        return Array(self.tensor.transpose(-2, -1))

    def __array_namespace__(self, /, *, api_version: str | None = None) -> ModuleType:
        """The namespace of the functions for this array: `groundup.array_api`."""
        if api_version is not None and api_version not in VERSIONS:
            raise ValueError(f"groundup.array_api follows version {VERSIONS[-1]} of the standard, not {api_version}")
        from groundup import array_api

        return array_api

    def to_device(self, device: Any, /, *, stream: Any = None) -> Array:
        """Itself: the only device is the CPU."""
        if stream is not None:
            raise ValueError("there are no streams on the CPU: stream must be None")
        creation.device(device)
        return self

    def __dlpack__(
        self,
        /,
        *,
        stream: Any = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[Any, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        return self.tensor.__dlpack__(stream=stream, max_version=max_version, dl_device=dl_device, copy=copy)

    def __dlpack_device__(self, /) -> tuple[int, int]:
        return self.tensor.__dlpack_device__()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.tensor.__array__(dtype, copy)

    # One element as a Python number

    def _item(self, target: str) -> Any:
        if self.ndim != 0:
            raise TypeError(f"only an array with no axes can become a Python {target}, this one has shape {self.shape}")
        return self.tensor.item()

    def __bool__(self, /) -> bool:
        return bool(self._item("bool"))

    def __int__(self, /) -> int:
        return int(self._item("int"))

    def __float__(self, /) -> float:
        return float(self._item("float"))

    def __complex__(self, /) -> complex:
        return complex(self._item("complex"))

    def __index__(self, /) -> int:
        if self.dtype not in INTEGRAL:
            raise TypeError(f"only an array of integers can be an index, this one is {self.dtype.name}")
        return self._item("index")

    # Elements

    def __getitem__(self, key: Any, /) -> Array:
        return Array(self.tensor[_key(key)])

    def __setitem__(self, key: Any, value: Any, /) -> None:
        if isinstance(value, Array):
            promote(self.dtype, value.dtype)
            self.tensor[_key(key)] = value.tensor.to(self.dtype)
        else:
            number = value.item() if isinstance(value, np.generic) else value
            check_number(number, self.dtype)
            self.tensor[_key(key)] = number

    # Operators

    def __pos__(self, /) -> Array:
        return Array(operand("__pos__", NUMERIC, self).clone())

    def __neg__(self, /) -> Array:
        return Array(-operand("__neg__", NUMERIC, self))

    def __abs__(self, /) -> Array:
        return Array(operand("__abs__", NUMERIC, self).abs())

    def __invert__(self, /) -> Array:
        return Array(~operand("__invert__", INTEGRAL_OR_BOOLEAN, self))

    __add__ = _operator("__add__", NUMERIC, of_tensors.add)
    __sub__ = _operator("__sub__", NUMERIC, of_tensors.sub)
    __mul__ = _operator("__mul__", NUMERIC, of_tensors.mul)
    __truediv__ = _operator("__truediv__", FLOATING, of_tensors.div)
    __floordiv__ = _operator("__floordiv__", NUMERIC, floor_divide)
    __mod__ = _operator("__mod__", NUMERIC, of_tensors.remainder)
    __pow__ = _operator("__pow__", NUMERIC, of_tensors.pow)
    __and__ = _operator("__and__", INTEGRAL_OR_BOOLEAN, of_tensors.bitwise_and)
    __or__ = _operator("__or__", INTEGRAL_OR_BOOLEAN, of_tensors.bitwise_or)
    __xor__ = _operator("__xor__", INTEGRAL_OR_BOOLEAN, of_tensors.bitwise_xor)
    __lshift__ = _operator("__lshift__", INTEGRAL, of_tensors.bitwise_left_shift)
    __rshift__ = _operator("__rshift__", INTEGRAL, of_tensors.bitwise_right_shift)

    __radd__ = _operator("__radd__", NUMERIC, of_tensors.add, is_reflected=True)
    __rsub__ = _operator("__rsub__", NUMERIC, of_tensors.sub, is_reflected=True)
    __rmul__ = _operator("__rmul__", NUMERIC, of_tensors.mul, is_reflected=True)
    __rtruediv__ = _operator("__rtruediv__", FLOATING, of_tensors.div, is_reflected=True)
    __rfloordiv__ = _operator("__rfloordiv__", NUMERIC, floor_divide, is_reflected=True)
    __rmod__ = _operator("__rmod__", NUMERIC, of_tensors.remainder, is_reflected=True)
    __rpow__ = _operator("__rpow__", NUMERIC, of_tensors.pow, is_reflected=True)
    __rand__ = _operator("__rand__", INTEGRAL_OR_BOOLEAN, of_tensors.bitwise_and, is_reflected=True)
    __ror__ = _operator("__ror__", INTEGRAL_OR_BOOLEAN, of_tensors.bitwise_or, is_reflected=True)
    __rxor__ = _operator("__rxor__", INTEGRAL_OR_BOOLEAN, of_tensors.bitwise_xor, is_reflected=True)
    __rlshift__ = _operator("__rlshift__", INTEGRAL, of_tensors.bitwise_left_shift, is_reflected=True)
    __rrshift__ = _operator("__rrshift__", INTEGRAL, of_tensors.bitwise_right_shift, is_reflected=True)

    __iadd__ = _in_place("__iadd__", NUMERIC, of_tensors.add)
    __isub__ = _in_place("__isub__", NUMERIC, of_tensors.sub)
    __imul__ = _in_place("__imul__", NUMERIC, of_tensors.mul)
    __itruediv__ = _in_place("__itruediv__", FLOATING, of_tensors.div)
    __ifloordiv__ = _in_place("__ifloordiv__", NUMERIC, floor_divide)
    __imod__ = _in_place("__imod__", NUMERIC, of_tensors.remainder)
    __ipow__ = _in_place("__ipow__", NUMERIC, of_tensors.pow)
    __iand__ = _in_place("__iand__", INTEGRAL_OR_BOOLEAN, of_tensors.bitwise_and)
    __ior__ = _in_place("__ior__", INTEGRAL_OR_BOOLEAN, of_tensors.bitwise_or)
    __ixor__ = _in_place("__ixor__", INTEGRAL_OR_BOOLEAN, of_tensors.bitwise_xor)
    __ilshift__ = _in_place("__ilshift__", INTEGRAL, of_tensors.bitwise_left_shift)
    __irshift__ = _in_place("__irshift__", INTEGRAL, of_tensors.bitwise_right_shift)

    __eq__ = _operator("__eq__", ALL, of_tensors.eq)
    __ne__ = _operator("__ne__", ALL, of_tensors.ne)
    __lt__ = _operator("__lt__", NUMERIC, of_tensors.lt)
    __le__ = _operator("__le__", NUMERIC, of_tensors.le)
    __gt__ = _operator("__gt__", NUMERIC, of_tensors.gt)
    __ge__ = _operator("__ge__", NUMERIC, of_tensors.ge)
    __hash__ = None  # type: ignore[assignment]

    def __matmul__(self, other: Any, /) -> Any:
        if not isinstance(other, Array):
            return NotImplemented
        return Array(contract.matmul(*operands("__matmul__", NUMERIC, self, other)))

    def __rmatmul__(self, other: Any, /) -> Any:
        return NotImplemented if not isinstance(other, Array) else other.__matmul__(self)

    def __imatmul__(self, other: Any, /) -> Any:
        if not isinstance(other, Array):
            return NotImplemented
        result = contract.matmul(*operands("__imatmul__", NUMERIC, self, other))
        if result.dtype is not self.dtype or tuple(result.shape) != self.shape:
            raise TypeError(f"__imatmul__: the product has shape {tuple(result.shape)}, the array {self.shape}")
        self.tensor.copy_(result)
        return self


def _key(key: Any) -> Any:
    """An index with tensors in the place of arrays."""
    if isinstance(key, tuple):
        return tuple(part.tensor if isinstance(part, Array) else part for part in key)
    return key.tensor if isinstance(key, Array) else key
