"""A row of numbers in the CPU's vector registers, as a type that Numba can compile with.

Numba has no name for a vector register, so this module gives it one: 64 bytes, sixteen float32 or eight float64, which
is one register of AVX-512, two of AVX2, or four of NEON; LLVM sees to that. The kernel in ``tile`` stands on it.
"""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any

import numpy as np

from groundup.foundations.matmul.compiled import numba

BYTES = 64  # a line of the cache: what memory hands over at a time


def lanes(dtype: np.dtype[Any]) -> int:
    """How many numbers of this type a row has.

    >>> lanes(np.dtype("float32")), lanes(np.dtype("float64"))
    (16, 8)
    """
    return BYTES // dtype.itemsize


@functools.cache
def registers() -> SimpleNamespace:
    """The five things that can be done with a row, as functions for compiled code.

    - ``zeros(array)``: a row of zeros of the array's type.
    - ``load(array, i, j)``: the numbers ``array[i, j]``, ``array[i, j + 1]``, ... to the end of the row.
    - ``multiply_add(x, row, total)``: ``total + x * row`` for a single number x, in one instruction.
    - ``add(row, other)``: the sums, number by number.
    - ``store(array, i, j, row)``: writes the row where ``load`` would read it.
    """
    numba("a matrix product in vector registers")
    from llvmlite import ir
    from numba import types
    from numba.core.cgutils import get_item_pointer
    from numba.extending import intrinsic, models, register_model
    from numba.np.arrayobj import make_array

    class Row(types.Type):
        def __init__(self, dtype: Any) -> None:
            self.dtype = dtype
            super().__init__(f"Row({dtype})")

    def vector(row: Row) -> Any:
        element = {4: ir.FloatType, 8: ir.DoubleType}[row.dtype.bitwidth // 8]()
        return ir.VectorType(element, 8 * BYTES // row.dtype.bitwidth)

    @register_model(Row)
    class RowModel(models.PrimitiveModel):
        def __init__(self, manager: Any, row: Row) -> None:
            super().__init__(manager, row, vector(row))

    def address(context: Any, builder: Any, array_type: Any, array: Any, i: Any, j: Any) -> Any:
        view = make_array(array_type)(context, builder, array)
        place = get_item_pointer(context, builder, array_type, view, [i, j])
        return builder.bitcast(place, vector(Row(array_type.dtype)).as_pointer())

    def aligned(array_type: Any) -> int:
        return int(array_type.dtype.bitwidth) // 8  # no more can be said of an array's start

    @intrinsic
    def zeros(_: Any, array: Any) -> Any:
        row = Row(array.dtype)
        return row(array), lambda context, builder, signature, args: ir.Constant(vector(row), None)

    @intrinsic
    def load(_: Any, array: Any, i: Any, j: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.load(address(context, builder, array, *args), align=aligned(array))

        return Row(array.dtype)(array, types.intp, types.intp), code

    @intrinsic
    def multiply_add(_: Any, x: Any, row: Any, total: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            number, factors, sums = args
            kind, places = vector(row), ir.VectorType(ir.IntType(32), vector(row).count)
            first = builder.insert_element(ir.Constant(kind, ir.Undefined), number, ir.IntType(32)(0))
            everywhere = builder.shuffle_vector(first, first, ir.Constant(places, None))
            # "contract" lets LLVM make one instruction, with one rounding, of the two.
            product = builder.fmul(everywhere, factors, flags=("contract",))
            return builder.fadd(product, sums, flags=("contract",))

        return row(row.dtype, row, row), code

    @intrinsic
    def add(_: Any, row: Any, other: Any) -> Any:
        return row(row, row), lambda context, builder, signature, args: builder.fadd(*args)

    @intrinsic
    def store(_: Any, array: Any, i: Any, j: Any, row: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            builder.store(args[3], address(context, builder, array, *args[:3]), align=aligned(array))
            return context.get_dummy_value()

        return types.void(array, types.intp, types.intp, row), code

    return SimpleNamespace(zeros=zeros, load=load, multiply_add=multiply_add, add=add, store=store)
