"""The generator: a seed and a place in its stream, given to one draw after another.

Threads, copies and files may hold one safely; the default generator of the process lives here. The draws
(`uniform`, `normal` and the rest) stand on it.
"""

from __future__ import annotations

import operator
import os
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from groundup.named import Named

Array = np.ndarray
Transform = Callable[[Array, Array], None]  # makes of words the elements of an array

WORDS = 4  # of 64 bits, in a block
_CHUNK = 4096  # blocks turned into elements at a time: the temporaries stay in the second-level cache
NEAR = 256  # draws of at most so many blocks are served from values made ahead
_FIRST_WINDOW, _LAST_WINDOW = 64, 2048  # blocks made ahead: at first, and when small draws follow one another
_LIMIT = 1 << 64
_TAG = b"philox-1"  # names the stream: the state of a later, different stream is refused
_STATE_SIZE = len(_TAG) + 16
_DEFAULT_SEED = 67280421310721  # of a new Generator, as in PyTorch


class Kind(Named):
    """Values that can be made ahead of their use, because their position alone decides them."""

    __slots__ = ()

    name: str
    dtype: np.dtype[Any]
    per_block: int
    transform: Transform | None  # None: the words themselves


_RAW = Kind("words", np.dtype(np.uint64), WORDS, None)
_NOTHING = (0, np.empty(0))


