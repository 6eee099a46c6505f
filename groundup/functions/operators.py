"""Python's operators on tensors, as a base class of `Tensor`. Each applies one row.

An operand that is neither a tensor nor a number gives NotImplemented, so that its own class may answer, and Python
raises TypeError if it does not.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from groundup import dtypes
from groundup.autograd.apply import NotATensor, apply
from groundup.autograd.inplace import apply_
from groundup.autograd.tape import TensorBase, shown_as, wrap
from groundup.functions import contract, elementwise
from groundup.functions.inplace import InPlace
from groundup.ops import elementwise as rows


class Operators(InPlace):
    """What `+`, `@`, `<` and the others mean."""

    __slots__ = ()
    __hash__ = object.__hash__  # a tensor is itself, whatever its values
    __array_ufunc__ = None  # so that ndarray + Tensor asks the tensor

    def __add__(self, other: Any) -> Any:
        try:
            return apply(rows.add, self, other)
        except NotATensor:
            return NotImplemented

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        try:
            return apply(rows.sub, self, other)
        except NotATensor:
            return NotImplemented

    def __rsub__(self, other: Any) -> Any:
        try:
            return shown_as(apply(rows.sub, other, self), "RsubBackward1")
        except NotATensor:
            return NotImplemented

    def __mul__(self, other: Any) -> Any:
        try:
            return apply(rows.mul, self, other)
        except NotATensor:
            return NotImplemented

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        try:
            return apply(rows.div, self, other)
        except NotATensor:
            return NotImplemented

    def __rtruediv__(self, other: Any) -> Any:
        try:  # in two steps, as PyTorch does: the last digit is the same
            return apply(rows.mul, apply(rows.reciprocal, self), other)
        except NotATensor:
            return NotImplemented

    __rdiv__ = __rtruediv__  # PyTorch's name for it

    def __floordiv__(self, other: Any) -> Any:
        try:
            return apply(rows.floor_divide, self, other)
        except NotATensor:
            return NotImplemented

    def __rfloordiv__(self, other: Any) -> Any:
        try:
            return apply(rows.floor_divide, other, self)
        except NotATensor:
            return NotImplemented

    def __mod__(self, other: Any) -> Any:
        try:
            return apply(rows.remainder, self, other)
        except NotATensor:
            return NotImplemented

    def __rmod__(self, other: Any) -> Any:
        try:
            return apply(rows.remainder, other, self)
        except NotATensor:
            return NotImplemented

    def __and__(self, other: Any) -> Any:
        try:
            return apply(rows.bitwise_and, self, other)
        except NotATensor:
            return NotImplemented

    __rand__ = __and__

    def __or__(self, other: Any) -> Any:
        try:
            return apply(rows.bitwise_or, self, other)
        except NotATensor:
            return NotImplemented

    __ror__ = __or__

    def __xor__(self, other: Any) -> Any:
        try:
            return apply(rows.bitwise_xor, self, other)
        except NotATensor:
            return NotImplemented

    __rxor__ = __xor__

    def __lshift__(self, other: Any) -> Any:
        try:
            return apply(rows.bitwise_left_shift, self, other)
        except NotATensor:
            return NotImplemented

    def __rlshift__(self, other: Any) -> Any:
        try:
            return apply(rows.bitwise_left_shift, other, self)
        except NotATensor:
            return NotImplemented

    def __rshift__(self, other: Any) -> Any:
        try:
            return apply(rows.bitwise_right_shift, self, other)
        except NotATensor:
            return NotImplemented

    def __rrshift__(self, other: Any) -> Any:
        try:
            return apply(rows.bitwise_right_shift, other, self)
        except NotATensor:
            return NotImplemented

    def __lt__(self, other: Any) -> Any:
        try:
            return apply(rows.lt, self, other)
        except NotATensor:
            return NotImplemented

    def __le__(self, other: Any) -> Any:
        try:
            return apply(rows.le, self, other)
        except NotATensor:
            return NotImplemented

    def __gt__(self, other: Any) -> Any:
        try:
            return apply(rows.gt, self, other)
        except NotATensor:
            return NotImplemented

    def __ge__(self, other: Any) -> Any:
        try:
            return apply(rows.ge, self, other)
        except NotATensor:
            return NotImplemented

    def __eq__(self, other: Any) -> Any:
        try:
            return apply(rows.eq, self, other)
        except NotATensor:
            return NotImplemented

    def __ne__(self, other: Any) -> Any:
        try:
            return apply(rows.ne, self, other)
        except NotATensor:
            return NotImplemented

    def __pow__(self, other: Any) -> Any:
        try:
            return elementwise.pow(self, other)
        except NotATensor:
            return NotImplemented

    def __rpow__(self, other: Any) -> Any:
        try:
            return elementwise.pow(other, self)
        except NotATensor:
            return NotImplemented

    def __matmul__(self, other: Any) -> Any:
        return contract.matmul(self, other) if isinstance(other, TensorBase) else _matmul_array(self, other, False)

    def __rmatmul__(self, other: Any) -> Any:
        return contract.matmul(other, self) if isinstance(other, TensorBase) else _matmul_array(self, other, True)

    def __neg__(self) -> Any:
        return elementwise.neg(self)

    def __pos__(self) -> Any:
        return elementwise.positive(self)

    def __abs__(self) -> Any:
        return elementwise.abs(self)

    def __invert__(self) -> Any:
        return apply(rows.bitwise_not, self)

    def __iadd__(self, other: Any) -> Any:
        return apply_(rows.add, self, other)

    def __isub__(self, other: Any) -> Any:
        return apply_(rows.sub, self, other)

    def __imul__(self, other: Any) -> Any:
        return apply_(rows.mul, self, other)

    def __itruediv__(self, other: Any) -> Any:
        return apply_(rows.div, self, other)

    def __ifloordiv__(self, other: Any) -> Any:
        return apply_(rows.floor_divide, self, other)

    def __imod__(self, other: Any) -> Any:
        return apply_(rows.remainder, self, other)

    def __ipow__(self, other: Any) -> Any:
        return self.pow_(other)

    def __ilshift__(self, other: Any) -> Any:
        return apply_(rows.bitwise_left_shift, self, other)

    def __irshift__(self, other: Any) -> Any:
        return apply_(rows.bitwise_right_shift, self, other)

    def __iand__(self, other: Any) -> Any:
        return apply_(rows.bitwise_and, self, other)

    def __ior__(self, other: Any) -> Any:
        return apply_(rows.bitwise_or, self, other)

    def __ixor__(self, other: Any) -> Any:
        return apply_(rows.bitwise_xor, self, other)


def _matmul_array(tensor: Any, other: Any, reflected: bool) -> Any:
    """The product with a NumPy array, which becomes a tensor."""
    if not isinstance(other, np.ndarray):
        return NotImplemented
    dtypes.of_numpy(other.dtype)
    return contract.matmul(wrap(other), tensor) if reflected else contract.matmul(tensor, wrap(other))
