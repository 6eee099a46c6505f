"""Kernels in machine code compute what their text computes in Python, vectorised, and are made once."""

from __future__ import annotations

import ctypes
import math
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from groundup.compile.loops import cache, machine
from groundup.compile.loops.language.module import module_text
from groundup.compile.loops.machine import LARGEST, PLUS, SMALLEST, Kernel, machine_code
from groundup.errors import MissingExtra

WORLD = {"np": np, "math": math, "f32": np.float32, "f64": np.float64, "i32": np.int32, "i64": np.int64}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("GROUNDUP_CACHE", str(tmp_path))
    monkeypatch.setattr(machine, "_addresses", {})
    monkeypatch.setattr(machine, "_places", {})
    yield


def run(kernel: Kernel, given: Sequence[Any], count: int = 1, t: int = 0, n: int = 1) -> None:
    """Calls the machine code of a kernel with arrays, pairs of an array and an offset, ints and floats."""
    (address,) = machine_code([kernel])
    assert address is not None, machine.REASONS[kernel]
    memory, numbers, args = [], [], [count, 0]
    for kind, value in zip(kernel.parameters, given, strict=True):
        if kind.endswith("*"):
            array, offset = value if isinstance(value, tuple) else (value, 0)
            args += [len(memory), offset]
            memory.append(array.ctypes.data)
        elif kind == "int":
            args.append(value)
        else:
            args.append(len(numbers))
            numbers.append(value)
    packed = [np.array(memory, np.int64), np.array(numbers, np.float64), np.array(args, np.int64)]
    call = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3, *[ctypes.c_int64] * 2)(address)
    call(*(array.ctypes.data for array in packed), t, n)


def in_python(kernel: Kernel, given: Sequence[Any], count: int) -> None:
    world = dict(WORLD)
    exec(kernel.text, world)
    with np.errstate(all="ignore"):
        world[kernel.name](*given, 0, count)


# --- the wrapper --------------------------------------------------------------------------------------------

SCALE = Kernel(
    "scale",
    """
def scale(x, y, width, by, begin, end):
    for row in range(begin, end):
        for j in range(width):
            y[row * width + j] = x[row * width + j] * by
""",
    ("float32*", "float32*", "int", "float32"),
)


def test_threads_share_the_units() -> None:
    x = np.arange(35, dtype=np.float32)
    y = np.zeros_like(x)
    for t in range(3):
        before = y.copy()
        run(SCALE, [x, y, 5, 0.1], count=7, t=t, n=3)
        rows = np.flatnonzero((y != before).reshape(7, 5).any(1))
        low, high = 7 * t // 3, 7 * (t + 1) // 3
        assert set(rows) == set(range(low, high))
    np.testing.assert_array_equal(y, x * np.float32(0.1))


def test_an_array_may_start_at_an_offset() -> None:
    x, y = np.arange(10, dtype=np.float32), np.zeros(10, np.float32)
    run(SCALE, [(x, 2), (y, 5), 5, 2.0])
    np.testing.assert_array_equal(y, [0, 0, 0, 0, 0, 4, 6, 8, 10, 12])


# --- the language -------------------------------------------------------------------------------------------

INTEGERS = ["a + b", "a - b", "a * b", "a // b", "a % b", "-a", "~a", "a & b", "a | b", "a ^ b", "abs(a)", "a ** 2"]
INTEGERS += ["min(a, b, 3)", "max(a, b)", "a << 3", "a >> 1", "a // 4", "a % -4", "np.where(a < b, a, b)"]
INTEGERS += ["1 if 0 <= a < 5 and not b == 2 else a - b", "i64(a > 0) + i64(b > 0 or a == b)", "np.sign(a)", "+a"]
REALS = [
    "a + b",
    "a - b",
    "a * b",
    "a / b",
    "a // b",
    "a % b",
    "-a",
    "abs(a)",
    "np.sqrt(a)",
    "np.floor(a)",
    "np.rint(a)",
]
REALS += ["np.maximum(a, b)", "np.minimum(a, b)", "np.fmax(a, b)", "np.copysign(a, b)", "math.lgamma(abs(a) + 3)"]
REALS += ["np.tanh(a)", "np.exp(a)", "math.atan2(a, b)", "np.sign(a)", "np.isnan(a)", "np.isinf(b)", "np.isfinite(a)"]
REALS += ["a if a > b else b", "np.trunc(a)", "a ** 2", "abs(a) ** b", "math.pi * a", "a != b", "a if a != a else b"]


