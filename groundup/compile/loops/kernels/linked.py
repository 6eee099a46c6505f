"""Convolution straight from the images, as rows of the loops alone, and how they become calls of the loops in `links`.

Each of the three is columns and a product in one: forward, back to the images, and the gradient of the weight.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from groundup.compile.graph import Statement, Value
from groundup.compile.loops.kernels.columns import sum_panels
from groundup.compile.loops.kernels.context import Buffer, Context, Lowering, Order
from groundup.compile.loops.kernels.links import (
    IMAGES,
    ROWS,
    lay_images,
    link_images,
    link_products,
    pack_weights,
)
from groundup.ops import ROWS as TABLE
from groundup.ops.row import Row, name_rows
from groundup.ops.windows import Line, Lines

_PLACES = 24  # of a panel: as many as keep four rows of them near while all pixels pass by
_PARTS = 1 << 18  # elements of partial results at most
_LAID = 16  # channels, from which on the images are laid side by side before they are read often

Links = tuple[np.ndarray, np.ndarray]  # pairs of numbers, and where those of each place, pixel or tap begin


def _convolve(m: Any, x: Any, weight: Any, *bias: Any, where: Lines, batch_last: bool) -> Any:
    columns = TABLE["to_columns"].eager(x, where=where, groups=1, batch_last=batch_last)
    return TABLE["correlate"].eager(columns, weight, *bias)


def _convolve_back(m: Any, products: Any, weight: Any, *, where: Lines, batch_last: bool, size: Any) -> Any:
    columns = TABLE["correlate_back"].eager(products, weight)
    return TABLE["from_columns"].eager(columns, where=where, groups=1, batch_last=batch_last, size=size)


def _convolve_weight(m: Any, x: Any, products: Any, *, where: Lines, batch_last: bool, size: Any) -> Any:
    columns = TABLE["to_columns"].eager(x, where=where, groups=1, batch_last=batch_last)
    return TABLE["correlate_weight"].eager(columns, products, size=size)


#: Rows that only a plan knows: what the rows of the table do one after another.
LINKED = name_rows(
    {
        "convolve": Row("contract", _convolve),
        "convolve_back": Row("contract", _convolve_back),
        "convolve_weight": Row("contract", _convolve_weight),
    }
)


# Links


def _along(line: Line, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Which pixel each tap of each window is along one axis, and whether there is one."""
    taps, places = np.arange(line.size), np.arange(line.results)
    pixels = places[:, None] * line.step + taps * line.dilation - line.before
    return pixels, (pixels >= 0) & (pixels < length)


