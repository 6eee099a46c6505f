"""From the words of the stream to uniform, normal and whole numbers: arithmetic that knows no generator.

Every function takes 64-bit words and fills an array; element i depends on its own unit or pair of units
alone. The draws stand on this. Constants are 0-d arrays, which NumPy takes with the least overhead.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray

F16, F32, F64 = np.dtype(np.float16), np.dtype(np.float32), np.dtype(np.float64)
_UNSIGNED: dict[int, np.dtype[Any]] = {16: np.dtype("<u2"), 32: np.dtype("<u4"), 64: np.dtype("<u8")}
_LITTLE_ENDIAN = sys.byteorder == "little"
_HALF_WORD, _LOWER_HALF = np.array(32, np.uint64), np.array(0xFFFFFFFF, np.uint64)


def units(words: Array, bits: int, count: int) -> Array:
    """The first `count` units of `bits` bits, low bits first (on every machine)."""
    if not _LITTLE_ENDIAN:
        words = words.astype("<u8")
    return words.view(_UNSIGNED[bits])[:count]


class Fraction(NamedTuple):
    """How a unit becomes a uniform number of one floating type."""

    bits: int
    shift: Array  # drops the bits that the type cannot hold
    step: Array  # between neighbouring numbers
    signed: np.dtype[Any]  # as wide as the unit
    work: np.dtype[Any]  # what it is computed in


FRACTION = {
    F16: Fraction(16, np.array(5, np.uint16), np.array(2.0**-11, F32), np.dtype(np.int16), F32),
    F32: Fraction(32, np.array(8, np.uint32), np.array(2.0**-24, F32), np.dtype(np.int32), F32),
    F64: Fraction(64, np.array(11, np.uint64), np.array(2.0**-53, F64), np.dtype(np.int64), F64),
}

_BFLOAT16 = Fraction(16, np.array(8, np.uint16), np.array(2.0**-8, F32), np.dtype(np.int16), F32)


def fraction_of(kind: np.dtype[Any]) -> Fraction | None:
    """How units become numbers of that type; None if it is no floating type. bfloat16 is ml_dtypes' type."""
    return FRACTION.get(kind) or (_BFLOAT16 if kind.name == "bfloat16" else None)


def fractions(words: Array, out: Array, how: Fraction) -> None:
    """Multiples of ``how.step`` in [0, 1)."""
    shifted = np.right_shift(units(words, how.bits, out.size), how.shift)
    # The sign bit is clear now, and signed integers convert faster.
    np.copyto(out, shifted.view(how.signed))
    out *= how.step


class Normal(NamedTuple):
    """The constants of Box and Muller's method in one precision."""

    bits: int  # of a unit
    real: np.dtype[Any]
    signed: np.dtype[Any]
    one: Array
    one_bit: Array  # the integer 1
    half_turn: Array  # 2**-(bits - 1): a signed unit as a fraction of half a turn
    centre: Array  # the bits of sqrt(1/2)
    offset: Array  # subtracting it leaves the exponent of unit / 2**bits above the mantissa
    mantissa: Array  # a mask
    exponent_shift: Array
    log_two: Array  # -2 ln 2
    log: list[Array]  # of s**2, where s = (m - 1) / (m + 1): -2 ln(m) / s
    waves: list[Array]  # two rows, of v**2: sqrt(2) sin(pi/2 v) / v, and sqrt(2) cos(pi/2 v)