@pytest.mark.parametrize("text", INTEGERS)
def test_expressions_of_integers(text: str) -> None:
    kernel = Kernel(
        "k",
        f"def k(x, y, out, begin, end):\n    for i in range(begin, end):\n"
        f"        a = x[i]\n        b = y[i]\n        out[i] = {text}\n",
        ("int64*", "int64*", "int64*"),
    )
    x, y = (grid.ravel() for grid in np.meshgrid(np.arange(-7, 8), np.arange(-7, 8)))
    out, expected = np.zeros_like(x), np.zeros_like(x)
    run(kernel, [x, y, out], x.size)
    in_python(kernel, [x, y, expected], x.size)
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("text", REALS)
def test_expressions_of_floats(text: str, dtype: str) -> None:
    kernel = Kernel(
        "k",
        f"def k(x, y, out, begin, end):\n    for i in range(begin, end):\n"
        f"        a = x[i]\n        b = y[i]\n        out[i] = {text}\n",
        (f"{dtype}*",) * 3,
    )
    some = np.array([-np.inf, -2.5, -1, -0.0, 0, 0.3, 1, 7.25, np.inf, np.nan], dtype)
    x, y = (grid.ravel().copy() for grid in np.meshgrid(some, some))
    out, expected = np.zeros_like(x), np.zeros_like(x)
    run(kernel, [x, y, out], x.size)
    in_python(kernel, [x, y, expected], x.size)
    if text == "a // b":  # NumPy's own has more cases
        plain = np.isfinite(x) & np.isfinite(y) & (y != 0)
        out, expected = out[plain], expected[plain]
    if text == "a % b":
        plain = np.isfinite(x) & np.isfinite(y)
        out, expected = out[plain], expected[plain]
    np.testing.assert_allclose(out, expected, rtol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("kind", ["int8", "int16", "int32", "uint8", "uint16", "uint32", "uint64", "bool", "float16"])
def test_arrays_of_every_kind(kind: str) -> None:
    kernel = Kernel(
        "k",
        "def k(x, out, same, begin, end):\n    for i in range(begin, end):\n"
        "        out[i] = f32(x[i]) * f32(0.5)\n        same[i] = x[i]\n",
        (f"{kind}*", "float32*", f"{kind}*"),
    )
    x = np.array([0, 1, 100, 127, 3] * 9, dtype=np.int64).astype(kind)
    out, same = np.zeros(x.size, np.float32), np.zeros_like(x)
    run(kernel, [x, out, same], x.size)
    np.testing.assert_array_equal(out, x.astype(np.float32) / 2)
    np.testing.assert_array_equal(same, x)


def test_statements_of_every_kind() -> None:
    kernel = Kernel(
        "k",
        '''
HALF = f32(0.5)


def parts(x):
    """Two results."""
    if x < 0:
        return i64(-1), -x
    return i64(1), x


def first_above(x, n, least):
    at = 0
    while at < n:
        if x[at] > least:
            break
        at += 1
    return at


def k(x, n, out, counts, begin, end):
    total = 0  # an int at first, and a float in the end
    for i in range(n - 1, -1, -2):
        sign, size = parts(x[i])
        if sign > 0:
            continue
        elif size > 4:
            break
        total += size * HALF
        counts[0], counts[1] = sign, i
    out[0] = total
    counts[2] = first_above(x, n, f32(2))
    word = f32(1.5).view(i32)
    counts[3] = word
    out[1] = i32(word + 1).view(np.float32)
''',
        ("float32*", "int", "float32*", "int64*"),
    )
    x = np.array([3, -9, 1, -1, 2.5, -3, 0, -2, 1], np.float32)[:8]
    results = []
    for call in (run, in_python):
        out, counts = np.zeros(2, np.float32), np.zeros(4, np.int64)
        call(kernel, [x, x.size, out, counts], 1)
        results.append((out.tolist(), counts.tolist()))
    assert results[0] == results[1]
    assert results[0][0][0] == 3.0


def test_what_is_guarded_is_not_read() -> None:
    kernel = Kernel(
        "k",
        "def k(x, n, out, begin, end):\n    for i in range(begin, end):\n"
        "        out[i] = x[i] if i < n and x[i] > 0 else f32(-1)\n",
        ("float32*", "int", "float32*"),
    )
    x, out = np.ones(4, np.float32), np.zeros(2**20, np.float32)
    run(kernel, [x, 4, out], out.size)  # read where it must not be, this would end the process
    assert out.sum() == 4 - (out.size - 4)


# --- loops whose turns meet ---------------------------------------------------------------------------------

MEETING = {
    "running sum": "y[i] = y[i - 1] + x[i] if i > 0 else x[i]",
    "scattered": "y[at[i]] += x[i]",
    "one place": "y[0] += x[i]",
    "shifted": "y[(i + 1) % 4] = y[i % 4] + x[i]",
    "set inside": "j = at[i]\n        y[j] += x[i]",
}


@pytest.mark.parametrize("name", MEETING)
def test_loops_whose_turns_meet_are_run_in_order(name: str) -> None:
    kernel = Kernel(
        "k",
        f"def k(x, at, y, begin, end):\n    for i in range(begin, end):\n        {MEETING[name]}\n",
        ("float64*", "int64*", "float64*"),
    )
    x = np.random.default_rng(0).standard_normal(200)
    at = np.arange(200) // 3 % 5
    results = []
    for call in (run, in_python):
        y = np.zeros(200)
        call(kernel, [x, at, y], 200)
        results.append(y)
    np.testing.assert_allclose(*results, rtol=1e-12)


# --- vector instructions ------------------------------------------------------------------------------------


def is_vectorised(kernel: Kernel, kind: str = "float") -> bool:
    text = module_text(kernel.text, kernel.name, kernel.parameters, "k")
    return f" x {kind}> " in str(machine._engine().optimized(text))


def over(name: str, helper: str, dtype: str) -> Kernel:
    start = {"largest": "f64(-np.inf)", "smallest": "f64(np.inf)"}.get(name, "f64(0)")
    start = f"{'f32' if dtype == 'float32' else 'f64'}({start})"
    text = f"def k(x, out, n, begin, end):\n    for i in range(begin, end):\n        found = {start}\n"
    text += f"        for j in range(n):\n            found = {name}(found, x[i * n + j])\n        out[i] = found\n"
    return Kernel("k", text + helper, (f"{dtype}*", f"{dtype}*", "int"))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sums_and_extrema_are_vectorised(dtype: str) -> None:
    x = np.random.default_rng(0).standard_normal((5, 1003)).astype(dtype)
    wanted: list[tuple[tuple[str, str], Callable[..., Any]]] = [(LARGEST, np.max), (SMALLEST, np.min)]
    for (name, helper), reduce in [*wanted, (PLUS[dtype], np.sum)]:
        kernel = over(name, helper, dtype)
        assert is_vectorised(kernel, "float" if dtype == "float32" else "double")
        out = np.zeros(5, dtype)
        run(kernel, [x, out, 1003], 5)
        np.testing.assert_allclose(out, reduce(x, axis=1), rtol=1e-4)
        x[3, 500] = np.nan
        run(kernel, [x, out, 1003], 5)
        assert np.flatnonzero(np.isnan(out)).tolist() == [3]
        x[3, 500] = 0


def test_many_arrays_and_work_in_place_are_vectorised() -> None:
    text = "def k(a, b, c, d, e, f, n, begin, end):\n    for i in range(begin, end):\n        for j in range(n):\n"
    text += "            at = i * n + j\n            d[at] = a[at] + b[j]\n            e[at] = a[at] * c[at]\n"
    text += "            f[at] = d[at] - e[at] * f32(0.5)\n            c[at] = c[at] + f32(1.0)\n"
    kernel = Kernel("k", text, ("float32*",) * 6 + ("int",))
    optimised = str(machine._engine().optimized(module_text(text, "k", kernel.parameters, "k")))
    assert " x float> " in optimised
    assert "memcheck" not in optimised  # nothing is asked about overlap
    a, c = (np.random.default_rng(seed).standard_normal(300).astype(np.float32) for seed in (1, 2))
    b, e, f = np.ones(100, np.float32), np.zeros(300, np.float32), np.zeros(300, np.float32)
    expected = a + 1 - a * c * np.float32(0.5)
    run(kernel, [a, b, c, f, e, f, 100], 3)
    np.testing.assert_allclose(f, expected, rtol=1e-5, atol=1e-6)


def test_bools_are_vectorised() -> None:
    text = "def k(x, keep, y, begin, end):\n    for i in range(begin, end):\n"
    text += "        y[i] = x[i] if keep[i] else f32(0)\n        keep[i] = x[i] > f32(0)\n"
    kernel = Kernel("k", text, ("float32*", "bool*", "float32*"))
    x = np.random.default_rng(0).standard_normal(500).astype(np.float32)
    keep, y = np.arange(500) % 3 == 0, np.zeros(500, np.float32)
    expected = np.where(keep, x, 0)
    run(kernel, [x, keep, y], 500)
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(keep, x > 0)
    assert is_vectorised(kernel)


def test_every_elementary_function_is_vectorised_in_a_loop() -> None:
    exp = "def scaled(x):\n    return x * f32(1.4427)\n\n\ndef curve(x):\n    y = scaled(x)\n"
    exp += "    return (y if y > 0 else f32(0)) / (f32(1) + abs(y))\n\n\n"
    text = exp + "def k(x, y, begin, end):\n    for i in range(begin, end):\n        y[i] = curve(x[i])\n"
    assert is_vectorised(Kernel("k", text, ("float32*", "float32*")))


def test_chains_of_an_elementary_function_go_side_by_side() -> None:
    steps = "".join(f"    y = y * x + f32({1 + i / 64})\n" for i in range(40))
    text = f"def chain(x):\n    y = x\n{steps}    return x / y\n\n\n"
    text += "def k(x, y, begin, end):\n    for i in range(begin, end):\n        y[i] = chain(x[i])\n"
    optimized = str(machine._engine().optimized(module_text(text, "k", ("float32*", "float32*"), "k")))
    assert len(re.findall(r"= fdiv contract <\d+ x float>", optimized)) >= 2


def test_a_kernel_has_rows_of_its_own() -> None:
    for kind in ("float32", "float64", "int64", "bool_"):
        text = (
            f"def k(x, n, begin, end):\n    kept = np.empty(n, np.{kind})\n    for i in range(begin, end):\n"
            "        for j in range(n):\n            kept[j] = x[i * n + n - 1 - j]\n"
            "        for j in range(n):\n            x[i * n + j] = kept[j]\n"
        )
        dtype = np.dtype(kind)
        x = (np.arange(40) % 3).astype(dtype).reshape(4, 10)
        expected = x[:, ::-1].copy()
        run(Kernel("k", text, (f"{dtype.name}*", "int")), [x, 10], 4)
        np.testing.assert_array_equal(x, expected)


# --- what cannot be ------------------------------------------------------------------------------------------

REFUSED = {
    "x[i] = [1, 2][0]": "List has no place",
    "x[i] = np.linalg.norm(x[i])": "not known",
    "x[i] = missing(x[i])": "missing is not known",
    "x[i] = np.convolve(x[i])": "np.convolve is not among",
    "x[i] = unset": "unset is not known",
    "kept = np.empty(3, f32)": "made once, and outside of loops",
    "raise ValueError": "Raise has no place",
    "x = x[i]": "nothing can be stored in x",
    "x[i] = x[i] if": "SyntaxError",
    "x[i] = k(x, begin, end)": "k calls itself",
    "x[i] = f32(x[i], base=2)": "by position",
    "return np.exp2(u64(3) + i)": "signed and an unsigned",
}


@pytest.mark.parametrize("line", REFUSED)
def test_a_kernel_that_cannot_be_has_a_reason_and_the_others_are_made(line: str) -> None:
    refused = Kernel("k", f"def k(x, begin, end):\n    for i in range(begin, end):\n        {line}\n", ("float32*",))
    addresses = machine_code([SCALE, refused])
    assert addresses[0] and addresses[1] is None
    assert REFUSED[line] in machine.REASONS[refused]


def test_missing_llvmlite_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llvmlite", None)
    with pytest.raises(MissingExtra, match=r"groundup\[compile\]"):
        machine.Engine()


# --- the second process -------------------------------------------------------------------------------------


def in_another_process(program: str) -> None:
    start = "from groundup.compile.loops import machine\nfrom groundup.compile.loops.machine import Kernel\n"
    start += f"kernel = {SCALE!r}\n"
    done = subprocess.run([sys.executable, "-c", start + program], capture_output=True, text=True, env=dict(os.environ))
    assert done.returncode == 0, done.stderr


def test_a_second_process_makes_nothing_and_needs_no_numba() -> None:
    machine_code([SCALE])
    in_another_process(
        "import sys\nmachine.Engine.compile = None\nassert machine.machine_code([kernel])[0]\n"
        "assert 'numba' not in sys.modules\n"
    )


def test_other_versions_share_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    machine_code([SCALE])
    folder = cache.cache_folder() / "kernels"
    assert len(list(folder.iterdir())) == 1
    engine = machine._engine()
    monkeypatch.setattr(engine, "fingerprint", (*engine.fingerprint[1:], "another"))
    monkeypatch.setattr(machine, "_addresses", {})
    monkeypatch.setattr(machine, "_places", {})
    machine_code([SCALE])
    assert len(list(folder.iterdir())) == 2


def test_damaged_machine_code_is_made_again() -> None:
    machine_code([SCALE])
    (file,) = (cache.cache_folder() / "kernels").iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:-7] + b"garbage")
    in_another_process("assert machine.machine_code([kernel])[0]\n")
    assert file.read_bytes() == whole


def test_numba_reads_the_same_text_with_the_same_results() -> None:
    numba = pytest.importorskip("numba")
    (name, plus), text = PLUS["float32"], SCALE.text
    text += f"\n{plus}\n\ndef mean(x, out, n, begin, end):\n    for i in range(begin, end):\n        total = f32(0)\n"
    text += f"        for j in range(n):\n            total = {name}(total, x[i * n + j])\n"
    text += "        out[i] = total / f32(n)\n"
    kernel = Kernel("mean", text, ("float32*", "float32*", "int"))
    world = dict(WORLD)
    exec(text, world)
    world[name] = numba.njit(world[name])
    x = np.random.default_rng(0).standard_normal((3, 50)).astype(np.float32)
    out, expected = np.zeros(3, np.float32), np.zeros(3, np.float32)
    run(kernel, [x, out, 50], 3)
    numba.njit(world["mean"])(x.ravel(), expected, 50, 0, 3)
    np.testing.assert_allclose(out, expected, rtol=1e-5)
