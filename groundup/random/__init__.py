"""Random numbers by position: an element depends on the seed and on its place in the stream alone.

So a draw comes out the same however it is cut into chunks or shared among threads, and compiled code can make
element `i` by itself. Creation (`randn`, `randint`), initialisers, dropout and shuffling stand on this room.

The stream of a seed is a row of blocks. Block k is four 64-bit words: the Philox4x64-10 function (Salmon and
others, "Parallel random numbers: as easy as 1, 2, 3", 2011) of the counter (k + 1, 0, 0, 0) and the key
(seed, 0), which is ``numpy.random.Philox(key=seed, counter=k).random_raw(4)``. A draw begins at the
generator's next block and takes whole blocks. It cuts the words into units of 64, 32 or 16 bits, low bits
first, and unit i makes element i:

    uniform       the unit's upper 11, 24 or 53 bits (float16, float32, float64), as a fraction
    normal        units 2j and 2j + 1 make elements 2j and 2j + 1 (64 bits for float64, else 32): `box_muller`
    bernoulli     unit < p * 2**32
    keep_mask     unit >= p * 2**16 (p * 2**32 where p is below 0.01 or above 0.99)
    integers      unit * span // 2**bits, the bits by the size of the span: `integer_maker`
    permutation   the order of the units, ties by index: `permutation`
    others        from units of 32 or 64 bits: `distributions`

All of it uses only operations that IEEE 754 rounds correctly (+ - * / sqrt and conversions; no library
logarithm, no fused multiply-add), so that every machine, NumPy and compiled loops give the same bits.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from groundup.random.generator import (
    Generator,
    default_generator,
    get_rng_state,
    initial_seed,
    manual_seed,
    seed,
    set_rng_state,
)

if TYPE_CHECKING:
    from groundup.random.distributions import binomial, cauchy, choices, exponential, geometric, log_normal, poisson
    from groundup.random.draws import bernoulli, end_of_range, integers, keep_mask, normal, permutation, uniform

__all__ = [
    "Generator",
    "default_generator",
    "manual_seed",
    "seed",
    "initial_seed",
    "get_rng_state",
    "set_rng_state",
    "uniform",
    "normal",
    "integers",
    "end_of_range",
    "permutation",
    "bernoulli",
    "keep_mask",
    "exponential",
    "geometric",
    "cauchy",
    "log_normal",
    "poisson",
    "binomial",
    "choices",
]

_DRAWS = ("bernoulli", "end_of_range", "integers", "keep_mask", "normal", "permutation", "uniform")


def __getattr__(name: str) -> Any:
    """The generator is always there; what is drawn from it loads with the first draw, and stays."""
    if name not in __all__:
        raise AttributeError(f"module 'groundup.random' has no attribute {name!r}")
    source = importlib.import_module("groundup.random." + ("draws" if name in _DRAWS else "distributions"))
    found = globals()[name] = getattr(source, name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
