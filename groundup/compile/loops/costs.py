"""What a call of a kernel costs by its source: elements read and written, and operations on them.

The loops of a kernel are gone through with the lengths that a call gives them. One operation is an addition, product,
quotient, comparison, choice or function of floating numbers; positions cost nothing. Where a length is only known while
the kernel runs, as in some that are written by hand, what is inside counts once for each element of the largest array.
"""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from groundup.compile.loops.items import Nest, Product
from groundup.compile.loops.layout import Buffer
from groundup.compile.loops.made import Made

FEW = 16  # turns of a loop that are gone through one by one, if what is inside depends on which it is


@dataclass
class Cost:
    """Bytes that are read and written, and operations."""

    bytes: int = 0
    flops: int = 0


class _Unknown(Exception):
    """A length that only a run can tell."""


def cost_of(made: Made | Product | Nest) -> Cost:
    """The cost of one call."""
    if isinstance(made, Nest):
        return _of_nest(made)
    return _of_product(made) if isinstance(made, Product) else _of_kernel(made)


def _of_product(product: Product) -> Cost:
    out, inner = product.out, product.a.shape[-1]
    count = 1
    for n in out.shape:
        count *= n
    moved = 0
    for each in (product.a, product.b, out):
        elements = 1
        for n in each.shape:
            elements *= n
        moved += min(elements, each.buffer.size) * each.buffer.dtype.itemsize
    return Cost(moved + bool(product.beta) * count * out.buffer.dtype.itemsize, 2 * count * inner)


def _of_nest(nest: Nest) -> Cost:
    """The arrays once each, and the operations for each item; what lies between stays in the cache."""
    items = nest.axes[0] * nest.axes[1]
    moved = sum(each.size * each.dtype.itemsize for each in nest.reads | nest.writes)
    return Cost(moved, items * sum(cost_of(made).flops for block in nest.blocks for made in block.calls))


def _of_kernel(made: Made) -> Cost:
    definition = ast.parse(made.kernel.text).body[-1]
    if not isinstance(definition, ast.FunctionDef):
        raise TypeError(f"the kernel {made.kernel.name} ends with no function")
    names = [each.arg for each in definition.args.args]
    given = dict(zip(names, made.arguments, strict=False))
    kinds = dict(zip(names, made.kernel.parameters, strict=False))
    walk = _Walk({name for name, kind in kinds.items() if kind.startswith("float")}, _sizes(given))
    walk.numbers = {name: int(given[name]) for name, kind in kinds.items() if kind == "int"}
    walk.numbers |= {"begin": 0, "end": made.split}
    walk.longest = max([made.split, *(size for size, _ in walk.sizes.values())])
    walk.block(definition.body, 1)
    moved = 0
    for counts in (walk.read, walk.written):
        moved += sum(min(count, walk.sizes[name][0]) * walk.sizes[name][1] for name, count in counts.items())
    return Cost(made.bytes or moved, made.flops or walk.flops)