class Generator:
    """A stream of random numbers: a seed, and the next unused block. Follows ``torch.Generator``.

    Threads may share one: each draw takes its range of the stream under a lock. Copies and pickles keep the
    place.

    >>> import groundup
    >>> g = groundup.Generator().manual_seed(1)
    >>> a = groundup.rand(3, generator=g)
    >>> bool((a == groundup.rand(3, generator=g.manual_seed(1))).all())
    True
    """

    def __init__(self, device: Any = "cpu") -> None:
        if str(device) != "cpu":
            raise RuntimeError(f"Expected a cpu device for a generator, but got {device}: groundup computes on the CPU")
        self.device = device
        self._lock = threading.RLock()  # reentrant: a finaliser that draws numbers may run inside a draw
        self._place(_DEFAULT_SEED, 0)

    def _place(self, seed: int, block: int) -> None:
        with self._lock:
            self._seed, self._next = seed, block
            self._ahead: dict[str, tuple[int, Array]] = {}  # by kind: the first block, and the values from there

    def manual_seed(self, seed: int) -> Generator:
        """Begin the stream of `seed`, an integer in [-2**63, 2**64); a negative one means 2**64 + seed."""
        if isinstance(seed, bool) or not hasattr(seed, "__index__"):
            raise RuntimeError(f"manual_seed expected a long, but got {type(seed).__name__}")
        value = operator.index(seed)
        if not -(_LIMIT >> 1) <= value < _LIMIT:
            raise ValueError(f"Overflow when unpacking long long: a seed lies in [-2**63, 2**64), but got {value}")
        self._place(value % _LIMIT, 0)
        return self

    def seed(self) -> int:
        """Begin a stream of a seed taken from the operating system, and return that seed."""
        seed = int.from_bytes(os.urandom(8), "little") >> 1  # fits an int64
        self._place(seed, 0)
        return seed

    def initial_seed(self) -> int:
        """The seed of the stream."""
        return self._seed

    def get_state(self) -> Array:
        """The seed and the place in its stream, as a small array of uint8 that `set_state` takes back."""
        with self._lock:
            numbers = np.array([self._seed, self._next], dtype="<u8")
        return np.frombuffer(_TAG + numbers.tobytes(), dtype=np.uint8).copy()

    def set_state(self, new_state: Any) -> Generator:
        """Go back to the place where `get_state` was called."""
        state = np.asarray(new_state)
        if state.dtype != np.uint8:
            raise TypeError(f"RNG state must be a torch.ByteTensor\n  In groundup: uint8, but got {state.dtype}")
        if state.size != _STATE_SIZE:
            raise RuntimeError(
                f"Expected a CPUGeneratorImplState of size {_STATE_SIZE} "
                f"but found the input RNG state size to be {state.size}"
            )
        data = state.tobytes()
        if not data.startswith(_TAG):
            raise RuntimeError(
                f"Invalid RNG state: it begins with {data[: len(_TAG)]!r} instead of {_TAG!r}. "
                "Give back what get_state() returned."
            )
        self._place(*np.frombuffer(data, dtype="<u8", offset=len(_TAG)).tolist())
        return self

    def clone_state(self) -> Generator:
        """A second generator at the same place of the same stream."""
        return type(self)(self.device).set_state(self.get_state())

    def reserve(self, blocks: int) -> tuple[int, int]:
        """Take the next `blocks` blocks: the seed and the number of the first. Compiled kernels draw so."""
        with self._lock:
            first = self._next
            self._next = (first + blocks) % _LIMIT
            return self._seed, first

    def near(self, kind: Kind, blocks: int) -> Array:
        """Take the next few blocks: their values, read-only, out of a window that is made ahead."""
        per_block = kind.per_block
        with self._lock:
            first = self._next
            self._next = (first + blocks) % _LIMIT
            start, values = self._ahead.get(kind.name, _NOTHING)
            at = (first - start) * per_block
            if at < 0 or at + blocks * per_block > values.size:
                size = max(blocks, _FIRST_WINDOW)
                if 0 <= at <= values.size:  # small draws follow one another
                    size = max(size, min(2 * values.size // per_block, _LAST_WINDOW))
                values, at = _window(kind, self._seed, first, size), 0
                self._ahead[kind.name] = first, values
            return values[at : at + blocks * per_block]

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.device,), self.get_state().tobytes()

    def __setstate__(self, state: bytes) -> None:
        self.set_state(np.frombuffer(state, dtype=np.uint8))

    def __repr__(self) -> str:
        return f"Generator(device='{self.device}', seed={self._seed}, block={self._next})"


def _philox(seed: int, block: int) -> np.random.Philox:
    from numpy.random import Philox  # takes 20 ms to import: the first draw pays

    return Philox(key=seed, counter=block)


def _window(kind: Kind, seed: int, first: int, blocks: int) -> Array:
    values = words = _philox(seed, first).random_raw(blocks * WORDS)
    if kind.transform is not None:
        values = np.empty(blocks * kind.per_block, kind.dtype)
        kind.transform(words, values)
    values.flags.writeable = False
    return values


def draw(shape: tuple[int, ...], dtype: Any, bits: int, transform: Transform, generator: Generator) -> Array:
    """A new array; `transform` makes element i of unit i (of `bits` bits) of the generator's next blocks."""
    out = np.empty(shape, dtype)
    if out.size == 0:
        return out
    flat = out.reshape(-1)
    per_block = 64 * WORDS // bits
    blocks = -(-flat.size // per_block)
    if blocks <= NEAR:
        transform(generator.near(_RAW, blocks), flat)
        return out
    philox = _philox(*generator.reserve(blocks))
    for block in range(0, blocks, _CHUNK):
        stop = min(block + _CHUNK, blocks)
        transform(philox.random_raw((stop - block) * WORDS), flat[block * per_block : stop * per_block])
    return out


default_generator = Generator()
default_generator.seed()  # a fresh process has numbers of its own


def manual_seed(seed: int) -> Generator:
    """Begin the default generator's stream of `seed`, and return it. Follows ``torch.manual_seed``.

    >>> import groundup
    >>> groundup.manual_seed(7).initial_seed()
    7
    """
    return default_generator.manual_seed(int(seed))


def seed() -> int:
    """Seed the default generator from the operating system, and return the seed."""
    return default_generator.seed()


def initial_seed() -> int:
    """The default generator's seed."""
    return default_generator.initial_seed()


def get_rng_state() -> Array:
    """The default generator's state, an array of uint8."""
    return default_generator.get_state()


def set_rng_state(new_state: Any) -> None:
    """Put the default generator back to a state that `get_rng_state` gave."""
    default_generator.set_state(new_state)
