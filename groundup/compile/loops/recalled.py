"""Programs kept on disk: a second process traces, finds what the graph came to, and neither simplifies nor plans.

What is kept are the places of the arrays, the calls with their arguments, and the keys of their kernels' machine code,
which has files of its own. No address is, nor anything of Python but expressions of numbers. A program that NumPy has a
part in is not kept. Files are those of `cache`, with its rules; what is not as it must be is planned anew, and a file
that takes it down again replaces the old one.
"""

from __future__ import annotations

import hashlib
import json
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from groundup.compile.digest import text_of
from groundup.compile.loops import cache, machine, products
from groundup.compile.loops.layout import Buffer, Layout
from groundup.compile.loops.nests import calls as nests
from groundup.compile.loops.ready import Ready
from groundup.compile.loops.team import Run
from groundup.compile.loops.versions import versions
from groundup.compile.program import Later

if TYPE_CHECKING:
    from groundup.compile.loops.run import LoopProgram

MOST_CONSTANTS = 1 << 22  # bytes of constants of a program that is kept
LARGEST = 1 << 31  # of the whole numbers that a kernel is given: what is larger may be an address
STOP = ""  # stands for the kernel of a row that has none
_LENGTH = 8  # bytes of the length of the first part


def key_of(program: Later) -> str:
    """Where a program is kept; '' if it cannot be.

    Raises:
        MissingExtra: llvmlite, which Numba brings, is not installed.
    """
    graph, numbers, _ = program.traced
    text, known = text_of(graph), versions()
    if text is None or known is None:
        return ""
    return hashlib.sha256(repr((text, numbers, known)).encode()).hexdigest()


def recalled(program: Later) -> Recalled | None:
    """The program as it was kept, ready to run; None if it was not, or not all of it is there any more."""
    program.key = key_of(program)
    content = cache.load(program.key) if program.key else None
    if content is None:
        return None
    try:
        size = int.from_bytes(content[:_LENGTH], "little")
        told = json.loads(content[_LENGTH : _LENGTH + size])
        addresses = machine.kept(told["kernels"])
        return None if addresses is None else Recalled(program, told, content[_LENGTH + size :], addresses)
    except (ArithmeticError, LookupError, SyntaxError, TypeError, ValueError):
        program.forget()
        return None


def keep(made: LoopProgram) -> None:
    """Keep what a graph has come to, if the program has a key and is one table of machine code."""
    program = made.program
    if not isinstance(program, Later) or not program.key or program.key != key_of(program):
        return
    if made.fallbacks or made.without or made.looked or len(made.steps) != 1 or not isinstance(made.calls[0], Run):
        return
    constants = [np.ascontiguousarray(b.constant).tobytes() for b in made.buffers if b.constant is not None]
    if sum(map(len, constants)) > MOST_CONSTANTS:
        return
    kernels = {kernel: i for i, kernel in enumerate(made.addresses)}
    rows, arguments = [], []
    for (what, args, threads), apart in zip(made.rows, made.apart, strict=True):
        args = args.copy()
        name = _told(what, args, kernels)
        if name is None:
            return
        rows.append([name, len(args), threads, apart])
        arguments.append(args.tobytes())
    told = {
        "needed": program.numbers,
        "buffers": [[b.kind, b.dtype.str, b.size, made.places.get(b, 0)] for b in made.buffers],
        "size": made.size,
        "inputs": [buffer.slot for buffer in made.inputs],
        "results": [
            [each.buffer.slot, each.shape, each.strides, each.offset] if isinstance(each, Layout) else None
            for each in made.results
        ],
        "numbers": list(made.numbers),
        "checks": [buffer.slot for buffer, _ in made.checks],
        "kernels": [machine.key_of(kernel) for kernel in kernels],
        "rows": rows,
        "alone": not made.calls[0].parallel,
    }
    head = json.dumps(told).encode()
    cache.save(program.key, b"".join([len(head).to_bytes(_LENGTH, "little"), head, *arguments, *constants]))


