"""A kernel's text, made into the text of an LLVM module: the language of kernels is small enough to do it directly.

The language: functions of numbers and pointers; assignments, ``p[index]``, arithmetic, comparisons, ``a if c
else b``, ``for ... in range``, ``while``, ``if``, calls of the text's other functions and of :mod:`.calls`.
Every variable gets a place in memory and LLVM makes registers of them; functions are made once for each
kinds of arguments and inlined. Numba reads the same text with the same results, in fifteen times the time.
"""

from __future__ import annotations

import ast
import struct
from collections.abc import Sequence

from . import calls
from .independent import is_independent, is_pure
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

#: Functions of one sum, whose order LLVM may change: without that leave it cannot vectorise a sum.
REORDERED = {"plus_f32", "plus_f64"}
#: A product and a sum may become one instruction, which rounds once.
CONTRACTED, REORDERING = "contract ", "reassoc nsz contract "

ARITHMETIC = {"Add": "add", "Sub": "sub", "Mult": "mul"}
BITWISE = {"BitAnd": "and", "BitOr": "or", "BitXor": "xor"}
COMPARISONS = {
    "Eq": ("oeq", "eq"),
    "NotEq": ("une", "ne"),
    "Lt": ("olt", "lt"),
    "LtE": ("ole", "le"),
    "Gt": ("ogt", "gt"),
    "GtE": ("oge", "ge"),
}


def written(number: int, kind: str) -> Value:
    """An integer of the text, with the bits that it has in this kind."""
    size = 8 * calls.np_size(kind)
    number = (number + (1 << size - 1)) % (1 << size) - (1 << size - 1)
    return Value(kind, str(number), number % (1 << size) if is_unsigned(kind) else number)


class Module:
    """The functions of one kernel's text, those already made, and what they need from outside."""

    def __init__(self, text: str) -> None:
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
        kinds: list[Kind] = ["int64" if kind == "int" else kind for kind in parameters] + ["int64", "int64"]
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
            bytes_each = calls.np_size(kind[:-1])
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


