"""The elementwise family's part of the table."""

from __future__ import annotations

import numpy as np

from tests.table.table import (
    ALL,
    FLOATS,
    NUMBERS,
    SPECIAL,
    Arg,
    Entry,
    Sample,
    at,
    binary,
    mask,
    on,
    some,
    tensors,
    unary,
)

ANY = (-2.0, 2.0)
POSITIVE = (0.2, 3.0)
EVERY = SPECIAL
INTEGRAL = ("int64", "bool")


def _where(random: np.random.Generator) -> list[Sample]:
    a, b = random.uniform(-2, 2, (2, 2, 3))
    choice = [[1, 0, 1], [0, 0, 1]]
    bad = np.array([[np.inf, np.nan, -np.inf]] * 2)
    return [
        Sample((mask(choice), Arg(a), Arg(b))),
        Sample((mask(choice), Arg(a[0]), Arg(b[0, 0]))),
        Sample((mask([1, 0]), Arg(a[:, :1]), Arg(b[:, :2].T.copy(), "transposed"))),
        Sample((mask([[1, 0], [0, 1], [1, 1]], "transposed"), Arg(a), 1.5)),
        Sample((mask(True), 2, Arg(b))),
        Sample((mask(choice), Arg(bad), Arg(b)), smooth=False),
        Sample((mask(np.zeros((0, 3))), Arg(a[0]), Arg(b[0, 0]))),
    ]


def _masked_fill(random: np.random.Generator) -> list[Sample]:
    a = random.uniform(-2, 2, (2, 3))
    choice = [[1, 0, 1], [0, 0, 1]]
    return [
        Sample((Arg(a), mask(choice), 2)),
        Sample((Arg(a.T.copy(), "transposed"), mask([1, 0, 1]), 1)),
        Sample((Arg(a), mask(choice), Arg(np.array(0.5)))),
        Sample((Arg(np.array([np.nan, np.inf, 1.0])), mask([1, 1, 0]), 0), smooth=False),
    ]


def _special(random: np.random.Generator) -> list[Sample]:
    """All pairs of special values."""
    return [each for each in binary()(random) if not each.smooth]


_three = (
    tensors((2, 3), (2, 3), (2, 3)),
    tensors((3,), (2, 1), ()),
    tensors((2, 3), (3,), (2, 3), layouts=("expanded", "reversed", "plain")),
    tensors((3, 2), (2, 3), (1,), layouts=("transposed", "plain", "plain")),
    tensors((0, 3), (3,), ()),
)

