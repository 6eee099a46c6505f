"""The lines of a function in the making, and values: how LLVM writes a number, a cast, a comparison, a choice."""

from __future__ import annotations

import struct

from .kinds import (
    LLVM,
    Kind,
    Untranslatable,
    Value,
    is_float,
    is_unsigned,
    joined,
    llvm_type,
    number_size,
    scalar,
    together,
)

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
    size = 8 * number_size(kind)
    number = (number + (1 << size - 1)) % (1 << size) - (1 << size - 1)
    return Value(kind, str(number), number % (1 << size) if is_unsigned(kind) else number)


class Lines:
    """The lines of one function, and the functions from outside that they call."""

    def __init__(self, declared: dict[str, str]) -> None:
        self.declared = declared
        self.lines: list[str] = []
        self.count = 0

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

    def cast(self, value: Value, kind: Kind) -> Value:
        """The value as one of another kind."""
        if value.kind == kind:
            return value
        if isinstance(kind, tuple):
            parts = [self.part(value, at) for at in range(len(kind))]
            return self.bundle([self.cast(part, one) for part, one in zip(parts, kind)])
        if "x" in value.kind or "x" in kind:
            raise Untranslatable(f"{value.kind} stand where {kind} is needed")
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
        self.declared[symbol] = f"declare {name} @{symbol}({', '.join([name] * len(arguments))})"
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
