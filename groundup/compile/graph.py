"""The graph of a traced function: values, and the statements that make them, in the order in which they ran.

A value never changes. A write in place makes a new value of the same memory, so that each pass can reason about
values while the printed program still writes where the user wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from types import CodeType
from typing import TYPE_CHECKING, Any

import numpy as np

from groundup.ops.row import Row

if TYPE_CHECKING:
    from groundup.atomic import StrPath

Where = tuple[CodeType, int] | None


class Memory:
    """What a value and its views lie in. The caller's own memory must be written back; the rest is ours."""

    __slots__ = ("external",)

    def __init__(self, external: bool) -> None:
        self.external = external


@dataclass(eq=False, slots=True)
class Value:
    """One array of the program: its shape and type, and the name it is printed under."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    memory: Memory
    name: str = ""
    constant: np.ndarray | None = None  # its elements, if no call changes them
    gradient_of: Value | None = None
    older: Value | None = None  # what the same memory held before the write that made this one

    @property
    def type(self) -> str:
        """As in `float32 (64, 10)`."""
        return f"{self.dtype.name} {self.shape}"


@dataclass(eq=False, slots=True)
class Statement:
    """One row applied: `out = row(*operands, **params)`, written into the memory of the first operand if `inplace`."""

    row: Row
    out: Value
    operands: list[Any]  # values, numbers, expressions of numbers
    params: dict[str, Any]
    phase: str = "forward"
    where: Where = None
    inplace: bool = False
    call: Any = None  # a draw of random numbers, in place of a row
    is_view: bool = False
    outside: bool = False  # of the gradient of results, for which the caller may ask later

    def values(self) -> Iterator[Value]:
        """The values that it reads."""
        return (each for each in self.operands if isinstance(each, Value))


@dataclass(eq=False, slots=True)
class Graph:
    """A whole program."""

    inputs: list[Value] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)  # values and expressions that the program returns

    def __str__(self) -> str:
        return _printed(self)

    def svg(self, fused: bool = False) -> str:
        """The graph as a picture: forward, backward and update side by side; a notebook shows it by itself.

        With `fused`, each box also names the kernel that makes its value in loops.

        >>> import groundup
        >>> double = groundup.compile(lambda x: x + x)
        >>> _ = double(groundup.ones(2))
        >>> double.graph.svg()[:4]
        '<svg'
        """
        from groundup.compile.drawing import svg

        if not fused:
            return svg(self)
        from groundup.compile.loops.assembly import kernels_of

        return svg(self, kernels_of(self))

    def _repr_svg_(self) -> str:
        return self.svg()

    def save(self, path: StrPath, fused: bool = False) -> None:
        """Write the picture to a file, ``.svg``."""
        from groundup.atomic import write_bytes

        write_bytes(path, self.svg(fused).encode())

    def uses(self) -> dict[Value, int]:
        """How often each value is read, by statements and by the caller."""
        counts: dict[Value, int] = {}
        for statement in self.statements:
            for value in statement.values():
                counts[value] = counts.get(value, 0) + 1
        for value in self.outputs:
            if isinstance(value, Value):
                counts[value] = counts.get(value, 0) + 1
        return counts


def copied(graph: Graph) -> Graph:
    """The same graph of values and statements of its own, which may be changed."""
    memories: dict[Memory, Memory] = {}
    values: dict[Value, Value] = {}

    def own(each: Any) -> Any:
        if not isinstance(each, Value):
            return each
        found = values.get(each)
        if found is None:
            memory = memories.get(each.memory)
            if memory is None:
                memory = memories[each.memory] = Memory(each.memory.external)
            found = values[each] = Value(each.shape, each.dtype, memory, each.name, each.constant)
            found.gradient_of, found.older = own(each.gradient_of), own(each.older)
        return found

    statements = [
        Statement(
            s.row, own(s.out), [own(each) for each in s.operands], dict(s.params), s.phase, s.where,
            s.inplace, s.call, s.is_view, s.outside,
        )
        for s in graph.statements
    ]  # fmt: skip
    return Graph([own(each) for each in graph.inputs], statements, [own(each) for each in graph.outputs])


def joined(first: Graph, second: Graph) -> Graph:
    """Two graphs, of which the second reads what the first makes, as one."""
    made = {statement.out for statement in first.statements} | set(first.inputs)
    inputs = [*first.inputs, *(value for value in second.inputs if value not in made)]
    return Graph(inputs, [*first.statements, *second.statements], [*first.outputs, *second.outputs])


def _printed(graph: Graph) -> str:
    """A line for each input and statement: what it makes, of what type; what has no name has a number."""
    names: dict[Value, str] = {}

    def shown(each: Any) -> str:
        if not isinstance(each, Value):
            return str(each)
        if each.constant is not None and each.constant.size == 1:
            return str(each.constant.reshape(-1)[0])
        if each not in names:
            unnamed = f"%{sum(name[0] == '%' for name in names.values()) + 1}"
            names[each] = each.name or (f"constant {each.type}" if each.constant is not None else unnamed)
        return names[each]

    lines = [f"{shown(each)}: {each.type}" for each in graph.inputs]
    phase = ""
    for statement in graph.statements:
        if statement.phase != phase:
            phase = statement.phase
            lines.append(f"# {phase}")
        operands = [shown(each) for each in statement.operands]
        operands += [f"{name}={value}" for name, value in statement.params.items()]
        row = "random numbers" if statement.call not in (None, "item") else statement.row.name
        target, symbol = (operands[0], "<-") if statement.inplace else (shown(statement.out), "=")
        names.setdefault(statement.out, target)
        lines.append(f"{target} {symbol} {row}({', '.join(operands)})".ljust(56) + f"  # {statement.out.type}")
    return "\n".join([*lines, f"return {', '.join(map(shown, graph.outputs))}".rstrip()])
