"""What machine code needs besides arithmetic: words that threads share, numbers at an address, calls to an address.

Each atom is a Python function that says what it does, and in `EMITTED` what LLVM reads for it. Modules written in them
(`walk`, `product_kernels`) are Python as they stand and machine code by :func:`machine_functions`.
"""

from __future__ import annotations

import ctypes
import inspect
import platform
import struct
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from groundup.compile.loops.language.kinds import Value, llvm_type

if TYPE_CHECKING:
    from groundup.compile.loops.language.values import Lines

Words = Any  # a pointer to int64 words; in Python, whatever can be indexed
Numbers = Any  # a pointer to numbers of one type
Function = TypeVar("Function", bound=Callable[..., Any])


def apart(function: Function) -> Function:
    """Machine code of its own for a function whose registers are not to be shared with those who call it."""
    return function


def load(words: Words, i: int) -> int:
    """words[i], read in the order of the program as every thread sees it."""
    return words[i]


def store(words: Words, i: int, value: int) -> None:
    """words[i] = value, after all that was written before."""
    words[i] = value


def fetch_add(words: Words, i: int, value: int) -> int:
    """words[i] += value in one piece; what was there before."""
    before = words[i]
    words[i] = before + value
    return before


def exchange(words: Words, i: int, value: int) -> int:
    """words[i] = value in one piece; what was there before."""
    before = words[i]
    words[i] = value
    return before


def pause() -> None:
    """Says to the processor that this thread spins."""


def int64_at(address: int) -> Words:
    """The int64 words at an address."""
    return ctypes.cast(address, ctypes.POINTER(ctypes.c_int64))


def float32_at(address: int) -> Numbers:
    """The float32 numbers at an address."""
    return ctypes.cast(address, ctypes.POINTER(ctypes.c_float))


def float64_at(address: int) -> Numbers:
    """The float64 numbers at an address."""
    return ctypes.cast(address, ctypes.POINTER(ctypes.c_double))


def moved(numbers: Numbers, elements: int) -> Numbers:
    """The numbers from that element on."""
    size = ctypes.sizeof(numbers._type_)
    return ctypes.cast(ctypes.addressof(numbers.contents) + size * elements, type(numbers))


def float64_of_bits(bits: int) -> float:
    """The float64 whose 64 bits are those of an int64: how a number travels among ints."""
    return struct.unpack("<d", struct.pack("<q", bits))[0]


def bits_of_float64(number: float) -> int:
    """The other way round, for who writes the arguments of a call."""
    return struct.unpack("<q", struct.pack("<d", number))[0]


def call_kernel(address: int, memory: int, numbers: int, args: int, t: int, n: int) -> None:
    """kernel(memory, numbers, args, t, n) for the kernel at an address."""
    integer = ctypes.c_int64
    ctypes.CFUNCTYPE(None, *[integer] * 5)(address)(memory, numbers, args, t, n)


def call_int(address: int, a: int, b: int, c: int) -> int:
    """function(a, b, c) for a C function of up to three ints at an address; C lets a caller give too many."""
    integer = ctypes.c_int64
    return ctypes.CFUNCTYPE(ctypes.c_int, integer, integer, integer)(address)(a, b, c)


def call_long(address: int, a: int, b: int, c: int) -> int:
    """The same for a function that returns all of an int64, as an address is."""
    integer = ctypes.c_int64
    return ctypes.CFUNCTYPE(integer, integer, integer, integer)(address)(a, b, c)


def call_gemm(width: int, address: int, *arguments: Any) -> None:
    """cblas_?gemm(*arguments) at an address, for row-major matrices and integers of `width` bits (a written number)."""
    raise NotImplementedError("BLAS is called from machine code alone")


# --- as LLVM reads them -------------------------------------------------------------------------------------


def _word(function: Lines, text: str) -> Value:
    return Value("int64", function.line(text))


def _slot(function: Lines, words: Value, i: Value) -> str:
    return function.line(f"getelementptr inbounds i64, ptr {words.text}, i64 {i.text}")


def _load(function: Lines, words: Value, i: Value) -> Value:
    return _word(function, f"load atomic i64, ptr {_slot(function, words, i)} seq_cst, align 8")


def _store(function: Lines, words: Value, i: Value, value: Value) -> Value:
    function.lines.append(f"  store atomic i64 {value.text}, ptr {_slot(function, words, i)} seq_cst, align 8")
    return Value((), "")


def _in_one_piece(verb: str) -> Callable[..., Value]:
    def emit(function: Lines, words: Value, i: Value, value: Value) -> Value:
        return _word(function, f"atomicrmw {verb} ptr {_slot(function, words, i)}, i64 {value.text} seq_cst")

    return emit


