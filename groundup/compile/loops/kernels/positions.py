"""The loops of positions along one axis: rows of a table read, written and added to, and elements line by line.

What is added is shared out by where it goes, never by where it comes from: no two threads write to one place, and the
order of every sum is that of the positions. A negative position counts from the end; one out of bounds raises the
flag, and nothing is read or written there.
"""

from __future__ import annotations

from typing import Any


def pick_rows(
    table: Any, index: Any, out: Any, flag: Any, rows: int, width: int, positions: int, wraps: int, begin: int, end: int
) -> None:
    """out[b, i] = table[b, index[i]], rows of some width, -1 the last one if it wraps; units are rows of the result."""
    for k in range(begin, end):
        row = int(index[k % positions])
        if row < 0 and wraps == 1:
            row += rows
        if row < 0 or row >= rows:
            flag[1] = int(index[k % positions])
            flag[0] = 1
        else:
            source = (k // positions * rows + row) * width
            for j in range(width):
                out[k * width + j] = table[source + j]


def add_rows(
    g: Any, index: Any, out: Any, flag: Any, rows: int, width: int, positions: int, fresh: int, begin: int, end: int
) -> None:
    """out[b, index[i]] += g[b, i], a `fresh` one from zeros; units are blocks of 16 columns of each table b."""
    blocks = (width + 15) // 16
    for table in range(begin // blocks, (end + blocks - 1) // blocks):
        corner = table * rows * width
        low = max(begin - table * blocks, 0) * 16
        high = min((end - table * blocks) * 16, width)
        if fresh:
            for row in range(rows):
                for j in range(low, high):
                    out[corner + row * width + j] = 0
        for i in range(positions):
            row = int(index[i])
            if row < 0:
                row += rows
            if row < 0 or row >= rows:
                flag[1] = int(index[i])
                flag[0] = 1
            else:
                target = corner + row * width
                source = (table * positions + i) * width
                for j in range(low, high):
                    out[target + j] += g[source + j]


def put_rows(
    value: Any, index: Any, out: Any, flag: Any, rows: int, width: int, positions: int, begin: int, end: int
) -> None:
    """out[b, index[i]] = value[b, i], of equal positions the last; units are blocks of 16 columns of each table b."""
    blocks = (width + 15) // 16
    for table in range(begin // blocks, (end + blocks - 1) // blocks):
        low = max(begin - table * blocks, 0) * 16
        high = min((end - table * blocks) * 16, width)
        for i in range(positions):
            row = int(index[i])
            if row < 0:
                row += rows
            if row < 0 or row >= rows:
                flag[1] = int(index[i])
                flag[0] = 1
            else:
                target = (table * rows + row) * width
                source = (table * positions + i) * width
                for j in range(low, high):
                    out[target + j] = value[source + j]


def pick_along(
    x: Any, index: Any, out: Any, flag: Any, length: int, positions: int, width: int, begin: int, end: int
) -> None:
    """out[b, i, j] = x[b, index[b, i, j], j]; units are b and i together."""
    for k in range(begin, end):
        corner = k // positions * length * width
        for j in range(width):
            place = int(index[k * width + j])
            if place < 0:
                place += length
            if place < 0 or place >= length:
                flag[1] = int(index[k * width + j])
                flag[0] = 1
            else:
                out[k * width + j] = x[corner + place * width + j]


def add_along(
    g: Any, index: Any, out: Any, flag: Any, length: int, positions: int, width: int, fresh: int, begin: int, end: int
) -> None:
    """out[b, index[b, i, j], j] += g[b, i, j], a `fresh` one from zeros; units are blocks of 16 j of each b."""
    blocks = (width + 15) // 16
    for unit in range(begin, end):
        b = unit // blocks
        corner = b * length * width
        low = unit % blocks * 16
        high = min(low + 16, width)
        if fresh:
            for place in range(length):
                for j in range(low, high):
                    out[corner + place * width + j] = 0
        for k in range(b * positions, (b + 1) * positions):
            for j in range(low, high):
                place = int(index[k * width + j])
                if place < 0:
                    place += length
                if place < 0 or place >= length:
                    flag[1] = int(index[k * width + j])
                    flag[0] = 1
                else:
                    out[corner + place * width + j] += g[k * width + j]


def put_along(
    value: Any, index: Any, out: Any, flag: Any, length: int, positions: int, width: int, step: int,
    begin: int, end: int,
) -> None:  # fmt: skip
    """out[b, index[b, i, j], j] = value[b, i, j], or a single value if its step is 0; units as above."""
    blocks = (width + 15) // 16
    for unit in range(begin, end):
        b = unit // blocks
        low = unit % blocks * 16
        high = min(low + 16, width)
        for k in range(b * positions, (b + 1) * positions):
            for j in range(low, high):
                place = int(index[k * width + j])
                if place < 0:
                    place += length
                if place < 0 or place >= length:
                    flag[1] = int(index[k * width + j])
                    flag[0] = 1
                else:
                    out[(b * length + place) * width + j] = value[(k * width + j) * step]


def join_positions(
    first: Any, second: Any, joined: Any, flag: Any, rows: int, columns: int, begin: int, end: int
) -> None:
    """Two positions along two axes as one along both together; units are positions."""
    for i in range(begin, end):
        row, column = int(first[i]), int(second[i])
        if row < 0:
            row += rows
        if column < 0:
            column += columns
        if row < 0 or row >= rows or column < 0 or column >= columns:
            flag[1] = second[i] if row >= 0 and row < rows else first[i]
            flag[0] = 1
            joined[i] = 0
        else:
            joined[i] = row * columns + column


def copy_positions(index: Any, out: Any, flag: Any, size: int, begin: int, end: int) -> None:
    """A copy of positions that are neither negative nor beyond the end; units are positions."""
    for i in range(begin, end):
        place = int(index[i])
        if place < 0 or place >= size:
            flag[1] = place
            flag[0] = 1
        out[i] = index[i]


def copy_elements(x: Any, out: Any, size: int, begin: int, end: int) -> None:
    """A copy; units are blocks of 4096 elements."""
    for k in range(begin * 4096, min(end * 4096, size)):
        out[k] = x[k]


def fill_elements(out: Any, value: Any, size: int, begin: int, end: int) -> None:
    """One value everywhere; units are blocks of 4096 elements."""
    for k in range(begin * 4096, min(end * 4096, size)):
        out[k] = value
