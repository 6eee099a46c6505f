"""What an entry of the table of operations is, and how its samples become tensors of a library.

An entry names a function by its dotted path, which is the same here and in PyTorch, and lists the arguments to try
it on. The judges (values, gradients, finite differences) read every entry in the same way.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np

FLOATS = ("float32", "float64")
NUMBERS = (*FLOATS, "int64")
ALL = (*NUMBERS, "bool")


def _expanded(x: np.ndarray) -> np.ndarray:
    """Two times the same memory, with stride 0."""
    return np.lib.stride_tricks.as_strided(x, (2, *x.shape), (0, *x.strides))


LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "plain": lambda x: x,
    "transposed": lambda x: x.T,
    "reversed": lambda x: x[::-1],
    "stepped": lambda x: x[..., ::2],
    "offset": lambda x: x[1:],
    "expanded": _expanded,
}


@dataclass(frozen=True)
class Arg:
    """An array argument. A "value" takes the type under test and gets gradients; index and mask keep their own."""

    base: np.ndarray
    layout: str = "plain"
    role: str = "value"

    def array(self, dtype: str) -> np.ndarray:
        """A new array in that type and this layout."""
        if self.role != "value":
            return LAYOUTS[self.layout](self.base.copy())
        finite = np.nan_to_num(self.base, posinf=2.0, neginf=-2.0)
        if dtype == "bool":
            made = np.rint(np.abs(finite) * 10) % 2 == 1
        elif dtype.startswith(("int", "uint")):
            # Away from zero, so that a divisor stays one; special values have no place among integers.
            made = (np.sign(finite) * np.ceil(np.abs(finite) * 2)).astype(dtype)
        else:
            made = self.base.astype(dtype)
        return LAYOUTS[self.layout](np.array(made, order="C"))


def index(*values: Any) -> Arg:
    """Positions, given as nested lists."""
    return Arg(np.array(values[0] if len(values) == 1 else values, dtype=np.int64), role="index")


def mask(values: Any, layout: str = "plain") -> Arg:
    """A mask, given as nested lists of 0 and 1."""
    return Arg(np.array(values, dtype=bool), layout, role="mask")


@dataclass(frozen=True)
class Sample:
    """One call. At a kink (`smooth` off) only values and first derivatives are compared, with PyTorch alone."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)
    smooth: bool = True

    def __str__(self) -> str:
        return ", ".join([*map(_described, self.args), *(f"{k}={v!r}" for k, v in self.kwargs.items())])


def _described(arg: Any) -> str:
    if isinstance(arg, Arg):
        return f"{arg.layout} {arg.role} {arg.base.tolist()}"
    if isinstance(arg, (tuple, list)):
        return f"[{', '.join(map(_described, arg))}]"
    return repr(arg)


Samples = Callable[[np.random.Generator], Sequence[Sample]]


@dataclass(frozen=True)
class Entry:
    """One operation: its path in both libraries, the rows it stands for, and what to try it on."""

    name: str
    make: Samples
    path: str = ""
    rows: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = FLOATS
    order: int = 2  # how many derivatives it has
    rtol: float = 1.0  # a factor on the usual tolerance, for operations that lose digits
    theirs: str = ""  # the path in PyTorch, where it differs
    whole: Callable[[Any], Callable[..., Any]] | None = None  # what is judged in its place, made from the library

    def samples(self) -> list[Sample]:
        """The same samples each time."""
        return list(self.make(np.random.default_rng(zlib.crc32(self.name.encode()))))

    def function(self, library: Any) -> Callable[..., Any]:
        """The function in `groundup` or `torch`."""
        if self.whole is not None:
            return self.whole(library)
        ours = library.__name__ == "groundup"
        path = self.path or self.name
        return reduce(getattr, (path if ours else self.theirs or path).split("."), library)


def fill(value: Any, made: Iterator[Any]) -> Any:
    """The argument with every `Arg` in it replaced, in order, by what was made of it."""
    if isinstance(value, Arg):
        return next(made)
    if isinstance(value, (tuple, list)):
        return type(value)(fill(each, made) for each in value)
    return value


def arrays_in(value: Any) -> list[Arg]:
    """The array arguments, in order."""
    if isinstance(value, Arg):
        return [value]
    if isinstance(value, (tuple, list)):
        return [found for each in value for found in arrays_in(each)]
    return []


def tensor(library: Any, array: np.ndarray) -> Any:
    """The array as a tensor: here in its own memory and layout, in PyTorch as a contiguous copy."""
    if library.__name__ == "groundup":
        return library.from_numpy(array)
    return library.from_numpy(np.array(array, order="C"))


def call(library: Any, entry: Entry, sample: Sample, tensors: Sequence[Any]) -> list[Any]:
    """The results of one call, as a list; `tensors` stand where the sample has arrays."""
    made = iter(tensors)
    args = fill(sample.args, made)
    kwargs = {name: fill(value, made) for name, value in sample.kwargs.items()}
    found = entry.function(library)(*args, **kwargs)
    return list(found) if isinstance(found, (tuple, list)) else [found]


