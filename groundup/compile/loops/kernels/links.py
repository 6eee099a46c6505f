"""The loops of convolution straight from the images, without columns, where the batch lies innermost.

A convolution is a set of links: a place of the result, a pixel of the image, and the tap, the place in the window that
brings them together. Sorted by place they give the result, by pixel its way back, and by tap the weight's gradient.
Sixteen images stand side by side in registers, for four channels at once. Taps in the border are no links, so that
nothing is computed for them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

IMAGES = 16  # that stand side by side; the loops have the number written out
ROWS = 4  # channels of the result that are computed at once


def pack_weights(
    weight: Any, bias: Any, out: Any, rows: int, channels: int, taps: int, row_step: int, channel_step: int,
    begin: int, end: int,
) -> None:  # fmt: skip
    """The weights in the order in which they are used: block of four rows, tap, channel, row; then the rows' biases.

    The last row stands in for those that are missing to a block.
    """
    size = taps * channels * 4
    biases = (rows + 3) // 4 * size
    for place in range(begin * 4, end * 4):
        row = min(place, rows - 1)
        target = place // 4 * size + place % 4
        out[biases + place] = bias[row]
        for c in range(channels):
            source = row * row_step + c * channel_step
            for tap in range(taps):
                out[target + (tap * channels + c) * 4] = weight[source + tap]


def four_sums(
    x: Any, source: int, step: int, weights: Any, w: int, count: int, a: Any, b: Any, c: Any, d: Any
) -> tuple[Any, Any, Any, Any]:
    """Four sums, to each of which `count` products of a weight and sixteen images are added."""
    for _ in range(count):
        images = x[source : source + 16]
        a = a + weights[w] * images
        b = b + weights[w + 1] * images
        c = c + weights[w + 2] * images
        d = d + weights[w + 3] * images
        source += step
        w += 4
    return a, b, c, d


def four_stores(out: Any, target: int, step: int, count: int, a: Any, b: Any, c: Any, d: Any) -> None:
    """The first `count` of four rows of sixteen images, put in their places."""
    out[target : target + 16] = a
    if count > 1:
        out[target + step : target + step + 16] = b
    if count > 2:
        out[target + 2 * step : target + 2 * step + 16] = c
    if count > 3:
        out[target + 3 * step : target + 3 * step + 16] = d


def lay_images(x: Any, out: Any, batch: int, channels: int, pixels: int, x_step: int, begin: int, end: int) -> None:
    """Sixteen images at a time, pixel after pixel with all its channels; units are pixels of sixteen images."""
    for unit in range(begin, end):
        source = unit % pixels * batch + min(unit // pixels * 16, batch - 16)
        for k in range(unit * channels, (unit + 1) * channels):
            out[k * 16 : k * 16 + 16] = x[source : source + 16]
            source += x_step


def link_images(
    x: Any, weights: Any, links: Any, firsts: Any, out: Any, batch: int, channels: int, taps: int,
    pixel_step: int, x_step: int, laid_step: int, rows: int, out_step: int, begin: int, end: int,
) -> None:  # fmt: skip
    """Each row of the result: its bias, and over all links weights times images; units are 16 images of a place.

    The images lie as they are, or, with a step from sixteen to sixteen of them, as `lay_images` has laid them.
    """
    chunks = (batch + 15) // 16
    size = taps * channels * 4
    blocks = (rows + 3) // 4
    for unit in range(begin, end):
        place = unit // chunks
        image = min(unit % chunks * 16, batch - 16)
        start = unit % chunks * laid_step if laid_step else image
        for block in range(blocks):
            bias = blocks * size + block * 4
            a, b = np.full(16, weights[bias]), np.full(16, weights[bias + 1])
            c, d = np.full(16, weights[bias + 2]), np.full(16, weights[bias + 3])
            for link in range(firsts[place], firsts[place + 1]):
                source = links[link * 2] * pixel_step + start
                w = block * size + links[link * 2 + 1] * channels * 4
                a, b, c, d = four_sums(x, source, x_step, weights, w, channels, a, b, c, d)
            four_stores(out, block * 4 * out_step + place * batch + image, out_step, rows - block * 4, a, b, c, d)


def link_products(
    x: Any, products: Any, links: Any, firsts: Any, zero: Any, out: Any, batch: int, channels: int, taps: int,
    x_step: int, rows: int, row_step: int, begin: int, end: int,
) -> None:  # fmt: skip
    """For each panel of places, row, channel and tap: over all links and images, the sum of products times pixels.

    Units are four rows of a panel. Where there are fewer rows, or an odd channel, the last one stands in for what is
    not there, and its sum is stored twice.
    """
    blocks = (rows + 3) // 4
    nothing = zero[0]
    for unit in range(begin, end):
        panel, row = unit // blocks, unit % blocks * 4
        second = min(row + 1, rows - 1) - row
        third = min(row + 2, rows - 1) - row
        fourth = min(row + 3, rows - 1) - row
        for tap in range(taps):
            first, last = firsts[panel * taps + tap], firsts[panel * taps + tap + 1]
            for channel in range(0, channels, 2):
                other = min(channel + 1, channels - 1) - channel
                a, b, c, d = np.full(8, nothing), np.full(8, nothing), np.full(8, nothing), np.full(8, nothing)
                e, f, g, h = np.full(8, nothing), np.full(8, nothing), np.full(8, nothing), np.full(8, nothing)
                for link in range(first, last):
                    left = links[link * 2] * batch + channel * x_step
                    right = left + other * x_step
                    one = links[link * 2 + 1] * batch + row * row_step
                    two, three, four = one + second * row_step, one + third * row_step, one + fourth * row_step
                    for k in range(0, batch, 8):
                        u = x[left + k : left + k + 8]
                        v = x[right + k : right + k + 8]
                        w = products[one + k : one + k + 8]
                        a, e = a + w * u, e + w * v
                        w = products[two + k : two + k + 8]
                        b, f = b + w * u, f + w * v
                        w = products[three + k : three + k + 8]
                        c, g = c + w * u, g + w * v
                        w = products[four + k : four + k + 8]
                        d, h = d + w * u, h + w * v
                corner = ((panel * rows + row) * channels + channel) * taps + tap
                step, aside = channels * taps, other * taps
                out[corner] = np.sum(a)
                out[corner + second * step] = np.sum(b)
                out[corner + third * step] = np.sum(c)
                out[corner + fourth * step] = np.sum(d)
                out[corner + aside] = np.sum(e)
                out[corner + second * step + aside] = np.sum(f)
                out[corner + third * step + aside] = np.sum(g)
                out[corner + fourth * step + aside] = np.sum(h)
