"""The loops of pooling where the batch lies innermost: over the links of `links`, for all images at once."""

from __future__ import annotations

from typing import Any

import numpy as np


def largest_of_links(
    x: Any, out: Any, links: Any, firsts: Any, lowest: float, batch: int, pixels: int, places: int,
    begin: int, end: int,
) -> None:  # fmt: skip
    """The maximum of each window; nan wins. Units are places of channels."""
    for unit in range(begin, end):
        target = unit * batch
        for k in range(batch):
            out[target + k] = lowest
        for link in range(firsts[unit % places], firsts[unit % places + 1]):
            source = (unit // places * pixels + links[link * 2]) * batch
            for k in range(batch):
                out[target + k] = np.maximum(out[target + k], x[source + k])


def spread_to_largest_link(
    v: Any, x: Any, top: Any, out: Any, winners: Any, links: Any, firsts: Any, batch: int, pixels: int, places: int,
    begin: int, end: int,
) -> None:  # fmt: skip
    """Zeros, and each v added where its window has its maximum: the first of equal ones, and the last nan.

    Units are channels. As in `windows`, one tap at a time for many windows, here those of all images.
    """
    for channel in range(begin, end):
        corner, winner = channel * pixels, channel * batch
        for k in range(corner * batch, (corner + pixels) * batch):
            out[k] = 0
        for place in range(places):
            here = (channel * places + place) * batch
            for k in range(batch):
                winners[winner + k] = -1
            for link in range(firsts[place], firsts[place + 1]):
                source, tap = (corner + links[link * 2]) * batch, links[link * 2 + 1]
                for k in range(batch):
                    value = x[source + k]
                    greatest = top[here + k]
                    before = int(winners[winner + k])
                    won = (value == greatest and before < 0) or value != value
                    winners[winner + k] = tap if won else before
            for link in range(firsts[place], firsts[place + 1]):
                target, tap = (corner + links[link * 2]) * batch, links[link * 2 + 1]
                for k in range(batch):
                    old = out[target + k]
                    more = old + v[here + k]
                    won = winners[winner + k] == tap
                    out[target + k] = more if won else old


def means_of_links(
    x: Any, out: Any, links: Any, firsts: Any, counts: Any, batch: int, pixels: int, places: int,
    begin: int, end: int,
) -> None:  # fmt: skip
    """The sum of each window, divided by its count; units are places of channels."""
    for unit in range(begin, end):
        target, place = unit * batch, unit % places
        for k in range(batch):
            out[target + k] = 0
        for link in range(firsts[place], firsts[place + 1]):
            source = (unit // places * pixels + links[link * 2]) * batch
            for k in range(batch):
                out[target + k] += x[source + k]
        count = counts[place]
        for k in range(batch):
            out[target + k] /= count


def spread_over_links(
    g: Any, out: Any, links: Any, firsts: Any, counts: Any, batch: int, pixels: int, places: int,
    begin: int, end: int,
) -> None:  # fmt: skip
    """Zeros, and each g, divided by the count of its window, added to its pixels; units are pixels of channels."""
    for unit in range(begin, end):
        target, pixel = unit * batch, unit % pixels
        for k in range(batch):
            out[target + k] = 0
        for link in range(firsts[pixel], firsts[pixel + 1]):
            place = links[link * 2]
            source, count = (unit // pixels * places + place) * batch, counts[place]
            for k in range(batch):
                out[target + k] += g[source + k] / count
