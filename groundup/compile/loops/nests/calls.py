"""A nest as a row of the team's table: where its scratch lies, and the arguments of what it calls."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from groundup.compile.loops import blas, product_kernels
from groundup.compile.loops.arena import LINE, arranged
from groundup.compile.loops.atoms import machine_functions
from groundup.compile.loops.items import Nest, Product
from groundup.compile.loops.layout import Buffer
from groundup.compile.loops.nests import walker
from groundup.compile.threads import get_num_threads

#: What a nest calls: a kernel or the name of a product's; where in the arguments its address is, where its own are, and
#: how many.
Parts = list[tuple[Any, int, int, int]]


def prepare(nest: Nest, touched: Callable[[Any], list[Buffer]]) -> None:
    """Number the local buffers of a nest whose calls are known, and give it memory for its threads."""
    lives: dict[Buffer, list[int]] = {}
    for at, made in enumerate(made for block in nest.blocks for made in block.calls):
        for local in touched(made):
            if local not in nest.wholes:
                lives.setdefault(local, [at, at])[1] = at
    nest.places, size = arranged([(local, first, last) for local, (first, last) in lives.items()])
    library = blas.find()
    alone = library is not None and not library.serial  # it has threads of its own
    nest.threads = 1 if alone else max(1, min(get_num_threads(), nest.axes[0] * nest.axes[1]))
    for slot, local in enumerate((*nest.wholes, *nest.places)):
        local.slot = slot
    words = -(-max(1, len(nest.wholes) + len(nest.places)) // 16) * 16  # of a table; threads do not share a line
    room = -(-max(1, size) // LINE) * LINE + LINE
    nest.own = [
        Buffer(np.dtype(np.int64), nest.threads * words, "temporary"),
        Buffer(np.dtype(np.int8), nest.threads * room, "temporary"),
    ]


def arguments(nest: Nest, called: Callable[[Any], tuple[Any, int, np.ndarray]]) -> tuple[Parts, np.ndarray]:
    """What a nest calls, and its arguments, which hold those of the calls; `called` gives what one call is."""
    tables, scratch = nest.own
    head = [*nest.axes, tables.slot, scratch.slot, 8 * tables.size // nest.threads, scratch.size // nest.threads]
    made = [each for block in nest.blocks for each in block.calls]
    head += [len(nest.wholes), len(nest.places), len(made)]
    for local, (whole, far, near, _) in nest.wholes.items():
        head += [whole.slot, far * local.dtype.itemsize, near * local.dtype.itemsize]
    head += nest.places.values()
    at, behind = len(head), len(head) + 2 * len(made)
    parts: Parts = []
    rest: list[np.ndarray] = []
    for each in made:
        what, address, own = called(each)
        if isinstance(each, Product):
            own[product_kernels.PANEL] = max(own[product_kernels.M], own[product_kernels.N], 1)  # in one piece
        parts.append((what, at, behind, len(own)))
        head += [address, behind]
        rest.append(own)
        at, behind = at + 2, behind + len(own)
    return parts, np.concatenate([np.array(head, np.int64), *rest])


@cache
def machine() -> int:
    """The address of the kernel."""
    return machine_functions(walker, {"nest": ["int64*", "int64", "int64", "int64", "int64"]})["nest"]
