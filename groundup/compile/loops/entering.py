"""What is done in machine code when Python calls a compiled program: look whether all is as it was, run, choose memory.

Each exported function here is the body of a builtin function of Python's (`builtin` makes them). It gets the address of
the object that the builtin belongs to, which is a NumPy array, the command; what it finds there are addresses and
counts. A list of rows is pairs of words: an address, and the word that stood there when it was recorded.

These are plain Python functions in the words of `atoms`, as `walk`.
"""

from __future__ import annotations

from groundup.compile.loops.atoms import Words, call_int, call_long, int64_at

FIELDS = 2  # words of an object before the fields of its own: a reference count and a type
# Of every command:
INTEGER = 0  # address of what makes an int of Python's
# Of one for `differ` and `record`:
ROWS = 1  # address of the rows
COUNT = 2  # how many
# Of one for `chosen`, also:
CANDIDATES = 3  # how many lists of COUNT rows stand there, one after the other
PLACE = 4  # address of the word that gets the address of the chosen memory
MEMORIES = 5  # address of the addresses of the candidates' memory
# Of one for `run` and `run_freely`:
RUN = 1  # address of `walk.run`
COMMAND = 2  # and of its command
SAVE = 3  # addresses of what gives the global lock away
RESTORE = 4  # and of what takes it back
# Of one for `noted`, which is given a tensor, its array and its dict:
AXES = 3  # of the array
SIZES = 4  # for each of the three how many of its words count, and what its first, the reference count, is to be
LENGTH = 16
EXTENTS = 4  # which words of an array are the addresses of those
STRIDES = 5


def word_at(address: int) -> int:
    """The word at an address."""
    words = int64_at(address)
    return words[0]


def unlike(rows: Words, first: int, last: int) -> bool:
    """Whether a word of these rows is another one than was recorded."""
    for i in range(first, last):
        if word_at(rows[2 * i]) != rows[2 * i + 1]:
            return True
    return False


def differ(own: int, nothing: int) -> int:
    """1 if any word is not what was recorded, else 0."""
    command = int64_at(word_at(own + 8 * FIELDS))
    found = 0
    if unlike(int64_at(command[ROWS]), 0, command[COUNT]):
        found = 1
    return call_long(command[INTEGER], found, 0, 0)


def record(own: int, nothing: int) -> int:
    """Records the words as they are now."""
    command = int64_at(word_at(own + 8 * FIELDS))
    rows = int64_at(command[ROWS])
    for i in range(command[COUNT]):
        rows[2 * i + 1] = word_at(rows[2 * i])
    return call_long(command[INTEGER], 0, 0, 0)


def noted(own: int, objects_address: int, count: int) -> int:
    """Writes rows for a tensor, its array with extents and strides, and its dict, and records them."""
    command = int64_at(word_at(own + 8 * FIELDS))
    objects = int64_at(objects_address)
    row = command[ROWS]
    for k in range(count):
        row = listed(row, objects[k], command[SIZES + 2 * k])
        counted = int64_at(row - 16 * command[SIZES + 2 * k])
        counted[1] = command[SIZES + 2 * k + 1]
        if k == 1:
            row = listed(row, word_at(objects[k] + 8 * EXTENTS), command[AXES])
            row = listed(row, word_at(objects[k] + 8 * STRIDES), command[AXES])
    return call_long(command[INTEGER], 0, 0, 0)


def listed(row: int, address: int, words: int) -> int:
    """Writes rows for so many words from an address on, and records them; the address of the next row."""
    rows = int64_at(row)
    for i in range(words):
        rows[2 * i] = address + 8 * i
        rows[2 * i + 1] = word_at(address + 8 * i)
    return row + 16 * words


def chosen(own: int, nothing: int) -> int:
    """The first candidate whose words are all as recorded, its memory put in place; as many as there are if none is."""
    command = int64_at(word_at(own + 8 * FIELDS))
    rows = int64_at(command[ROWS])
    count = command[COUNT]
    found = command[CANDIDATES]
    for k in range(command[CANDIDATES]):
        if not unlike(rows, k * count, (k + 1) * count):
            found = k
            place = int64_at(command[PLACE])
            memories = int64_at(command[MEMORIES])
            place[0] = memories[k]
            break
    return call_long(command[INTEGER], found, 0, 0)


def run(own: int, nothing: int) -> int:
    """Runs the table of a program, as `walk.run`, and keeps the global lock."""
    command = int64_at(word_at(own + 8 * FIELDS))
    return call_long(command[INTEGER], call_long(command[RUN], command[COMMAND], 0, 0), 0, 0)


def run_freely(own: int, nothing: int) -> int:
    """The same without the lock, so that other threads of Python go on."""
    command = int64_at(word_at(own + 8 * FIELDS))
    state = call_long(command[SAVE], 0, 0, 0)
    threads = call_long(command[RUN], command[COMMAND], 0, 0)
    call_int(command[RESTORE], state, 0, 0)
    return call_long(command[INTEGER], threads, 0, 0)
