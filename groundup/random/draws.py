"""The draws: arrays of uniform, normal and whole numbers, permutations and masks, with PyTorch's messages.

The functions of tensors (`randn`, `randint`, `dropout`, `normal_`) are thin layers over these.
"""

from __future__ import annotations

import functools
import math
import operator
import warnings
from typing import TYPE_CHECKING, Any, SupportsIndex

import numpy as np

from groundup.random.announced import announced
from groundup.random.deviates import (
    DOUBLE,
    F32,
    F64,
    SINGLE,
    box_muller,
    fraction_of,
    fractions,
    integer_maker,
    units,
)
from groundup.random.generator import NEAR, WORDS, Array, Generator, Kind, default_generator, draw

if TYPE_CHECKING:
    import numpy.typing as npt

Shape = SupportsIndex | tuple[SupportsIndex, ...] | list[SupportsIndex]

_NORMAL = {
    32: Kind("normal32", F32, 2 * WORDS, lambda words, out: box_muller(words, out, SINGLE)),
    64: Kind("normal64", F64, WORDS, lambda words, out: box_muller(words, out, DOUBLE)),
}
# C++'s names of types, as they stand in PyTorch's messages about bounds, and the names of tensor types.
_LARGEST_BFLOAT16 = (2 - 2.0**-7) * 2.0**127
_C_NAME = {
    "bfloat16": "c10::BFloat16",
    "float16": "c10::Half",
    "float32": "float",
    "float64": "double",
    "bool": "bool",
    "uint8": "unsigned char",
}
_C_NAME |= {"int8": "signed char", "int16": "short", "int32": "int", "int64": "long"}
TYPE_NAME = {
    "uint8": "Byte",
    "int8": "Char",
    "int16": "Short",
    "int32": "Int",
    "int64": "Long",
    "bool": "Bool",
}


def shape_of(shape: Shape) -> tuple[int, ...]:
    """A size written as a number or a sequence, as a tuple."""
    if isinstance(shape, (tuple, list)):
        sizes = tuple(map(operator.index, shape))
    else:
        sizes = (operator.index(shape),)
    if sizes and min(sizes) < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(sizes)}: {list(sizes)}")
    return sizes


def source_of(generator: Generator | None) -> Generator:
    """The generator to draw from: the default one, if none is given."""
    if generator is None:
        return default_generator
    if not isinstance(generator, Generator):
        raise TypeError(f"generator must be a groundup.Generator or None, not {type(generator).__name__}")
    return generator


def _floating(dtype: npt.DTypeLike, kernel: str) -> np.dtype[Any]:
    found = np.dtype(dtype)
    if fraction_of(found) is None:
        name = TYPE_NAME.get(found.name, found.name)
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{name}'; draw floating numbers and convert them")
    return found


@announced
def uniform(
    shape: Shape,
    dtype: npt.DTypeLike = np.float32,
    low: float = 0.0,
    high: float = 1.0,
    generator: Generator | None = None,
) -> Array:
    """Numbers spread evenly over [low, high), ``high`` excluded.

    They lie on a grid of 2**24 steps in float32, 2**53 in float64 and 2**11 in float16.

    >>> from groundup import random
    >>> random.uniform((2, 3), generator=random.Generator()).shape
    (2, 3)
    """
    kind = _floating(dtype, "check_uniform_bounds")
    how: Any = fraction_of(kind)
    if low == 0 and high == 1 and how.work == kind:
        return draw(
            shape_of(shape), kind, how.bits, lambda words, out: fractions(words, out, how), source_of(generator)
        )
    low, high = float(low), float(high)
    _check_uniform_bounds(kind, low, high)
    start, width = np.array(low, how.work), np.array(high - low, how.work)
    last = np.nextafter(kind.type(high), kind.type(low))

    def transform(words: Array, out: Array) -> None:
        values = out if kind == how.work else np.empty(out.size, how.work)
        fractions(words, values, how)
        values *= width
        values += start
        if values is not out:
            np.copyto(out, values, casting="unsafe")
        np.minimum(out, last, out=out)  # the last step may have been rounded up to `high`

    return draw(shape_of(shape), kind, how.bits, transform, source_of(generator))


