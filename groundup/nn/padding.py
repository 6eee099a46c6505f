"""Layers that put a border around sequences, images and volumes: of one value, mirrored, continued, or circular."""

from __future__ import annotations

from groundup.functions import view
from groundup.nn.functional.shapes import Sizes, integers
from groundup.nn.module import Module
from groundup.tensor import Tensor


class _Pad(Module):
    """A border of ``padding`` elements on every side, or (before, after) for each axis, the last one first."""

    rank = 0  # over how many axes the border goes
    mode = "constant"

    def __init__(self, padding: Sizes) -> None:
        self.padding = integers("padding", padding, 2 * self.rank)

    def forward(self, input: Tensor) -> Tensor:
        """Adds the border to ``input``."""
        if input.dim() not in (self.rank + 1, self.rank + 2):
            raise ValueError(f"expected {self.rank + 1}D or {self.rank + 2}D input (got {input.dim()}D input)")
        return view.pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        """The settings."""
        return str(self.padding)


class _ConstantPad(_Pad):
    """A border of ``value``."""

    def __init__(self, padding: Sizes, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        """Adds the border to ``input``, which may have any number of axes in front."""
        return view.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        """The settings."""
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPad):
    """A border of ``value`` at both ends of the last axis. Follows ``torch.nn.ConstantPad1d``.

    >>> import groundup
    >>> groundup.nn.ConstantPad1d((1, 2), 7)(groundup.zeros(1, 2))
    tensor([[7., 0., 0., 7., 7.]])
    """

    rank = 1


class ConstantPad2d(_ConstantPad):
    """A border of ``value`` around images: (left, right, top, bottom). Follows ``torch.nn.ConstantPad2d``."""

    rank = 2


class ConstantPad3d(_ConstantPad):
    """A border of ``value`` around volumes, the last axis first. Follows ``torch.nn.ConstantPad3d``."""

    rank = 3


class _ZeroPad(_ConstantPad):
    """A border of zeros."""

    def __init__(self, padding: Sizes) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        """The settings."""
        return str(self.padding)


class ZeroPad1d(_ZeroPad):
    """A border of zeros at both ends of the last axis. Follows ``torch.nn.ZeroPad1d``."""

    rank = 1


class ZeroPad2d(_ZeroPad):
    """A border of zeros around images: (left, right, top, bottom). Follows ``torch.nn.ZeroPad2d``."""

    rank = 2


class ZeroPad3d(_ZeroPad):
    """A border of zeros around volumes, the last axis first. Follows ``torch.nn.ZeroPad3d``."""

    rank = 3


class ReflectionPad1d(_Pad):
    """A mirrored border at both ends of a sequence, without the outermost element itself.

    Follows ``torch.nn.ReflectionPad1d``.

    >>> import groundup
    >>> groundup.nn.ReflectionPad1d(2)(groundup.arange(3.0).reshape(1, 3))
    tensor([[2., 1., 0., 1., 2., 1., 0.]])
    """

    rank, mode = 1, "reflect"


class ReflectionPad2d(_Pad):
    """A mirrored border around images: (left, right, top, bottom). Follows ``torch.nn.ReflectionPad2d``."""

    rank, mode = 2, "reflect"


class ReflectionPad3d(_Pad):
    """A mirrored border around volumes, the last axis first. Follows ``torch.nn.ReflectionPad3d``."""

    rank, mode = 3, "reflect"


class ReplicationPad1d(_Pad):
    """The outermost elements of a sequence continued at both ends. Follows ``torch.nn.ReplicationPad1d``."""

    rank, mode = 1, "replicate"


class ReplicationPad2d(_Pad):
    """The edges of images continued: (left, right, top, bottom). Follows ``torch.nn.ReplicationPad2d``."""

    rank, mode = 2, "replicate"


class ReplicationPad3d(_Pad):
    """The faces of volumes continued, the last axis first. Follows ``torch.nn.ReplicationPad3d``."""

    rank, mode = 3, "replicate"


class CircularPad1d(_Pad):
    """A border with the elements of the other end, as of a ring. Follows ``torch.nn.CircularPad1d``."""

    rank, mode = 1, "circular"


class CircularPad2d(_Pad):
    """A border with the elements of the other edge: (left, right, top, bottom). Follows ``torch.nn.CircularPad2d``."""

    rank, mode = 2, "circular"


class CircularPad3d(_Pad):
    """A border with the elements of the other face, the last axis first. Follows ``torch.nn.CircularPad3d``."""

    rank, mode = 3, "circular"
