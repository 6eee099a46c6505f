"""Several neighbours at once in a kernel's text: what machine code makes of slices is what NumPy does."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from groundup.compile.loops.language.kinds import Untranslatable
from groundup.compile.loops.language.module import module_text
from groundup.compile.loops.machine import Kernel
from tests.compile.loops.test_machine import in_python, run

TEXT = """
def both(x, i, a, b):
    v = x[i : i + 8]
    return a + x[i] * v, b - v / (v * v + x[i])


def k(x, y, sums, begin, end):
    for i in range(begin, end):
        a, b = np.full(8, x[i]), x[i + 1 : i + 1 + 8]
        for j in range(0, 16, 8):
            a, b = both(x, i + j, a, b)
        y[16 * i : 16 * i + 8] = a
        y[16 * i + 8 : 16 * i + 8 + 8] = b
        sums[i] = np.sum(a)
"""


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_arithmetic(dtype: str) -> None:
    x = np.random.default_rng(0).uniform(1, 2, 40).astype(dtype)
    kernel = Kernel("k", TEXT, (f"{dtype}*",) * 3)
    found, wanted = [[x.copy(), np.zeros(160, dtype), np.zeros(10, dtype)] for _ in range(2)]
    run(kernel, found, count=10)
    in_python(kernel, wanted, 10)
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5 if dtype == "float32" else 1e-13)


@pytest.mark.parametrize(
    ("line", "why"),
    {
        "x[i] = np.sum(x[i : end])": "its start plus a number",
        "x[i] = np.sum(x[i : i + end])": "as many as is written",
        "x[i] = np.sum(x[:8])": "Slice has no place",
        "x[i : i + 4] = x[i : i + 4] % x[i]": "Mod of several numbers",
        "n[i : i + 4] = n[i : i + 4]": "only floats",
        "x[i : i + 4] = x[i : i + 8]": "stand where",
        "x[i] = x[i : i + 4]": "stand where",
    }.items(),
)
def test_what_cannot_be(line: str, why: str) -> None:
    text = f"def k(x, n, begin, end):\n    for i in range(begin, end):\n        {line}\n"
    with pytest.raises(Untranslatable, match=why):
        module_text(text, "k", ("float32*", "int64*"), "k")