def _normal(kind: np.dtype[Any], log: list[float], sine: list[float], cosine: list[float]) -> Normal:
    bits, digits = kind.itemsize * 8, np.finfo(kind).nmant
    signed = np.dtype(f"i{kind.itemsize}")
    centre = int(np.sqrt(kind.type(0.5)).view(signed))

    def integer(value: int) -> Array:
        return np.array(value, signed)

    def number(value: float) -> Array:
        return np.array(value, kind)

    return Normal(
        bits=bits,
        real=kind,
        signed=signed,
        one=number(1.0),
        one_bit=np.array(1, f"u{kind.itemsize}"),
        half_turn=number(2.0 ** (1 - bits)),
        centre=integer(centre),
        offset=integer(centre + (bits << digits)),
        mantissa=integer((1 << digits) - 1),
        exponent_shift=integer(digits),
        log_two=number(-2 * math.log(2)),
        log=[number(c) for c in log],
        waves=[np.array([[s], [c]], kind) for s, c in zip(sine, cosine, strict=True)],
    )


# Polynomials of least relative error on their intervals, the highest power first.
SINGLE = _normal(
    F32,
    log=[-0.59851554, -0.79949581, -1.33333632, -3.9999999972],
    sine=[2.14232265e-4, -6.60970400e-3, 0.112698225, -0.913530640, 2.221441457],
    cosine=[1.21366430e-3, -2.94306707e-2, 0.358716323, -1.744712747, 1.414213497],
)
DOUBLE = _normal(
    F64,
    log=[
        -0.33677398936934657, -0.36243687600120001, -0.4444687501988929, -0.57142831952982445,
        -0.80000000124090463, -1.3333333333310433, -4.0,
    ],
    sine=[
        0.0, -9.1163223332044213e-10, 8.0443342818250621e-8, -5.089484661461982e-6, 2.2689807641285323e-4,
        -6.6210001878415851e-3, 0.1127023928576830, -0.91353118749939140, 2.2214414690791828,
    ],
    cosine=[
        8.9544809155669577e-11, -9.0258469481219837e-9, 6.6621207654229083e-7, -3.5641066462719311e-5,
        1.3000303467631989e-3, -2.9505417453598101e-2, 0.35874285843414717, -1.7447160499097190,
        1.4142135623730950,
    ],
)  # fmt: skip


def box_muller(words: Array, out: Array, p: Normal) -> None:
    """Normal numbers in pairs: units a and b make r cos(t) and r sin(t).

    r = sqrt(-2 ln((a | 1) / 2**bits)), and t = pi b / 2**(bits - 1) with b as a signed number; its sine and
    cosine come from those of t / 2. Source: G. E. P. Box and M. E. Muller, "A note on the generation of
    random normal deviates", 1958.
    """
    pairs = (out.size + 1) // 2
    if p.bits == 64:
        first, second = words[: 2 * pairs : 2], words[1 : 2 * pairs : 2]
    else:  # contiguous casts are quicker than a view with gaps
        first = words[:pairs].astype(np.uint32)
        second = (words[:pairs] >> _HALF_WORD).astype(np.uint32)
    radius = minus_two_log(first, p)
    np.sqrt(radius, out=radius)
    turn = np.empty(pairs, p.real)
    np.copyto(turn, second.view(p.signed), casting="same_kind")
    turn *= p.half_turn
    sine, cosine = _horner(p.waves, turn * turn)
    sine *= turn
    cosine *= sine  # sin(t) = 2 sin(t/2) cos(t/2)
    sine *= sine
    np.subtract(p.one, sine, out=sine)  # cos(t) = 1 - 2 sin(t/2)**2
    np.multiply(radius, sine, out=out[0::2])
    half = out.size // 2
    np.multiply(radius[:half], cosine[:half], out=out[1::2])


def minus_two_log(first: Array, p: Normal) -> Array:
    """-2 ln x for x = (unit | 1) / 2**bits, which is never 0 nor 1.

    x = m 2**e with m in [sqrt(1/2), sqrt(2)), so that -2 ln x = -2 e ln 2 - 2 ln m loses nothing near 1.
    """
    odd = np.bitwise_or(first, p.one_bit)  # never 0, whose logarithm is infinite
    value = np.empty(first.size, p.real)
    np.copyto(value, odd, casting="same_kind")
    exponent = value.view(p.signed) - p.offset
    mantissa = exponent & p.mantissa
    mantissa += p.centre
    exponent >>= p.exponent_shift
    np.copyto(value, exponent, casting="same_kind")
    value *= p.log_two
    m = mantissa.view(p.real)
    s = m - p.one
    m += p.one
    s /= m
    log = _horner(p.log, np.multiply(s, s, out=m))
    log *= s
    value += log
    return value


