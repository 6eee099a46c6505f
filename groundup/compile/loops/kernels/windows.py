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
    v: Any, x: Any, top: Any, out: Any, taps: Any, places: int, image_depth: int, image_height: int, image_width: int,
    stride_down: int, stride_along: int, stride_across: int, depth: int, height: int, width: int,
    begin: int, end: int,
) -> None:  # fmt: skip
    """Zeros, and each v added where its window has its maximum: the first of equal ones, and the last nan."""
    volume = image_depth * image_height * image_width
    for channel in range(begin, end):
        corner = channel * volume
        for pixel in range(volume):
            out[corner + pixel] = 0
        for window in range(depth * height * width):
            i, j, k = window // width // height, window // width % height, window % width
            here = channel * depth * height * width + window
            first = (i * stride_down * image_height + j * stride_along) * image_width + k * stride_across
            winner = -1
            for place in range(places):
                tap = place * 9
                if (
                    i >= taps[tap + 1] and i < taps[tap + 2] and j >= taps[tap + 4] and j < taps[tap + 5]
                    and k >= taps[tap + 7] and k < taps[tap + 8]
                ):  # fmt: skip
                    pixel = first + (taps[tap] * image_height + taps[tap + 3]) * image_width + taps[tap + 6]
                    value = x[corner + pixel]
                    if value != value or (winner < 0 and value == top[here]):
                        winner = pixel
            if winner >= 0:
                out[corner + winner] += v[here]


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