def _told(what: Any, args: np.ndarray, kernels: dict[Any, int]) -> Any:
    """What a row calls, by names and numbers of kernels, its arguments without addresses; None if one may be left."""
    if isinstance(what, list):
        parts = []
        for each, at, begin, count in what:
            args[at] = 0
            parts.append([_told(each, args[begin : begin + count], kernels), at, begin, count])
        return None if any(each[0] is None for each in parts) else parts
    if isinstance(what, str):
        if what != STOP:
            args[products.BLAS] = 0
        return what
    return None if (abs(args) >= LARGEST).any() else kernels[what]


class Recalled(Ready):
    """A program as it was kept, with its kernels' addresses in this process."""

    def __init__(self, program: Later, told: dict[str, Any], rest: bytes, addresses: list[int]) -> None:
        super().__init__(program)
        program.numbers = told["needed"]
        calls = np.frombuffer(rest, np.int64, sum(size for _, size, *_ in told["rows"])).copy()
        self._buffers(told, rest[calls.nbytes :])
        self.inputs = [self.buffers[slot] for slot in told["inputs"]]
        outputs = program.traced[0].outputs
        self.results = [
            each if found is None else Layout(self.buffers[found[0]], tuple(found[1]), tuple(found[2]), found[3])
            for each, found in zip(outputs, told["results"], strict=True)
        ]
        self.checks = [(self.buffers[slot], partial(self._wrong, i)) for i, slot in enumerate(told["checks"])]
        self.numbers = {text: i for i, text in enumerate(told["numbers"])}
        self._give_memory({b: each[3] for b, each in zip(self.buffers, told["buffers"], strict=True)}, told["size"])
        self.values = np.zeros(max(len(self.numbers), 1))
        self.evaluate = self._lambda(self.numbers)
        self.arguments = calls
        table = self._table(told["rows"], addresses)
        self.calls = [Run(table, self.memory, self.values, alone=told["alone"])]

    def _buffers(self, told: dict[str, Any], constants: bytes) -> None:
        at = 0
        for slot, (kind, dtype, size, _) in enumerate(told["buffers"]):
            buffer = Buffer(np.dtype(dtype), size, kind, slot=slot)
            if kind == "constant":
                buffer.constant = np.frombuffer(constants, buffer.dtype, size, at).copy()
                at += buffer.constant.nbytes
            self.buffers.append(buffer)
        if at != len(constants):
            raise ValueError("constants of another length")

    def _table(self, rows: list[Any], addresses: list[int]) -> np.ndarray:
        table = np.empty((len(rows), 4), np.int64)
        at, start = 0, self.arguments.ctypes.data
        for row, (what, size, *rest) in zip(table, rows, strict=True):
            row[:] = self._place(what, self.arguments[at : at + size], addresses), start + 8 * at, *rest
            at += size
        return table

    @staticmethod
    def _place(what: Any, arguments: np.ndarray, addresses: list[int]) -> int:
        if what == STOP:
            return 0
        if isinstance(what, list):
            for each, at, begin, count in what:
                arguments[at] = Recalled._place(each, arguments[begin : begin + count], addresses)
            return nests.machine()
        return products.renewed(what, arguments) if isinstance(what, str) else addresses[what]

    def _wrong(self, check: int, index: int) -> Exception:
        """The error of an index, from the plan, since its words are not kept."""
        from groundup.compile.loops.plan import planned

        return planned(self.program.graph).checks[check][1](index)

    def whole(self) -> Ready:
        """The same program with its plan, for who wants to read it; it has the arrays that this one was given."""
        from groundup.compile.loops.run import LoopProgram

        found = LoopProgram(self.program)
        for mine, other in zip(self.input_slots, found.input_slots, strict=True):
            found.bases[other] = self.bases[mine]
        return found