ENTRIES = [
    # Arithmetic
    Entry("add", binary(), rows=("add",), dtypes=ALL),
    Entry(
        "add, alpha",
        some(tensors((2, 3), (3,), alpha=2), tensors((), (3,), alpha=-3)),
        path="add",
        rows=("add", "mul"),
        dtypes=NUMBERS,
    ),
    Entry("sub", binary(), rows=("sub",), dtypes=NUMBERS),
    Entry("sub, alpha", some(tensors((2, 3), (3,), alpha=2)), path="sub", rows=("sub",), dtypes=NUMBERS),
    Entry("mul", binary(), rows=("mul",), dtypes=ALL),
    Entry("div", binary(ANY, POSITIVE), rows=("div",), dtypes=NUMBERS),
    Entry(
        "div, floor",
        some(tensors((2, 3), (3,), rounding_mode="floor"), on(3)(0.3, rounding_mode="floor")),
        path="div",
        rows=("div_floor",),
        dtypes=NUMBERS,
    ),
    Entry(
        "div, trunc",
        some(tensors((2, 3), (3,), rounding_mode="trunc"), on(3)(0.3, rounding_mode="trunc")),
        path="div",
        rows=("trunc",),
        dtypes=NUMBERS,
    ),
    Entry("neg", unary(ANY, *EVERY), rows=("neg",), dtypes=NUMBERS),
    Entry("pow", binary(POSITIVE, (0.5, 2.5), kinks=()), rows=("pow",), dtypes=NUMBERS),
    Entry(
        "pow, special",
        _special,
        path="pow",
        rows=("pow",),
        order=1,
    ),
    *(
        Entry(f"pow, {p}", unary(POSITIVE, *EVERY, exponent=p), path="pow", rows=("pow",))
        for p in (-2, -1, -0.5, 0, 0.5, 1, 1.7, 2, 3, 4, 3.0)
    ),
    Entry("pow, whole", unary(ANY, exponent=3), path="pow", rows=("pow",), dtypes=NUMBERS),
    Entry(
        "pow, number",
        lambda random: [
            Sample((2.5, Arg(random.uniform(-2, 2, (2, 3))))),
            Sample((0.0, Arg(np.array([0.0, 1.0, -1.0]))), smooth=False),
        ],
        path="pow",
        rows=("pow",),
    ),
    Entry("square", unary(ANY, *EVERY), rows=("square",), dtypes=ALL),
    Entry("reciprocal", unary(POSITIVE, *EVERY), rows=("reciprocal",), dtypes=ALL),
    Entry("floor_divide", binary(ANY, POSITIVE, kinks=()), rows=("floor_divide",), dtypes=NUMBERS, order=0),
    Entry("floor_divide, special", _special, path="floor_divide", order=0),
    Entry("remainder", binary(ANY, POSITIVE, kinks=()), rows=("remainder",), dtypes=NUMBERS),
    Entry("remainder, special", _special, path="remainder", order=1),
    Entry("remainder, negative", binary(ANY, (-3, -0.5), kinks=()), path="remainder", dtypes=NUMBERS),
    Entry("abs", unary(ANY, *EVERY), rows=("abs",), dtypes=NUMBERS),
    Entry("sign", unary(ANY, *EVERY), rows=("sign",), dtypes=ALL),
    Entry("fmod", binary(ANY, POSITIVE, kinks=()), rows=("fmod",), dtypes=NUMBERS),
    Entry("fmod, special", _special, path="fmod", order=1),
    Entry("sgn", unary(ANY, *EVERY), rows=("sign",), dtypes=ALL),
    Entry("positive", unary(ANY, *EVERY), dtypes=NUMBERS, order=0),
    Entry("copysign", binary(kinks=(-1.0, -0.0, 0.0, 1.0)), rows=("copysign",), dtypes=ALL),
    Entry("float_power", binary(POSITIVE, (0.5, 2.5), kinks=()), rows=("pow", "cast"), dtypes=ALL),
    Entry("ldexp", binary(ANY, ANY, kinks=(), number=False), rows=("mul", "pow"), dtypes=NUMBERS),
    Entry("frexp", unary(ANY, *EVERY, 1e30, 1e-30, -7.0), rows=("mul", "exponent"), dtypes=FLOATS, order=1),
    Entry("rsub", binary(), rows=("sub",), dtypes=NUMBERS),
    Entry("rsub, alpha", some(tensors((2, 3), (3,), alpha=2)), path="rsub", rows=("sub", "mul"), dtypes=NUMBERS),
    *(Entry(name, binary(number=False, kinks=()), rows=(name,), dtypes=("int64",), order=0) for name in ("gcd", "lcm")),
    Entry("nextafter", binary(number=False), rows=("nextafter",), dtypes=FLOATS, order=0),
    # Choosing
    Entry("maximum", binary(number=False), rows=("maximum",), dtypes=ALL),
    Entry("minimum", binary(number=False), rows=("minimum",), dtypes=ALL),
    Entry("fmax", binary(number=False), rows=("fmax",), dtypes=ALL),
    Entry("fmin", binary(number=False), rows=("fmin",), dtypes=ALL),
    Entry("clamp_min", binary(), rows=("clamp_min",), dtypes=NUMBERS),
    Entry("clamp_max", binary(), rows=("clamp_max",), dtypes=NUMBERS),
    Entry(
        "clamp",
        some(
            on(2, 3)(-1, 1),
            on(2, 3, layout="transposed")(min=-0.5),
            on(3)(max=1),
            at(*EVERY)(-1.0, 1.0),
            at(*EVERY)(1.0, -1.0),
            at(*EVERY)(0, 1),
            tensors((2, 3), (3,), (2, 1)),
        ),
        rows=("clamp_min", "clamp_max"),
        dtypes=NUMBERS,
    ),
    Entry("where", _where, rows=("where",), dtypes=ALL),
    Entry("masked_fill", _masked_fill, rows=("where",), dtypes=ALL),
    Entry("heaviside", binary(number=False), rows=("where", "gt", "cast"), dtypes=ALL, order=0),
    Entry("nan_to_num", unary(ANY, *EVERY), rows=("where",), dtypes=ALL),
    Entry("nan_to_num, given", unary(ANY, *EVERY, nan=0.5, posinf=7.0, neginf=-7.0), path="nan_to_num"),
    # Several at once
    Entry("lerp", some(*_three), rows=("lerp",)),
    Entry(
        "lerp, number",
        some(lambda random: Sample((Arg(random.uniform(-2, 2, 3)), Arg(random.uniform(-2, 2, (2, 3))), 0.3))),
        path="lerp",
    ),
    Entry("addcmul", some(*_three), rows=("addcmul",), dtypes=NUMBERS),
    Entry("addcmul, value", some(tensors((3,), (2, 3), (3,), value=-2)), path="addcmul", dtypes=NUMBERS),
    Entry("addcdiv", some(*_three), rows=("addcdiv",), rtol=10),
    Entry("addcdiv, value", some(tensors((3,), (2, 3), (3,), value=0.5)), path="addcdiv"),
    # Rounding
    *(
        Entry(name, unary(ANY, *EVERY, 0.5, 1.5, -0.5, 2.5), rows=(name,), dtypes=NUMBERS)
        for name in ("floor", "ceil", "trunc", "round")
    ),
    Entry("frac", unary(ANY, *EVERY), rows=("trunc", "sub")),
    Entry("round, decimals", unary(ANY, decimals=1), path="round", order=0),
    # Comparisons and logic
    *(Entry(name, binary(), rows=(name,), dtypes=ALL, order=0) for name in ("eq", "ne", "lt", "le", "gt", "ge")),
    *(
        Entry(name, unary(ANY, *EVERY), rows=(name,), dtypes=ALL, order=0)
        for name in ("isnan", "isinf", "isfinite", "signbit", "logical_not")
    ),
    *(
        Entry(name, binary(number=False), rows=(name,), dtypes=ALL, order=0)
        for name in ("logical_and", "logical_or", "logical_xor")
    ),
    *(
        Entry(name, binary(number=False, kinks=()), rows=(name,), dtypes=INTEGRAL, order=0)
        for name in ("bitwise_and", "bitwise_or", "bitwise_xor")
    ),
    *(Entry(name, unary(ANY, *EVERY), dtypes=ALL, order=0) for name in ("isposinf", "isneginf", "isreal")),
    *(
        Entry(name, binary((0, 2), kinks=(), number=False), rows=(name,), dtypes=("int64",), order=0)
        for name in ("bitwise_left_shift", "bitwise_right_shift")
    ),
    Entry("bitwise_not", unary(), rows=("bitwise_not",), dtypes=INTEGRAL, order=0),
    # A change of type
    *(
        Entry(f"Tensor.{name}", unary(), rows=("cast",), dtypes=ALL, order=2 if name == "double" else 0)
        for name in ("float", "double", "half", "long", "int", "short", "bool")
    ),
]