def _pause(function: Lines) -> Value:
    kind = platform.machine().lower()
    if kind in ("x86_64", "amd64"):
        function.declared["pause"] = "declare void @llvm.x86.sse2.pause()"
        function.lines.append("  call void @llvm.x86.sse2.pause()")
    elif kind in ("arm64", "aarch64"):
        function.declared["pause"] = "declare void @llvm.aarch64.hint(i32)"
        function.lines.append("  call void @llvm.aarch64.hint(i32 1)")
    return Value((), "")


def _pointer(kind: str) -> Callable[..., Value]:
    def emit(function: Lines, address: Value) -> Value:
        return Value(kind, function.line(f"inttoptr i64 {address.text} to ptr"))

    return emit


def _moved(function: Lines, numbers: Value, elements: Value) -> Value:
    element = llvm_type(str(numbers.kind)[:-1])
    return Value(
        numbers.kind, function.line(f"getelementptr inbounds {element}, ptr {numbers.text}, i64 {elements.text}")
    )


def _float64_of_bits(function: Lines, bits: Value) -> Value:
    return Value("float64", function.line(f"bitcast i64 {bits.text} to double"))


def _call_kernel(function: Lines, address: Value, *given: Value) -> Value:
    place = function.line(f"inttoptr i64 {address.text} to ptr")
    function.lines.append(f"  call void {place}({', '.join(f'i64 {each.text}' for each in given)})")
    return Value((), "")


def _call_int(function: Lines, address: Value, *given: Value) -> Value:
    place = function.line(f"inttoptr i64 {address.text} to ptr")
    found = function.line(f"call i32 {place}({', '.join(f'i64 {each.text}' for each in given)})")
    return _word(function, f"sext i32 {found} to i64")


def _call_long(function: Lines, address: Value, *given: Value) -> Value:
    place = function.line(f"inttoptr i64 {address.text} to ptr")
    return _word(function, f"call i64 {place}({', '.join(f'i64 {each.text}' for each in given)})")


def _call_gemm(function: Lines, width: Value, address: Value, *given: Value) -> Value:
    place = function.line(f"inttoptr i64 {address.text} to ptr")
    arguments = ["i32 101"]  # rows after rows
    for i, each in enumerate(given):
        if each.kind == "int64":
            each = function.cast(each, "int32" if i < 2 or width.number == 32 else "int64")
        arguments.append(f"{llvm_type(each.kind)} {each.text}")
    function.lines.append(f"  call void {place}({', '.join(arguments)})")
    return Value((), "")


EMITTED: dict[str, Callable[..., Value]] = {
    "load": _load,
    "store": _store,
    "fetch_add": _in_one_piece("add"),
    "exchange": _in_one_piece("xchg"),
    "pause": _pause,
    "int64_at": _pointer("int64*"),
    "float32_at": _pointer("float32*"),
    "float64_at": _pointer("float64*"),
    "moved": _moved,
    "float64_of_bits": _float64_of_bits,
    "call_kernel": _call_kernel,
    "call_int": _call_int,
    "call_long": _call_long,
    "call_gemm": _call_gemm,
}


def machine_functions(module: ModuleType, exported: dict[str, Sequence[str]], *others: ModuleType) -> dict[str, int]:
    """Addresses of functions of a module, by name, in machine code: `exported` says the kinds of their arguments.

    A kind is "int64", or "int64*" and the like. What such a function returns is an int64, or nothing. `others` are
    modules whose functions it calls.
    """
    from groundup.compile.loops import machine
    from groundup.compile.loops.language.module import Module

    text = "\n".join(map(inspect.getsource, (*others, module)))
    own = inspect.getsource(inspect.getmodule(machine_functions) or module)

    def symbol(name: str) -> str:
        return f"groundup_{module.__name__.rpartition('.')[2]}_{name}"

    def write() -> str:
        whole = Module(text)
        for name, kinds in exported.items():
            inner, result = whole.function(name, tuple(kinds))
            returned = llvm_type(result)
            given = ", ".join(f"{llvm_type(kind)} %x{i}" for i, kind in enumerate(kinds))
            head = f'define {returned} @"{symbol(name)}"({given}) nounwind {{'
            body = f"  call void {inner}({given})\n  ret void"
            if result:
                body = f"  %y = call {returned} {inner}({given})\n  ret {returned} %y"
            whole.text.append(f"{head}\n{body}\n}}")
        return whole.whole()

    found = machine.placed(repr((text, own, exported)), write, [symbol(name) for name in exported])
    return dict(zip(exported, found))