def _check_uniform_bounds(kind: np.dtype[Any], low: float, high: float) -> None:
    top = float(np.finfo(kind).max) if kind.kind == "f" else _LARGEST_BFLOAT16
    name = _C_NAME[kind.name]
    for end, value in (("from", low), ("to", high)):
        if not -top <= value <= top:
            raise RuntimeError(f"{end} is out of bounds for {name}: {end}={value:g}")
    if low > high:
        raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}")
    if high - low > top:
        raise RuntimeError(
            f"uniform_ expects to-from <= std::numeric_limits<{name}>::max(), but found to={high:g} and "
            f"from={low:g} which result in to-from to exceed the limit"
        )


@announced
def normal(
    shape: Shape,
    dtype: npt.DTypeLike = np.float32,
    mean: float = 0.0,
    std: float = 1.0,
    generator: Generator | None = None,
) -> Array:
    """Numbers of the normal distribution, ``std * z + mean``, by Box and Muller's method.

    float16 and float32 are computed in float32 from 32 bits and reach 6.6 standard deviations; float64 is
    computed from 64 and reaches 9.4.

    >>> from groundup import random
    >>> random.normal(3, mean=5.0, std=0.0)
    array([5., 5., 5.], dtype=float32)
    """
    kind = _floating(dtype, "normal_kernel_cpu")
    if not std >= 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
    sizes, source = shape_of(shape), source_of(generator)
    how = DOUBLE if kind == F64 else SINGLE
    plain = mean == 0 and std == 1
    ready = _NORMAL[how.bits]
    count = math.prod(sizes)
    blocks = -(-count // ready.per_block)
    if blocks <= NEAR:
        values = source.near(ready, blocks)[:count].reshape(sizes)
        if not plain:
            values = values * np.array(std, how.real)
            values += np.array(mean, how.real)
        return values.astype(kind)
    scale, shift = np.array(std, how.real), np.array(mean, how.real)

    def transform(words: Array, out: Array) -> None:
        values = out if kind == how.real else np.empty(out.size, how.real)
        box_muller(words, values, how)
        if not plain:
            values *= scale
            values += shift
        if values is not out:
            np.copyto(out, values, casting="unsafe")

    return draw(sizes, kind, how.bits, transform, source)


@announced
def integers(
    shape: Shape,
    low: int,
    high: int,
    dtype: npt.DTypeLike = np.int64,
    generator: Generator | None = None,
) -> Array:
    """Whole numbers of [low, high), all equally likely (`integer_maker` says how nearly).

    >>> from groundup import random
    >>> random.integers(4, 7, 8)
    array([7, 7, 7, 7])
    """
    kind, low, high = np.dtype(dtype), operator.index(low), operator.index(high)
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    _check_integer_bounds(kind, low, high)
    bits, make = integer_maker(high - low)
    start = np.array(low % (1 << 64), np.uint64)  # adding modulo 2**64 is right for negative numbers too
    in_place = kind == np.int64

    def transform(words: Array, out: Array) -> None:
        values = out.view(np.uint64) if in_place else np.empty(out.size, np.uint64)
        make(words, values)
        if low:
            np.add(values, start, out=values)
        if not in_place:
            np.copyto(out, values if kind == np.uint64 else values.view(np.int64), casting="unsafe")

    return draw(shape_of(shape), kind, bits, transform, source_of(generator))


@functools.cache
def _integer_bounds(kind: np.dtype[Any]) -> tuple[int, int]:
    if kind.kind == "b":
        return 0, 1
    if kind.name == "bfloat16":
        return int(-_LARGEST_BFLOAT16), int(_LARGEST_BFLOAT16)
    if kind.kind not in "iuf":
        raise RuntimeError(f"check_random_bounds handles only integral, floating-point and boolean types, not {kind}")
    info: Any = np.finfo(kind) if kind.kind == "f" else np.iinfo(kind)
    return int(info.min), int(info.max)


def end_of_range(kind: np.dtype[Any]) -> int:
    """One more than the largest whole number up to which the type holds all."""
    if fraction_of(kind) is not None:
        return 1 << _digits(kind)
    return _integer_bounds(kind)[1] + 1


def _digits(kind: np.dtype[Any]) -> int:
    return np.finfo(kind).nmant + 1 if kind.kind == "f" else 8


def _check_integer_bounds(kind: np.dtype[Any], low: int, high: int) -> None:
    bottom, top = _integer_bounds(kind)
    for end, value in (("from", low), ("to - 1", high - 1)):
        if not bottom <= value <= top:
            raise RuntimeError(f"{end} is out of bounds for {_C_NAME.get(kind.name, kind.name)}: {value}")
    if fraction_of(kind) is not None:
        _check_whole_floats(kind, low, high)


def _check_whole_floats(kind: np.dtype[Any], low: int, high: int) -> None:
    if low < -(1 << 63) or high > 1 << 63:
        raise RuntimeError(f"random_ expects bounds that fit in an int64, but got from={low} and to={high}")
    digits = _digits(kind)
    if max(-low, high - 1) > 1 << digits:
        warnings.warn(
            f"[{low}, {high}) is out of bounds [-(2^{digits}), 2^{digits}]. Due to precision limitations "
            f"{kind} can support discrete uniform distribution only within this range.",
            stacklevel=4,
        )


@announced
def permutation(n: int, generator: Generator | None = None) -> Array:
    """The numbers 0 ... n-1 in random order, as int64.

    They are sorted by random keys of 64 bits, the lowest of which are overwritten by the number itself. For a
    million numbers 44 random bits remain; two that have the same ones (a pair in 35 permutations) keep their
    order.

    >>> from groundup import random
    >>> sorted(random.permutation(4).tolist())
    [0, 1, 2, 3]
    """
    count = operator.index(n)
    if count < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {count}: [{count}]")
    index_bits = np.array((1 << max(count - 1, 0).bit_length()) - 1, np.uint64)
    key_bits = np.array(~index_bits)

    def transform(words: Array, out: Array) -> None:
        np.bitwise_and(words[: out.size], key_bits, out=out)

    keys = draw((count,), np.uint64, 64, transform, source_of(generator))
    keys |= np.arange(count, dtype=np.uint64)
    keys.sort()
    keys &= index_bits
    return keys.view(np.int64)


@announced
def bernoulli(shape: Shape, p: float | Array, generator: Generator | None = None) -> Array:
    """True with probability `p`, to 2**-32: a number, or an array that broadcasts to `shape`.

    >>> from groundup import random
    >>> random.bernoulli((2,), np.array([0.0, 1.0]))
    array([False,  True])
    """
    sizes, source = shape_of(shape), source_of(generator)
    if not isinstance(p, np.ndarray) or p.ndim == 0:
        if not 0 <= p <= 1:
            raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p}")
        return _compare(np.less, sizes, 32, float(p), source)
    if not ((p >= 0) & (p <= 1)).all():
        raise RuntimeError(
            "Expected p_in >= 0 && p_in <= 1 to be true, but got false.\n"
            f"  bernoulli: the probabilities lie between {p.min()} and {p.max()}"
        )
    limits = np.broadcast_to(np.multiply(p, 2.0**32, dtype=F64), sizes)
    drawn = draw(sizes, np.uint32, 32, lambda words, out: np.copyto(out, units(words, 32, out.size)), source)
    return np.asarray(drawn < limits)


@announced
def keep_mask(shape: Shape, p_drop: float, generator: Generator | None = None) -> Array:
    """Dropout's mask: True, with probability ``1 - p_drop``, for each element that stays.

    16 bits decide an element (32 for probabilities within 0.01 of 0 or 1), so `p_drop` is met to 2**-16.

    >>> from groundup import random
    >>> random.keep_mask(3, 1.0)
    array([False, False, False])
    """
    if not 0 <= p_drop <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p_drop}")
    bits = 16 if 0.01 <= p_drop <= 0.99 else 32
    return _compare(np.greater_equal, shape_of(shape), bits, float(p_drop), source_of(generator))


def _compare(compare: np.ufunc, shape: tuple[int, ...], bits: int, p: float, source: Generator) -> Array:
    """How each unit, as a fraction of 2**bits, compares with `p`."""
    certain = p == 1  # a limit of 2**bits is more than a unit can hold
    limit = np.array(0 if certain else math.ceil(p * 2.0**bits), f"u{bits // 8}")

    def transform(words: Array, out: Array) -> None:
        if certain:
            out[...] = compare is np.less
        else:
            compare(units(words, bits, out.size), limit, out=out)

    return draw(shape, np.bool_, bits, transform, source)
