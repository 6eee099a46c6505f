"""The transcendental functions' part of the table: powers of e, angles, and the special functions."""

from __future__ import annotations

import numpy as np

from tests.table.table import ALL, FLOATS, SPECIAL, Arg, Entry, Sample, binary, unary

ANY = (-2.0, 2.0)
WIDE = (-5.0, 5.0)
POSITIVE = (0.2, 3.0)
INSIDE = (-0.9, 0.9)
EVERY = SPECIAL
UNIT = (0.1, 0.9)
FAR = (-6.0, 6.0)
GAMMA = (0.0, -0.0, 1.0, 2.0, np.inf, np.nan, 1.5, 40.0, 1e10, 1e-10)


def _special(random: np.random.Generator) -> list[Sample]:
    """All pairs of special values."""
    return [each for each in binary()(random) if not each.smooth]


ENTRIES = [
    # Exponentials and logarithms
    Entry("exp", unary(ANY, *EVERY, 800, -800), rows=("exp",), dtypes=ALL),
    Entry("exp2", unary(ANY, *EVERY, 2000, -2000), rows=("exp2",), dtypes=ALL),
    Entry("expm1", unary(ANY, *EVERY, 1e-9, 800), rows=("expm1",), dtypes=ALL),
    Entry("log", unary(POSITIVE, *EVERY), rows=("log",), dtypes=ALL),
    Entry("log1p", unary((-0.8, 2), *EVERY, 1e-9), rows=("log1p",), dtypes=("float32", "float64", "bool")),
    Entry("log2", unary(POSITIVE, *EVERY), rows=("log2",), dtypes=ALL),
    Entry("log10", unary(POSITIVE, *EVERY), rows=("log10",), dtypes=ALL),
    Entry("sqrt", unary(POSITIVE, *EVERY), rows=("sqrt",), dtypes=ALL),
    Entry("rsqrt", unary(POSITIVE, *EVERY), rows=("rsqrt",), dtypes=ALL),
    # Trigonometry
    Entry("sin", unary(ANY, *EVERY), rows=("sin",), dtypes=ALL),
    Entry("cos", unary(ANY, *EVERY), rows=("cos",), dtypes=ALL),
    Entry("tan", unary((-1.2, 1.2), *EVERY), rows=("tan",), dtypes=ALL),
    Entry("asin", unary(INSIDE, *EVERY, 2.0), rows=("asin",), dtypes=ALL),
    Entry("acos", unary(INSIDE, *EVERY, 2.0), rows=("acos",), dtypes=ALL),
    Entry("atan", unary(ANY, *EVERY), rows=("atan",), dtypes=ALL),
    Entry("atan2", binary(number=False, kinks=(-1.0, 0.0, 1.0)), rows=("atan2",), dtypes=ALL),
    Entry("atan2, special", _special, path="atan2", order=0),
    Entry("sinc", unary(ANY, *EVERY), rows=("sinc",), dtypes=ALL, rtol=10),
    Entry("deg2rad", unary((-400, 400), *EVERY), rows=("mul",), dtypes=ALL),
    Entry("rad2deg", unary(WIDE, *EVERY), rows=("mul",), dtypes=ALL),
    # Hyperbolic functions
    Entry("sinh", unary(ANY, *EVERY, 800), rows=("sinh",), dtypes=ALL),
    Entry("cosh", unary(ANY, *EVERY, 800), rows=("cosh",), dtypes=ALL),
    Entry("tanh", unary(ANY, *EVERY, 500), rows=("tanh",), dtypes=ALL),
    Entry("asinh", unary(ANY, *EVERY), rows=("asinh",), dtypes=ALL),
    Entry("acosh", unary((1.2, 5.0), *EVERY), rows=("acosh",), dtypes=ALL),
    Entry("atanh", unary(INSIDE, *EVERY, 2.0), rows=("atanh",), dtypes=ALL),
    # Of two numbers
    Entry("hypot", binary(number=False), rows=("hypot",)),
    Entry("logaddexp", binary(number=False), rows=("logaddexp",)),
    Entry("logaddexp2", binary(number=False), rows=("logaddexp2",)),
    Entry("xlogy", binary(POSITIVE, kinks=()), rows=("xlogy",), dtypes=ALL),
    Entry("xlogy, special", _special, path="xlogy", order=1),
    Entry("xlog1py", binary(POSITIVE, kinks=()), path="special.xlog1py", rows=("xlog1py",), dtypes=ALL),
    Entry("xlog1py, special", _special, path="special.xlog1py", order=1),
    Entry("logit", unary(UNIT, *EVERY, -0.1, 1.1), rows=("logit",)),
    Entry(
        "logit, eps", unary((-0.2, 1.2), *EVERY[:-1], eps=0.3), path="logit", rows=("logit", "clamp_min", "clamp_max")
    ),
    # Error functions
    Entry("erf", unary(ANY, *EVERY, 7), rows=("erf",), dtypes=ALL),
    Entry("erfc", unary(FAR, *EVERY, 7, 25.0, 30.0), rows=("erfc",), dtypes=ALL),
    Entry("erfcx", unary(FAR, *EVERY, 7, 100.0, -30.0), path="special.erfcx", rows=("erfcx",), dtypes=ALL, rtol=10),
    Entry("erfinv", unary(INSIDE, *EVERY, 2.0), rows=("erfinv",), dtypes=ALL),
    Entry("ndtr", unary(FAR, *EVERY, -30.0), path="special.ndtr", rows=("erfc", "mul"), dtypes=ALL),
    Entry("ndtri", unary(UNIT, *EVERY, 1e-30, 1.5), path="special.ndtri", rows=("ndtri",), dtypes=ALL),
    Entry("log_ndtr", unary(FAR, *EVERY[1:], -30.0), path="special.log_ndtr", rows=("log_ndtr",), dtypes=ALL, rtol=10),
    Entry("entr", unary(POSITIVE, *EVERY), path="special.entr", rows=("entr",), dtypes=ALL),
    # The gamma function
    Entry("lgamma", unary((0.2, 12.0), *GAMMA, -0.5, -3.7), rows=("lgamma",), dtypes=FLOATS),
    Entry("lgamma, left of 0", unary((-3.9, -3.1)), path="lgamma", rows=("lgamma",), rtol=10),
    Entry("digamma", unary((0.2, 12.0), *GAMMA, -0.5, -3.7), rows=("digamma",), dtypes=("float64",), rtol=10),
    Entry("digamma, left of 0", unary((-3.9, -3.1)), path="digamma", rows=("digamma",), dtypes=("float64",), rtol=10),
    *(
        Entry(
            f"polygamma, {n}",
            lambda random, n=n: [Sample((n, Arg(random.uniform(0.3, 9, shape)))) for shape in ((), (3,), (2, 3))],  # type: ignore[misc]
            path="polygamma",
            rows=("zeta",) if n else ("digamma",),
            dtypes=("float64",),
            rtol=100,  # PyTorch's trigamma has 11 digits
        )
        for n in (0, 1, 2, 5)
    ),
    Entry("mvlgamma", unary((3.2, 9.0), p=4), rows=("lgamma",), dtypes=("float64",)),
    Entry(
        "zeta",
        lambda random: [
            Sample((2.5, Arg(random.uniform(0.3, 9, (2, 3))))),
            Sample((3.0, Arg(np.array([0.0, 1.0, -1.0, -1.5]))), smooth=False),
            Sample((0.5, Arg(np.array([0.3, 1.0]))), smooth=False),
        ],
        path="special.zeta",
        rows=("zeta",),
        dtypes=("float64",),
        rtol=10,
    ),
]
