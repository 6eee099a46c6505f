"""Rounding to whole numbers: the slope is zero wherever there is one."""

from __future__ import annotations

from groundup.ops.elementwise.family import elementwise, zero

floor = elementwise(
    lambda m, x: m.floor(x), lambda m, g: zero(m, g), ufunc="floor", smooth=(), judge="piecewise constant"
)
ceil = elementwise(lambda m, x: m.ceil(x), lambda m, g: zero(m, g), ufunc="ceil", smooth=(), judge="piecewise constant")
round_ = elementwise(
    lambda m, x: m.round(x), lambda m, g: zero(m, g), ufunc="rint", smooth=(), judge="piecewise constant"
)
trunc = elementwise(
    lambda m, x: m.trunc(x), lambda m, g: zero(m, g), ufunc="trunc", smooth=(), judge="piecewise constant"
)
