"""Where the threads of a team must wait for each other: before a call that touches what another thread may be at.

Each thread does its share of one call after the other, and what it needs is often what it has made itself: the same
rows of a product, of the sum that follows, of the next product. For each call this works out which bytes each thread
reads and writes. Threads meet before a call only if one of them needs bytes there that another one has written since
they met last, or would write bytes that another one may not be done with. What is not known counts as touched by all.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from groundup.compile.loops import product_kernels
from groundup.compile.loops.assembly import touched
from groundup.compile.loops.items import Nest, Product
from groundup.compile.loops.layout import Buffer
from groundup.compile.loops.made import Made, Slab
from groundup.compile.loops.products import ProductCall, multiplied

MOST = 24  # calls without a meeting; with more of them, to look for who is in whose way would take longer than it saves
MOST_UNITS = 1024  # units of a product that are looked at one by one

Range = tuple[float, float]  # the first of some bytes or elements, and what is behind the last
NONE: Range = (math.inf, -math.inf)
_OFFSETS = product_kernels.A_AT, product_kernels.B_AT, product_kernels.C_AT
_SIZES = product_kernels.K, product_kernels.LDA, product_kernels.LDB, product_kernels.LDC


class Touch(NamedTuple):
    """What the threads touch of a piece of memory: `begins[t]` is the first byte of thread t and those after it,
    `ends[t]` what is behind the last byte of thread t and those before it."""

    memory: Any
    begins: tuple[float, ...]
    ends: tuple[float, ...]
    writes: bool

    def is_in_the_way_of(self, other: Touch) -> bool:
        """Whether a thread touches what another one does, and one of the two writes."""
        if self.memory is not other.memory or not (self.writes or other.writes):
            return False
        if self.begins[0] >= other.ends[-1] or other.begins[0] >= self.ends[-1]:
            return False
        return any(
            self.ends[t] > other.begins[t + 1] or other.ends[t] > self.begins[t + 1] for t in range(len(self.ends) - 1)
        )


def meetings(calls: Sequence[Any], places: Mapping[Buffer, int], threads: int) -> list[bool]:
    """For each call whether `threads` threads must meet before it.

    A call is that of a kernel, a nest, or a product with the way in which it is cut; None is one before which they meet
    anyway. `places` are the first bytes of those buffers that share one block of memory.
    """
    found: list[bool] = []
    since: list[list[Touch]] = []  # what the calls since the last meeting touch
    for call in calls:
        if call is None:
            found.append(True)
            since = []
            continue
        here = [*_touches(call, places, threads)]
        must = len(since) >= MOST or any(a.is_in_the_way_of(b) for each in since for a in each for b in here)
        found.append(must)
        since = [here] if must else [*since, here]
    return found


def _touches(call: Any, places: Mapping[Buffer, int], threads: int) -> Iterator[Touch]:
    """What a call touches, thread by thread."""
    if isinstance(call, tuple):
        product, cut = call
        parts = _of_product(product, cut, threads)
    elif isinstance(call, Nest):
        parts = _of_nest(call, threads)
    else:
        parts = _of_kernel(call, threads)
    for part in parts:
        size, place = part.buffer.dtype.itemsize, places.get(part.buffer)
        memory, at = (part.buffer, 0) if place is None else (places, place)  # `places` stands for the shared block
        begins = [at + first * size for first, _ in part.shares]
        ends = [at + behind * size for _, behind in part.shares]
        for t in range(1, threads):
            ends[t] = max(ends[t], ends[t - 1])
            begins[-1 - t] = min(begins[-1 - t], begins[-t])
        yield Touch(memory, tuple(begins), tuple(ends), part.writes)


@dataclass(slots=True)
class _Part:
    """Elements of a buffer, by the thread that touches them."""

    buffer: Buffer
    shares: list[Range]
    writes: bool


def _units(count: int, taking_part: int, threads: int) -> list[tuple[int, int]]:
    """The units of each thread, as the kernels share them out."""
    taking_part = min(taking_part, threads)
    return [
        (count * t // taking_part, count * (t + 1) // taking_part) if t < taking_part else (0, 0)
        for t in range(threads)
    ]


def _whole(buffer: Buffer, units: Sequence[tuple[int, int]], writes: bool = True) -> _Part:
    """All of a buffer, for each thread that has something to do."""
    return _Part(buffer, [(0, buffer.size) if last > first else NONE for first, last in units], writes)


def _of_kernel(made: Made, threads: int) -> Iterator[_Part]:
    units = _units(made.split, threads if made.split > 1 else 1, threads)
    for slab in made.slabs:
        turns = [(first * made.turns // made.split, last * made.turns // made.split) for first, last in units]
        yield _Part(slab.buffer, [_of_slab(slab, *each) for each in turns], slab.writes)
    known = {slab.buffer for slab in made.slabs}
    for buffer in touched(made):
        if buffer not in known:
            yield _whole(buffer, units)


def _of_slab(slab: Slab, first: int, last: int) -> Range:
    """What these turns touch."""
    if first >= last:
        return NONE
    ends = slab.offset + slab.step * first, slab.offset + slab.step * (last - 1)
    return min(ends), max(ends) + slab.span


def _of_product(product: Product, cut: ProductCall, threads: int) -> Iterator[_Part]:
    args = cut.args.tolist()
    count = product_kernels.units(args)
    units = _units(count, cut.threads, threads)
    if count > MOST_UNITS:
        yield from (_whole(each.buffer, units, each is product.out) for each in (product.a, product.b, product.out))
        return
    places = [_of_unit(args, unit) for unit in range(count)]
    for i, each in enumerate((product.a, product.b, product.out)):
        shares = [_around((places[unit][i] for unit in range(*pair)), args[_OFFSETS[i]]) for pair in units]
        yield _Part(each.buffer, shares, each is product.out)


def _of_unit(args: list[int], unit: int) -> list[Range]:
    """What a unit of a product touches of a, b and c."""
    in_a, in_b, in_c, m, n = product_kernels.place(args, unit)
    k, lda, ldb, ldc = (args[at] for at in _SIZES)
    a = (k - 1) * lda + m if args[product_kernels.TURN_A] else (m - 1) * lda + k
    b = (n - 1) * ldb + k if args[product_kernels.TURN_B] else (k - 1) * ldb + n
    return [(in_a, in_a + a), (in_b, in_b + b), (in_c, in_c + (m - 1) * ldc + n)]


def _around(ranges: Iterable[Range], offset: int) -> Range:
    """From the first of all of these to the last."""
    found = [*ranges]
    if not found:
        return NONE
    return offset + min(first for first, _ in found), offset + max(behind for _, behind in found)


def _of_nest(nest: Nest, threads: int) -> Iterator[_Part]:
    outer, inner = nest.axes
    units = _units(outer * inner, nest.threads, threads)
    for own in nest.own:
        each = own.size // nest.threads
        yield _Part(own, [(t * each, (t + 1) * each) if t < nest.threads else NONE for t in range(threads)], True)
    reach = _reach(nest)
    for local, (whole, far, near, _) in nest.wholes.items():
        if local not in reach or min(far, near) < 0:
            yield _whole(whole, units)
            continue
        starts = (far * np.arange(outer)[:, None] + near * np.arange(inner)).reshape(-1)
        first, behind, writes = reach[local]
        shares = [
            (int(starts[a:b].min()) + first, int(starts[a:b].max()) + behind) if b > a else NONE for a, b in units
        ]
        yield _Part(whole, shares, writes)


def _reach(nest: Nest) -> dict[Buffer, tuple[float, float, bool]]:
    """What the calls for one item touch of its arrays; those of which it is not known are left out."""
    found: dict[Buffer, tuple[float, float, bool]] = {}
    unknown: set[Buffer] = set()
    for call in (each for block in nest.blocks for each in block.calls):
        parts = _of_product(call, multiplied(call), 1) if isinstance(call, Product) else _of_kernel(call, 1)
        if isinstance(call, Made):
            unknown |= {*touched(call)} - {slab.buffer for slab in call.slabs}
        for part in parts:
            first, behind, writes = found.get(part.buffer, (*NONE, False))
            ((begin, end),) = part.shares
            found[part.buffer] = min(first, begin), max(behind, end), writes or part.writes
    return {local: each for local, each in found.items() if local not in unknown}
