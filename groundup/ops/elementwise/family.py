"""How an elementwise row is made, and the gradient that every piecewise constant row has."""

from __future__ import annotations

from typing import Any

from groundup.ops.row import Formula, Row


def elementwise(
    forward: Formula,
    *grads: Formula | None,
    dtypes: str = "promote",
    label: str | None = None,
    ufunc: str | None = None,
    kernel: Formula | None = None,
    into: Formula | None = None,
    smooth: tuple[str, ...] = ("",),
    judge: str | None = None,
) -> Row:
    """An elementwise row: NumPy broadcasting, one derivative formula for each argument."""
    return Row(
        "elementwise",
        forward,
        grads,
        dtypes=dtypes,
        label=label,
        ufunc=ufunc,
        kernel=kernel,
        into=into,
        smooth=smooth,
        judge=judge,
    )


def zero(m: Any, g: Any) -> Any:
    """0 whatever `g` is, also inf or nan, which g * 0 would make nan."""
    return m.where(m.abs(g) < 0, g, 0)
