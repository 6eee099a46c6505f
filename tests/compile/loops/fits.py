"""Where the constants of the elementary functions come from: `python -m tests.compile.loops.fits [NAME ...]`.

A minimax polynomial is found by Remez's exchange; then its coefficients are rounded one after another from the lowest
power on, and those still free are fitted anew each time.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

try:
    import mpmath as mp
except ImportError:  # it is only collected, where NumPy is all there is
    mp = None

Function = Callable[[Any], Any]


@dataclass(frozen=True)
class Fit:
    """A polynomial of this degree for `value` between two numbers; `weight` times its error is made small."""

    value: Function
    weight: Function
    degree: int
    low: Any
    high: Any


def _even(function: Function) -> Function:
    """(f(x) / x - 1) as a function of x**2."""
    return lambda z: function(mp.sqrt(z)) / mp.sqrt(z) - 1


def _fits() -> dict[str, tuple[Fit, Fit]]:
    """The fits for float32 and for float64."""
    half = mp.log(2) / 2 * mp.mpf("1.0001")
    top = mp.mpf("0.625") ** 2 * mp.mpf("1.0001")
    erf, tanh = _even(mp.erf), _even(mp.tanh)

    def exp(degree: int) -> Fit:
        return Fit(lambda r: (mp.expm1(r) - r) / r**2, lambda r: abs(r**2 / mp.expm1(r)), degree, -half, half)

    def tangent(degree: int) -> Fit:
        return Fit(lambda z: tanh(z) / z, lambda z: z / (1 + tanh(z)), degree, mp.mpf(0), top)

    def small(degree: int) -> Fit:
        return Fit(erf, lambda z: 1 / (1 + erf(z)), degree, mp.mpf(0), mp.mpf(1))

    def large(degree: int, end: int) -> Fit:
        return Fit(lambda x: -mp.log(mp.erfc(x)), lambda x: mp.erfc(x) / mp.erf(x), degree, mp.mpf(1), mp.mpf(end))

    return {
        "exp": (exp(4), exp(9)),
        "log": (
            Fit(
                lambda s: (mp.log1p(s) - s + s * s / 2) / s**3,
                lambda s: abs(s**3 / mp.log1p(s)),
                7,
                mp.mpf("-0.25"),
                mp.mpf("0.5"),
            ),
            Fit(lambda z: 2 * (_even(mp.atanh)(z)) / z, lambda z: z / 2, 6, mp.mpf(0), mp.mpf("0.04")),
        ),
        "tanh": (tangent(4), tangent(10)),
        "erf to 1": (small(6), small(11)),
        **_double_steps(),
        "erf from 1": (large(6, 4), large(18, 6)),
    }


def _double_steps() -> dict[str, tuple[Fit, Fit]]:
    """The fits of what float32 has worked out in double precision; the second of each pair is the one."""
    eighth = (mp.pi / 4) ** 2 * mp.mpf("1.001")

    def sine(z: Any) -> Any:
        return mp.sin(mp.sqrt(z)) / mp.sqrt(z)

    def cosine(z: Any) -> Any:
        return mp.cos(mp.sqrt(z))

    def log_erfc(t: Any) -> Any:
        x = 2 / t - 2
        return mp.log(mp.erfc(x) / t) + x * x

    fits = {
        "sin": Fit(lambda z: (sine(z) - 1) / z, lambda z: z / sine(z), 3, mp.mpf(0), eighth),
        "cos": Fit(lambda z: (cosine(z) - 1 + z / 2) / z**2, lambda z: z**2 / cosine(z), 2, mp.mpf(0), eighth),
        "exp2": Fit(lambda r: (2**r - 1) / r, lambda r: abs(r) / 2**r, 6, mp.mpf("-0.50001"), mp.mpf("0.50001")),
        "log2": Fit(lambda z: 2 * _even(mp.atanh)(z) / z, lambda z: z / 2, 4, mp.mpf(0), mp.mpf("0.04")),
        "erfc": Fit(log_erfc, lambda t: mp.mpf(1), 12, 1 / (1 + mp.mpf("10.1") / 2), mp.mpf(1)),
    }
    return {name: (fit, fit) for name, fit in fits.items()}


def minimax(value: Function, fit: Fit, powers: list[int]) -> tuple[list[Any], Any]:
    """Coefficients of these powers with the smallest largest weighted error, and that error."""
    n = len(powers)
    count = 60 * n
    middle, reach = (fit.low + fit.high) / 2, (fit.high - fit.low) / 2
    points = [middle - reach * mp.cos(mp.pi * (2 * i + 1) / (2 * count)) for i in range(count)]
    points = [x for x in points if x != 0]
    wanted, weights = [value(x) for x in points], [fit.weight(x) for x in points]
    terms = [[x**p for p in powers] for x in points]
    chosen = [round(float((len(points) - 1) * (1 - mp.cos(mp.pi * i / n)) / 2)) for i in range(n + 1)]
    for _ in range(60):
        system = mp.matrix(n + 1, n + 1)
        for row, k in enumerate(chosen):
            for column in range(n):
                system[row, column] = terms[k][column]
            system[row, n] = (-1) ** row / weights[k]
        solution = list(mp.lu_solve(system, mp.matrix([wanted[k] for k in chosen])))
        errors = [w * (v - mp.fdot(solution[:n], t)) for w, v, t in zip(weights, wanted, terms)]
        largest = max(abs(e) for e in errors)
        peaks = _peaks(errors, n + 1)
        if len(peaks) < n + 1 or largest < abs(solution[n]) * mp.mpf("1.0005"):
            break
        chosen = peaks
    return solution[:n], largest


def _peaks(errors: list[Any], count: int) -> list[int]:
    """Where the error is largest between its changes of sign; the `count` that matter, their signs in turn."""
    peaks: list[int] = []
    for k, error in enumerate(errors):
        if peaks and (error > 0) == (errors[peaks[-1]] > 0):
            if abs(error) > abs(errors[peaks[-1]]):
                peaks[-1] = k
        else:
            peaks.append(k)
    while len(peaks) > count:
        # An end may go alone; between the ends two neighbours go, so that the signs still take turns.
        k = min(range(len(peaks) - 1), key=lambda i: max(abs(errors[peaks[i]]), abs(errors[peaks[i + 1]])))
        if len(peaks) == count + 1:
            peaks.pop(0 if abs(errors[peaks[0]]) < abs(errors[peaks[-1]]) else -1)
        elif 0 < k < len(peaks) - 2:
            del peaks[k : k + 2]
        else:
            peaks.pop(0 if k == 0 else -1)
    return peaks


def coefficients(fit: Fit, kind: type[np.floating[Any]]) -> tuple[list[Any], Any]:
    """The coefficients as numbers of this kind, lowest power first, and the error before they were rounded."""
    value, found, error = fit.value, [], None
    powers = list(range(fit.degree + 1))
    while powers:
        free, largest = minimax(value, fit, powers)
        error = largest if error is None else error
        if kind is np.float64 and len(found) == 2:  # how later ones are rounded does not matter
            return found + [kind(float(c)) for c in free], error
        found.append(kind(float(free[0])))
        value = _without(value, mp.mpf(float(found[-1])), powers.pop(0))
    return found, error


def _without(value: Function, coefficient: Any, power: int) -> Function:
    return lambda x: value(x) - coefficient * x**power


def main(names: list[str]) -> None:
    """Print the coefficients of the named fits, or of all."""
    mp.mp.dps = 50
    for name, pair in _fits().items():
        for fit, kind in zip(pair, (np.float32, np.float64)):
            if not names or name in names:
                found, error = coefficients(fit, kind)
                print(f"{name}, {kind.__name__}: error 2**{float(mp.log(error, 2)):.1f}")
                print("   ", ", ".join(str(c) for c in found))


if __name__ == "__main__":
    main(sys.argv[1:])
