"""The loops of pooling: maxima and means of windows and of regions, and the ways back; units are channels of images.

Places in a window are read off the table of taps that `columns` describes. What lies in the border is skipped, so
that it neither counts nor wins.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def largest_of_windows(
    x: Any, out: Any, taps: Any, lowest: float, places: int, image_depth: int, image_height: int, image_width: int,
    stride_down: int, stride_along: int, stride_across: int, depth: int, height: int, width: int,
    begin: int, end: int,
) -> None:  # fmt: skip
    """The maximum of each window; nan wins."""
    for channel in range(begin, end):
        corner = channel * image_depth * image_height * image_width
        for line in range(depth * height):
            i, j = line // height, line % height
            target = (channel * depth * height + line) * width
            for k in range(width):
                out[target + k] = lowest
            for place in range(places):
                tap = place * 9
                if i >= taps[tap + 1] and i < taps[tap + 2] and j >= taps[tap + 4] and j < taps[tap + 5]:
                    source = corner + (i * stride_down + taps[tap]) * image_height * image_width
                    source += (j * stride_along + taps[tap + 3]) * image_width + taps[tap + 6]
                    for k in range(taps[tap + 7], taps[tap + 8]):
                        out[target + k] = np.maximum(out[target + k], x[source + k * stride_across])


def spread_to_largest(
    v: Any, x: Any, top: Any, out: Any, winners: Any, taps: Any, places: int,
    image_depth: int, image_height: int, image_width: int,
    stride_down: int, stride_along: int, stride_across: int, depth: int, height: int, width: int,
    begin: int, end: int,
) -> None:  # fmt: skip
    """Zeros, and each v added where its window has its maximum: the first of equal ones, and the last nan.

    Place by place for a line of windows at once: which one wins is anybody's guess, so that a test for each window
    would cost more than choosing for all of them.
    """
    volume = image_depth * image_height * image_width
    for channel in range(begin, end):
        corner = channel * volume
        winner = channel * width
        for pixel in range(volume):
            out[corner + pixel] = 0
        for line in range(depth * height):
            i, j = line // height, line % height
            here = (channel * depth * height + line) * width
            for k in range(width):
                winners[winner + k] = -1
            for place in range(places):
                tap = place * 9
                if i >= taps[tap + 1] and i < taps[tap + 2] and j >= taps[tap + 4] and j < taps[tap + 5]:
                    source = corner + (i * stride_down + taps[tap]) * image_height * image_width
                    source += (j * stride_along + taps[tap + 3]) * image_width + taps[tap + 6]
                    for k in range(taps[tap + 7], taps[tap + 8]):
                        value = x[source + k * stride_across]
                        greatest = top[here + k]
                        before = int(winners[winner + k])
                        won = (value == greatest and before < 0) or value != value
                        winners[winner + k] = place if won else before
            for place in range(places):
                tap = place * 9
                if i >= taps[tap + 1] and i < taps[tap + 2] and j >= taps[tap + 4] and j < taps[tap + 5]:
                    target = corner + (i * stride_down + taps[tap]) * image_height * image_width
                    target += (j * stride_along + taps[tap + 3]) * image_width + taps[tap + 6]
                    for k in range(taps[tap + 7], taps[tap + 8]):
                        old = out[target + k * stride_across]
                        more = old + v[here + k]
                        won = winners[winner + k] == place
                        out[target + k * stride_across] = more if won else old


def largest_of_four(
    x: Any, out: Any, image_height: int, image_width: int, height: int, width: int, begin: int, end: int
) -> None:
    """The maximum of each square of two by two, which lie side by side; nan wins."""
    for channel in range(begin, end):
        for i in range(height):
            target = (channel * height + i) * width
            upper = (channel * image_height + 2 * i) * image_width
            lower = upper + image_width
            for k in range(width):
                first = np.maximum(x[upper + 2 * k], x[upper + 2 * k + 1])
                second = np.maximum(x[lower + 2 * k], x[lower + 2 * k + 1])
                out[target + k] = np.maximum(first, second)


def spread_to_largest_of_four(
    v: Any, x: Any, top: Any, zero: Any, out: Any, image_height: int, image_width: int, height: int, width: int,
    begin: int, end: int,
) -> None:  # fmt: skip
    """Each v where its square has its maximum, and zeros elsewhere.

    This is the commonest pooling; one place of the squares at a time, so that each loop becomes vector instructions.
    """
    nothing = zero[0]
    for channel in range(begin, end):
        for i in range(height):
            here = (channel * height + i) * width
            upper = (channel * image_height + 2 * i) * image_width
            lower = upper + image_width
            for k in range(width):
                a, b, c, d = x[upper + 2 * k], x[upper + 2 * k + 1], x[lower + 2 * k], x[lower + 2 * k + 1]
                greatest, value = top[here + k], v[here + k]
                wins = d == d and c == c and b == b and (a != a or a == greatest)
                out[upper + 2 * k] = value if wins else nothing
            for k in range(width):
                a, b, c, d = x[upper + 2 * k], x[upper + 2 * k + 1], x[lower + 2 * k], x[lower + 2 * k + 1]
                greatest, value = top[here + k], v[here + k]
                wins = d == d and c == c and (b != b or (b == greatest and a != greatest))
                out[upper + 2 * k + 1] = value if wins else nothing
            for k in range(width):
                a, b, c, d = x[upper + 2 * k], x[upper + 2 * k + 1], x[lower + 2 * k], x[lower + 2 * k + 1]
                greatest, value = top[here + k], v[here + k]
                wins = d == d and (c != c or (c == greatest and a != greatest and b != greatest))
                out[lower + 2 * k] = value if wins else nothing
            for k in range(width):
                a, b, c, d = x[upper + 2 * k], x[upper + 2 * k + 1], x[lower + 2 * k], x[lower + 2 * k + 1]
                greatest, value = top[here + k], v[here + k]
                wins = d != d or (d == greatest and a != greatest and b != greatest and c != greatest)
                out[lower + 2 * k + 1] = value if wins else nothing
            for k in range(2 * width, image_width):
                out[upper + k] = 0
                out[lower + k] = 0
        for k in range((channel * image_height + 2 * height) * image_width, (channel + 1) * image_height * image_width):
            out[k] = 0


def means_of_windows(
    x: Any, out: Any, taps: Any, counts: Any, places: int, image_depth: int, image_height: int, image_width: int,
    stride_down: int, stride_along: int, stride_across: int, depth: int, height: int, width: int,
    begin: int, end: int,
) -> None:  # fmt: skip
    """The sum of each window, divided by its count."""
    for channel in range(begin, end):
        corner = channel * image_depth * image_height * image_width
        for line in range(depth * height):
            i, j = line // height, line % height
            target = (channel * depth * height + line) * width
            for k in range(width):
                out[target + k] = 0
            for place in range(places):
                tap = place * 9
                if i >= taps[tap + 1] and i < taps[tap + 2] and j >= taps[tap + 4] and j < taps[tap + 5]:
                    source = corner + (i * stride_down + taps[tap]) * image_height * image_width
                    source += (j * stride_along + taps[tap + 3]) * image_width + taps[tap + 6]
                    for k in range(taps[tap + 7], taps[tap + 8]):
                        out[target + k] += x[source + k * stride_across]
            for k in range(width):
                out[target + k] /= counts[line * width + k]


def spread_over_windows(
    g: Any, out: Any, taps: Any, counts: Any, places: int, image_depth: int, image_height: int, image_width: int,
    stride_down: int, stride_along: int, stride_across: int, depth: int, height: int, width: int,
    begin: int, end: int,
) -> None:  # fmt: skip
    """Zeros, and each g, divided by the count of its window, added to all places of the window."""
    volume = image_depth * image_height * image_width
    for channel in range(begin, end):
        corner = channel * volume
        for pixel in range(volume):
            out[corner + pixel] = 0
        for place in range(places):
            tap = place * 9
            for i in range(taps[tap + 1], taps[tap + 2]):
                for j in range(taps[tap + 4], taps[tap + 5]):
                    line = i * height + j
                    source = (channel * depth * height + line) * width
                    target = corner + (i * stride_down + taps[tap]) * image_height * image_width
                    target += (j * stride_along + taps[tap + 3]) * image_width + taps[tap + 6]
                    for k in range(taps[tap + 7], taps[tap + 8]):
                        out[target + k * stride_across] += g[source + k] / counts[line * width + k]


def means_of_regions(
    x: Any, out: Any, edges: Any, image_depth: int, image_height: int, image_width: int,
    depth: int, height: int, width: int, begin: int, end: int,
) -> None:  # fmt: skip
    """The mean of each region; `edges` has the start and the end of each along depth, height and width."""
    for channel in range(begin, end):
        corner = channel * image_depth * image_height * image_width
        for region in range(depth * height * width):
            down = region // width // height * 2
            along = (depth + region // width % height) * 2
            across = (depth + height + region % width) * 2
            total = 0.0
            for i in range(edges[down], edges[down + 1]):
                for j in range(edges[along], edges[along + 1]):
                    line = corner + (i * image_height + j) * image_width
                    for k in range(edges[across], edges[across + 1]):
                        total += x[line + k]
            size = (edges[down + 1] - edges[down]) * (edges[along + 1] - edges[along])
            out[channel * depth * height * width + region] = total / (size * (edges[across + 1] - edges[across]))


def spread_over_regions(
    g: Any, out: Any, edges: Any, image_depth: int, image_height: int, image_width: int,
    depth: int, height: int, width: int, begin: int, end: int,
) -> None:  # fmt: skip
    """Zeros, and each g, divided by the size of its region, added to all places of the region."""
    volume = image_depth * image_height * image_width
    for channel in range(begin, end):
        corner = channel * volume
        for pixel in range(volume):
            out[corner + pixel] = 0
        for region in range(depth * height * width):
            down = region // width // height * 2
            along = (depth + region // width % height) * 2
            across = (depth + height + region % width) * 2
            size = (edges[down + 1] - edges[down]) * (edges[along + 1] - edges[along])
            share = g[channel * depth * height * width + region] / (size * (edges[across + 1] - edges[across]))
            for i in range(edges[down], edges[down + 1]):
                for j in range(edges[along], edges[along + 1]):
                    line = corner + (i * image_height + j) * image_width
                    for k in range(edges[across], edges[across + 1]):
                        out[line + k] += share
