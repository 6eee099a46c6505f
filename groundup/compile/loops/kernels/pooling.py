"""How the rows of pooling become loops."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from groundup.compile.graph import Statement, Value
from groundup.compile.loops.kernels.context import Context, Lowering
from groundup.compile.loops.kernels.convolution import results_of, steps_of, table_of_taps, whole_image
from groundup.compile.loops.kernels.linked import links_by
from groundup.compile.loops.kernels.pools import (
    largest_of_links,
    means_of_links,
    spread_over_links,
    spread_to_largest_link,
)
from groundup.compile.loops.kernels.windows import (
    largest_of_four,
    largest_of_windows,
    means_of_regions,
    means_of_windows,
    spread_over_regions,
    spread_over_windows,
    spread_to_largest,
    spread_to_largest_of_four,
)
from groundup.compile.loops.layout import steps
from groundup.ops.pooling import Counts, regions

_LINKS = 1 << 16  # of a table at most


def _check(s: Statement, ctx: Context) -> None:
    if s.out.dtype.char not in "fd" or any(0 in each.shape for each in (s.out, *s.values())):
        raise ctx.refuse("windows in nothing, or of numbers that are not real")


def _shapes(s: Statement, ctx: Context, image: tuple[int, ...]) -> tuple[Any, tuple[int, ...], int]:
    """The table of taps, the sizes that all kernels of windows take, and the number of channels."""
    where = s.params["where"]
    rank = len(where)
    whole = whole_image(image, rank)
    places = math.prod(line.size for line in where)
    taps = ctx.constant(table_of_taps(where, whole))
    return taps, (places, *whole, *steps_of(where), *results_of(where)), math.prod(image[: len(image) - rank])


def _moved(s: Statement) -> int:
    return sum(math.prod(each.shape) * each.dtype.itemsize for each in (s.out, *s.values()))


def _squares(s: Statement, image: tuple[int, ...]) -> tuple[int, ...] | None:
    """The sizes of image and result where windows are squares of two by two, side by side and within the image."""
    where = s.params["where"]
    if len(where) != 2 or any((at.size, at.step, at.dilation, at.before) != (2, 2, 1, 0) for at in where):
        return None
    results = tuple([line.results for line in where])
    inside = all(2 * n <= length for n, length in zip(results, image[-2:], strict=True))
    return (*image[-2:], *results) if inside else None


def _linked(s: Statement, ctx: Context, image: tuple[int, ...], told: Value) -> Any:
    """If a value lies with the batch innermost: that order, tables of links, the loops' sizes, and the channels."""
    where = s.params["where"]
    order = (*range(1, len(where) + 2), 0)
    if len(image) != len(order) or image[0] < 2 or math.prod(at.size * at.results for at in where) > _LINKS:
        return None
    _, start, strides = ctx.strided(told)
    inside = steps(tuple(told.shape[axis] for axis in order))
    if start or any(strides[axis] != step for axis, step in zip(order, inside, strict=True) if told.shape[axis] != 1):
        return None
    sizes = image[0], math.prod(image[2:]), math.prod(results_of(where))

    def links(what: str) -> list[Any]:
        return [ctx.constant(each) for each in links_by(what, where, image[2:])]

    return order, links, sizes, image[1]


def lower_max_windows(s: Statement, ctx: Context) -> None:
    """Maxima of windows."""
    _check(s, ctx)
    x = s.operands[0]
    linked = _linked(s, ctx, x.shape, x)
    if linked:
        order, links, sizes, channels = linked
        arguments = [ctx.read(x, order), ctx.out(s.out, order), *links("place"), -math.inf, *sizes]
        ctx.call(largest_of_links, arguments, split=channels * sizes[-1], bytes=_moved(s))
        return
    squares = _squares(s, x.shape)
    if squares:
        channels = math.prod(x.shape[:-2])
        ctx.call(largest_of_four, [ctx.read(x), ctx.out(s.out), *squares], split=channels, bytes=_moved(s))
        return
    taps, sizes, channels = _shapes(s, ctx, x.shape)
    arguments = [ctx.read(x), ctx.out(s.out), taps, -math.inf, *sizes]
    ctx.call(largest_of_windows, arguments, split=channels, bytes=_moved(s))


