"""A nest as source: a function that goes from item to item, and within an item from one block of rows to the next.

Products take views of whole arrays, `a[i, j, first:last]`, and kernels the elements from where the item begins. Blocks
that differ in numbers alone are one loop over these numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import chain, count, groupby
from typing import Any

from groundup.compile.loops.items import Block, Nest, Product
from groundup.compile.loops.layout import Buffer, Layout
from groundup.compile.loops.made import Made
from groundup.compile.loops.nests.blocks import COLUMNS, ROWS

_NUMBER = re.compile(r"(?<![\w.\[])\d+(?![\w.])|(?<=\[)\d+(?![\w.])")
_LETTERS = "abcdefgh"


class NestListing:
    """Writes one nest. `kernel` gives the name of a kernel, `argument` what it gets beside arrays."""

    def __init__(self, nest: Nest, names: Any, kernel: Callable[[Made], str], argument: Callable[..., str]) -> None:
        self.nest = nest
        self.names = names
        self.kernel = kernel
        self.argument = argument
        self.given: dict[str, str] = {}  # expressions of the caller, under which name
        self.scratch = {local: f"part_{i + 1}" for i, local in enumerate(nest.places)}
        self.axes = "ijklmn"[: len(nest.scores.lead)]

    def text(self, name: str) -> str:
        """The function; `given` then has what it is called with."""
        lead = self.nest.scores.lead
        blocks = [(block, self._lines(block)) for block in self.nest.blocks]
        comma = "," * (len(lead) == 1)
        lines = [f"for {', '.join(self.axes)}{comma} in np.ndindex({', '.join(map(str, lead))}):"]
        for _, same in groupby(blocks, lambda each: [_NUMBER.sub("0", line) for line in each[1]]):
            lines += [f"    {line}" for line in _as_loop(list(same))]
        made = [f"{part} = np.empty({local.size}, {_kind(local)})" for local, part in self.scratch.items()]
        doc = '"""One item after the other: what lies between is as large as one item, or as some of its rows."""'
        body = [doc, *made, *lines]
        return "\n".join([f"def {name}({', '.join(self.given.values())}):", *(f"    {line}" for line in body), ""])

    def _lines(self, block: Block) -> list[str]:
        members = zip(self.nest.members, block.calls, strict=True)
        return [
            self._product(whole, made) if isinstance(made, Product) else self._call(made) for whole, made in members
        ]

    # Products

    def _product(self, whole: Product, made: Product) -> str:
        m, n, k = self.nest.scores.axes(whole) or ("", "", "")
        a = self._matrix(whole.a, made.a, (m, k))
        b = self._matrix(whole.b, made.b, (k, n))
        out = self._matrix(whole.out, made.out, (m, n))
        return f"np.add({out}, {a} @ {b}, out={out})" if made.beta else f"np.matmul({a}, {b}, out={out})"

    def _matrix(self, whole: Layout, layout: Layout, axes: tuple[str, str]) -> str:
        if layout.buffer in self.scratch:
            return self._of_scratch(layout)
        lead = whole.shape[:-2]
        keys = [
            "0" if n == 1 else axis
            for n, axis in zip(lead, self.axes[len(self.axes) - len(lead) :], strict=True)
        ]  # fmt: skip
        cuts = {}
        if COLUMNS in axes:
            cuts[COLUMNS] = f":{layout.shape[axes.index(COLUMNS)]}"
        if ROWS in axes:
            stride = whole.strides[-2:][axes.index(ROWS)]
            first = (layout.offset - whole.offset) // stride if stride else 0
            cuts[ROWS] = f"{first}:{first + layout.shape[axes.index(ROWS)]}"
        if len(self.nest.blocks) > 1:
            keys += [cuts.get(axis, ":") for axis in axes]
        while keys and keys[-1] == ":":
            keys.pop()
        name = self._name(self.names.view(whole), layout.buffer)
        return f"{name}[{', '.join(keys)}]" if keys else name

    def _of_scratch(self, layout: Layout) -> str:
        rows, columns = layout.shape
        turned = layout.strides[0] == 1 and columns != 1 and rows != 1
        shape = f"({columns}, {rows})" if turned else f"({rows}, {columns})"
        name = self.scratch[layout.buffer]
        part = "" if rows * columns == layout.buffer.size and len(self.nest.blocks) == 1 else f"[: {rows} * {columns}]"
        return f"{name}{part}.reshape{shape}{'.T' * turned}"

    # Kernels

    def _call(self, made: Made) -> str:
        given = []
        for i, each in enumerate(made.arguments):
            buffer, offset = each if isinstance(each, tuple) else (each, 0)
            given.append(
                self._flat(buffer, offset) if isinstance(buffer, Buffer) else self.argument(made, i, self.names)
            )
        return f"{self.kernel(made)}({', '.join([*given, '0', str(made.split)])})"

    def _flat(self, local: Buffer, offset: int) -> str:
        if local in self.scratch:
            return self.scratch[local]
        whole, lead = self.nest.wholes[local][0], self.nest.wholes[local][3]
        name = self._name(self.names.of(whole).flat(), local)
        terms = [f"{axis} * {stride}" for axis, stride in zip(self.axes, lead, strict=True) if stride]
        terms += [str(offset)] * bool(offset or len(self.nest.blocks) > 1)
        return f"{name}[{' + '.join(terms)}:]" if terms else name

    def _name(self, expression: str, local: Buffer) -> str:
        """What the function calls an array that it is given."""
        if expression not in self.given:
            stems = chain(_LETTERS, map("x{}".format, count()))
            if self.nest.wholes[local][0] in self.nest.writes:
                stems = chain(["out"], map("out_{}".format, count(2)))
            self.given[expression] = next(each for each in stems if each not in self.given.values())
        return self.given[expression]


def _as_loop(blocks: list[tuple[Block, list[str]]]) -> list[str]:
    """Blocks of the same lines but for numbers, as one loop over those numbers."""
    if len(blocks) == 1:
        return blocks[0][1]
    found = [[_NUMBER.findall(line) for line in lines] for _, lines in blocks]
    names = {
        tuple(str(block.first) for block, _ in blocks): "first",
        tuple(str(block.columns) for block, _ in blocks): "columns",
        tuple(str(block.last) for block, _ in blocks): "last",
        tuple(str(block.last - block.first) for block, _ in blocks): "rows",
    }
    used: dict[tuple[str, ...], str] = {}
    lines = []
    for at, line in enumerate(blocks[0][1]):
        places = iter(range(len(found[0][at])))

        def named(match: re.Match[str], places: Any = places, at: int = at) -> str:
            values = tuple(each[at][place] for place in [next(places)] for each in found)
            if len(set(values)) == 1:
                return match.group()
            return used.setdefault(values, names.get(values, f"n{len(used)}"))

        lines.append(f"    {_NUMBER.sub(named, line)}")
    rows = ", ".join(f"({', '.join(each)})" for each in zip(*used, strict=True)) if len(used) > 1 else ""
    over = f"({rows})" if rows else f"({', '.join(next(iter(used)))})"
    return [f"for {', '.join(used.values())} in {over}:", *lines]


def _kind(local: Buffer) -> str:
    return "bool" if local.dtype.kind == "b" else f"np.{local.dtype.name}"