def _sizes(given: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Of each array its elements, and the bytes of one."""
    found = {}
    for name, each in given.items():
        buffer, offset = each if isinstance(each, tuple) else (each, 0)
        if isinstance(buffer, Buffer):
            found[name] = buffer.size - offset, buffer.dtype.itemsize
    return found


@dataclass
class _Walk:
    """Goes through the statements of a kernel, each as often as its loops say."""

    floats: set[str]  # names of floating numbers, and of arrays of them
    sizes: dict[str, tuple[int, int]]
    numbers: dict[str, int] = field(default_factory=dict)  # whole numbers that are known
    longest: int = 1
    spread: int = 1  # turns of the loops around that are gone through one by one
    guessed: bool = False  # whether a loop around has a length that nobody knows
    flops: int = 0
    read: Counter[str] = field(default_factory=Counter)
    written: Counter[str] = field(default_factory=Counter)

    def block(self, body: list[ast.stmt], times: int) -> None:
        """Statements that run so many times."""
        for statement in body:
            if isinstance(statement, ast.For):
                self._loop(statement, times)
            elif isinstance(statement, ast.While):
                self._times(statement.body, times, None)
            elif isinstance(statement, ast.If):
                self._branches(statement, times)
            else:
                self._plain(statement, times)

    def _loop(self, loop: ast.For, times: int) -> None:
        name = loop.target.id if isinstance(loop.target, ast.Name) else ""
        try:
            turns = self._range(loop.iter)
        except _Unknown:
            for each in ast.iter_child_nodes(loop.iter):
                if isinstance(each, ast.Subscript):
                    self._accessed(each, self.read, times)
            self._times(loop.body, times, None)
            return
        inside = {each.id for part in loop.body for each in ast.walk(part) if isinstance(each, ast.Name)}
        loops = any(isinstance(each, ast.For) for part in loop.body for each in ast.walk(part))
        if name in inside and loops and len(turns) <= FEW:
            self.spread *= max(len(turns), 1)
            for self.numbers[name] in turns:
                self.block(loop.body, times)
            self.spread //= max(len(turns), 1)
        else:
            self.numbers.pop(name, None)
            self._times(loop.body, times, len(turns))

    def _times(self, body: list[ast.stmt], times: int, turns: int | None) -> None:
        """A loop of so many turns; if nobody knows, it and what is within make up the largest array."""
        if turns is not None:
            self.block(body, times if self.guessed else times * turns)
            return
        before, self.guessed = self.guessed, True
        self.block(body, times if before else max(self.longest // self.spread, 1))
        self.guessed = before

    def _range(self, node: ast.expr) -> range:
        if not isinstance(node, ast.Call) or ast.unparse(node.func) != "range":
            raise _Unknown
        return range(*(self._number(each) for each in node.args))

    def _number(self, node: ast.expr) -> int:
        world = {"__builtins__": {}, "min": min, "max": max, "int": int, **self.numbers}
        try:
            return int(eval(compile(ast.Expression(node), "<length>", "eval"), world))
        except (NameError, TypeError, ValueError, ZeroDivisionError) as error:
            raise _Unknown from error

    def _branches(self, statement: ast.If, times: int) -> None:
        """Of two branches, the one with more operations."""
        self._operations(statement.test, times)
        before = self.flops
        self.block(statement.body, times)
        first, self.flops = self.flops - before, before
        self.block(statement.orelse, times)
        self.flops = before + max(first, self.flops - before)

    def _plain(self, statement: ast.stmt, times: int) -> None:
        if isinstance(statement, (ast.Assign, ast.AugAssign)):
            target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
            real = self._operations(statement.value, times)
            if isinstance(target, ast.Name):
                self._assigned(target.id, statement, real)
            elif isinstance(target, ast.Subscript):
                self._accessed(target, self.written, times)
                if isinstance(statement, ast.AugAssign):
                    real = self._accessed(target, self.read, times)
            if isinstance(statement, ast.AugAssign):
                self.flops += times * (real or _name(target) in self.floats)
        elif isinstance(statement, ast.Expr):
            self._operations(statement.value, times)

    def _assigned(self, name: str, statement: ast.Assign | ast.AugAssign, real: bool) -> None:
        if real or ast.unparse(statement.value).startswith("np.empty("):  # a row that the kernel keeps for itself
            self.floats.add(name)
        self.numbers.pop(name, None)
        if isinstance(statement, ast.Assign) and not real:
            try:
                self.numbers[name] = self._number(statement.value)
            except _Unknown:
                pass

    def _accessed(self, place: ast.Subscript, counts: Counter[str], times: int) -> bool:
        name = _name(place.value)
        if name in self.sizes:
            counts[name] += times
        return name in self.floats

    def _operations(self, node: ast.expr, times: int) -> bool:
        """Count what an expression computes; whether it is a floating number."""
        if isinstance(node, ast.Subscript):
            return self._accessed(node, self.read, times)
        if isinstance(node, ast.Name):
            return node.id in self.floats
        if isinstance(node, ast.Constant):
            return isinstance(node.value, float)
        if isinstance(node, ast.Call):
            return self._call(node, times)
        parts = [each for each in ast.iter_child_nodes(node) if isinstance(each, ast.expr)]
        are_real = [self._operations(each, times) for each in parts]
        real = any(are_real)
        self.flops += times * (real and isinstance(node, (ast.BinOp, ast.Compare, ast.IfExp, ast.UnaryOp)))
        return real and not isinstance(node, ast.Compare)

    def _call(self, node: ast.Call, times: int) -> bool:
        function = ast.unparse(node.func)
        are_real = [self._operations(each, times) for each in node.args]
        real = any(are_real)
        if function in ("f32", "f64"):
            return True
        if function in ("int", "i32", "i64"):
            return False
        self.flops += times * real
        return real


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""
