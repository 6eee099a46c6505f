"""The elementary functions of the loops: their digits, their ends, and that LLVM makes vector instructions of them."""

from __future__ import annotations

import ctypes
import math
import platform
import re
import runpy
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from groundup.compile.loops import vector

mp = pytest.importorskip("mpmath")
pytest.importorskip("llvmlite")

# The largest errors in units in the last place, as the room promises them: float32, float64.
PROMISED = {
    "exp": (1.1, 1.1),
    "exp2": (1.1, 1.1),
    "expm1": (1.7, 2.2),
    "log": (1.0, 1.3),
    "log2": (2.2, 2.2),
    "log10": (2.1, 2.8),
    "log1p": (1.3, 1.3),
    "tanh": (1.4, 1.4),
    "sigmoid": (2.5, 2.3),
    "sinh": (2.3, 2.6),
    "cosh": (1.6, 1.6),
    "erf": (1.5, 1.1),
    **dict.fromkeys(("sin", "cos", "pow", "erfc"), (0.6, 0)),
}
both = pytest.mark.parametrize("kind", ["float32", "float64"])
each = pytest.mark.parametrize("name", sorted(vector.NAMES))
single = pytest.mark.parametrize("name", sorted({*vector.LOOP_NAMES} - {"pow"}))
of_each_kind = pytest.mark.parametrize(
    ("name", "kind"),
    [(name, kind) for name in sorted({*vector.LOOP_NAMES} - {"pow"}) for kind in vector.LOOP_NAMES[name]],
)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def erf(x: np.ndarray) -> np.ndarray:
    return np.array([math.erf(value) for value in x.tolist()])


REFERENCE: dict[str, Callable[..., np.ndarray]] = {
    **{name: getattr(np, name) for name in PROMISED if hasattr(np, name)},
    "sigmoid": sigmoid,
    "erf": erf,
    "erfc": lambda x: np.array([math.erfc(value) for value in x.tolist()]),
}


def text_of(name: str, kind: str) -> str:
    function = vector.LOOP_NAMES[name][kind]
    loop = f"def loop(x, y, begin, end):\n    for i in range(begin, end):\n        y[i] = {function}(x[i])\n"
    return vector.source_of([function]) + "\n\n" + loop


@cache
def compiled(name: str, kind: str) -> Callable[[np.ndarray], np.ndarray]:
    """The function on arrays, by the machine code of its loop."""
    return loop_of(text_of(name, kind), 1, kind)


def loop_of(text: str, count: int, kind: str = "float32") -> Callable[..., np.ndarray]:
    """A kernel `loop` of so many arrays and their result, as a function of them."""
    pytest.importorskip("llvmlite")
    from groundup.compile.loops.machine import REASONS, Kernel, machine_code

    kernel = Kernel("loop", text, (kind + "*",) * (count + 1))
    (address,) = machine_code([kernel])
    assert address is not None, REASONS[kernel]
    pointer = ctypes.c_void_p
    run = ctypes.CFUNCTYPE(None, pointer, pointer, pointer, ctypes.c_int64, ctypes.c_int64)(address)

    def call(*given: np.ndarray) -> np.ndarray:
        y, flag, numbers = np.empty_like(given[0]), np.zeros(1, np.int64), np.zeros(1)
        memory = np.array([each.ctypes.data for each in (flag, *given, y)])
        places = [number for place in range(1, count + 2) for number in (place, 0)]
        arguments = np.array([y.size, 0, *places])
        run(memory.ctypes.data, numbers.ctypes.data, arguments.ctypes.data, 0, 1)
        return y

    return call