@lru_cache(maxsize=256)
def _links(where: Lines, image: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Place, pixel and tap of every link, in the order of the places."""
    pixels, inside = np.zeros((1, 1), np.int64), np.ones((1, 1), bool)
    for line, length in zip(where, image, strict=True):
        more, there = _along(line, length)
        shape = (len(pixels) * len(more), pixels.shape[1] * more.shape[1])
        pixels = (pixels[:, None, :, None] * length + more[None, :, None, :]).reshape(shape)
        inside = (inside[:, None, :, None] & there[None, :, None, :]).reshape(shape)
    place, tap = np.nonzero(inside)
    return place, pixels[inside], tap


@lru_cache(maxsize=256)
def links_by(what: str, where: Lines, image: tuple[int, ...], panels: int = 1) -> Links:
    """The links of each place (pixel, tap), of each pixel (place, tap), or of each tap in each panel (pixel, place)."""
    place, pixel, tap = _links(where, image)
    places, taps = math.prod(line.results for line in where), math.prod(line.size for line in where)
    if what == "place":
        key, count, pair = place, places, (pixel, tap)
    elif what == "pixel":
        key, count, pair = pixel, math.prod(image), (place, tap)
    else:
        key, count, pair = place * panels // places * taps + tap, panels * taps, (pixel, place)
    order = np.argsort(key, kind="stable")
    firsts = np.searchsorted(key[order], np.arange(count + 1))
    return np.stack(pair, 1)[order].reshape(-1).astype(np.int64), firsts.astype(np.int64)


# Lowerings


def _order(batch_last: bool) -> Order:
    """How products lie: each channel's places, and the batch innermost."""
    return None if batch_last else (1, 2, 3, 0)


def _images(rank: int) -> Order:
    return (*range(1, rank + 2), 0)


def _linked(
    ctx: Context, value: Value, x: Buffer, weight: Buffer, bias: Buffer | None, out: Buffer, links: Links,
    sizes: tuple[int, int, int, int, int], taps: int, steps: tuple[int, int],
) -> None:  # fmt: skip
    """The calls for a result of rows x places from an image of channels x pixels; weights lie in the given steps."""
    batch, channels, pixels, rows, places = sizes
    kind = value.dtype
    blocks, chunks = -(-rows // ROWS), -(-batch // IMAGES)
    packed = ctx.scratch((blocks * ROWS * (taps * channels + 1),), kind)
    bias = ctx.constant(np.zeros(rows, kind)) if bias is None else bias
    ctx.call(pack_weights, [weight, bias, packed, rows, channels, taps, *steps], split=blocks)
    pixel_step, channel_step, laid_step = batch, pixels * batch, 0
    moved = batch * kind.itemsize
    if channels >= _LAID:
        source, x = x, ctx.scratch((chunks * pixels * channels * IMAGES,), kind)
        arguments = [source, x, batch, channels, pixels, pixels * batch]
        ctx.call(lay_images, arguments, split=chunks * pixels, bytes=2 * channels * pixels * moved)
        pixel_step, channel_step, laid_step = channels * IMAGES, IMAGES, pixels * channels * IMAGES
    table, firsts = (ctx.constant(each) for each in links)
    arguments = [x, packed, table, firsts, out, batch, channels, taps, pixel_step, channel_step, laid_step]
    flops = len(links[0]) * channels * rows * batch  # two numbers a link, a product and a sum
    size = (channels * pixels + rows * places) * moved
    ctx.call(link_images, [*arguments, rows, places * batch], split=places * chunks, flops=flops, bytes=size)


def lower_convolve(s: Statement, ctx: Context) -> None:
    """The result, from images and weights."""
    x, weight, *bias = s.operands
    where = s.params["where"]
    rank, places = len(where), math.prod(line.results for line in where)
    batch, channels, *image = x.shape
    source = ctx.read(x, _images(rank))
    out = ctx.out(s.out, _order(s.params["batch_last"]))
    taps = math.prod(line.size for line in where)
    sizes = (batch, channels, math.prod(image), weight.shape[0], places)
    added = ctx.read(bias[0]) if bias else None
    links = links_by("place", where, tuple(image))
    _linked(ctx, s.out, source, ctx.read(weight), added, out, links, sizes, taps, (channels * taps, taps))


def lower_convolve_back(s: Statement, ctx: Context) -> None:
    """The images, from products and weights."""
    products, weight = s.operands
    where = s.params["where"]
    rank, places = len(where), math.prod(line.results for line in where)
    batch, channels, *image = s.params["size"]
    source = ctx.read(products, _order(s.params["batch_last"]))
    out = ctx.out(s.out, _images(rank))
    taps = math.prod(line.size for line in where)
    sizes = (batch, weight.shape[0], places, channels, math.prod(image))
    links = links_by("pixel", where, tuple(image))
    _linked(ctx, s.out, source, ctx.read(weight), None, out, links, sizes, taps, (taps, channels * taps))


def lower_convolve_weight(s: Statement, ctx: Context) -> None:
    """The gradient of the weight, from images and products, as a sum over panels of places."""
    x, products = s.operands
    where = s.params["where"]
    rank, places, size = len(where), math.prod(line.results for line in where), math.prod(s.out.shape)
    batch, channels, *image = x.shape
    rows, taps = s.out.shape[0], math.prod(line.size for line in where)
    source, right = ctx.read(x, _images(rank)), ctx.read(products, _order(s.params["batch_last"]))
    out = ctx.out(s.out)
    panels = max(1, min(places // _PLACES, _PARTS // size))
    links = links_by("tap", where, tuple(image), panels)
    partial = out if panels == 1 else ctx.scratch((panels, size), s.out.dtype)
    table, firsts = (ctx.constant(each) for each in links)
    zero = ctx.constant(np.zeros(1, s.out.dtype))
    arguments = [source, right, table, firsts, zero, partial, batch, channels, taps, math.prod(image) * batch]
    flops = len(links[0]) * channels * rows * batch  # two numbers a link, a product and a sum
    moved = ((channels * math.prod(image) + rows * places) * batch + panels * size) * s.out.dtype.itemsize
    units = panels * -(-rows // ROWS)
    ctx.call(link_products, [*arguments, rows, places * batch], split=units, flops=flops, bytes=moved)
    if panels > 1:
        ctx.call(sum_panels, [partial, out, panels, size], split=-(-size // 64))


LOWERINGS: dict[str, Lowering] = {
    "convolve": lower_convolve,
    "convolve_back": lower_convolve_back,
    "convolve_weight": lower_convolve_weight,
}