def inputs(library: Any, sample: Sample, dtype: str, grad: bool = False) -> list[Any]:
    """The tensors of one call; those of role "value" require a gradient if `grad`."""
    made = []
    for arg in arrays_in((sample.args, tuple(sample.kwargs.values()))):
        each = tensor(library, arg.array(dtype))
        made.append(each.requires_grad_() if grad and arg.role == "value" else each)
    return made


# Samples that many entries share


def numbers(random: np.random.Generator, domain: tuple[float, float], *shape: int) -> np.ndarray:
    """Values spread over the domain."""
    return random.uniform(*domain, shape)


def unary(domain: tuple[float, float] = (-2, 2), *kinks: float, **kwargs: Any) -> Samples:
    """One tensor in every shape and layout, and the points named as kinks."""

    def make(random: np.random.Generator) -> list[Sample]:
        shapes: list[tuple[tuple[int, ...], str]] = [
            ((), "plain"),
            ((3,), "plain"),
            ((2, 3), "transposed"),
            ((3,), "reversed"),
            ((2, 5), "stepped"),
            ((2,), "expanded"),
            ((0, 3), "plain"),
        ]
        samples = [Sample((Arg(numbers(random, domain, *s), how),), kwargs) for s, how in shapes]
        if kinks:
            samples.append(Sample((Arg(np.array(kinks)),), kwargs, smooth=False))
        return samples

    return make


SPECIAL = (-np.inf, -1.0, -0.0, 0.0, 1.0, np.inf, np.nan)


def binary(
    first: tuple[float, float] = (-2, 2),
    second: tuple[float, float] | None = None,
    kinks: Sequence[float] = SPECIAL,
    number: bool = True,
) -> Samples:
    """Two tensors in shapes that broadcast in every way, tensors beside numbers, and all pairs of special values."""
    other = second or first

    def make(random: np.random.Generator) -> list[Sample]:
        def pair(a: tuple[int, ...], b: tuple[int, ...], how: str = "plain", how2: str = "plain") -> Sample:
            return Sample((Arg(numbers(random, first, *a), how), Arg(numbers(random, other, *b), how2)))

        samples = [
            pair((), ()),
            pair((3,), (3,), "reversed"),
            pair((2, 3), (3,)),
            pair((3,), (2, 3)),
            pair((2, 1), (1, 3)),
            pair((2, 3), ()),
            pair((), (2, 1)),
            pair((2, 3), (3, 2), "transposed"),
            pair((2, 4), (2,), "stepped", "expanded"),
            pair((0, 3), (1, 3)),
        ]
        if number:
            samples.append(Sample((Arg(numbers(random, first, 3)), float(numbers(random, other)))))
            samples.append(Sample((Arg(numbers(random, first, 3)), 2)))
        if kinks:
            left, right = np.meshgrid(kinks, kinks)
            samples.append(Sample((Arg(left.ravel()), Arg(right.ravel())), smooth=False))
        return samples

    return make


def some(*made: Callable[[np.random.Generator], Sample]) -> Samples:
    """Samples written out one by one."""
    return lambda random: [each(random) for each in made]


def on(*shape: int, layout: str = "plain", domain: tuple[float, float] = (-2, 2)) -> Callable[..., Any]:
    """`on(2, 3)(args, ...)`: a sample maker whose first argument is a tensor of that shape."""

    def with_arguments(*args: Any, **kwargs: Any) -> Callable[[np.random.Generator], Sample]:
        return lambda random: Sample((Arg(numbers(random, domain, *shape), layout), *args), kwargs)

    return with_arguments


def at(*values: Any) -> Callable[..., Any]:
    """As `on`, at values where the operation has a kink."""

    def with_arguments(*args: Any, **kwargs: Any) -> Callable[[np.random.Generator], Sample]:
        return lambda random: Sample((Arg(np.array(values)), *args), kwargs, smooth=False)

    return with_arguments


def tensors(*shapes: tuple[int, ...], layouts: Sequence[str] = (), **kwargs: Any) -> Any:
    """A sample maker of several tensors, each an argument of its own."""

    def make(random: np.random.Generator) -> Sample:
        made = [
            Arg(numbers(random, (-2, 2), *shape), layouts[i] if layouts else "plain") for i, shape in enumerate(shapes)
        ]
        return Sample(tuple(made), kwargs)

    return make


def listed(*shapes: tuple[int, ...], **kwargs: Any) -> Any:
    """A sample maker of several tensors in one list."""

    def make(random: np.random.Generator) -> Sample:
        return Sample((tuple(Arg(numbers(random, (-2, 2), *shape)) for shape in shapes),), kwargs)

    return make
