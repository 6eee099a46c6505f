"""Where temporary buffers lie in one block of memory: a buffer takes the place of others that nobody needs any more."""

from __future__ import annotations

from collections.abc import Sequence

from groundup.compile.loops.layout import Buffer

LINE = 64  # bytes of a cache line, on which each buffer begins


def arranged(lives: Sequence[tuple[Buffer, int, int]]) -> tuple[dict[Buffer, int], int]:
    """The first byte of each buffer, and the bytes of the whole. A life is a buffer with its first and last use."""
    places: dict[Buffer, int] = {}
    taken: list[tuple[int, int, int]] = []  # first byte, behind the last byte, last use
    whole = 0
    for buffer, first, last in sorted(lives, key=lambda life: life[1]):
        size = -(-max(buffer.size * buffer.dtype.itemsize, 1) // LINE) * LINE
        taken = sorted(each for each in taken if each[2] >= first)
        place = 0
        for begin, end, _ in taken:
            if begin - place >= size:
                break
            place = max(place, end)
        places[buffer] = place
        taken.append((place, place + size, last))
        whole = max(whole, place + size)
    return places, whole