def _horner(coefficients: list[Array], x: Array) -> Array:
    value = x * coefficients[0]
    for coefficient in coefficients[1:-1]:
        value += coefficient
        value *= x
    value += coefficients[-1]
    return value


def tangents(words: Array, out: Array) -> None:
    """tan(pi (u - 1/2)), for u = (unit | 1) / 2**64: the Cauchy distribution, in double precision."""
    turn = np.empty(out.size, F64)
    np.copyto(turn, np.bitwise_or(words[: out.size], DOUBLE.one_bit).view(DOUBLE.signed), casting="same_kind")
    turn *= DOUBLE.half_turn
    sine, cosine = _horner(DOUBLE.waves, turn * turn)
    sine *= turn
    np.divide(sine, np.maximum(cosine, _LEAST_COSINE), out=out)


_LEAST_COSINE = np.array(2.0**-63, F64)  # the cosine of the last unit, where the polynomial has no digit left
_LN2_UPPER, _LN2_LOWER = 0.6931471803691238, 1.9082149292705877e-10  # ln 2: its first 32 bits, and the rest
_INVERSE_FACTORIALS = [np.array(1 / math.factorial(k), F64) for k in range(13, -1, -1)]


def exponentials(x: Array) -> Array:
    """exp(x) in double precision: 2**k times a polynomial of the rest, which is below half of ln 2."""
    x = np.clip(x, -1000.0, 1000.0)  # beyond them the result is 0 or infinite
    turns = np.rint(x * (1 / math.log(2)))
    rest = (x - turns * _LN2_UPPER) - turns * _LN2_LOWER
    with np.errstate(over="ignore", under="ignore"):
        return np.ldexp(_horner(_INVERSE_FACTORIALS, rest), turns.astype(np.int64))


def integer_maker(span: int) -> tuple[int, Callable[[Array, Array], None]]:
    """The size of a unit, and the function that turns words into 64-bit numbers below `span`.

    A unit is multiplied by `span`, and the part above its own bits is kept: D. Lemire, "Fast random integer
    generation in an interval", 2019, without its rejections, which would tie elements together. A unit is so
    wide that no sample shows the difference: no probability is wrong by more than 2**-32 for spans to
    2**16, 2**-64 to 2**32, and 2**-128 beyond.
    """
    factor = np.array(span % (1 << 64), np.uint64)
    rest = np.array(65 - span.bit_length(), np.uint64)

    def from_half_words(words: Array, out: Array) -> None:
        np.copyto(out, units(words, 32, out.size))
        np.multiply(out, factor, out=out)
        np.right_shift(out, _HALF_WORD, out=out)

    def power_of_two(words: Array, out: Array) -> None:
        np.right_shift(words[: out.size], rest, out=out)

    def from_words(words: Array, out: Array) -> None:
        lower = words[: out.size] & _LOWER_HALF
        lower *= factor
        lower >>= _HALF_WORD
        np.right_shift(words[: out.size], _HALF_WORD, out=out)
        np.multiply(out, factor, out=out)
        np.add(out, lower, out=out)
        np.right_shift(out, _HALF_WORD, out=out)

    def from_two_words(words: Array, out: Array) -> None:
        numbers = words.tolist()  # rare: Python's integers need no care about overflow
        for i in range(out.size):
            out[i] = ((numbers[2 * i + 1] << 64 | numbers[2 * i]) * span) >> 128

    if span <= 1 << 16:
        return 32, from_half_words
    if span & (span - 1) == 0:
        return 64, power_of_two
    if span <= 1 << 32:
        return 64, from_words
    return 128, from_two_words
