"""The logarithm of the gamma function, its derivative digamma, and the Hurwitz zeta function behind the others."""

from __future__ import annotations

from math import factorial, log, pi
from typing import Any

import numpy as np

from groundup.ops.special.ratio import Array, Ratio, on_arrays, pick, polynomial

# lgamma(x) / ((x - 1) (x - 2)) in x - 1 from -0.5 to 0.5, in x - 2 there, and digamma(x) / (x - its root) in x from
# 1 to 2
_NEAR_ONE = Ratio(
    top=[
        2.3965316384784685e-05, 0.004965314761291256, 0.08996356475320326, 0.5743137021636964,
        1.7139938693075358, 2.606718254140699, 1.9589686719601653, 0.5772156649015329,
    ],
    bottom=[
        0.0015007510327433996, 0.04595965124599216, 0.446090952439571, 1.9855411597829455, 4.634360693482987,
        5.869258912056504, 3.8187114011515315, 1.0,
    ],
)  # fmt: skip
_NEAR_TWO = Ratio(
    top=[
        6.589146468026531e-07, 0.00024139388150184947, 0.007063294592748537, 0.06956965886899832,
        0.29981539388097, 0.5848544905695027, 0.42278433509846713,
    ],
    bottom=[
        6.45392593235268e-05, 0.00309466418054604, 0.04635553850064977, 0.3084870682886207, 1.0157102711656352,
        1.6206177366630174, 1.0,
    ],
)  # fmt: skip
_DIGAMMA = Ratio(
    top=[
        415.5440128229714, 216798.70200713986, 6394669.181668751, 52986900.72078937, 161897429.8060525,
        184198973.74701327, 58094884.65522128,
    ],
    bottom=[
        45518.77419693859, 2017872.1562239404, 23287364.23453963, 98532143.19218323, 162123020.1527286,
        84913338.11909175, 1.0,
    ],
)  # fmt: skip
# The root in two parts, so that the difference from it keeps its digits.
_ROOT, _ROOT_REST = 1.4616321449683622, 9.549995429965697e-17
# The Bernoulli numbers B_2, B_4, ...
_BERNOULLI = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330]
_STIRLING = [b / (2 * k * (2 * k - 1)) for k, b in enumerate(_BERNOULLI, 1)][::-1]
_ASYMPTOTIC = [-b / (2 * k) for k, b in enumerate(_BERNOULLI, 1)][::-1]


@on_arrays
def lgamma(x: Array) -> Array:
    """log |gamma(x)|; inf at 0, -1, -2, ... Follows ``torch.lgamma``.

    >>> lgamma(np.array([0.5, 1.0, 10.0]))
    array([ 0.57236494,  0.        , 12.80182748])
    """
    return pick(
        [x >= 8, x >= 2.5, x >= 1.5, x >= 0.75, x >= 0.5, x >= 0, x < 0],
        [_stirling, _shifted_down, _near_two, _near_one, _near_half, _near_zero, _reflected],
        x,
    )


def _stirling(x: Array) -> Array:
    inverse = 1 / x
    series = inverse * polynomial(_STIRLING, inverse * inverse)
    return (x - 0.5) * (np.log(x) - 1) + (0.5 * log(2 * pi) - 0.5 + series)


def _shifted_down(x: Array) -> Array:
    product = np.ones_like(x)
    for _ in range(6):
        above = x >= 2.5
        x = np.where(above, x - 1, x)
        product *= np.where(above, x, 1)
    return np.log(product) + _near_two(x)


def _near_two(x: Array) -> Array:
    return (x - 1) * (x - 2) * _NEAR_TWO(x - 2)


def _near_one(x: Array) -> Array:
    return (1 - x) * (2 - x) * _NEAR_ONE(x - 1)


def _near_half(x: Array) -> Array:
    return x * (x - 1) * _NEAR_TWO(x - 1) - np.log(x)


def _near_zero(x: Array) -> Array:
    return x * (x - 1) * _NEAR_ONE(x) - np.log(x)


def _reflected(x: Array) -> Array:
    return np.where(x == np.floor(x), np.inf, log(pi) - np.log(np.abs(x) * _sine(x)) - lgamma(-x))


