"""Loop kernels written by hand, for the rows of the tables that no fusion of elementwise statements can make.

A kernel is a plain Python function of flat arrays, whole numbers, and the units of work that one thread does; it
allocates nothing and raises nothing. Beside it stands the lowering of each row: the calls that do what the row does.
"""

from __future__ import annotations

from groundup.compile.loops.kernels import convolution, extremes, linked, moves, pooling, tables, targets
from groundup.compile.loops.kernels.context import Lowering

LOWERINGS: dict[str, Lowering] = {
    **convolution.LOWERINGS,
    **linked.LOWERINGS,
    **targets.LOWERINGS,
    **tables.LOWERINGS,
    **pooling.LOWERINGS,
    **moves.LOWERINGS,
    **extremes.LOWERINGS,
}
