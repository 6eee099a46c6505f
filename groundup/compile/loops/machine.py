"""Kernels made into machine code: the address of a C function for each kernel's text and kinds of arguments.

LLVM does it, through llvmlite, on which Numba stands too; ``language`` writes what LLVM reads, and
:mod:`.cache` keeps the results, so that a kernel is made once on a computer. A kernel becomes
``void(int64 *memory, double *numbers, int64 *args, int64 t, int64 n)``: thread t of n does its share of
``args[0]`` units. ``args[1]`` is a word of flags, and then come the parameters in order: for an array its place
in memory and the number of elements to skip, for an int itself, for a float its place in numbers.
"""

from __future__ import annotations

import functools
import hashlib
import platform
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from groundup.compile.loops import cache
from groundup.compile.loops.language.kinds import Untranslatable
from groundup.compile.loops.language.module import module_text
from groundup.errors import MissingExtra

#: Raised by one whenever the same text would become other machine code, or be called otherwise.
ABI = 2

#: A sum over many elements: ``total = plus_f32(total, term)`` may be summed in any order, and so be vectorised.
PLUS = {
    "float32": ("plus_f32", "def plus_f32(total, term):\n    return total + term\n"),
    "float64": ("plus_f64", "def plus_f64(total, term):\n    return total + term\n"),
    "int64": ("plus_i64", "def plus_i64(total, term):\n    return total + term\n"),
    "int32": ("plus_i32", "def plus_i32(total, term):\n    return i32(total + term)\n"),
}
#: The largest and the smallest of many elements, NaN where one of them is; vectorised too.
LARGEST = ("largest", "def largest(found, other):\n    return np.maximum(found, other)\n")
SMALLEST = ("smallest", "def smallest(found, other):\n    return np.minimum(found, other)\n")


@dataclass(frozen=True)
class Kernel:
    """A function of arrays and numbers: its name, the text of it and of what it calls, the kinds of its arguments.

    A kind is "float32*" or another NumPy name with a star, for an array; "int"; "float32" or "float64". The
    function takes them in this order, and then ``begin, end``.
    """

    name: str
    text: str
    parameters: tuple[str, ...]


#: Why a kernel has no machine code.
REASONS: dict[Kernel, str] = {}

_addresses: dict[Kernel, int | None] = {}
_places: dict[str, int] = {}  # addresses by key, of all that was brought in
_lock = threading.RLock()


def machine_code(kernels: Sequence[Kernel]) -> list[int | None]:
    """The address of each kernel's machine code; None where there is none, and :data:`REASONS` says why.

    Raises:
        MissingExtra: llvmlite, which Numba brings, is not installed.
    """
    with _lock:
        for kernel in kernels:
            if kernel not in _addresses:
                _addresses[kernel] = _load_or_make(kernel)
        return [_addresses[kernel] for kernel in kernels]


def key_of(kernel: Kernel) -> str:
    """Under which its machine code is kept."""
    content = (kernel.name, kernel.text, kernel.parameters, fingerprint())
    return hashlib.sha256(repr(content).encode()).hexdigest()


def fingerprint() -> tuple[Any, ...]:
    """What machine code depends on beside its text.

    Raises:
        MissingExtra: llvmlite, which Numba brings, is not installed.
    """
    with _lock:  # there must be one engine, since addresses live as long as it does
        return _engine().fingerprint


def kept(keys: Sequence[str]) -> list[int] | None:
    """The addresses of kernels by their keys, brought in from the disk at once; None if one of them is not there."""
    with _lock:
        missing = [key for key in dict.fromkeys(keys) if key not in _places]
        codes = [cache.load(key) for key in missing]
        if None in codes:
            return None
        found = _engine().all_addresses([code for code in codes if code is not None], [_symbol(key) for key in missing])
        _places.update(zip(missing, found, strict=True))
        return [_places[key] for key in keys]


def placed(content: str, write: Callable[[], str], symbols: Sequence[str]) -> list[int]:
    """The addresses of `symbols` in the module that `write` gives LLVM; `content` is what the module depends on.

    Raises:
        MissingExtra: llvmlite, which Numba brings, is not installed.
    """
    with _lock:
        engine = _engine()
        key = hashlib.sha256(repr((content, engine.fingerprint)).encode()).hexdigest()
        code = cache.load(key)
        if code is None:
            code = engine.compile(write())
            cache.save(key, code)
        return engine.addresses(code, symbols)