def lower_max_spread(s: Statement, ctx: Context) -> None:
    """Gradients of maxima."""
    _check(s, ctx)
    v, x, top = s.operands
    linked = _linked(s, ctx, x.shape, x)
    if linked:
        order, links, sizes, channels = linked
        winners = ctx.scratch((channels * sizes[0],), np.int32)
        arguments = [*(ctx.read(each, order) for each in (v, x, top)), ctx.out(s.out, order), winners]
        ctx.call(spread_to_largest_link, [*arguments, *links("place"), *sizes], split=channels, bytes=_moved(s))
        return
    squares = _squares(s, x.shape)
    if squares:
        zero = ctx.constant(np.zeros(1, s.out.dtype))
        arguments = [ctx.read(v), ctx.read(x), ctx.read(top), zero, ctx.out(s.out), *squares]
        ctx.call(spread_to_largest_of_four, arguments, split=math.prod(x.shape[:-2]), bytes=_moved(s))
        return
    taps, sizes, channels = _shapes(s, ctx, x.shape)
    winners = ctx.scratch((channels * sizes[-1],), np.int32)
    arguments = [ctx.read(v), ctx.read(x), ctx.read(top), ctx.out(s.out), winners, taps, *sizes]
    ctx.call(spread_to_largest, arguments, split=channels, bytes=_moved(s))


def _counts(counts: Counts, where: Any, ctx: Context, dtype: Any) -> Any:
    """The count of every window."""
    results = results_of(where)
    if not isinstance(counts, tuple):
        return ctx.constant(np.full(results, counts, dtype))
    sizes = np.ones((), dtype)
    for each in counts:
        sizes = sizes[..., None] * np.array(each, dtype)
    return ctx.constant(np.broadcast_to(sizes, results).copy())


def lower_mean_windows(s: Statement, ctx: Context) -> None:
    """Means of windows."""
    _check(s, ctx)
    x = s.operands[0]
    linked = _linked(s, ctx, x.shape, x)
    if linked:
        order, links, sizes, channels = linked
        counts = _counts(s.params["counts"], s.params["where"], ctx, s.out.dtype)
        arguments = [ctx.read(x, order), ctx.out(s.out, order), *links("place"), counts, *sizes]
        ctx.call(means_of_links, arguments, split=channels * sizes[-1], bytes=_moved(s))
        return
    taps, sizes, channels = _shapes(s, ctx, x.shape)
    counts = _counts(s.params["counts"], s.params["where"], ctx, s.out.dtype)
    ctx.call(means_of_windows, [ctx.read(x), ctx.out(s.out), taps, counts, *sizes], split=channels, bytes=_moved(s))


def lower_share_windows(s: Statement, ctx: Context) -> None:
    """The adjoint of means of windows."""
    _check(s, ctx)
    g = s.operands[0]
    linked = _linked(s, ctx, s.params["size"], g)
    if linked:
        order, links, sizes, channels = linked
        counts = _counts(s.params["counts"], s.params["where"], ctx, s.out.dtype)
        arguments = [ctx.read(g, order), ctx.out(s.out, order), *links("pixel"), counts, *sizes]
        ctx.call(spread_over_links, arguments, split=channels * sizes[1], bytes=_moved(s))
        return
    taps, sizes, channels = _shapes(s, ctx, s.params["size"])
    counts = _counts(s.params["counts"], s.params["where"], ctx, s.out.dtype)
    ctx.call(spread_over_windows, [ctx.read(g), ctx.out(s.out), taps, counts, *sizes], split=channels, bytes=_moved(s))


def _regions(s: Statement, ctx: Context, kernel: Any, image: tuple[int, ...]) -> None:
    _check(s, ctx)
    counts = s.params["counts"]
    rank = len(counts)
    whole, parts = whole_image(image, rank), (1,) * (3 - rank) + tuple(counts)
    lines = [regions(length, count) for length, count in zip(whole, parts, strict=True)]
    edges = ctx.constant(np.array([*itertools.chain(*lines)], np.int64).reshape(-1))
    channels = math.prod(image[: len(image) - rank])
    arguments = [ctx.read(s.operands[0]), ctx.out(s.out), edges, *whole, *parts]
    ctx.call(kernel, arguments, split=channels, bytes=_moved(s))


def lower_mean_regions(s: Statement, ctx: Context) -> None:
    """Means of the regions that an image divides into."""
    _regions(s, ctx, means_of_regions, s.operands[0].shape)


def lower_share_regions(s: Statement, ctx: Context) -> None:
    """The adjoint of means of regions."""
    _regions(s, ctx, spread_over_regions, s.params["size"])


LOWERINGS: dict[str, Lowering] = {
    "max_windows": lower_max_windows,
    "max_spread": lower_max_spread,
    "mean_windows": lower_mean_windows,
    "share_windows": lower_share_windows,
    "mean_regions": lower_mean_regions,
    "share_regions": lower_share_regions,
}
