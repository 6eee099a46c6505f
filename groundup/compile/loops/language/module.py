"""A kernel's text, made into the text of an LLVM module: the language of kernels is small enough to do it directly.

The language: functions of numbers and pointers; assignments, ``p[index]``, arithmetic, comparisons, ``a if c
else b``, ``for ... in range``, ``while``, ``if``, several neighbours at once (:mod:`.lanes`), arrays on the stack
(``row = np.empty(n, np.float32)``), calls of the text's other functions and of :mod:`.calls`.
Every variable gets a place in memory and LLVM makes registers of them; functions are made once for each
kinds of arguments and inlined. Numba reads the same text with the same results, in fifteen times the time.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence

from .kinds import Kind, Untranslatable, Value, number_size
from .statements import Function


class Module:
    """The functions of one kernel's text, those already made, and what they need from outside."""

    def __init__(self, text: str, atoms: Mapping[str, Callable[..., Value]] | None = None) -> None:
        # Functions that the text calls and LLVM is told of by hand.
        self.atoms = atoms or {}
        self.functions: dict[str, ast.FunctionDef] = {}
        self.constants: dict[str, ast.expr] = {}
        for statement in ast.parse(text).body:
            if isinstance(statement, ast.FunctionDef):
                self.functions[statement.name] = statement
            elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                self.constants[statement.targets[0].id] = statement.value
            elif not isinstance(statement, (ast.Import, ast.ImportFrom, ast.Expr)):
                raise Untranslatable(f"line {statement.lineno}: only functions and constants stand in a kernel's text")
        self.made: dict[tuple[str, tuple[Kind, ...]], tuple[str, Kind]] = {}
        self.text: list[str] = []
        self.declared: dict[str, str] = {}
        self.metadata: list[str] = []

    def function(self, name: str, kinds: tuple[Kind, ...]) -> tuple[str, Kind]:
        """The symbol of the function for arguments of these kinds, and the kind of its result."""
        key = name, kinds
        if key not in self.made:
            self.made[key] = ("", "")
            function = Function(self, self.functions[name], kinds)
            symbol = f'@"{name}.{len(self.made)}"'
            self.made[key] = symbol, function.result
            self.text.append(function.whole(symbol))
        symbol, result = self.made[key]
        if not symbol:
            raise Untranslatable(f"{name} calls itself")
        return symbol, result

    def note(self, content: str) -> str:
        """A new entry of metadata; {self} in `content` stands for its own name."""
        name = f"!{len(self.metadata)}"
        self.metadata.append(f"{name} = {content.replace('{self}', name)}")
        return name

    def whole(self) -> str:
        return "\n".join([*self.declared.values(), *self.text, *self.metadata, ""])


def module_text(text: str, name: str, parameters: Sequence[str], symbol: str) -> str:
    """The LLVM module of a kernel: its functions, and under `symbol` the entry that unpacks the arguments.

    Raises:
        Untranslatable: the text has something that this translation does not know.
    """
    try:
        module = Module(text)
        kinds: list[Kind] = [*("int64" if kind == "int" else kind for kind in parameters), "int64", "int64"]
        inner, _ = module.function(name, tuple(kinds))
    except (SyntaxError, KeyError, TypeError) as error:
        raise Untranslatable(f"{type(error).__name__}: {error}") from error
    module.text.append(entry(inner, parameters, symbol))
    return module.whole()


def entry(inner: str, parameters: Sequence[str], symbol: str) -> str:
    """The function that the table of calls names: begin, end and the arguments by their numbers, then the kernel."""
    lines: list[str] = []

    def line(text: str) -> str:
        lines.append(f"  %e{len(lines)} = {text}")
        return f"%e{len(lines) - 1}"

    def element(base: str, at: str | int, kind: str = "i64") -> str:
        place = line(f"getelementptr inbounds {kind}, ptr {base}, i64 {at}")
        return line(f"load {kind}, ptr {place}")

    count = element("%args", 0)
    following = line("add nsw i64 %t, 1")
    begin, end = (line(f"sdiv i64 {line(f'mul nsw i64 {count}, {part}')}, %n") for part in ("%t", following))
    slot, passed = 2, []
    for kind in parameters:
        given = element("%args", slot)
        if kind.endswith("*"):
            bytes_each = number_size(kind[:-1])
            address = element("%memory", given)
            shift = line(f"mul nsw i64 {element('%args', slot + 1)}, {bytes_each}")
            passed.append("ptr " + line(f"inttoptr i64 {line(f'add nsw i64 {address}, {shift}')} to ptr"))
            slot += 2
        else:
            if kind == "int":
                passed.append(f"i64 {given}")
            else:
                number = element("%numbers", given, "double")
                single = kind == "float32"
                passed.append(f"float {line(f'fptrunc double {number} to float')}" if single else f"double {number}")
            slot += 1
    passed += [f"i64 {begin}", f"i64 {end}"]
    lines += [f"  call void {inner}({', '.join(passed)})", "  ret void"]
    head = f'define void @"{symbol}"(ptr %memory, ptr %numbers, ptr %args, i64 %t, i64 %n) nounwind {{'
    return "\n".join([head, *lines, "}"])
