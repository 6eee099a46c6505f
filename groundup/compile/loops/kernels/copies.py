"""The loops of copies: elements that move from one way to lie in memory to another.

Five axes are enough for all that neighbours in memory join into one. A copy whose source runs along another axis than
its target goes by squares, so that each line of the cache that it touches is used up while it is there.
"""

from __future__ import annotations

from typing import Any


def copy_lines(
    x: Any, out: Any, start: int, to: int, a: int, b: int, c: int, d: int, width: int,
    from_a: int, from_b: int, from_c: int, from_d: int, step: int,
    to_a: int, to_b: int, to_c: int, to_d: int, pace: int, begin: int, end: int,
) -> None:  # fmt: skip
    """Lines of `width` elements along the last axis, in four axes more; units are lines."""
    for row in range(begin // d, (end + d - 1) // d):
        k, j, i = row % c, row // c % b, row // c // b
        source_row = start + i * from_a + j * from_b + k * from_c
        target_row = to + i * to_a + j * to_b + k * to_c
        for l in range(max(begin - row * d, 0), min(end - row * d, d)):
            source = source_row + l * from_d
            target = target_row + l * to_d
            if step == 1 and pace == 1:
                for n in range(width):
                    out[target + n] = x[source + n]
            elif pace == 1:
                for n in range(width):
                    out[target + n] = x[source + n * step]
            else:
                for n in range(width):
                    out[target + n * pace] = x[source + n * step]


def copy_turned(
    x: Any, out: Any, start: int, to: int, a: int, b: int, c: int, height: int, width: int,
    from_a: int, from_b: int, from_c: int, step: int, to_a: int, to_b: int, to_c: int, pace: int,
    begin: int, end: int,
) -> None:  # fmt: skip
    """out[.., i, j] = x[.., i, j] where i runs fastest in x, and j in out; units are bands of 16 i."""
    bands = (height + 15) // 16
    for unit in range(begin, end):
        n, m, l = unit // bands % c, unit // bands // c % b, unit // bands // c // b
        source = start + l * from_a + m * from_b + n * from_c
        target = to + l * to_a + m * to_b + n * to_c
        low = unit % bands * 16
        high = min(low + 16, height)
        for left in range(0, width, 16):
            right = min(left + 16, width)
            for i in range(low, high):
                for j in range(left, right):
                    out[target + i * pace + j] = x[source + i + j * step]


def keep_triangle(x: Any, out: Any, height: int, width: int, diagonal: int, lower: int, begin: int, end: int) -> None:
    """Each row up to the diagonal, or from it on, and zeros elsewhere; units are rows."""
    for row in range(begin, end):
        middle = min(max(row % height + diagonal + lower, 0), width)
        corner = row * width
        if lower:
            for j in range(middle):
                out[corner + j] = x[corner + j]
            for j in range(middle, width):
                out[corner + j] = 0
        else:
            for j in range(middle):
                out[corner + j] = 0
            for j in range(middle, width):
                out[corner + j] = x[corner + j]


def running_sums(x: Any, out: Any, sums: Any, length: int, width: int, begin: int, end: int) -> None:
    """out[b, i, j] = x[b, 0, j] + ... + x[b, i, j], added up in `sums`; units are blocks of 16 j of each b."""
    blocks = (width + 15) // 16
    for unit in range(begin, end):
        low = unit % blocks * 16
        count = min(16, width - low)
        corner = unit // blocks * length * width + low
        for j in range(count):
            sums[unit * 16 + j] = 0
        for i in range(length):
            for j in range(count):
                sums[unit * 16 + j] += x[corner + i * width + j]
            for j in range(count):
                out[corner + i * width + j] = sums[unit * 16 + j]
