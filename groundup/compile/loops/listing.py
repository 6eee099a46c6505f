"""A program in loops as source that runs: its kernels, each once, and the step that calls them.

The kernels are shown as they are compiled; they take arrays without their axes, numbers, and the units of work to do.
Products are NumPy's `matmul` into their place, and what has no kernel is a function of NumPy's.
"""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from groundup.compile.graph import Value
from groundup.compile.loops.items import Left, Looked, Nest, Product
from groundup.compile.loops.layout import Buffer, Layout, Shape
from groundup.compile.loops.left import program_of
from groundup.compile.loops.made import Made
from groundup.compile.loops.nests.listing import NestListing
from groundup.compile.loops.places import Named
from groundup.compile.loops.run import LoopProgram
from groundup.compile.numbers import Number
from groundup.compile.saving.bundle import MISSING, Bundle

TYPES = "f32, f64, i32, i64 = np.float32, np.float64, np.int32, np.int64"


def source(program: LoopProgram) -> str:
    """The kernels and the step."""
    listing = Listing(Bundle(names_of(program)))
    step = listing.step(program)
    return "\n\n".join(each.strip("\n") + "\n" for each in (*listing.functions.values(), *listing.before, step))


def names_of(program: LoopProgram) -> set[str]:
    """The names that the caller gives, which stay as they are."""
    return {*(value.name for value in program.program.graph.inputs), *program.program.numbers, program.program.name}


