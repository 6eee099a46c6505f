"""The functions of NumPy and of the module math that a kernel may call, as LLVM knows them.

Three kinds: an instruction of the machine (`sqrt`), which LLVM vectorises; a small combination (`sign`); and
a call of the C library (`lgamma`), one number at a time, for what is too rare to have a kernel of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from .kinds import Untranslatable, Value, is_float, is_unsigned, llvm_type, number_size, scalar, together, wide

if TYPE_CHECKING:
    from .values import Lines

#: Instructions: what NumPy calls it, what LLVM calls it.
INSTRUCTIONS = {
    "sqrt": "sqrt",
    "floor": "floor",
    "ceil": "ceil",
    "trunc": "trunc",
    "rint": "rint",
    "fabs": "fabs",
    "absolute": "fabs",
    "abs": "fabs",
    "copysign": "copysign",
    "maximum": "maximum",
    "minimum": "minimum",
    "fmax": "maxnum",
    "fmin": "minnum",
}
#: Liness of the C library, which has them for float64, and for float32 with an f after the name.
LIBRARY = {
    **{name: name for name in ("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "cbrt")},
    **{name: name for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "erf", "erfc", "lgamma")},
    **{name: name for name in ("asin", "acos", "atan", "asinh", "acosh", "atanh", "atan2", "hypot", "pow")},
    **{"arc" + name: "a" + name for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "tan2")},
    "gamma": "tgamma",
    "power": "pow",
    "fmod": "fmod",
    "nextafter": "nextafter",
}
WHOLE = {"floor", "ceil", "trunc"}
CONSTANTS = {
    "pi": math.pi,
    "e": math.e,
    "inf": math.inf,
    "nan": math.nan,
    "tau": math.tau,
    "euler_gamma": 0.5772156649015329,
}


def call(function: Lines, module: str, name: str, arguments: list[Value]) -> Value:
    """The value of ``module.name(*arguments)``, module being ``np``, ``math`` or nothing for Python's own."""
    special = SPECIAL.get(name)
    if special is not None:
        return special(function, *arguments)
    if name in INSTRUCTIONS:
        result = instruction(function, name, arguments)
        # Python's own floor gives an integer, NumPy's a float.
        return function.cast(result, "int64") if module == "math" and name in WHOLE else result
    if name in LIBRARY:
        kind = floating(arguments)
        numbers = [function.cast(argument, kind) for argument in arguments]
        symbol = LIBRARY[name] + ("f" if kind == "float32" else "")
        return function.outer(symbol, kind, numbers)
    raise Untranslatable(f"{module}.{name} is not among the functions that a kernel may call")


def floating(arguments: list[Value]) -> str:
    """The kind in which a function of real numbers is computed."""
    kind = scalar(arguments[0].kind)
    for other in arguments[1:]:
        kind = together(Value(kind, ""), other)
    return kind if is_float(kind) else "float64"


def instruction(function: Lines, name: str, arguments: list[Value]) -> Value:
    kinds = [scalar(argument.kind) for argument in arguments]
    if not any(is_float(kind) for kind in kinds):
        if name in ("abs", "absolute", "maximum", "minimum"):
            return integer(function, name, arguments)
        if name in WHOLE:
            return arguments[0]
    kind = floating(arguments)
    numbers = [function.cast(argument, kind) for argument in arguments]
    # Which zero is the larger is nobody's concern, and the machine's instructions do not ask either.
    flags = "nsz " if name in ("maximum", "minimum", "fmax", "fmin") else ""
    suffix = "f32" if kind == "float32" else "f64"
    return function.outer(f"llvm.{INSTRUCTIONS[name]}.{suffix}", kind, numbers, flags)


def integer(function: Lines, name: str, arguments: list[Value]) -> Value:
    kind = wide(scalar(arguments[0].kind))
    for other in arguments[1:]:
        kind = together(Value(kind, ""), other)
    numbers = [function.cast(argument, kind) for argument in arguments]
    if name in ("abs", "absolute"):
        minus = function.compute("int64", "sub nsw", Value("int64", "0"), numbers[0])
        return function.choose(function.compare("Lt", numbers[0], Value("int64", "0")), minus, numbers[0])
    larger = function.compare("Gt", *numbers)
    return function.choose(larger, *(numbers if name == "maximum" else reversed(numbers)))


# --- combinations -------------------------------------------------------------------------------------------


def isnan(function: Lines, x: Value) -> Value:
    return function.compare("NotEq", x, x)


def isinf(function: Lines, x: Value) -> Value:
    return function.compare("Eq", instruction(function, "fabs", [x]), function.real(math.inf))


def isfinite(function: Lines, x: Value) -> Value:
    return function.compare("Lt", instruction(function, "fabs", [x]), function.real(math.inf))


def sign(function: Lines, x: Value) -> Value:
    kind = scalar(x.kind)
    zero, one = (function.cast(Value("int64", text, int(text)), kind) for text in ("0", "1"))
    minus = function.cast(Value("int64", "-1"), kind)
    # A NaN is neither, and stays.
    lower = function.choose(function.compare("Lt", x, zero), minus, x)
    return function.choose(function.compare("Gt", x, zero), one, lower)


def where(function: Lines, condition: Value, a: Value, b: Value) -> Value:
    return function.choose(function.truth(condition), a, b)


def python_max(function: Lines, first: Value, *others: Value) -> Value:
    for other in others:
        first = function.choose(function.compare("Gt", other, first), other, first)
    return first


def python_min(function: Lines, first: Value, *others: Value) -> Value:
    for other in others:
        first = function.choose(function.compare("Lt", other, first), other, first)
    return first


SPECIAL: dict[str, Callable[..., Value]] = {
    "isnan": isnan,
    "isinf": isinf,
    "isfinite": isfinite,
    "sign": sign,
    "where": where,
    "max": python_max,
    "min": python_min,
}


def view(function: Lines, x: Value, kind: str) -> Value:
    """The same bits read as another kind: ``x.view(f32)``."""
    if number_size(scalar(x.kind)) != number_size(kind) or "bool" in (x.kind, kind):
        raise Untranslatable(f"a {x.kind} has not the size of a {kind}")
    if llvm_type(x.kind) == llvm_type(kind):
        return Value(kind, x.text)
    return Value(kind, function.line(f"bitcast {llvm_type(x.kind)} {x.text} to {llvm_type(kind)}"))


def floor_divide(function: Lines, a: Value, b: Value) -> tuple[Value, Value]:
    """Python's quotient and remainder of two integers of one kind; zero for a division by zero, as NumPy has it."""
    kind = scalar(a.kind)
    sign = "u" if is_unsigned(kind) else "s"
    zero = Value(kind, "0")
    if b.number:
        by, none = b, None
    else:
        none = function.compare("Eq", b, zero)
        by = function.choose(none, Value(kind, "1"), b)
    quotient = function.compute(kind, f"{sign}div", a, by)
    remainder = function.compute(kind, f"{sign}rem", a, by)
    if sign == "s":
        # C rounds towards zero, Python down.
        opposite = function.compare("Lt", function.compute(kind, "xor", remainder, by), zero)
        off = function.line(f"and i1 {opposite.text}, {function.compare('NotEq', remainder, zero).text}")
        down = function.cast(Value("bool", off), kind)
        quotient = function.compute(kind, "sub", quotient, down)
        remainder = function.compute(kind, "add", remainder, function.choose(Value("bool", off), by, zero))
    if none is not None:
        quotient, remainder = function.choose(none, zero, quotient), function.choose(none, zero, remainder)
    return quotient, remainder
