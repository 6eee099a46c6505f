"""A layout as NumPy writes it: `qkv.reshape(16, 64, 12, 32)[:, :, 4:8].transpose(0, 2, 1, 3)`.

Strides that are multiples of each other are the axes of some shape of the whole buffer; what is looked at are slices of
those axes, in another order. For other strides NumPy's `as_strided` is written out.
"""

from __future__ import annotations

from dataclasses import dataclass

from groundup.compile.loops.layout import Layout, Shape


@dataclass(frozen=True)
class Named:
    """A buffer's array in the source: its name and its shape."""

    name: str
    shape: Shape

    def flat(self, offset: int = 0) -> str:
        """All elements from that one on, as kernels take them."""
        whole = self.name if len(self.shape) == 1 else f"{self.name}.ravel()"
        return f"{whole}[{offset}:]" if offset else whole

    def view(self, layout: Layout) -> str:
        """The elements of a layout; never a copy."""
        size = layout.buffer.size
        if layout.contiguous:
            return self.reshaped(layout.shape)
        return self._sliced(layout, size) or self._strided(layout)

    def reshaped(self, shape: Shape) -> str:
        """All elements in that shape."""
        if shape == self.shape:
            return self.name
        if self.shape == (*shape, 1):
            return f"{self.name}[..., 0]"
        return f"{self.name}.reshape({', '.join(map(str, shape)) if shape else '()'})"

    def _sliced(self, layout: Layout, size: int) -> str | None:
        axes = [axis for axis, n in enumerate(layout.shape) if n != 1]
        axes.sort(key=lambda axis: -layout.strides[axis])
        units = [layout.strides[axis] for axis in axes]
        if not units or units[-1] <= 0:
            return None
        outer = [size, *units[:-1]]
        if any(whole % unit for whole, unit in zip(outer, units, strict=True)):
            return None
        dims = [whole // unit for whole, unit in zip(outer, units, strict=True)]
        if units[-1] != 1:
            dims.append(units[-1])
            units.append(1)
        keys = []
        rest = layout.offset
        for i, (dim, unit) in enumerate(zip(dims, units, strict=True)):
            first, rest = divmod(rest, unit)
            length = layout.shape[axes[i]] if i < len(axes) else 0
            if first + max(length, 1) > dim:
                return None
            whole = first == 0 and length == dim
            keys.append(str(first) if not length else ":" if whole else f"{first or ''}:{first + length}")
        text = self.reshaped(tuple(dims))
        while keys and keys[-1] == ":":
            keys.pop()
        text += f"[{', '.join(keys)}]" if keys else ""
        return _turned(text, axes) + _with_ones(layout.shape)

    def _strided(self, layout: Layout) -> str:
        size = layout.buffer.dtype.itemsize
        strides = tuple(stride * size for stride in layout.strides)
        return f"np.lib.stride_tricks.as_strided({self.flat(layout.offset)}, {layout.shape}, {strides})"


def _turned(text: str, axes: list[int]) -> str:
    """The axes, now in the order of their strides, back in their own order."""
    order = [axes.index(axis) for axis in sorted(axes)]
    if order == sorted(order):
        return text
    if order == [1, 0]:
        return f"{text}.T"
    if order == [*range(len(order) - 2), len(order) - 1, len(order) - 2]:
        return f"{text}.swapaxes(-1, -2)"
    return f"{text}.transpose({', '.join(map(str, order))})"


def _with_ones(shape: Shape) -> str:
    """Axes of length 1 put back in."""
    if 1 not in shape:
        return ""
    return f"[{', '.join('None' if n == 1 else ':' for n in shape)}]"