class Listing:
    """Writes programs. What they stand on gathers in `functions` (kernels), `before` (NumPy's part) and the bundle."""

    def __init__(self, bundle: Bundle, checks: str = "") -> None:
        self.bundle = bundle
        self.checks = checks  # the name of a function that looks at the arguments
        self.functions: dict[str, str] = {}
        self.before: list[str] = []
        self.nests: dict[str, str] = {}  # the texts of functions that go from item to item, and their names
        bundle.taken |= {"f32", "f64", "i32", "i64", "math"}

    # Kernels

    def kernel(self, made: Made) -> str:
        """The name of a kernel in the source, which then has it and what it calls."""
        text = self.bundle.moved(made.kernel.text, lambda name: MISSING)
        new: dict[str, str] = {}
        for node in ast.parse(text).body:
            part = ast.get_source_segment(text, node) or ""
            name = node.name  # type: ignore[attr-defined]
            for old, now in new.items():
                part = re.sub(rf"\b{old}\b", now, part)
            wanted, count = name, 1
            while self.functions.get(wanted, "") != part and self._is_used(wanted):
                count += 1
                wanted = f"{name}_{count}"
                part = re.sub(r"\bdef \w+\(", f"def {wanted}(", part, count=1)
            new[name] = wanted
            self.functions[wanted] = part
            self.bundle.taken.add(wanted)
        return new[made.kernel.name]

    def _is_used(self, name: str) -> bool:
        return name in self.functions or name in self.bundle.taken or name in self.bundle.reserved

    # The step

    def step(self, program: LoopProgram) -> str:
        """The function that does what the program does."""
        names = Arrays(program, self.bundle)
        inputs = [buffer.name for buffer in program.inputs]
        numbers = list(program.program.numbers)
        lines = []
        if self.checks and inputs:
            listed = ", ".join(inputs) + "," * (len(inputs) == 1)
            lines = [f"{listed} = {self.checks}(({listed}), {self._kinds(program)})"]
        for step in program.steps:
            for made in step if isinstance(step, list) else [step]:
                for buffer in _touched(made):
                    lines += self._allocated(buffer, names)
                lines.append(self._line(made, names, [*numbers, *program.plan.looked]))
        for buffer, found in program.plan.checks:
            if buffer in names.known:
                flag = names.of(buffer).name
                lines += [f"if {flag}[0]:", f"    raise {_raised(found, flag)}"]
        for each in program.results:
            if isinstance(each, Layout):
                lines += self._allocated(each.buffer, names)
        results = [self._result(each, names) for each in program.results]
        lines.append(f"return ({', '.join(results)}{',' if len(results) == 1 else ''})")
        head = f"def {program.program.name}({', '.join([*inputs, *numbers])}):"
        return "\n".join([head, *(f"    {line}" for line in lines), ""])

    def _kinds(self, program: LoopProgram) -> str:
        """What the arguments must be, as a constant of the file."""
        name = self.bundle.fresh(f"{program.program.name}_takes")
        graph = program.program.graph
        written = {statement.out.memory for statement in graph.statements if statement.inplace}
        rows = [
            f"    ({v.name!r}, {v.shape}, np.dtype({v.dtype.name!r}), {v.memory in written})," for v in graph.inputs
        ]
        self.before.append("\n".join([f"{name} = (", *rows, ")"]))
        return name

    def _allocated(self, buffer: Buffer, names: Arrays) -> list[str]:
        """The line that makes an array, when it is first needed; what no call changes is made outside."""
        if buffer in names.known:
            return []
        if buffer.constant is not None and buffer not in names.flags:
            name = self.bundle.fresh("constant")
            self.before.append(f"{name} = {self.bundle.literals.source(buffer.constant)}")
            names.known[buffer] = Named(name, buffer.constant.shape)
            return []
        array = names.of(buffer)
        kind = "bool" if buffer.dtype.kind == "b" else f"np.{buffer.dtype.name}"
        shape = array.shape[0] if len(array.shape) == 1 else array.shape
        return [f"{array.name} = np.{'zeros' if buffer in names.flags else 'empty'}({shape}, {kind})"]

    def _line(self, made: Any, names: Arrays, numbers: list[str]) -> str:
        if isinstance(made, Product):
            a, b, out = (names.view(each) for each in (made.a, made.b, made.out))
            return f"np.add({out}, {a} @ {b}, out={out})" if made.beta else f"np.matmul({a}, {b}, out={out})"
        if isinstance(made, Made):
            given = [_argument(made, i, names) for i in range(len(made.arguments))]
            return f"{self.kernel(made)}({', '.join([*given, '0', str(made.split)])})"
        if isinstance(made, Nest):
            return self._nest(made, names)
        if isinstance(made, Looked):
            return f"{made.name} = {names.view(made.read)}.item()"
        return self._left(made, names, numbers)

    def _nest(self, nest: Nest, names: Arrays) -> str:
        """A call of what is done for one item after the other: a function, and one for all that are alike."""
        listing = NestListing(nest, names, self.kernel, _argument)
        text = listing.text("\0")
        if text not in self.nests:
            self.nests[text] = self.bundle.fresh(nest.name)
            self.before.append(text.replace("\0", self.nests[text]))
        return f"{self.nests[text]}({', '.join(listing.given)})"

    def _left(self, left: Left, names: Arrays, numbers: list[str]) -> str:
        """A call of what is left to NumPy, which becomes a function of its own."""
        program, given = program_of(left, numbers)
        helpers = program.helpers
        name = self.bundle.fresh(f"{left.statement.row.name}_by_numpy")
        text = self.bundle.moved(program.source, lambda each: helpers.get(each, MISSING))
        text = text.replace(f"def {program.name}(", f"def {name}(", 1)
        text = re.sub(r"return \((.*),\)\n$", r"return \1\n", text)
        self.before.append(text)
        call = f"{name}({', '.join([*(names.view(left.reads[value]) for value in given), *program.numbers])})"
        if left.statement.inplace:
            return call
        if left.statement.out.shape != left.out.shape:
            call = f"np.reshape({call}, {left.out.shape})"
        target = names.view(left.out)
        return f"{target}[...] = {call}"

    def _result(self, each: Any, names: Arrays) -> str:
        if not isinstance(each, Layout):
            return each.text if isinstance(each, Number) else repr(each)
        return names.view(each) + (".copy()" if each.buffer.kind == "constant" else "")


class Arrays:
    """The arrays of a program in the source: their names and shapes, and what makes them."""

    def __init__(self, program: LoopProgram, bundle: Bundle) -> None:
        self.program = program
        self.bundle = bundle
        self.flags = {buffer for buffer, _ in program.plan.checks}
        self.known: dict[Buffer, Named] = {}
        self.taken = set(names_of(program))
        self.wanted, self.shapes = _wishes(program)
        for value, buffer in zip(program.program.graph.inputs, program.inputs, strict=True):
            self.known[buffer] = Named(value.name, value.shape)

    def of(self, buffer: Buffer) -> Named:
        """How an array is called, and its shape."""
        found = self.known.get(buffer)
        if found is None:
            shape = self.shapes.get(buffer, (buffer.size,))
            found = self.known[buffer] = Named(self._fresh(*self.wanted.get(buffer, ("array", True))), shape)
        return found

    def _fresh(self, wanted: str, numbered: bool) -> str:
        name, count = wanted, 1
        while numbered or name in self.taken or name in self.bundle.taken:
            name, numbered = f"{wanted}_{count}", False
            count += 1
        self.taken.add(name)
        return name

    def view(self, layout: Layout) -> str:
        """An expression for a layout."""
        return self.of(layout.buffer).view(layout)


