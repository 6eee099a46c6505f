"""Further distributions: exponential, geometric, Cauchy, log-normal, Poisson, binomial, and draws by weight.

Each element comes from its own unit of the stream, as in `draws`. Poisson and binomial numbers may need more than one
uniform number: the unit then begins a stream of the element's own. These two, and `geometric`, compare with library
logarithms, so that an element may differ between machines where a comparison is decided by the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from groundup.random.announced import announced
from groundup.random.deviates import DOUBLE, F64, SINGLE, exponentials, minus_two_log, tangents, units
from groundup.random.draws import TYPE_NAME, Shape, normal, shape_of, source_of, uniform
from groundup.random.generator import Array, Generator, draw

if TYPE_CHECKING:
    import numpy.typing as npt

_HALF = np.array(0.5)
C_NAMES = {"int64": "long int", "int32": "int", "int16": "short", "int8": "signed char", "uint8": "unsigned char"}


@announced
def exponential(
    shape: Shape, dtype: npt.DTypeLike = np.float32, rate: float = 1.0, generator: Generator | None = None
) -> Array:
    """-ln(u) / rate, above 0: the time until the next event when `rate` of them are expected in a unit of time.

    >>> from groundup import random
    >>> bool((random.exponential(100) > 0).all())
    True
    """
    kind = np.dtype(dtype)
    if kind.kind in "biu":
        raise RuntimeError(
            "Exponential distribution is a continuous probability distribution. dtype must be a floating point but "
            f"you specified {TYPE_NAME.get(kind.name, kind.name)}"
        )
    if not rate > 0:
        raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={rate:g}")
    how = DOUBLE if kind == F64 else SINGLE
    scale, least = np.array(0.5 / rate, how.real), np.array(2.0**-how.bits, how.real)

    def transform(words: Array, out: Array) -> None:
        values = minus_two_log(units(words, how.bits, out.size), how)
        np.maximum(values, least, out=values)  # the largest units round to 1, whose logarithm is 0
        values *= scale
        np.copyto(out, values, casting="unsafe")

    return draw(shape_of(shape), kind, how.bits, transform, source_of(generator))


@announced
def geometric(shape: Shape, p: float, dtype: npt.DTypeLike = np.float32, generator: Generator | None = None) -> Array:
    """How many tries a success takes that has the chance `p`: 1 with probability p, 2 with p (1 - p), and so on."""
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p:g}")
    times = exponential(shape, F64, -math.log1p(-p), generator)
    return _converted(np.maximum(np.ceil(times, out=times), 1.0, out=times), np.dtype(dtype))


def _converted(values: Array, kind: np.dtype[Any]) -> Array:
    """The numbers in a type that may be too small for the largest: whole ones end there, others become infinite."""
    if kind.kind in "iu":
        values = np.minimum(values, float(np.iinfo(kind).max))
    with np.errstate(over="ignore"):
        return values.astype(kind, copy=False)


@announced
def cauchy(
    shape: Shape,
    dtype: npt.DTypeLike = np.float32,
    median: float = 0.0,
    sigma: float = 1.0,
    generator: Generator | None = None,
) -> Array:
    """median + sigma tan(pi (u - 1/2)): so long-tailed that it has no mean."""
    kind = np.dtype(dtype)
    if kind.kind in "biu":
        raise RuntimeError(
            "Cauchy distribution is a continuous probability distribution. dtype must be a floating point but you "
            f"specified {C_NAMES.get(kind.name, kind.name)}"
        )
    if not sigma > 0:
        raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma:g}")
    found = draw(shape_of(shape), F64, 64, tangents, source_of(generator))
    found *= sigma
    found += median
    return _converted(found, kind)


@announced
def log_normal(
    shape: Shape,
    dtype: npt.DTypeLike = np.float32,
    mean: float = 1.0,
    std: float = 2.0,
    generator: Generator | None = None,
) -> Array:
    """exp of normal numbers with that mean and standard deviation."""
    if not std > 0:
        raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std:g}")
    return _converted(exponentials(normal(shape, F64, mean, std, generator)), np.dtype(dtype))


@announced
def choices(weights: Array, count: int, replacement: bool, generator: Generator | None = None) -> Array:
    """In each row of weights `count` positions, drawn with probabilities in proportion; they need not add up to 1.

    With replacement, a uniform number is looked up among the running sums. Without, each position gets an
    exponential time of its weight as rate, and the earliest are taken, which draws them one after the other
    (Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006).
    """
    rows, n = weights.shape
    wide = weights.astype(F64)
    if not replacement:
        times = exponential((rows, n), F64, 1.0, generator)
        with np.errstate(divide="ignore"):
            times /= wide
        if count == 1:
            return np.argmin(times, axis=1)[:, None]
        return np.argsort(times, axis=1, kind="stable")[:, :count]
    sums = np.add.accumulate(wide, axis=1)
    aims = uniform((rows, count), F64, generator=generator)
    aims *= sums[:, -1:]
    found = np.empty((rows, count), np.int64)
    for row in range(rows):
        found[row] = np.searchsorted(sums[row], aims[row], "right")
    return found


class _Own:
    """Streams of uniform numbers, one for each element, that begin with a word of the generator's stream.

    SplitMix64: G. L. Steele, D. Lea and C. H. Flood, "Fast splittable pseudorandom number generators", 2014.
    """

    STEP = np.array(0x9E3779B97F4A7C15, np.uint64)
    MIXES = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))

    def __init__(self, words: Array) -> None:
        self.words = words

    def next(self) -> Array:
        """The next number of each, in (0, 1)."""
        self.words = self.words + self.STEP
        mixed = self.words
        for shift, factor in self.MIXES:
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
        mixed = mixed ^ (mixed >> np.uint64(31))
        return ((mixed >> np.uint64(11)).astype(F64) + _HALF) * 2.0**-53

    def keep(self, which: Array) -> None:
        """Go on with these elements alone."""
        self.words = self.words[which]


def _own_streams(shape: tuple[int, ...], generator: Generator | None) -> _Own:
    drawn = draw(shape, np.uint64, 64, lambda words, out: np.copyto(out, words[: out.size]), source_of(generator))
    return _Own(drawn.reshape(-1))


@announced
def poisson(rate: Array, generator: Generator | None = None) -> Array:
    """How many events occur, when `rate` of them are expected, in the shape of `rate`.

    Rates below 10 are searched through from 0; above, W. Hoermann, "The transformed rejection method for generating
    Poisson random variables", 1993.
    """
    if not (rate >= 0).all():
        raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
    means = rate.astype(F64).reshape(-1)
    streams = _own_streams(rate.shape, generator)
    found = np.empty(means.size, F64)
    small = means < 10
    if small.any():
        mean = means[small]
        found[small] = _searched(_Own(streams.words[small]), np.exp(-mean), lambda k, which: mean[which] / k)
    if not small.all():
        mean = means[~small]
        root, log = np.sqrt(mean), np.log(mean)
        width = 0.931 + 2.53 * root
        found[~small] = _rejected(
            _Own(streams.words[~small]),
            centre=mean + 0.43,
            width=width,
            tilt=-0.059 + 0.02483 * width,
            inner=0.9277 - 3.6224 / (width - 2),
            hat=1.1239 + 1.1328 / (width - 3.4),
            chance=lambda k, which: k * log[which] - mean[which] - _log_factorial(k),
            most=np.full(mean.size, np.inf),
        )
    return _converted(found.reshape(rate.shape), rate.dtype)


@announced
def binomial(count: Array, chance: Array, generator: Generator | None = None) -> Array:
    """How many of `count` tries succeed that have that chance each, in the shape to which the two broadcast.

    Fewer than 10 expected successes are searched through from 0; else W. Hoermann, "The generation of binomial
    random variates", 1993.
    """
    if not ((count >= 0) & (count == np.floor(count))).all():
        raise RuntimeError("binomial expects count to be whole numbers that are not negative")
    if not ((chance >= 0) & (chance <= 1)).all():
        raise RuntimeError("binomial expects prob to lie between 0 and 1")
    shape, kind = np.broadcast_shapes(count.shape, chance.shape), count.dtype
    n = np.broadcast_to(count, shape).astype(F64).reshape(-1)
    chances = np.broadcast_to(chance, shape).astype(F64).reshape(-1)
    p = np.minimum(chances, 1 - chances)  # of the rarer outcome
    streams = _own_streams(shape, generator)
    found = np.empty(n.size, F64)
    small = n * p < 10
    if small.any():
        tries, odds = n[small], p[small] / (1 - p[small])
        found[small] = _searched(
            _Own(streams.words[small]),
            (1 - p[small]) ** tries,
            lambda k, which: odds[which] * (tries[which] - k + 1) / k,
        )
    if not small.all():
        found[~small] = _many_tries(_Own(streams.words[~small]), n[~small], p[~small])
    return np.where(chances > 0.5, n - found, found).reshape(shape).astype(kind)


def _many_tries(streams: _Own, n: Array, p: Array) -> Array:
    """Binomial numbers where at least 10 successes are expected, and p is at most a half."""
    deviation = np.sqrt(n * p * (1 - p))
    width = 1.15 + 2.53 * deviation
    log_odds = np.log(p) - np.log1p(-p)
    mode = np.floor((n + 1) * p)

    def relative(k: Array, which: Array) -> Array:
        return k * log_odds[which] - _log_factorial(k) - _log_factorial(n[which] - k)

    every = np.arange(n.size)
    top = relative(mode, every)
    return _rejected(
        streams,
        centre=n * p + 0.5,
        width=width,
        tilt=-0.0873 + 0.0248 * width + 0.01 * p,
        inner=0.92 - 4.2 / width,
        hat=(2.83 + 5.1 / width) * deviation,
        chance=lambda k, which: relative(k, which) - top[which],
        most=n,
    )


Chance = Callable[[Any, Array], Array]


def _searched(streams: _Own, first: Array, ratio: Chance) -> Array:
    """The least k at which the sum of the probabilities exceeds a uniform number; `ratio` is of those of k and k-1."""
    aim = streams.next()
    found = np.zeros(aim.size, F64)
    which = np.flatnonzero(aim > first)
    aim, probability, total = aim[which], first[which], first[which]
    k = 0
    while which.size:
        k += 1
        probability = probability * ratio(k, which)
        total = total + probability
        found[which] = k
        on = (aim > total) & (probability > 0)  # what is left of 1 by rounding belongs to the last k
        which, aim, probability, total = which[on], aim[on], probability[on], total[on]
    return found


def _rejected(
    streams: _Own, centre: Array, width: Array, tilt: Array, inner: Array, hat: Array, chance: Chance, most: Array
) -> Array:
    """Transformed rejection: a uniform u becomes k = floor((2 tilt / (1/2 - |u|) + width) u + centre).

    It is taken at once within `inner`, else with its probability (its logarithm is `chance`) under the hat.
    """
    found = np.empty(centre.size, F64)
    which = np.arange(centre.size)
    while which.size:
        u, v = streams.next() - 0.5, streams.next()
        edge = 0.5 - np.abs(u)
        k = np.floor((2 * tilt[which] / edge + width[which]) * u + centre[which])
        possible = (k >= 0) & (k <= most[which])
        taken = possible & (edge >= 0.07) & (v <= inner[which])
        open_ = np.flatnonzero(possible & ~taken & ((edge >= 0.013) | (v <= edge)))
        rows = which[open_]
        height = np.log(v[open_] * hat[rows] / (tilt[rows] / (edge[open_] * edge[open_]) + width[rows]))
        taken[open_] = height <= chance(k[open_], rows)
        found[which[taken]] = k[taken]
        which = which[~taken]
        streams.keep(~taken)
    return found


_FACTORIALS = np.array([math.log(math.factorial(k)) for k in range(16)])


def _log_factorial(k: Array) -> Array:
    """ln k! of whole numbers: a table, and Stirling's series from 16 on."""
    x = np.maximum(k, 16.0)
    square = 1 / (x * x)
    series = (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680))) / x
    large = (x + 0.5) * np.log(x) - x + 0.5 * math.log(2 * math.pi) + series
    return np.where(k < 16, _FACTORIALS[np.minimum(k, 15.0).astype(np.int64)], large)
