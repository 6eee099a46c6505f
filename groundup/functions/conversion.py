"""Changes of type, as a base class of `Tensor`: `to`, and a method for each type by PyTorch's names."""

from __future__ import annotations

from typing import Any

from groundup import dtypes
from groundup.autograd.apply import apply
from groundup.autograd.tape import TensorBase, wrap
from groundup.functions import creation
from groundup.ops import elementwise as rows
from groundup.ops.view import clone

Tensor = Any


class Conversion(TensorBase):
    """The methods that change the type of the elements."""

    __slots__ = ()

    def to(
        self,
        *args: Any,
        dtype: Any = None,
        device: Any = None,
        non_blocking: bool = False,
        copy: bool = False,
    ) -> Any:
        """The tensor in another type (a dtype, or that of another tensor); itself if nothing changes."""
        for arg in args:
            if isinstance(arg, TensorBase):
                dtype = arg._array.dtype
            elif isinstance(arg, (str, creation.device)):
                device = arg
            elif arg is not None:
                dtype = arg
        if device is not None:
            creation.device(device)
        target = self._array.dtype if dtype is None else dtypes.to_numpy(dtype)
        if target == self._array.dtype:
            return apply(clone, self) if copy else self
        source = wrap(self._array) if target.kind not in dtypes.REAL and self._node is not None else self
        return apply(rows.cast, source, to=target)

    def type(self, dtype: Any = None) -> Any:
        """The tensor in another type, or the name of its type (`groundup.FloatTensor`)."""
        return f"groundup.{dtypes.OF_NUMPY[self._array.dtype].legacy}Tensor" if dtype is None else self.to(dtype)

    def type_as(self, other: Tensor) -> Tensor:
        """The tensor in the type of another."""
        return self.to(other.dtype)

    def float(self) -> Tensor:
        """The tensor as float32."""
        return self.to(dtypes.float32)

    def double(self) -> Tensor:
        """The tensor as float64."""
        return self.to(dtypes.float64)

    def half(self) -> Tensor:
        """The tensor as float16."""
        return self.to(dtypes.float16)

    def bfloat16(self) -> Tensor:
        """The tensor as bfloat16, which needs the extra of that name."""
        return self.to(dtypes.bfloat16)

    def long(self) -> Tensor:
        """The tensor as int64."""
        return self.to(dtypes.int64)

    def int(self) -> Tensor:
        """The tensor as int32."""
        return self.to(dtypes.int_)

    def short(self) -> Tensor:
        """The tensor as int16."""
        return self.to(dtypes.int16)

    def char(self) -> Tensor:
        """The tensor as int8."""
        return self.to(dtypes.int8)

    def byte(self) -> Tensor:
        """The tensor as uint8."""
        return self.to(dtypes.uint8)

    def bool(self) -> Tensor:
        """The tensor as bool: whether each element is not 0."""
        return self.to(dtypes.bool_)

    def cpu(self) -> Tensor:
        """Itself: it is on the CPU."""
        return self
