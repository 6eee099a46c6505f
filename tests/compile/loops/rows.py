"""One row by its loops against the row itself: a plan that runs each call as it comes, on plain arrays.

Kernels run as the Python functions that they are, their units in several parts and in any order, or compiled.
"""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from groundup.compile.graph import Memory, Statement, Value
from groundup.compile.loops.assembly import _source
from groundup.compile.loops.kernels import LOWERINGS
from groundup.compile.loops.kernels.linked import LINKED
from groundup.compile.loops.machine import REASONS, Kernel, machine_code
from groundup.ops import ROWS

MACHINE_CODE = pytest.mark.skipif(find_spec("llvmlite") is None, reason="llvmlite is not installed")


ALL = {**ROWS, **LINKED}


class Refused(Exception):
    """The row stays with NumPy."""


class Guarded:
    """An array as a kernel may use it: index by index, and none of them counted from the end."""

    def __init__(self, elements: np.ndarray) -> None:
        self.elements = elements

    def __getitem__(self, i: Any) -> Any:
        self._check(i)
        return self.elements[i]

    def __setitem__(self, i: Any, value: Any) -> None:
        self._check(i)
        self.elements[i] = value

    def _check(self, i: Any) -> None:
        first, end = (i.start, i.stop) if isinstance(i, slice) else (i, i + 1)
        assert first >= 0, "a pointer has no end to count from"
        assert end <= len(self.elements), "several neighbours are all there"


class Array:
    """A buffer of the plan: elements in a row."""

    def __init__(self, elements: np.ndarray) -> None:
        self.elements = elements


class Plan:
    """A context that computes at once."""

    def __init__(self, values: dict[Value, np.ndarray], parts: int, compiled: bool) -> None:
        self.values = values
        self.parts = parts
        self.compiled = compiled
        self.flags: list[tuple[Array, Callable[[int], Exception]]] = []
        self.outs: dict[Value, tuple[Array, Any]] = {}
        self.kernels: list[str] = []

    def read(self, value: Value, order: Any = None) -> Array:
        array = self.values[value]
        return Array(np.array(array.transpose(order or range(array.ndim)), order="C").reshape(-1))

    def strided(self, value: Value) -> tuple[Array, int, tuple[int, ...]]:
        array = self.values[value]
        low = sum(min(0, (n - 1) * step) for n, step in zip(array.shape, array.strides))
        size = sum(abs((n - 1) * step) for n, step in zip(array.shape, array.strides)) // array.itemsize + 1
        start = array.__array_interface__["data"][0] + low
        memory = np.ctypeslib.as_array((ctypes.c_char * (size * array.itemsize)).from_address(start)).view(array.dtype)
        return Array(memory), -low // array.itemsize, tuple(step // array.itemsize for step in array.strides)

    def out(self, value: Value, order: Any = None) -> Array:
        if value not in self.outs:
            size = int(np.prod(value.shape))
            self.outs[value] = Array(_unset((size,), value.dtype)), order
        return self.outs[value][0]

    def result(self, value: Value) -> np.ndarray:
        array, order = self.outs[value]
        order = order or tuple(range(len(value.shape)))
        laid = array.elements.reshape([value.shape[axis] for axis in order])
        return laid.transpose([order.index(axis) for axis in range(len(order))])

    def scratch(self, shape: tuple[int, ...], dtype: Any) -> Array:
        return Array(_unset(shape, dtype).reshape(-1))

    def constant(self, array: np.ndarray) -> Array:
        return Array(np.array(array).reshape(-1))

    def flag(self, found: Callable[[int], Exception]) -> Array:
        flag = Array(np.zeros(2, np.int64))
        self.flags.append((flag, found))
        return flag

    def raised(self) -> Exception | None:
        """What the first flag that was raised stands for."""
        for flag, found in self.flags:
            if flag.elements[0]:
                return found(int(flag.elements[1]))
        return None

    def call(self, kernel: Any, arguments: Any, split: int = 1, flops: int = 0, bytes: int = 0) -> None:
        given = [_elements(each) for each in arguments]
        self.kernels.append(kernel.__name__)
        if self.compiled:
            run = _compiled(kernel, given)
            for part in reversed(range(self.parts)):
                run(split, part, self.parts)
            return
        guarded = [Guarded(each) if isinstance(each, np.ndarray) else each for each in given]
        edges = [split * part // self.parts for part in range(self.parts + 1)]
        for begin, end in reversed(list(itertools.pairwise(edges))):
            with np.errstate(all="ignore"):
                kernel(*guarded, begin, end)

    def gemm(
        self, a: Any, b: Any, c: Any, m: int, n: int, k: int, transa: bool = False, transb: bool = False,
        lda: int = 0, ldb: int = 0, ldc: int = 0, beta: int = 0,
    ) -> None:  # fmt: skip
        self.gemm_batched(a, b, c, 1, m, n, k, 0, 0, 0, transa, transb, lda, ldb, ldc, beta)

    def gemm_batched(
        self, a: Any, b: Any, c: Any, count: int, m: int, n: int, k: int, step_a: int, step_b: int, step_c: int,
        transa: bool = False, transb: bool = False, lda: int = 0, ldb: int = 0, ldc: int = 0, beta: int = 0,
    ) -> None:  # fmt: skip
        for i in range(count):
            left = _matrix(_elements(a)[i * step_a :], *((k, m) if transa else (m, k)), lda)
            right = _matrix(_elements(b)[i * step_b :], *((n, k) if transb else (k, n)), ldb)
            target = _matrix(_elements(c)[i * step_c :], m, n, ldc)
            product = (left.T if transa else left) @ (right.T if transb else right)
            target[...] = product + target if beta else product

    def refuse(self, reason: str) -> Exception:
        return Refused(reason)


def _unset(shape: Any, dtype: Any) -> np.ndarray:
    """Memory in which nothing can be relied on."""
    return np.full(shape, np.nan if np.dtype(dtype).kind == "f" else 77, dtype)


def _elements(each: Any) -> Any:
    if isinstance(each, tuple):
        return each[0].elements[each[1] :]
    return each.elements if isinstance(each, Array) else each


def _matrix(elements: np.ndarray, rows: int, columns: int, step: int) -> np.ndarray:
    size = elements.itemsize
    return np.lib.stride_tricks.as_strided(elements, (rows, columns), ((step or columns) * size, size))


def _kind(each: Any) -> str:
    if isinstance(each, np.ndarray):
        return f"{each.dtype.name}*"
    return "int" if isinstance(each, int) else "float64"


def _compiled(kernel: Any, given: list[Any]) -> Callable[[int, int, int], None]:
    """A function that has thread t of n do its share of so many units, in machine code."""
    made = Kernel(kernel.__name__, _source(kernel), tuple(map(_kind, given)))
    (address,) = machine_code([made])
    assert address is not None, REASONS[made]
    arrays = [each for each in given if isinstance(each, np.ndarray)]
    floats = [each for each in given if isinstance(each, float)]
    memory, numbers = np.array([each.ctypes.data for each in arrays], np.int64), np.array(floats)
    call = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3, *[ctypes.c_int64] * 2)(address)

    def run(split: int, t: int, n: int) -> None:
        places = [itertools.count(), itertools.count()]
        args = [split, 0]
        for each in given:
            if isinstance(each, np.ndarray):
                args += [next(places[0]), 0]
            else:
                args.append(each if isinstance(each, int) else next(places[1]))
        packed = np.array(args, np.int64)
        call(memory.ctypes.data, numbers.ctypes.data, packed.ctypes.data, t, n)

    return run