def _wishes(program: LoopProgram) -> tuple[dict[Buffer, tuple[str, bool]], dict[Buffer, Shape]]:
    """For each buffer the name that suits it best, and whether with a number; and the shape that it mostly has."""
    makers = {statement.out: statement.row.name for statement in program.program.graph.statements}
    names: dict[Buffer, tuple[str, bool]] = {}
    shapes: dict[Buffer, Counter[Shape]] = {}
    for value, layout in program.plan.layouts.items():
        if layout.contiguous:
            shapes.setdefault(layout.buffer, Counter())[layout.shape] += 1
        title = _title(value, makers.get(value, ""))
        if title[0] and (layout.buffer not in names or (value.name and not names[layout.buffer][1])):
            names[layout.buffer] = title
    for layout, name in _important(program):
        names.setdefault(layout.buffer, (name, True))
        if layout.contiguous:
            shapes.setdefault(layout.buffer, Counter())[layout.shape] += 100
    for buffer, _ in program.plan.checks:
        names[buffer] = "flag", True
    return names, {buffer: counts.most_common(1)[0][0] for buffer, counts in shapes.items()}


def _important(program: LoopProgram) -> Iterator[tuple[Layout, str]]:
    """What is multiplied and returned, and a name for it."""
    for step in program.steps:
        for made in step if isinstance(step, list) else [step]:
            for each in made.members if isinstance(made, Nest) else [made]:
                if isinstance(each, Product):
                    yield from ((each.out, "product"), (each.a, "array"), (each.b, "array"))
    yield from ((each, "result") for each in program.results if isinstance(each, Layout))


def _title(value: Value, row: str) -> tuple[str, bool]:
    of = value.gradient_of
    if value.name:
        return value.name, False
    return (f"{of.name}_grad", False) if of is not None and of.name else (row, True)


def _touched(made: Any) -> list[Buffer]:
    if isinstance(made, Made):
        found = [each[0] if isinstance(each, tuple) else each for each in made.arguments]
        return [each for each in found if isinstance(each, Buffer)]
    if isinstance(made, Looked):
        return [made.read.buffer]
    if isinstance(made, Nest):
        return list(dict.fromkeys(whole for whole, *_ in made.wholes.values()))
    if isinstance(made, Product):
        return [made.a.buffer, made.b.buffer, made.out.buffer]
    return [each.buffer for each in (*made.reads.values(), made.out)]


def _argument(made: Made, i: int, names: Arrays) -> str:
    """What a kernel is given in the place of an argument."""
    each, kind = made.arguments[i], made.kernel.parameters[i]
    if kind.endswith("*"):
        buffer, offset = each if isinstance(each, tuple) else (each, 0)
        if offset and any(isinstance(other, int) and other < 0 for other in made.arguments):
            return _turned(made, i, names.of(buffer).flat(), offset)
        return names.of(buffer).flat(offset)
    if kind == "int":
        return str(int(each))
    if isinstance(each, Number):
        return f"np.{kind}({each.text})"
    number = float(each)
    return f"np.{kind}({number!r})" if math.isfinite(number) else f"np.{kind}({str(number)!r})"


def _turned(made: Made, i: int, flat: str, offset: int) -> str:
    """An array that a kernel reads backwards from some place: what lies before it is put behind, where -1 finds it."""
    definition = ast.parse(made.kernel.text).body[-1]
    name = definition.args.args[i].arg  # type: ignore[attr-defined]
    if re.search(rf"^\s*{name}\[.*\] [-+*/]?= ", made.kernel.text, re.MULTILINE):
        raise ValueError(f"{made.kernel.name} writes backwards, which source in loops cannot say")
    return f"np.roll({flat}, -{offset})"


class _Wrong(int):
    """Stands for the number in an error's message."""

    def __format__(self, how: str) -> str:
        return "\0"


def _raised(found: Any, flag: str) -> str:
    """The error of a check as source."""
    error = found(_Wrong())
    text = repr(str(error)).replace("{", "{{").replace("}", "}}").replace(repr("\0")[1:-1], f"{{{flag}[1]}}")
    return f"{type(error).__name__}(f{text})"
