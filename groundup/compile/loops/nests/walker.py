"""The machine code of a nest: a list of calls, gone through for one item after the other.

Python in the words of `atoms`, compiled by `calls`. A thread has a table of addresses and scratch of its own; the
calls find their arrays in that table, where those of the present item are put in before.
"""

from __future__ import annotations

from groundup.compile.loops.atoms import Words, call_kernel, int64_at

# Arguments.
OUTER = 0  # how many items along two leading axes
INNER = 1
TABLES = 2  # indices in memory: of the threads' tables,
SCRATCH = 3  # and of their scratch;
TABLE = 4  # the bytes of one
ROOM = 5
ARRAYS = 6  # how many arrays there are: index in memory, bytes from item to item along the two axes,
PLACES = 7  # how many places in the scratch: bytes from its beginning,
CALLS = 8  # how many calls: kernel, and where in these arguments its own begin
HEAD = 9


def nest(memory: Words, numbers: int, address: int, t: int, n: int) -> None:
    """Thread t's items."""
    args = int64_at(address)
    table = memory[args[TABLES]] + t * args[TABLE]
    scratch = memory[args[SCRATCH]] + t * args[ROOM]
    own = int64_at(table)
    arrays = args[ARRAYS]
    places = HEAD + 3 * arrays
    calls = places + args[PLACES]
    for k in range(args[PLACES]):
        own[arrays + k] = scratch + args[places + k]
    items = args[OUTER] * args[INNER]
    for item in range(items * t // n, items * (t + 1) // n):
        outer = item // args[INNER]
        inner = item - outer * args[INNER]
        for k in range(arrays):
            array = HEAD + 3 * k
            own[k] = memory[args[array]] + outer * args[array + 1] + inner * args[array + 2]
        for call in range(args[CALLS]):
            call_kernel(args[calls + 2 * call], table, numbers, address + 8 * args[calls + 2 * call + 1], 0, 1)
