"""The elementary functions of one number, written so that a loop over them becomes vector instructions.

Each is straight arithmetic: no call of the C library, no table, no branch (a conditional expression becomes a
selection). The same text is plain Python on NumPy's numbers, and machine code as part of a kernel. A compiler may fuse
a product and a sum into one instruction, but not reorder: rounding by a large constant does not survive that.

The largest errors, in units in the last place (float32 and float64): exp and exp2 1.1, expm1 1.7 and 2.2, log 1.0 and
1.3, log1p 1.3, log2 2.2, log10 2.1 and 2.8, tanh 1.4, sigmoid 2.5 and 2.3, sinh 2.3 and 2.6, cosh 1.6, erf 1.5 and 1.1;
sin, cos, pow and erfc, which are of float32 alone, 0.6.
Infinities, NaN, subnormal numbers and the sign of 0 come out as IEEE arithmetic has them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from groundup.compile.loops.vector import bits, double_steps, error_function, exponentials, logarithms

NAMES = (
    *("exp", "exp2", "expm1", "log", "log2", "log10", "log1p"),
    *("tanh", "sigmoid", "sinh", "cosh", "erf"),
)
SINGLE = ("sin", "cos", "pow", "erfc")  # of float32 alone; float64 has the C library's, one number after another


def _functions(module: ModuleType) -> dict[str, Callable[..., Any]]:
    """The functions that the module itself defines."""
    return {
        name: value
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__
    }


FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: function
    for module in (bits, exponentials, logarithms, error_function, double_steps)
    for name, function in _functions(module).items()
}

# What the functions of the table of operations are called here, by the name of their type.
LOOP_NAMES: dict[str, dict[str, str]] = {
    **{name: {"float32": f"{name}_f32", "float64": f"{name}_f64"} for name in NAMES},
    **{name: {"float32": f"{name}_f32"} for name in SINGLE},
}


def called_by(name: str) -> list[str]:
    """The functions of this room that this one calls."""
    return [other for other in FUNCTIONS[name].__code__.co_names if other in FUNCTIONS]


def source_of(names: Iterable[str]) -> str:
    """The text of these functions and of all that they call, each once, after what it calls.

    It needs the names np, math, f32, f64, i32 and i64: NumPy, Python's math, and NumPy's four types.
    """
    texts: dict[str, str] = {}

    def add(name: str) -> None:
        if name not in texts:
            for other in called_by(name):
                add(other)
            texts[name] = inspect.getsource(FUNCTIONS[name])

    for name in names:
        add(name)
    return "\n\n".join(texts.values())
