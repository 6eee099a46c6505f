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
LISTS = 3  # for `differ`: address of lists of Python's, each its address, its length and the addresses in it,
LISTED = 4  # and how many they are
# Of one for `put`:
PUTS = 1  # address of triples: a dict, a key, the row of the dict's version
# COUNT of them
SET = 3  # address of what sets a key of a dict
# Of one for `fit`: address and count of forms at ROWS and COUNT
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
REFERENCES = 10  # where in the tensor, in bytes, the address of its weak references stands
SIZES = 4  # for each of the three how many of its words count, and what its first, the reference count, is to be
LENGTH = 16
ITEMS = 3  # which word of a list is the address of what is in it
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
    elif changed(int64_at(command[LISTS]), command[LISTED]):
        found = 1
    return call_long(command[INTEGER], found, 0, 0)


def changed(lists: Words, count: int) -> bool:
    """Whether one of these lists has another length, or another object somewhere in it."""
    at = 0
    for _ in range(count):
        if word_at(lists[at] + 8 * FIELDS) != lists[at + 1]:
            return True
        items = word_at(lists[at] + 8 * ITEMS)
        for i in range(lists[at + 1]):
            if word_at(items + 8 * i) != lists[at + 2 + i]:
                return True
        at += 2 + lists[at + 1]
    return False


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
        if k == 0:
            row = listed(row, objects[k] + command[REFERENCES], 1)
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


def put(own: int, value: int) -> int:
    """Puts a value under keys of dicts. A version that was the recorded one is recorded anew."""
    command = int64_at(word_at(own + 8 * FIELDS))
    puts = int64_at(command[PUTS])
    for k in range(command[COUNT]):
        row = int64_at(puts[3 * k + 2])
        known = word_at(row[0]) == row[1]
        call_int(command[SET], puts[3 * k], puts[3 * k + 1], value)
        if known:
            row[1] = word_at(row[0])
    return call_long(command[INTEGER], 0, 0, 0)


def fit(own: int, objects_address: int, count: int) -> int:
    """1 if every object is a tensor without history over an array of its form, else 0."""
    command = int64_at(word_at(own + 8 * FIELDS))
    objects = int64_at(objects_address)
    found = 1
    if not fits(objects, count, int64_at(command[ROWS])):
        found = 0
    return call_long(command[INTEGER], found, 0, 0)


# The form of a tensor, in words: the addresses of the types of a tensor and an array, and of None; which words of a
# tensor its array and node are, which word of an array its type of numbers; that type's address; axes; extents.
TENSOR = 0
ARRAY = 1
NONE = 2
PLACE_OF_ARRAY = 3
PLACE_OF_NODE = 4
DTYPE = 5
AXES_OF_FORM = 6
EXTENTS_OF_FORM = 7
# In an array, whose words are otherwise found in `kept`:
AXES_OF_ARRAY = 3
DTYPE_OF_ARRAY = 7
FLAGS_OF_ARRAY = 8


def fits(objects: Words, count: int, forms: Words) -> bool:
    """Whether the objects are such tensors."""
    at = 0
    for k in range(count):
        if word_at(objects[k] + 8) != forms[at + TENSOR]:
            return False
        if word_at(objects[k] + 8 * forms[at + PLACE_OF_NODE]) != forms[at + NONE]:
            return False
        array = word_at(objects[k] + 8 * forms[at + PLACE_OF_ARRAY])
        if array == 0:  # nobody has given it one yet
            return False
        if word_at(array + 8) != forms[at + ARRAY]:
            return False
        if word_at(array + 8 * DTYPE_OF_ARRAY) != forms[at + DTYPE]:
            return False
        if word_at(array + 8 * FLAGS_OF_ARRAY) % 2 != 1:
            return False
        axes = forms[at + AXES_OF_FORM]
        if word_at(array + 8 * AXES_OF_ARRAY) % 256 != axes:
            return False
        extents = word_at(array + 8 * EXTENTS)
        for i in range(axes):
            if word_at(extents + 8 * i) != forms[at + EXTENTS_OF_FORM + i]:
                return False
        at += EXTENTS_OF_FORM + axes
    return True


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
