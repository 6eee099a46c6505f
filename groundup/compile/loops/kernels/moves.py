"""How the rows that move elements become copies: slices put in place, arrays joined, turned round and laid anew.

Every move is one or several copies between an array as it lies and a part of the result, both given by strides; axes
that follow each other in both become one, and the axis along which the result runs comes last.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from groundup.compile.graph import Statement, Value
from groundup.compile.loops.kernels.context import Buffer, Context, Lowering
from groundup.compile.loops.kernels.copies import copy_lines, copy_turned, keep_triangle, running_sums
from groundup.compile.loops.kernels.positions import fill_elements
from groundup.compile.loops.layout import steps

_EVERYTHING = slice(None)
_AXES = 5  # of a copy
_LONG = 1024  # elements of a line that is summed, from where a running sum is added up in double precision
_LINE = 4096  # elements of a line that is copied, which threads then share

Part = tuple[int, tuple[int, ...]]  # where a part of an array begins, and its steps
Axes = list[tuple[int, int, int]]  # size, step in the source, step in the target


def joined_axes(size: tuple[int, ...], source: tuple[int, ...], target: tuple[int, ...]) -> Axes:
    """The axes of a copy in the order of the target, neighbours in both made one."""
    axes = sorted(((t, s, n) for n, s, t in zip(size, source, target, strict=True) if n != 1), reverse=True)
    found: Axes = []
    for to, of, n in axes:
        if found and found[-1][1] == of * n and found[-1][2] == to * n:
            n *= found.pop()[0]
        found.append((n, of, to))
    return found


def _in_parts(axes: Axes) -> Axes:
    """The axes of a copy in lines, long lines in equal parts where their length allows it."""
    *others, (n, of, to) = axes
    parts = next((parts for parts in range(-(-n // _LINE), -(-n // _LINE) * 2) if n % parts == 0), 1)
    if parts == 1 or len(axes) == _AXES:
        return axes
    return [*others, (parts, of * (n // parts), to * (n // parts)), (n // parts, of, to)]


def copy(
    ctx: Context, x: Buffer, out: Buffer, size: tuple[int, ...], source: Part, target: Part, itemsize: int
) -> None:
    """The calls that copy the elements of one part to another."""
    axes = joined_axes(size, source[1], target[1]) or [(1, 1, 1)]
    if len(axes) > _AXES:
        raise ctx.refuse("a copy with too many axes")
    moved = 2 * math.prod(size) * itemsize
    fastest = [place for place, (n, of, _) in enumerate(axes) if of == 1]
    if fastest and fastest[0] != len(axes) - 1 and axes[-1][2] == 1 and len(axes) > 1:
        (height, _, pace), (width, step, _) = axes.pop(fastest[0]), axes.pop()
        axes = [(1, 0, 0)] * (3 - len(axes)) + axes
        numbers = [n for n, _, _ in axes], [of for _, of, _ in axes], [to for _, _, to in axes]
        arguments = [x, out, source[0], target[0], *numbers[0], height, width, *numbers[1], step, *numbers[2], pace]
        ctx.call(copy_turned, arguments, split=math.prod(numbers[0]) * -(-height // 16), bytes=moved)
        return
    axes = _in_parts(axes)
    axes = [(1, 0, 0)] * (_AXES - len(axes)) + axes
    numbers = [n for n, _, _ in axes], [of for _, of, _ in axes], [to for _, _, to in axes]
    arguments = [x, out, source[0], target[0], *numbers[0], *numbers[1], *numbers[2]]
    ctx.call(copy_lines, arguments, split=math.prod(numbers[0][:-1]), bytes=moved)


def part_of(
    shape: tuple[int, ...], start: int, step: tuple[int, ...], key: Any, ctx: Context
) -> tuple[tuple[int, ...], Part]:
    """The shape of `array[key]` and where it lies, for an array that lies so; the key is one of numbers and slices."""
    parts = list(key) if isinstance(key, tuple) else [key]
    if any(part is not Ellipsis and part is not None and not isinstance(part, (int, slice)) for part in parts):
        raise ctx.refuse("a key of more than numbers and slices")
    named = sum(part is not None and part is not Ellipsis for part in parts)
    rest = [_EVERYTHING] * (len(shape) - named)
    at = next((i for i, part in enumerate(parts) if part is Ellipsis), None)
    parts = [*parts, *rest] if at is None else [*parts[:at], *rest, *parts[at + 1 :]]
    axis, size, found = 0, [], []
    for part in parts:
        if part is None:
            size.append(1)
            found.append(0)
            continue
        if isinstance(part, slice):
            first, _, stride = part.indices(shape[axis])
            count = len(range(*part.indices(shape[axis])))
            start += first * step[axis] if count else 0
            size.append(count)
            found.append(stride * step[axis])
        else:
            start += (part + shape[axis] if part < 0 else part) * step[axis]
        axis += 1
    return tuple(size), (start, tuple(found))


def _source(ctx: Context, x: Value) -> tuple[Buffer, Part]:
    buffer, start, step = ctx.strided(x)
    return buffer, (start, tuple(step))


def _check(s: Statement, ctx: Context) -> None:
    if (
        s.out.dtype.kind not in "fiub"
        or s.out.dtype.char == "e"
        or any(0 in each.shape for each in (s.out, *s.values()))
    ):
        raise ctx.refuse("a copy of nothing, or of elements that kernels do not know")


def _fill(ctx: Context, out: Buffer, value: float, s: Statement) -> None:
    size = math.prod(s.out.shape)
    ctx.call(fill_elements, [out, float(value), size], split=-(-size // 4096), bytes=size * s.out.dtype.itemsize)


def _into(ctx: Context, out: Buffer, s: Statement, key: Any, x: Buffer, source: Part, size: tuple[int, ...]) -> None:
    """Copy a part of an array of that size to the place that a key names in the result; it broadcasts."""
    shape, target = part_of(s.out.shape, 0, steps(s.out.shape), key, ctx)
    lead = len(shape) - len(size)
    if lead < 0:
        raise ctx.refuse("more axes than fit")
    pace = [0] * lead + [of if n != 1 else 0 for n, of in zip(size, source[1])]
    copy(ctx, x, out, shape, (source[0], tuple(pace)), target, s.out.dtype.itemsize)


def lower_placed(s: Statement, ctx: Context) -> None:
    """Zeros but for a part."""
    _check(s, ctx)
    x, source = _source(ctx, s.operands[0])
    out = ctx.out(s.out)
    if math.prod(s.operands[0].shape) != math.prod(s.out.shape):
        _fill(ctx, out, 0, s)
    _into(ctx, out, s, s.params["key"], x, source, s.operands[0].shape)


def lower_clone(s: Statement, ctx: Context) -> None:
    """A copy in order."""
    _check(s, ctx)
    x, source = _source(ctx, s.operands[0])
    _into(ctx, ctx.out(s.out), s, (...,), x, source, s.operands[0].shape)


def lower_reshape(s: Statement, ctx: Context) -> None:
    """A copy in order, of another shape."""
    _check(s, ctx)
    (x,) = s.values()
    source, part = _source(ctx, x)
    copy(ctx, source, ctx.out(s.out), x.shape, part, (0, steps(x.shape)), s.out.dtype.itemsize)


def lower_relaid(s: Statement, ctx: Context) -> None:
    """A copy with axes in another order."""
    _check(s, ctx)
    size, dims = s.params["size"], s.params["dims"]
    step = steps(size)
    _into(ctx, ctx.out(s.out), s, (...,), ctx.read(s.operands[0]), (0, tuple(step[axis] for axis in dims)), s.out.shape)


def _joined(s: Statement, ctx: Context, keys: list[Any]) -> None:
    _check(s, ctx)
    if any(not isinstance(each, Value) or each.dtype != s.out.dtype for each in s.operands):
        raise ctx.refuse("arrays of several types")
    out = ctx.out(s.out)
    for each, key in zip(s.operands, keys, strict=True):
        x, source = _source(ctx, each)
        _into(ctx, out, s, key, x, source, each.shape)


def lower_cat(s: Statement, ctx: Context) -> None:
    """One array behind the other."""
    dim, ends = s.params["dim"], np.cumsum([each.shape[s.params["dim"]] for each in s.values()]).tolist()
    _joined(s, ctx, [(*(_EVERYTHING,) * dim, slice(start, end)) for start, end in zip([0, *ends], ends)])


def lower_stack(s: Statement, ctx: Context) -> None:
    """Arrays along an axis of their own."""
    _joined(s, ctx, [(*(_EVERYTHING,) * s.params["dim"], i) for i in range(len(s.operands))])


def lower_flip(s: Statement, ctx: Context) -> None:
    """A copy in reverse order."""
    _check(s, ctx)
    x, (start, step) = _source(ctx, s.operands[0])
    dims, size = s.params["dims"], s.out.shape
    key = tuple(slice(None, None, -1) if axis in dims else _EVERYTHING for axis in range(len(size)))
    _, source = part_of(size, start, step, key, ctx)
    _into(ctx, ctx.out(s.out), s, (...,), x, source, size)


def lower_roll(s: Statement, ctx: Context) -> None:
    """Both parts of an axis, exchanged."""
    _check(s, ctx)
    shifts: dict[int, int] = {}
    for shift, dim in zip(s.params["shifts"], s.params["dims"]):
        shifts[dim] = shifts.get(dim, 0) + shift
    x, (start, step) = _source(ctx, s.operands[0])
    out, size = ctx.out(s.out), s.out.shape
    pieces: list[tuple[Any, Any]] = [((), ())]
    for axis, n in enumerate(size):
        cut = shifts.get(axis, 0) % n
        pairs = [(slice(cut, n), slice(0, n - cut))] + ([(slice(0, cut), slice(n - cut, n))] if cut else [])
        pieces = [((*to, a), (*of, b)) for to, of in pieces for a, b in pairs]
    for to, of in pieces:
        part, source = part_of(size, start, step, of, ctx)
        _into(ctx, out, s, to, x, source, part)


def lower_pad(s: Statement, ctx: Context) -> None:
    """A border of one value; a negative width crops."""
    _check(s, ctx)
    widths, value, size = s.params["widths"], s.params["value"], s.operands[0].shape
    if not isinstance(value, (bool, int, float)):
        raise ctx.refuse("a number that is not known before the call")
    outer, inner = [], []
    for n, (before, after) in zip(size, widths, strict=True):
        outer.append(slice(max(before, 0), n + before + after - max(after, 0)))
        inner.append(slice(max(-before, 0), n - max(-after, 0)))
    x, (start, step) = _source(ctx, s.operands[0])
    part, source = part_of(size, start, step, tuple(inner), ctx)
    out = ctx.out(s.out)
    if part != s.out.shape:
        _fill(ctx, out, value, s)
    if 0 not in part:
        _into(ctx, out, s, tuple(outer), x, source, part)


def _triangle(s: Statement, ctx: Context, lower: int) -> None:
    _check(s, ctx)
    height, width = s.out.shape[-2:]
    arguments = [ctx.read(s.operands[0]), ctx.out(s.out), height, width, s.params["diagonal"], lower]
    rows = math.prod(s.out.shape[:-1])
    ctx.call(keep_triangle, arguments, split=rows, bytes=2 * rows * width * s.out.dtype.itemsize)


def lower_tril(s: Statement, ctx: Context) -> None:
    """Zeros above the diagonal."""
    _triangle(s, ctx, 1)


def lower_triu(s: Statement, ctx: Context) -> None:
    """Zeros below the diagonal."""
    _triangle(s, ctx, 0)


def lower_cumsum(s: Statement, ctx: Context) -> None:
    """Running sums along an axis."""
    _check(s, ctx)
    dim, size = s.params["dim"], s.out.shape
    if not size or s.out.dtype != s.operands[0].dtype or s.out.dtype.kind == "b":
        raise ctx.refuse("running sums of another type")
    width = math.prod(size[dim + 1 :])
    units = math.prod(size[:dim]) * -(-width // 16)
    kind = np.float64 if s.out.dtype.kind == "f" and size[dim] > _LONG else s.out.dtype
    sums = ctx.scratch((units * 16,), kind)
    arguments = [ctx.read(s.operands[0]), ctx.out(s.out), sums, size[dim], width]
    ctx.call(running_sums, arguments, split=units, bytes=2 * math.prod(size) * s.out.dtype.itemsize)


LOWERINGS: dict[str, Lowering] = {
    "placed": lower_placed,
    "clone": lower_clone,
    "contiguous": lower_reshape,
    "flatten": lower_reshape,
    "reshape": lower_reshape,
    "relaid": lower_relaid,
    "cat": lower_cat,
    "stack": lower_stack,
    "flip": lower_flip,
    "roll": lower_roll,
    "pad": lower_pad,
    "tril": lower_tril,
    "triu": lower_triu,
    "cumsum": lower_cumsum,
}