class Function:
    """One function for arguments of given kinds, made statement by statement."""

    def __init__(self, module: Module, tree: ast.FunctionDef, kinds: tuple[Kind, ...]) -> None:
        names = [argument.arg for argument in tree.args.args]
        if len(names) != len(kinds):
            raise Untranslatable(f"{tree.name} takes {len(names)} arguments, not {len(kinds)}")
        self.module, self.tree = module, tree
        self.arguments = list(zip(names, kinds))
        self.pointers = {name for name, kind in self.arguments if isinstance(kind, str) and kind.endswith("*")}
        self.flags = REORDERING if tree.name in REORDERED else CONTRACTED
        self.kinds: dict[str, Kind] = {name: kind for name, kind in self.arguments if name not in self.pointers}
        self.result: Kind = ()
        self.returns = False
        # A variable that is given an int and later a float is a float from the start: until nothing changes.
        for _ in range(8):
            self.changed = False
            self._make()
            if not self.changed:
                return
        raise Untranslatable(f"the kinds of the variables of {tree.name} do not settle")

    def _make(self) -> None:
        self.lines: list[str] = []
        self.count = 0
        self.loops: list[tuple[str, str]] = []
        self.group = ""  # the group of memory accesses of a loop whose turns are independent
        for name, _ in self.arguments:
            if name not in self.pointers:
                self.assign(name, Value(dict(self.arguments)[name], f'%"a.{name}"'))
        self.body(self.tree.body)
        if self.result:
            self.lines.append("  unreachable")
        else:
            self.lines.append("  ret void")

    def whole(self, symbol: str) -> str:
        given = ", ".join(f'{llvm_type(kind)} %"a.{name}"' for name, kind in self.arguments)
        places = [f'  %"v.{name}" = alloca {llvm_type(kind)}' for name, kind in self.kinds.items()]
        head = f"define internal {llvm_type(self.result)} {symbol}({given}) alwaysinline nounwind {{"
        return "\n".join([head, *places, *self.lines, "}"])

    # --- lines ----------------------------------------------------------------------------------------------

    def line(self, text: str) -> str:
        """A new instruction with a result; its name."""
        self.count += 1
        self.lines.append(f"  %t{self.count} = {text}")
        return f"%t{self.count}"

    def labels(self, *names: str) -> list[str]:
        self.count += 1
        return [f"{name}{self.count}" for name in names]

    def go(self, label: str, note: str = "") -> None:
        self.lines.append(f"  br label %{label}{note}")

    def at(self, label: str) -> None:
        self.lines.append(f"{label}:")

    def branch(self, condition: ast.expr, then: str, other: str) -> None:
        self.lines.append(f"  br i1 {self.truth(self.value(condition)).text}, label %{then}, label %{other}")

    # --- values ---------------------------------------------------------------------------------------------

    def cast(self, value: Value, kind: Kind) -> Value:
        """The value as one of another kind."""
        if value.kind == kind:
            return value
        if isinstance(kind, tuple):
            parts = [self.part(value, at) for at in range(len(kind))]
            return self.bundle([self.cast(part, one) for part, one in zip(parts, kind)])
        old, new = llvm_type(scalar(value.kind)), llvm_type(scalar(kind))
        if kind == "bool":
            return self.truth(value)
        from_float, to_float = old in ("half", "float", "double"), new in ("half", "float", "double")
        if value.number is not None and not to_float:
            return written(value.number, scalar(kind))
        if from_float and to_float:
            sizes = ["half", "float", "double"]
            verb = "fpext" if sizes.index(new) > sizes.index(old) else "fptrunc"
        elif from_float:
            verb = "fptoui" if is_unsigned(kind) else "fptosi"
        elif to_float:
            verb = "uitofp" if is_unsigned(value.kind) else "sitofp"
        else:
            bits, wanted = int(old[1:]), int(new[1:])
            if bits == wanted:
                return Value(kind, value.text)
            verb = "trunc" if wanted < bits else ("zext" if is_unsigned(value.kind) else "sext")
        return Value(kind, self.line(f"{verb} {old} {value.text} to {new}"))

    def truth(self, value: Value) -> Value:
        if value.kind == "bool":
            return value
        kind = scalar(value.kind)
        zero = self.real(0.0, kind) if is_float(kind) else Value(kind, "0")
        return self.compare("NotEq", value, zero)

    def real(self, number: float, kind: str = "float64") -> Value:
        """A written float: LLVM reads the bits of a double, also for the numbers of a float32."""
        if kind == "float32":
            number = struct.unpack("f", struct.pack("f", number))[0]
        return Value(kind, f"0x{struct.unpack('Q', struct.pack('d', number))[0]:016X}")

    def compute(self, kind: str, verb: str, a: Value, b: Value) -> Value:
        return Value(kind, self.line(f"{verb} {LLVM[kind]} {a.text}, {b.text}"))

    def compare(self, name: str, a: Value, b: Value) -> Value:
        kind = "bool" if a.kind == b.kind == "bool" else together(a, b)
        a, b = self.cast(a, kind), self.cast(b, kind)
        real, whole = COMPARISONS[name]
        if is_float(kind):
            return Value("bool", self.line(f"fcmp {real} {LLVM[kind]} {a.text}, {b.text}"))
        sign = "" if whole in ("eq", "ne") else ("u" if is_unsigned(kind) else "s")
        return Value("bool", self.line(f"icmp {sign}{whole} {LLVM[kind]} {a.text}, {b.text}"))

    def choose(self, condition: Value, a: Value, b: Value) -> Value:
        kind = joined(a.kind, b.kind)
        a, b = self.cast(a, kind), self.cast(b, kind)
        kept = llvm_type(kind)
        return Value(kind, self.line(f"select i1 {condition.text}, {kept} {a.text}, {kept} {b.text}"))

    def outer(self, symbol: str, kind: str, arguments: list[Value], flags: str = "") -> Value:
        """A call of a function that LLVM or the C library has, of numbers of one kind."""
        name = LLVM[kind]
        self.module.declared[symbol] = f"declare {name} @{symbol}({', '.join([name] * len(arguments))})"
        given = ", ".join(f"{name} {argument.text}" for argument in arguments)
        return Value(kind, self.line(f"call {flags}{name} @{symbol}({given})"))

    def bundle(self, parts: list[Value]) -> Value:
        kind = tuple(scalar(part.kind) for part in parts)
        text = "undef"
        for at, part in enumerate(parts):
            text = self.line(f"insertvalue {llvm_type(kind)} {text}, {llvm_type(part.kind)} {part.text}, {at}")
        return Value(kind, text)

    def part(self, value: Value, at: int) -> Value:
        return Value(value.kind[at], self.line(f"extractvalue {llvm_type(value.kind)} {value.text}, {at}"))

    # --- expressions ----------------------------------------------------------------------------------------

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
            return Value(dict(self.arguments)[node.id], f'%"a.{node.id}"')
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
        index = self.cast(self.value(node.slice), "int64")
        stored = "i8" if kind == "bool" else LLVM[kind]
        return kind, self.line(f"getelementptr inbounds {stored}, ptr {pointer.text}, i64 {index.text}")

    def _subscript(self, node: ast.Subscript) -> Value:
        kind, place = self.place(node)
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
            self.assign(kept, branch if isinstance(branch, Value) else self.truth_or_value(branch))
            self.go(done)
        self.at(done)
        return self._name(ast.Name(kept))

    def truth_or_value(self, node: ast.expr) -> Value:
        return self.value(node)

    def _call(self, node: ast.Call) -> Value:
        if node.keywords:
            raise Untranslatable(f"line {node.lineno}: a function is called by position in a kernel")
        match node.func:
            case ast.Name(id=name) if name in self.module.functions:
                return self.own(name, [self.value(argument) for argument in node.args])
            case ast.Name(id=name) if name in SHORT and len(node.args) == 1:
                return self.cast(self.value(node.args[0]), SHORT[name])
            case ast.Attribute(value=ast.Name(id="np"), attr=name) if name.rstrip("_") in LLVM and len(node.args) == 1:
                return self.cast(self.value(node.args[0]), name.rstrip("_"))
            case ast.Attribute(value=operand, attr="view") if len(node.args) == 1:
                return calls.view(self, self.value(operand), self.type_named(node.args[0]))
            case ast.Attribute(value=ast.Name(id=("np" | "math") as module), attr=name):
                return calls.call(self, module, name, [self.value(argument) for argument in node.args])
            case ast.Name(id=("abs" | "min" | "max") as name):
                return calls.call(self, "", name, [self.value(argument) for argument in node.args])
        raise Untranslatable(f"line {node.lineno}: {ast.unparse(node.func)} is not known here")

    def type_named(self, node: ast.expr) -> str:
        name = ast.unparse(node).removeprefix("np.")
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

    # --- statements -----------------------------------------------------------------------------------------

    def body(self, statements: Sequence[ast.stmt]) -> None:
        for statement in statements:
            maker = getattr(self, "_do_" + type(statement).__name__.lower(), None)
            if maker is None:
                raise Untranslatable(f"line {statement.lineno}: {type(statement).__name__} has no place in a kernel")
            maker(statement)

    def assign(self, name: str, value: Value) -> None:
        known = self.kinds.setdefault(name, value.kind)
        kind = joined(known, value.kind)
        if kind != known:
            self.kinds[name], self.changed = kind, True
        value = self.cast(value, kind)
        self.lines.append(f'  store {llvm_type(kind)} {value.text}, ptr %"v.{name}"')

    def store(self, target: ast.expr, value: Value) -> None:
        match target:
            case ast.Name(id=name) if name not in self.pointers:
                self.assign(name, value)
            case ast.Subscript():
                kind, place = self.place(target)
                value = self.cast(value, kind)
                stored = LLVM[kind]
                if kind == "bool":
                    stored, value = "i8", Value("uint8", self.line(f"zext i1 {value.text} to i8"))
                self.lines.append(f"  store {stored} {value.text}, ptr {place}{self.group}")
            case ast.Tuple(elts=targets) if isinstance(value.kind, tuple) and len(targets) == len(value.kind):
                parts = [self.part(value, at) for at in range(len(targets))]
                for one, part in zip(targets, parts):
                    self.store(one, part)
            case _:
                raise Untranslatable(f"line {target.lineno}: nothing can be stored in {ast.unparse(target)}")

    def _do_assign(self, node: ast.Assign) -> None:
        value = self.value(node.value)
        for target in node.targets:
            self.store(target, value)

    def _do_augassign(self, node: ast.AugAssign) -> None:
        old = self.value(node.target)
        self.store(node.target, self.operation(type(node.op).__name__, old, self.value(node.value)))

    def _do_expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self.value(node.value)

    def _do_pass(self, node: ast.Pass) -> None:
        pass

    def _do_return(self, node: ast.Return) -> None:
        if node.value is None:
            self.lines.append("  ret void")
        else:
            value = self.value(node.value)
            kind = joined(self.result, value.kind) if self.returns else value.kind
            if kind != self.result:
                self.result, self.returns, self.changed = kind, True, True
            value = self.cast(value, kind)
            self.lines.append(f"  ret {llvm_type(kind)} {value.text}")
        self.at(*self.labels("after"))

    def _do_if(self, node: ast.If) -> None:
        then, other, done = self.labels("if", "else", "fi")
        self.branch(node.test, then, other)
        for label, statements in ((then, node.body), (other, node.orelse)):
            self.at(label)
            self.body(statements)
            self.go(done)
        self.at(done)

    def _do_while(self, node: ast.While) -> None:
        head, body, done = self.labels("while", "do", "done")
        self.go(head)
        self.at(head)
        self.branch(node.test, body, done)
        self.at(body)
        self.turn(node, head, done)
        self.go(head)
        self.at(done)

    def turn(self, node: ast.While | ast.For, following: str, done: str) -> None:
        """The body of a loop, which knows where `continue` and `break` lead."""
        if node.orelse:
            raise Untranslatable(f"line {node.lineno}: a loop has no else in a kernel")
        self.loops.append((following, done))
        self.body(node.body)
        self.loops.pop()

    def _do_break(self, node: ast.Break) -> None:
        self.go(self.loops[-1][1])
        self.at(*self.labels("after"))

    def _do_continue(self, node: ast.Continue) -> None:
        self.go(self.loops[-1][0])
        self.at(*self.labels("after"))

    def _do_for(self, node: ast.For) -> None:
        match node:
            case ast.For(target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range"), args=args)):
                bounds = [self.cast(self.value(bound), "int64") for bound in args]
            case _:
                raise Untranslatable(f"line {node.lineno}: a loop goes over a range, with one variable")
        start = Value("int64", "0") if len(bounds) == 1 else bounds[0]
        stop = bounds[min(1, len(bounds) - 1)]
        step = bounds[2] if len(bounds) == 3 else Value("int64", "1", 1)
        if step.number is None:
            raise Untranslatable(f"line {node.lineno}: the step of a range is a written number")
        counter = f"counter {node.lineno} {node.col_offset}"
        note = self.note_independence(node)
        head, body, following, done = self.labels("for", "do", "next", "done")
        self.assign(counter, start)
        self.go(head)
        self.at(head)
        now = self._name(ast.Name(counter))
        going = self.compare("Lt" if step.number > 0 else "Gt", now, stop)
        self.lines.append(f"  br i1 {going.text}, label %{body}, label %{done}")
        self.at(body)
        self.assign(name, now)
        self.turn(node, following, done)
        self.go(following)
        self.at(following)
        self.assign(counter, self.compute("int64", "add nsw", self._name(ast.Name(counter)), step))
        self.go(head, note)
        self.at(done)
        self.group = ""

    def note_independence(self, node: ast.For) -> str:
        """Tells LLVM of a loop whose turns do not meet in memory, so that it need not check whether arrays overlap."""
        if not is_independent(node, self.pointers):
            return ""
        group = self.module.note("distinct !{}")
        accesses = self.module.note(f'!{{!"llvm.loop.parallel_accesses", {group}}}')
        loop = self.module.note(f"distinct !{{{{self}}, {accesses}}}")
        self.group = f", !llvm.access.group {group}"
        return f", !llvm.loop {loop}"
