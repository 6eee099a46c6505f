"""Changes of type, as a base class of `Tensor`: `to`, and a method for each type by PyTorch's names."""

from __future__ import annotations

from typing import Any

from groundup import dtypes
from groundup.autograd.apply import apply
from groundup.autograd.tape import TensorBase, wrap
from groundup.functions import creation
from groundup.functions.view.copies import clone, contiguous
from groundup.ops import elementwise as rows

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
        memory_format: Any = None,
    ) -> Any:
        """The tensor in another type (a dtype, or that of another tensor); itself if nothing changes.

        In front may stand a device or a tensor, then a dtype, then `non_blocking` and `copy`. With `memory_format`
        the axes lie in memory in the order that it names.
        """
        flags = []
        for arg in args:
            if isinstance(arg, TensorBase):
                dtype = arg._array.dtype
            elif isinstance(arg, (str, creation.device)):
                device = arg
            elif isinstance(arg, bool):
                flags.append(arg)
            elif arg is not None:
                dtype = arg
        if device is not None:
            creation.check_place(device)
        copy = flags[1] if len(flags) > 1 else copy
        target = self._array.dtype if dtype is None else dtypes.to_numpy(dtype)
        if target != self._array.dtype:
            source = wrap(self._array) if target.kind not in dtypes.REAL and self._node is not None else self
            found = apply(rows.cast, source, to=target)
            copy = False
        else:
            found = self
        if copy:
            return clone(found, memory_format=memory_format)
        kept = memory_format is None or memory_format is creation.preserve_format
        return found if kept else contiguous(found, memory_format)

    def type(self, dtype: Any = None, non_blocking: bool = False) -> Any:
        """The tensor in another type (a dtype or a name); without one, the name of its type, `groundup.FloatTensor`."""
        if dtype is None:
            return f"groundup.{dtypes.OF_NUMPY[self._array.dtype].legacy}Tensor"
        if isinstance(dtype, str):
            legacy = dtype.rpartition(".")[2].removesuffix("Tensor")
            found = next((each for each in dtypes.OF_NUMPY.values() if each.legacy == legacy), None)
            if found is None:
                raise ValueError(f"invalid type: {dtype!r}\n  Give a dtype such as groundup.float32.")
            dtype = found
        return self.to(dtype)

    def type_as(self, other: Tensor) -> Tensor:
        """The tensor in the type of another."""
        return self.to(other.dtype)

    def float(self, memory_format: Any = None) -> Tensor:
        """The tensor as float32."""
        return self.to(dtypes.float32, memory_format=memory_format)

    def double(self, memory_format: Any = None) -> Tensor:
        """The tensor as float64."""
        return self.to(dtypes.float64, memory_format=memory_format)

    def half(self, memory_format: Any = None) -> Tensor:
        """The tensor as float16."""
        return self.to(dtypes.float16, memory_format=memory_format)

    def bfloat16(self, memory_format: Any = None) -> Tensor:
        """The tensor as bfloat16, which needs the extra of that name."""
        return self.to(dtypes.bfloat16, memory_format=memory_format)

    def long(self, memory_format: Any = None) -> Tensor:
        """The tensor as int64."""
        return self.to(dtypes.int64, memory_format=memory_format)

    def int(self, memory_format: Any = None) -> Tensor:
        """The tensor as int32."""
        return self.to(dtypes.int_, memory_format=memory_format)

    def short(self, memory_format: Any = None) -> Tensor:
        """The tensor as int16."""
        return self.to(dtypes.int16, memory_format=memory_format)

    def char(self, memory_format: Any = None) -> Tensor:
        """The tensor as int8."""
        return self.to(dtypes.int8, memory_format=memory_format)

    def byte(self, memory_format: Any = None) -> Tensor:
        """The tensor as uint8."""
        return self.to(dtypes.uint8, memory_format=memory_format)

    def bool(self, memory_format: Any = None) -> Tensor:
        """The tensor as bool: whether each element is not 0."""
        return self.to(dtypes.bool_, memory_format=memory_format)

    def cuda(self, device: Any = None) -> Tensor:
        """Raises RuntimeError: there is no CUDA device here."""
        raise creation.no_cuda()

    def cpu(self, memory_format: Any = None) -> Tensor:
        """Itself: it is on the CPU."""
        return self.to("cpu", memory_format=memory_format)