def lowered(
    name: str, operands: Any, params: dict[str, Any], parts: int = 3, compiled: bool = False, like: Any = None
) -> Plan:
    """The plan after the row's loops ran on the operands; the shape of its result is that of those `like` them."""
    wanted = eager(name, like or operands, params)
    values: dict[Value, np.ndarray] = {}
    given = []
    for each in operands:
        if isinstance(each, np.ndarray):
            value = Value(each.shape, each.dtype, Memory(False))
            values[value] = each
            given.append(value)
        else:
            given.append(each)
    out = Value(wanted.shape, wanted.dtype, Memory(False))
    plan = Plan(values, parts, compiled)
    plan.statement = Statement(ALL[name], out, given, params)
    LOWERINGS[name](plan.statement, plan)
    return plan


def eager(name: str, operands: Any, params: dict[str, Any]) -> np.ndarray:
    """What the row itself computes."""
    with np.errstate(all="ignore"):
        return np.asarray(ALL[name].eager(*operands, **params))


def check(name: str, *operands: Any, exact: bool = False, compiled: bool = False, **params: Any) -> Plan:
    """The row's loops give what the row gives, however the units are shared out."""
    wanted = eager(name, operands, params)
    for parts in (1, 2, 5):
        plan = lowered(name, operands, params, parts, compiled)
        found = plan.result(plan.statement.out)
        assert found.dtype == wanted.dtype
        if exact or wanted.dtype.kind != "f":
            np.testing.assert_array_equal(found, wanted)
        else:
            near = 1e-5 if wanted.dtype == np.float32 else 1e-12
            np.testing.assert_allclose(found, wanted, near, near)
        if parts == 1:
            first = found
        assert found.tobytes() == first.tobytes(), "the bits depend on how the units are shared out"
        assert plan.raised() is None
    return plan
