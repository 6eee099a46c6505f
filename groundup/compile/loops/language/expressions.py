"""What a kernel's expressions become: names, elements of arrays, arithmetic, conditions, calls."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from groundup.compile.loops.atoms import EMITTED

from . import calls, lanes
from .independent import is_pure
from .kinds import (
    LLVM,
    SHORT,
    Kind,
    Untranslatable,
    Value,
    is_float,
    is_unsigned,
    joined,
    llvm_type,
    scalar,
    together,
    wide,
)
from .values import COMPARISONS, Lines, written

if TYPE_CHECKING:
    from .module import Module

ARITHMETIC = {"Add": "add", "Sub": "sub", "Mult": "mul"}
BITWISE = {"BitAnd": "and", "BitOr": "or", "BitXor": "xor"}


class Expressions(Lines):
    """The expressions of a function whose variables have the kinds known so far."""

    def __init__(self, module: Module, arguments: dict[str, Kind], flags: str) -> None:
        super().__init__(module.declared)
        self.module, self.arguments, self.flags = module, arguments, flags
        self.pointers = {name for name, kind in arguments.items() if isinstance(kind, str) and kind.endswith("*")}
        self.rooms: dict[str, Kind] = {}  # arrays that the function makes for itself
        self.kinds: dict[str, Kind] = {name: kind for name, kind in arguments.items() if name not in self.pointers}
        self.changed = False
        self.group = ""  # the group of memory accesses of a loop whose turns are independent

    def assign(self, name: str, value: Value) -> None:
        """Gives a variable a value; its kind is the one that all its values have in common."""
        known = self.kinds.setdefault(name, value.kind)
        kind = joined(known, value.kind)
        if kind != known:
            self.kinds[name], self.changed = kind, True
        value = self.cast(value, kind)
        self.lines.append(f'  store {llvm_type(kind)} {value.text}, ptr %"v.{name}"')

    def value(self, node: ast.expr) -> Value:
        maker = getattr(self, "_" + type(node).__name__.lower(), None)
        if maker is None:
            raise Untranslatable(f"line {node.lineno}: {type(node).__name__} has no place in a kernel")
        made: Value = maker(node)
        return made

    def _constant(self, node: ast.Constant) -> Value:
        match node.value:
            case bool() as answer:
                return Value("bool", "true" if answer else "false")
            case int() as number:
                return written(number, "int64" if number < 2**63 else "uint64")
            case float() as number:
                return self.real(number)
        raise Untranslatable(f"line {node.lineno}: {node.value!r} is no number")

    def _name(self, node: ast.Name) -> Value:
        if node.id in self.pointers:
            return Value(self.rooms.get(node.id) or self.arguments[node.id], f'%"a.{node.id}"')
        if node.id in self.kinds:
            kind = self.kinds[node.id]
            return Value(kind, self.line(f'load {llvm_type(kind)}, ptr %"v.{node.id}"'))
        if node.id in self.module.constants:
            return self.value(self.module.constants[node.id])
        raise Untranslatable(f"line {node.lineno}: {node.id} is not known here")

    def _attribute(self, node: ast.Attribute) -> Value:
        if ast.unparse(node.value) in ("np", "math") and node.attr in calls.CONSTANTS:
            return self.real(calls.CONSTANTS[node.attr])
        raise Untranslatable(f"line {node.lineno}: {ast.unparse(node)} is not known here")

    def _tuple(self, node: ast.Tuple) -> Value:
        return self.bundle([self.value(part) for part in node.elts])

    def place(self, node: ast.Subscript) -> tuple[str, str]:
        """The kind of an element of an array, and its address."""
        pointer = self.value(node.value)
        if not isinstance(pointer.kind, str) or not pointer.kind.endswith("*"):
            raise Untranslatable(f"line {node.lineno}: {ast.unparse(node.value)} is no pointer")
        kind = pointer.kind[:-1]
        stored = "i8" if kind == "bool" else LLVM[kind]
        start = node.slice
        if isinstance(start, ast.Slice) and start.lower is not None:
            kind, start = lanes.wide_kind(kind, lanes.width_of(start)), start.lower
        index = self.cast(self.value(start), "int64")
        return kind, self.line(f"getelementptr inbounds {stored}, ptr {pointer.text}, i64 {index.text}")

    def _subscript(self, node: ast.Subscript) -> Value:
        kind, place = self.place(node)
        if lanes.is_wide(kind):
            return lanes.load(self, kind, place)
        if kind == "bool":
            byte = self.line(f"load i8, ptr {place}{self.group}")
            return Value("bool", self.line(f"icmp ne i8 {byte}, 0"))
        element = Value(kind, self.line(f"load {LLVM[kind]}, ptr {place}{self.group}"))
        return self.cast(element, "float32") if kind == "float16" else element

    def _unaryop(self, node: ast.UnaryOp) -> Value:
        value = self.value(node.operand)
        if isinstance(node.op, ast.Not):
            return self.compute("bool", "xor", self.truth(value), Value("bool", "true"))
        kind = scalar(value.kind)
        if is_float(kind):
            if isinstance(node.op, ast.USub):
                return Value(kind, self.line(f"fneg {LLVM[kind]} {value.text}"))
            return value
        if value.number is not None and isinstance(node.op, ast.USub):
            return Value("int64", str(-value.number), -value.number)
        value = self.cast(value, wide(kind))
        if isinstance(node.op, ast.Invert):
            return self.compute(wide(kind), "xor", value, Value(wide(kind), "-1"))
        return self.compute("int64", "sub nsw", Value("int64", "0"), value) if isinstance(node.op, ast.USub) else value

    def _binop(self, node: ast.BinOp) -> Value:
        return self.operation(type(node.op).__name__, self.value(node.left), self.value(node.right))

    def operation(self, name: str, a: Value, b: Value) -> Value:
        if lanes.is_wide(a.kind) or lanes.is_wide(b.kind):
            return lanes.operation(self, name, a, b, self.flags)
        if name in BITWISE and a.kind == b.kind == "bool":
            return self.compute("bool", BITWISE[name], a, b)
        if name in ("LShift", "RShift"):
            kind = wide(scalar(a.kind))
            right = "lshr" if is_unsigned(kind) else "ashr"
            return self.compute(kind, "shl" if name == "LShift" else right, self.cast(a, kind), self.cast(b, kind))
        if name == "Pow":
            return self.power(a, b)
        kind = together(a, b)
        if name == "Div" and not is_float(kind):
            kind = "float64"
        a, b = self.cast(a, kind), self.cast(b, kind)
        if is_float(kind):
            return self.real_operation(name, kind, a, b)
        if name in ARITHMETIC:
            return self.compute(kind, ARITHMETIC[name] + ("" if is_unsigned(kind) else " nsw"), a, b)
        if name in BITWISE:
            return self.compute(kind, BITWISE[name], a, b)
        if name in ("FloorDiv", "Mod"):
            return calls.floor_divide(self, a, b)[name == "Mod"]
        raise Untranslatable(f"{name} of two integers")

    def real_operation(self, name: str, kind: str, a: Value, b: Value) -> Value:
        if name in ARITHMETIC:
            return self.compute(kind, f"f{ARITHMETIC[name]} {self.flags}", a, b)
        if name == "Div":
            return self.compute(kind, f"fdiv {self.flags}", a, b)
        if name == "FloorDiv":
            return calls.instruction(self, "floor", [self.compute(kind, "fdiv", a, b)])
        if name == "Mod":
            rest = self.compute(kind, "frem", a, b)
            zero = self.real(0.0, kind)
            opposite = self.compute("bool", "xor", self.compare("Lt", rest, zero), self.compare("Lt", b, zero))
            off = self.compute("bool", "and", opposite, self.compare("NotEq", rest, zero))
            return self.choose(off, self.compute(kind, "fadd", rest, b), rest)
        raise Untranslatable(f"{name} of two floats")

    def power(self, a: Value, b: Value) -> Value:
        if b.number in (2, 3):
            square = self.operation("Mult", a, a)
            return square if b.number == 2 else self.operation("Mult", square, a)
        if is_float(a.kind) or is_float(b.kind):
            return calls.call(self, "math", "pow", [a, b])
        raise Untranslatable("a power of two integers")

    def _compare(self, node: ast.Compare) -> Value:
        values = [self.value(part) for part in (node.left, *node.comparators)]
        answers = []
        for op, a, b in zip(node.ops, values, values[1:]):
            if type(op).__name__ not in COMPARISONS:
                raise Untranslatable(f"line {node.lineno}: {ast.unparse(node)} is no comparison of numbers")
            answers.append(self.compare(type(op).__name__, a, b))
        result = answers[0]
        for answer in answers[1:]:
            result = self.compute("bool", "and", result, answer)
        return result

    def _boolop(self, node: ast.BoolOp) -> Value:
        both = isinstance(node.op, ast.And)
        result = self.truth(self.value(node.values[0]))
        for other in node.values[1:]:
            if is_pure(other, self.module.functions):
                result = self.compute("bool", "and" if both else "or", result, self.truth(self.value(other)))
                continue
            settled = Value("bool", "false" if both else "true")
            result = self.either(result, other if both else settled, settled if both else other)
        return result

    def _ifexp(self, node: ast.IfExp) -> Value:
        condition = self.truth(self.value(node.test))
        if is_pure(node.body, self.module.functions) and is_pure(node.orelse, self.module.functions):
            return self.choose(condition, self.value(node.body), self.value(node.orelse))
        return self.either(condition, node.body, node.orelse)

    def either(self, condition: Value, a: ast.expr | Value, b: ast.expr | Value) -> Value:
        """One of the two, and the other is not even computed."""
        then, other, done = self.labels("then", "else", "both")
        kept = f"either {then}"
        self.lines.append(f"  br i1 {condition.text}, label %{then}, label %{other}")
        for label, branch in ((then, a), (other, b)):
            self.at(label)
            self.assign(kept, branch if isinstance(branch, Value) else self.value(branch))
            self.go(done)
        self.at(done)
        return self._name(ast.Name(kept))

    def _call(self, node: ast.Call) -> Value:
        if node.keywords:
            raise Untranslatable(f"line {node.lineno}: a function is called by position in a kernel")
        match node.func:
            case ast.Name(id=name) if name in self.module.functions:
                return self.own(name, [self.value(argument) for argument in node.args])
            case ast.Name(id=name) if name in self.module.atoms:
                return self.module.atoms[name](self, *(self.value(argument) for argument in node.args))
            case ast.Name(id=name) if name in SHORT and len(node.args) == 1:
                return self.cast(self.value(node.args[0]), SHORT[name])
            case ast.Attribute(value=ast.Name(id="np"), attr=name) if name.rstrip("_") in LLVM and len(node.args) == 1:
                return self.cast(self.value(node.args[0]), name.rstrip("_"))
            case ast.Attribute(value=ast.Name(id="np"), attr="full") if len(node.args) == 2:
                value = self.value(node.args[1])
                return lanes.spread(self, value, lanes.wide_kind(value.kind, node.args[0]))
            case ast.Attribute(value=ast.Name(id="np"), attr="sum") if len(node.args) == 1:
                return lanes.total(self, self.value(node.args[0]))
            case ast.Attribute(value=operand, attr="view") if len(node.args) == 1:
                return calls.view(self, self.value(operand), self.type_named(node.args[0]))
            case ast.Attribute(value=ast.Name(id=("np" | "math") as module), attr=name):
                return calls.call(self, module, name, [self.value(argument) for argument in node.args])
            case ast.Name(id=("abs" | "min" | "max") as name):
                return calls.call(self, "", name, [self.value(argument) for argument in node.args])
            case ast.Name(id=name) if name in EMITTED:
                return EMITTED[name](self, *[self.value(argument) for argument in node.args])
        raise Untranslatable(f"line {node.lineno}: {ast.unparse(node.func)} is not known here")

    def type_named(self, node: ast.expr) -> str:
        name = ast.unparse(node).removeprefix("np.").rstrip("_")
        kind = SHORT.get(name, name)
        if kind not in LLVM:
            raise Untranslatable(f"line {node.lineno}: {name} is no type of numbers")
        return kind

    def own(self, name: str, arguments: list[Value]) -> Value:
        """A call of another function of the text."""
        symbol, result = self.module.function(name, tuple(argument.kind for argument in arguments))
        given = ", ".join(f"{llvm_type(argument.kind)} {argument.text}" for argument in arguments)
        if not result:
            self.lines.append(f"  call void {symbol}({given})")
            return Value((), "")
        return Value(result, self.line(f"call {llvm_type(result)} {symbol}({given})"))