def _load_or_make(kernel: Kernel) -> int | None:
    key = key_of(kernel)
    if key not in _places:
        code = cache.load(key)
        if code is None:
            code = _made(kernel, key)
        if code is None:
            return None
        _places[key] = _engine().addresses(code, [_symbol(key)])[0]
    return _places[key]


def _made(kernel: Kernel, key: str) -> bytes | None:
    """Machine code that was not there, and is kept from now on; None where there is none."""
    try:
        code = _engine().compile(module_text(kernel.text, kernel.name, kernel.parameters, _symbol(key)))
    except (Untranslatable, RuntimeError) as error:
        REASONS[kernel] = str(error)
        return None
    except Exception as error:  # whatever is wrong with one kernel, the others run
        REASONS[kernel] = repr(error)
        return None
    cache.save(key, code)
    return code


def _symbol(key: str) -> str:
    return f"groundup_{key}"


@functools.cache
def _engine() -> Engine:
    return Engine()


class Engine:
    """LLVM for this computer: makes object code of a module's text, and brings object code into the process.

    It lives as long as the process, since the addresses that it gives do.
    """

    def __init__(self) -> None:
        try:
            import llvmlite
            from llvmlite import binding
        except ImportError as error:
            raise MissingExtra("making machine code", "llvmlite", "compile") from error
        self.llvm: Any = binding
        binding.initialize_native_target()
        binding.initialize_native_asmprinter()
        cpu = binding.get_host_cpu_name()
        try:
            features = binding.get_host_cpu_features().flatten()
        except RuntimeError:  # LLVM does not know them on every kind of computer
            features = ""
        target = binding.Target.from_default_triple()
        # Code that may lie anywhere: where in memory it will be loaded nobody knows yet.
        self.machine = target.create_target_machine(
            cpu=cpu, features=features, opt=3, reloc="pic", codemodel="default", jit=True
        )
        self.linker = binding.create_mcjit_compiler(binding.parse_assembly(""), self.machine)
        python = platform.python_version_tuple()[:2]
        self.fingerprint: tuple[Any, ...] = (
            ABI, llvmlite.__version__, binding.llvm_version_info, target.triple, cpu, features, python
        )  # fmt: skip

    def compile(self, text: str) -> bytes:
        """Object code of a module.

        Raises:
            RuntimeError: LLVM does not take the text, or the C library lacks a function that it calls.
        """
        code: bytes = self.machine.emit_object(self.optimized(text))
        return code

    def assembly(self, text: str) -> str:
        """The machine code of a module as text, for who wants to see what became of a loop."""
        return str(self.machine.emit_assembly(self.optimized(text)))

    def optimized(self, text: str) -> Any:
        module = self.llvm.parse_assembly(text)
        for function in module.functions:
            outside = function.is_declaration and not function.name.startswith("llvm.")
            # Bringing in code that calls what does not exist would end the process.
            if outside and not self.llvm.address_of_symbol(function.name):
                raise RuntimeError(f"this computer's C library has no {function.name}")
        options = self.llvm.create_pipeline_tuning_options(speed_level=3)
        options.loop_vectorization, options.slp_vectorization, options.loop_unrolling = True, True, True
        builder = self.llvm.create_pass_builder(self.machine, options)
        builder.getModulePassManager().run(module, builder)
        return module

    def addresses(self, code: bytes, symbols: Sequence[str]) -> list[int]:
        """Where in this process the functions are, once their object code is brought in."""
        return self.all_addresses([code], symbols)

    def all_addresses(self, codes: Sequence[bytes], symbols: Sequence[str]) -> list[int]:
        """The same for functions from several pieces of object code, brought in together."""
        for code in codes:
            self.linker.add_object_file(self.llvm.ObjectFileRef.from_data(code))
        self.linker.finalize_object()
        return [int(self.linker.get_function_address(symbol)) for symbol in symbols]
