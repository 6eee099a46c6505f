"""The error functions, the gamma function and their kin."""

from __future__ import annotations

from math import factorial, log, pi, sqrt
from typing import Any

from groundup.autograd.apply import apply
from groundup.autograd.tape import shown_as
from groundup.functions.elementwise.transcendental import both_arrays
from groundup.ops import elementwise as rows

__all__ = [
    "digamma",
    "erf",
    "erfc",
    "erfinv",
    "lgamma",
    "mvlgamma",
    "polygamma",
]

Tensor = Any  # the class stands above this module; `groundup.tensor` gives the functions as its methods
Number = float | int | bool


def erf(input: Tensor) -> Tensor:
    """The error function, 2 / sqrt(pi) times the integral of exp(-t*t) from 0 to input."""
    return apply(rows.erf, input)


def erfc(input: Tensor) -> Tensor:
    """1 - erf(input), with its digits also where erf is nearly 1."""
    return apply(rows.erfc, input)


def erfcx(input: Tensor) -> Tensor:
    """exp(input**2) * erfc(input), which falls slowly where erfc underflows."""
    return apply(rows.erfcx, input)


def erfinv(input: Tensor) -> Tensor:
    """The number whose erf is input; nan outside of [-1, 1].

    >>> import groundup
    >>> groundup.erfinv(groundup.tensor([0.0, 0.5, 1.0]))
    tensor([0.0000, 0.4769,    inf])
    """
    return apply(rows.erfinv, input)


def ndtr(input: Tensor) -> Tensor:
    """The share of standard normal numbers below input."""
    return shown_as(apply(rows.mul, apply(rows.erfc, apply(rows.mul, input, -sqrt(0.5))), 0.5), "SpecialNdtrBackward0")


def log_ndtr(input: Tensor) -> Tensor:
    """log(ndtr(input)), also where ndtr underflows."""
    return apply(rows.log_ndtr, input)


def ndtri(input: Tensor) -> Tensor:
    """The number below which a standard normal one lies with probability input."""
    return apply(rows.ndtri, input)


def entr(input: Tensor) -> Tensor:
    """-input * log(input), 0 at 0, and -inf below."""
    return apply(rows.entr, input)


def xlog1py(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input * log(1 + other), and 0 where input is 0 and other is not nan."""
    return apply(rows.xlog1py, *both_arrays(input, other))


def lgamma(input: Tensor) -> Tensor:
    """log(|gamma(input)|); gamma(n + 1) is n! for whole n.

    >>> import groundup
    >>> groundup.lgamma(groundup.tensor([0.5, 1.0, 5.0]))
    tensor([0.5724, 0.0000, 3.1781])
    """
    return apply(rows.lgamma, input)


def digamma(input: Tensor) -> Tensor:
    """The derivative of lgamma."""
    return apply(rows.digamma, input)


def polygamma(n: int, input: Tensor) -> Tensor:
    """The n-th derivative of digamma.

    >>> import groundup
    >>> groundup.polygamma(1, groundup.tensor([1.0]))
    tensor([1.6449])
    """
    if n < 0:
        raise RuntimeError(f"polygamma(n, x) does not support negative n.\n  n is {n}.")
    if n == 0:
        return shown_as(digamma(input), "PolygammaBackward0")
    sign = 1.0 if n % 2 else -1.0
    return shown_as(apply(rows.mul, apply(rows.zeta, n + 1.0, input), sign * factorial(n)), "PolygammaBackward0")


def mvlgamma(input: Tensor, p: int) -> Tensor:
    """The logarithm of the gamma function of `p` dimensions: p (p - 1) log(pi) / 4 + the sum of lgamma(input - i / 2).

    The sum is over i = 0 ... p - 1.
    """
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    total = lgamma(input)
    for i in range(1, p):
        total = total + lgamma(input - i / 2)
    return shown_as(total + p * (p - 1) / 4 * log(pi), "MvlgammaBackward0")


def zeta(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """The sum of (other + k) ** -input over k = 0, 1, 2, ... (Hurwitz' zeta function)."""
    return apply(rows.zeta, input, other)
