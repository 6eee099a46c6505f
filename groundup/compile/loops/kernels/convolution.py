"""How the rows of convolution become loops and products: columns, their product with the weights, and the ways back."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from groundup.compile.graph import Statement
from groundup.compile.loops.kernels.columns import (
    TAP,
    batch_of_columns,
    columns_of_batch,
    columns_of_images,
    columns_of_small_images,
    images_of_columns,
    spread_bias,
    sum_panels,
)
from groundup.compile.loops.kernels.context import Context, Lowering
from groundup.ops.windows import Line, Lines

_PANEL = 512  # columns at least, from which on a thread's part of a sum is worth its own partial result
_PANELS = 16
_PARTS = 1 << 18  # elements of partial results at most
_SMALL = 2048  # pixels of all windows, up to which a table says where they lie
_NO_WINDOW = Line(1, 1, 1, 0, 1)


def whole_lines(where: Lines) -> Lines:
    """The windows along three axes, of which the first may have length 1."""
    return (_NO_WINDOW,) * (3 - len(where)) + where


def whole_image(size: tuple[int, ...], rank: int) -> tuple[int, int, int]:
    """Depth, height and width."""
    depth, height, width = (1,) * (3 - rank) + size[len(size) - rank :]
    return depth, height, width


@lru_cache(maxsize=512)
def table_of_taps(where: Lines, image: tuple[int, int, int]) -> np.ndarray:
    """For each place in a window, along each axis: where it lies first, and which windows have it inside."""
    lines = []
    for line, length in zip(whole_lines(where), image, strict=True):
        found = []
        for place in range(line.size):
            first = place * line.dilation - line.before
            low = min(max(0, -(first // line.step)), line.results)
            found.append((first, low, max(low, min(line.results, (length - 1 - first) // line.step + 1))))
        lines.append(found)
    table = [(*i, *j, *k) for i in lines[0] for j in lines[1] for k in lines[2]]
    return np.array(table, np.int64).reshape(-1, TAP)


@lru_cache(maxsize=512)
def table_of_pixels(where: Lines, shape: tuple[int, ...], steps: tuple[int, ...]) -> np.ndarray:
    """For each place in a window and each window: where in an image it lies, or -1 in the border."""
    found = np.zeros((1, 1), np.int64)
    for line, length, step in zip(where, shape[-len(where) :], steps[-len(where) :], strict=True):
        lies = np.arange(line.size)[:, None] * line.dilation + np.arange(line.results) * line.step - line.before
        more = np.where((lies >= 0) & (lies < length), lies * step, -1)
        both = found[:, None, :, None], more[None, :, None, :]
        size = (found.shape[0] * line.size, found.shape[1] * line.results)
        found = np.where((both[0] < 0) | (both[1] < 0), -1, both[0] + both[1]).reshape(size)
    return found


def steps_of(where: Lines) -> tuple[int, ...]:
    return tuple([line.step for line in whole_lines(where)])


def results_of(where: Lines) -> tuple[int, ...]:
    return tuple([line.results for line in whole_lines(where)])


def _places(where: Lines) -> int:
    return math.prod([line.size for line in where])


def _padded(steps: tuple[int, ...], rank: int) -> tuple[int, ...]:
    """The steps along depth, height and width."""
    return (0,) * (3 - rank) + steps[len(steps) - rank :]


def _batch_innermost(rank: int, axes: int) -> tuple[int, ...]:
    return (*range(1, rank + 2), 0) if axes == rank + 2 else tuple(range(axes))


def lower_to_columns(s: Statement, ctx: Context) -> None:
    """Windows as columns: along the batch where that lies innermost, else along the lines of an image."""
    x, where = s.operands[0], s.params["where"]
    rank, places = len(where), _places(where)
    batch, channels = (x.shape[0] if len(x.shape) == rank + 2 else 1), x.shape[-rank - 1]
    image = whole_image(x.shape, rank)
    taps, results = ctx.constant(table_of_taps(where, image)), results_of(where)
    size = math.prod(s.out.shape) * s.out.dtype.itemsize
    if s.params["batch_last"]:
        source = ctx.read(x, _batch_innermost(rank, len(x.shape)))
        steps = (*(math.prod(image[k:]) * batch for k in range(3)), batch)
        arguments = [source, ctx.out(s.out), taps, places, batch, *steps, *steps_of(where), *results]
        ctx.call(columns_of_batch, arguments, split=channels * places * results[0] * results[1], bytes=2 * size)
        return
    source, start, steps = ctx.strided(x)
    windows = math.prod(results)
    if places * windows <= _SMALL and min(steps) >= 0:
        pixels, zero = ctx.constant(table_of_pixels(where, x.shape, steps)), ctx.constant(np.zeros(1, s.out.dtype))
        image_step = steps[0] if len(x.shape) == rank + 2 else 0
        arguments = [source, ctx.out(s.out), pixels, zero, start, places * windows, channels, image_step]
        ctx.call(columns_of_small_images, [*arguments, steps[-rank - 1]], split=batch * channels, bytes=2 * size)
        return
    image_step = steps[0] if len(x.shape) == rank + 2 else 0
    places_in = (start, places, channels, image_step, steps[-rank - 1], *_padded(steps, rank))
    arguments = [source, ctx.out(s.out), taps, *places_in, *steps_of(where), *results]
    ctx.call(columns_of_images, arguments, split=batch * channels * places, bytes=2 * size)


def lower_from_columns(s: Statement, ctx: Context) -> None:
    """The adjoint; with the batch innermost the images stay so in memory."""
    columns, where, size = s.operands[0], s.params["where"], s.params["size"]
    rank, places = len(where), _places(where)
    batch, channels = (size[0] if len(size) == rank + 2 else 1), size[-rank - 1]
    image = whole_image(size, rank)
    moved = 2 * math.prod(columns.shape) * columns.dtype.itemsize
    shapes = (*image, *steps_of(where), *results_of(where))
    source, taps = ctx.read(columns), ctx.constant(table_of_taps(where, image))
    if s.params["batch_last"]:
        out = ctx.out(s.out, _batch_innermost(rank, len(size)))
        arguments = [source, out, taps, places, batch, *shapes]
        ctx.call(batch_of_columns, arguments, split=channels * image[0] * image[1], bytes=moved)
    else:
        arguments = [source, ctx.out(s.out), taps, places, *shapes]
        ctx.call(images_of_columns, arguments, split=batch * channels, bytes=moved)


def _check_product(s: Statement, ctx: Context) -> None:
    if s.out.dtype.char not in "fd" or 0 in s.out.shape or any(0 in each.shape for each in s.values()):
        raise ctx.refuse("a product of no numbers, or of numbers that BLAS does not know")


def _products(
    ctx: Context, a: Any, b: Any, c: Any, outer: int, groups: int, m: int, n: int, k: int, turned: bool, beta: int
) -> None:
    """c[i, g] = a[g] @ b[i, g] for all images and groups; `turned` takes each a[g] transposed."""
    lda = m if turned else k
    if groups == 1 or outer == 1:
        count, step = max(outer, groups), 0 if groups == 1 else m * k
        if count == 1:
            ctx.gemm(a, b, c, m, n, k, transa=turned, lda=lda, ldb=n, ldc=n, beta=beta)
        else:
            ctx.gemm_batched(a, b, c, count, m, n, k, step, k * n, m * n, turned, False, lda, n, n, beta)
        return
    for g in range(groups):
        parts = ((a, g * m * k), (b, g * k * n), (c, g * m * n))
        ctx.gemm_batched(*parts, outer, m, n, k, 0, groups * k * n, groups * m * n, turned, False, lda, n, n, beta)


def lower_correlate(s: Statement, ctx: Context) -> None:
    """The weights times the columns, added to the bias where there is one."""
    _check_product(s, ctx)
    columns, weight, *bias = s.operands
    outer, groups, inner, width = columns.shape
    channels = weight.shape[0]
    out = ctx.out(s.out)
    for each in bias:
        rows = outer * channels
        moved = rows * width * s.out.dtype.itemsize
        ctx.call(spread_bias, [ctx.read(each), out, channels, width], split=rows, bytes=moved)
    rows = channels // groups
    beta = 1 if bias else 0
    _products(ctx, ctx.read(weight), ctx.read(columns), out, outer, groups, rows, width, inner, False, beta)


def lower_correlate_back(s: Statement, ctx: Context) -> None:
    """The weights, transposed, times the products."""
    _check_product(s, ctx)
    products, weight = s.operands
    outer, groups, rows, width = products.shape
    inner = math.prod(weight.shape) // weight.shape[0]
    out = ctx.out(s.out)
    _products(ctx, ctx.read(weight), ctx.read(products), out, outer, groups, inner, width, rows, True, 0)


def panels_of(width: int) -> int:
    """How many equal parts a long sum falls into, each of them long enough; never by the number of threads."""
    return max(each for each in range(1, _PANELS + 1) if width % each == 0 and (each == 1 or width // each >= _PANEL))


def lower_correlate_weight(s: Statement, ctx: Context) -> None:
    """Products times columns, transposed: a small matrix from a long sum, which is therefore worked out in parts."""
    _check_product(s, ctx)
    columns, products = s.operands
    outer, groups, inner, width = columns.shape
    rows = products.shape[2]
    a, b, c = ctx.read(products), ctx.read(columns), ctx.out(s.out)
    size = groups * rows * inner
    panels = panels_of(width) if outer == 1 else 1
    parts = panels if outer == 1 else outer
    if parts == 1 or parts * size > _PARTS:
        for i in range(outer):
            for g in range(groups):
                place = i * groups + g
                ctx.gemm(
                    (a, place * rows * width),
                    (b, place * inner * width),
                    (c, g * rows * inner),
                    rows,
                    inner,
                    width,
                    transb=True,
                    lda=width,
                    ldb=width,
                    ldc=inner,
                    beta=1 if i else 0,
                )
        return
    partial = ctx.scratch((parts, size), s.out.dtype)
    step_a, step_b = (
        (width // panels, width // panels) if outer == 1 else (groups * rows * width, groups * inner * width)
    )
    for g in range(groups):
        each = ((a, g * rows * width), (b, g * inner * width), (partial, g * rows * inner))
        k = width // panels
        ctx.gemm_batched(*each, parts, rows, inner, k, step_a, step_b, size, False, True, width, width, inner, 0)
    ctx.call(sum_panels, [partial, c, parts, size], split=-(-size // 64), bytes=parts * size * s.out.dtype.itemsize)


LOWERINGS: dict[str, Lowering] = {
    "to_columns": lower_to_columns,
    "from_columns": lower_from_columns,
    "correlate": lower_correlate,
    "correlate_back": lower_correlate_back,
    "correlate_weight": lower_correlate_weight,
}