def _sine(x: Array) -> Array:
    """|sin(pi x)|, also for large x."""
    return np.abs(np.sin(pi * (x - np.rint(x))))


@on_arrays
def digamma(x: Array) -> Array:
    """The derivative of lgamma; nan at -1, -2, ... Follows ``torch.digamma``.

    >>> digamma(np.array([1.0, 10.0]))
    array([-0.57721566,  2.25175259])
    """
    return pick(
        [x >= 10, x >= 1, x > 0, x == 0, x < 0],
        [_digamma_far, _digamma_down, _digamma_below_one, lambda x: np.copysign(np.inf, -x), _digamma_reflected],
        x,
    )


def _digamma_far(x: Array) -> Array:
    inverse = 1 / x
    square = inverse * inverse
    return np.log(x) - 0.5 * inverse + square * polynomial(_ASYMPTOTIC, square)


def _digamma_down(x: Array) -> Array:
    total = np.zeros_like(x)
    for _ in range(8):
        above = x >= 2
        x = np.where(above, x - 1, x)
        total += np.where(above, 1 / x, 0)
    return total + ((x - _ROOT) - _ROOT_REST) * _DIGAMMA(x)


def _digamma_below_one(x: Array) -> Array:
    return ((x - (_ROOT - 1)) - _ROOT_REST) * _DIGAMMA(x + 1) - 1 / x


def _digamma_reflected(x: Array) -> Array:
    beyond = x - np.rint(x)
    return digamma(1 - x) - np.where(beyond == 0, np.nan, pi / np.tan(pi * beyond))


def zeta(s: Any, q: Any) -> Array:
    """The sum of (q + k)**-s over k = 0, 1, 2, ...; nan for s < 1. Follows ``torch.special.zeta``.

    For q < 0 the sum is a real number only for whole s. Euler and Maclaurin's formula after ten terms.

    >>> zeta(2.0, np.array([1.0, -0.5]))
    array([1.64493407, 8.9348022 ])
    """
    kind = np.result_type(*(each.dtype for each in (s, q) if isinstance(each, (np.ndarray, np.generic))))
    s, q = np.broadcast_arrays(np.asarray(s, np.float64), np.asarray(q, np.float64))
    shape, s, q = s.shape, s.ravel(), q.ravel()
    whole = q == np.floor(q)
    found = np.full(s.shape, np.nan)
    for here, formula in (((s > 1) & (q > 0), _zeta_right), ((s > 1) & (q < 0) & ~whole, _zeta_left)):
        found[here] = formula(s[here], q[here])
    found[(s == 1) | ((s > 1) & (q <= 0) & whole)] = np.inf
    found[(s > 1) & (q == np.inf)] = 0
    return found.reshape(shape).astype(kind)


def _zeta_right(s: Array, q: Array) -> Array:
    total = np.zeros_like(q)
    for _ in range(10):
        total += q**-s
        q = q + 1
    power = q**-s
    total += power * (q / (s - 1) + 0.5)
    factor = power / q * s
    for k, bernoulli in enumerate(_BERNOULLI, 1):
        total += factor * (bernoulli / factorial(2 * k))
        factor = factor * ((s + 2 * k - 1) / q) * ((s + 2 * k) / q)
    return total


def _zeta_left(s: Array, q: Array) -> Array:
    """By reflection, from the sum at 1 - q, and a derivative of the cotangent, a polynomial in it."""
    mirrored = _zeta_right(s, 1 - q)
    cotangent = 1 / np.tan(pi * (q - np.rint(q)))
    found = np.full(q.shape, np.nan)
    for whole in np.unique(s[(s == np.floor(s)) & (s < 60)]):
        n = int(whole) - 1
        slope = np.polynomial.Polynomial([0.0, 1.0])
        for _ in range(n):
            slope = slope.deriv() * np.polynomial.Polynomial([-1.0, 0.0, -1.0])
        here = s == whole
        found[here] = (-1) ** n * (mirrored[here] + pi ** (n + 1) / factorial(n) * slope(cotangent[here]))
    return found