def units(found: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The error in units in the last place; inf where one of the two is finite and the other not, or is NaN."""
    rounded = wanted.astype(found.dtype)
    same = (found == rounded) | (np.isnan(found) & np.isnan(rounded))
    finite = np.isfinite(found) & np.isfinite(rounded)
    one = np.spacing(np.abs(np.where(finite, rounded, 1)))
    error = np.abs(found.astype(wanted.dtype) - wanted) / one
    return np.where(finite, error, np.where(same, 0, np.inf))


@single
def test_float32_over_all_its_numbers(name: str) -> None:
    """Every 40009th number of all 2**32, with their infinities and NaN; float64 tells what is right."""
    bits = np.arange(0, 2**32, 40009, dtype=np.uint64).astype(np.uint32)
    x = bits.view(np.float32)
    with np.errstate(all="ignore"):
        wanted = REFERENCE[name](x.astype(np.float64))
        worst = units(compiled(name, "float32")(x), wanted).max()
    assert worst <= PROMISED[name][0]


@each
def test_float64_digits(name: str) -> None:
    random = np.random.default_rng(5)
    signs = random.choice([-1, 1], 150)
    x = np.concatenate(
        [random.uniform(-3, 3, 150), random.uniform(-720, 720, 50), signs * np.exp(random.uniform(-40, 3, 150))]
    )
    if name.startswith("log"):
        x = np.abs(x) - (name == "log1p") * (np.abs(x) < 1) * np.abs(x) * 1.5
    exact = {
        "exp2": lambda v: mp.mpf(2) ** v,
        "log2": lambda v: mp.log(v, 2),
        "sigmoid": lambda v: 1 / (1 + mp.exp(-v)),
    }.get(name, getattr(mp, name, None))
    found = compiled(name, "float64")(x)
    with mp.workdps(40), np.errstate(all="ignore"):
        wanted = [exact(mp.mpf(value)) for value in x.tolist()]
        nearest = np.array([float(value) for value in wanted])
        finite = np.isfinite(nearest)
        error = np.array([float(mp.mpf(f) - w) if math.isfinite(f) else 0 for f, w in zip(found.tolist(), wanted)])
        worst = (np.abs(error) / np.spacing(np.abs(np.where(finite, nearest, 1)))).max()
    assert np.array_equal(found[~finite], nearest[~finite])
    assert worst <= PROMISED[name][1]


@of_each_kind
def test_the_ends(name: str, kind: str) -> None:
    """Zeros with their signs, infinities, NaN of both signs, and the largest, smallest and subnormal numbers."""
    tiny, large = np.finfo(kind).smallest_subnormal, np.finfo(kind).max
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, -np.nan, 1, -1, tiny, -tiny, large, -large], dtype=kind)
    with np.errstate(all="ignore"):
        wanted = REFERENCE[name](x.astype(np.float64)).astype(kind)
        found = compiled(name, kind)(x)
        assert units(found, wanted.astype(np.float64)).max() <= 2
        assert not np.isnan(found[~np.isnan(wanted)]).any()
    zeros = wanted == 0
    assert np.array_equal(np.signbit(found[zeros]), np.signbit(wanted[zeros]))


@pytest.mark.parametrize(("name", "kind", "last"), [("exp", "float32", 88.72283), ("exp", "float64", 709.782712893384)])
def test_the_last_number_before_infinity(name: str, kind: str, last: float) -> None:
    x = np.array([last, np.nextafter(np.array(last, kind), np.inf)], dtype=kind)
    y = compiled(name, kind)(x)
    assert np.isfinite(y[0])
    assert y[1] == np.inf


def test_exp_ends_in_subnormal_numbers() -> None:
    x = np.array([-87.5, -100, -103.9, -104], dtype=np.float32)
    y = compiled("exp", "float32")(x)
    assert np.array_equal(y, np.exp(x.astype(np.float64)).astype(np.float32))
    assert y[2] == np.finfo(np.float32).smallest_subnormal
    assert y[3] == 0


@of_each_kind
def test_plain_python_says_the_same(name: str, kind: str) -> None:
    """The text on NumPy's numbers; a product and a sum in one instruction may move the last digits."""
    ordinary = vector.FUNCTIONS[vector.LOOP_NAMES[name][kind]]
    random = np.random.default_rng(7)
    x = np.concatenate([random.standard_normal(40) * 4, [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-30]]).astype(kind)
    with np.errstate(all="ignore"):
        found = [ordinary(value) for value in x]
        assert {type(value) for value in found} == {x.dtype.type}
        assert units(np.array(found), compiled(name, kind)(x).astype(np.float64)).max() <= 3


@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="reads the instructions of x86")
@of_each_kind
def test_loops_become_vector_instructions(name: str, kind: str) -> None:
    pytest.importorskip("llvmlite")
    from groundup.compile.loops import machine
    from groundup.compile.loops.language.module import module_text

    text = module_text(text_of(name, kind), "loop", (kind + "*", kind + "*"), "symbol")
    code = machine._engine().assembly(text)
    packed = "ps" if kind == "float32" and name not in vector.SINGLE else "pd"
    assert re.search(rf"\bv?(mul|fn?m(add|sub)\d*){packed}\b", code)
    assert not re.search(r"\bcall", code)


def test_sines_of_numbers_near_multiples_of_a_quarter_turn() -> None:
    """Where most digits cancel, and the largest numbers; mpmath tells what is right."""
    x = np.array([1.5707964, 3.1415927, 11.0, 710.0, 16367173e23, 8.0e22, 3.4e38, 2.0**127, 5.3e-20], np.float32)
    x = np.concatenate([x, (np.arange(1, 400) * np.pi / 2).astype(np.float32), 2.0 ** np.arange(20, 127)]).astype(
        np.float32
    )
    for name in ("sin", "cos"):
        found = compiled(name, "float32")(x)
        with mp.workdps(80):
            wanted = np.array([float(getattr(mp, name)(mp.mpf(float(value)))) for value in x])
        assert units(found, wanted).max() <= 0.6


POWERS = np.array([0, 1, 2, 3, 0.5, 1.7, 7, 100, 1e3, 2**24, 1e10, 1e-3, np.inf], np.float32)
BASES = np.array([0, 1, 2, 3, 0.5, 0.999, 1.001, 7, 1e-3, 1e-30, 1e30, 1e-42, np.inf], np.float32)


def test_powers() -> None:
    """Each of some numbers to the power of each, with their signs and NaN, and many at random."""
    ends = np.concatenate([BASES, -BASES, [np.nan]]), np.concatenate([POWERS, -POWERS, [np.nan]])
    x, y = (each.ravel().astype(np.float32) for each in np.meshgrid(*ends))
    random = np.random.default_rng(3)
    x = np.concatenate([x, np.exp(random.uniform(-20, 20, 5000)).astype(np.float32)])
    y = np.concatenate([y, random.uniform(-6, 6, 5000).astype(np.float32)])
    loop = "def loop(x, p, y, begin, end):\n    for i in range(begin, end):\n        y[i] = pow_f32(x[i], p[i])\n"
    with np.errstate(all="ignore"):
        wanted = x.astype(np.float64) ** y.astype(np.float64)
        found = loop_of(vector.source_of(["pow_f32"]) + "\n\n" + loop, 2)(x, y)
        plain = np.array([vector.FUNCTIONS["pow_f32"](a, b) for a, b in zip(x[:800], y[:800])])
        assert units(found, wanted).max() <= 0.6
        assert units(plain, wanted[:800]).max() <= 0.6
    zeros = np.abs(wanted) < 1e-46
    assert np.array_equal(np.signbit(found[zeros]), np.signbit(wanted[zeros]))


def test_the_text_has_each_function_once_and_callees_first() -> None:
    text = vector.source_of(["tanh_f32", "exp_f32", "tanh_f32"])
    names = re.findall(r"^def (\w+)", text, flags=re.M)
    assert len(names) == len(set(names))
    for name in names:
        assert all(names.index(other) < names.index(name) for other in vector.called_by(name))


@pytest.mark.parametrize("name", sorted(vector.FUNCTIONS))
def test_the_text_needs_only_six_names(name: str) -> None:
    known = {"np", "math", "f32", "f64", "i32", "i64", "Any", "annotations", *vector.FUNCTIONS}
    code = vector.FUNCTIONS[name].__code__
    attributes = {"view", "copysign", "inf", "nan", "float32", "float64", "int32", "int64", "abs", "rint"}
    assert set(code.co_names) <= known | attributes


def test_the_constants_are_those_of_the_fit() -> None:
    """One of the polynomials worked out anew; the script prints them all."""
    script = runpy.run_path(str(Path(__file__).with_name("fits.py")))
    with mp.workdps(50):
        found, error = script["coefficients"](script["_fits"]()["tanh"][0], np.float32)
    assert error < 2**-27
    text = vector.source_of(["tanh_f32"])
    assert all(f"f32({constant!s})" in text for constant in found)


if __name__ == "__main__":
    # All numbers of float32, a part at a time: some minutes for each function.
    for chosen in sys.argv[1:] or sorted(vector.LOOP_NAMES):
        largest = 0.0
        for start in range(0, 2**32, 2**22):
            numbers = np.arange(start, start + 2**22, dtype=np.uint64).astype(np.uint32).view(np.float32)
            with np.errstate(all="ignore"):
                right = REFERENCE[chosen](numbers.astype(np.float64))
                largest = max(largest, units(compiled(chosen, "float32")(numbers), right).max())
        print(chosen, largest)
