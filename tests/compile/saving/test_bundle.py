"""What a saved file is put together from: names that move, values that are written out, definitions that come along."""

from __future__ import annotations

import ast
import builtins
from typing import Any

import numpy as np
import pytest

import groundup
from groundup.compile.saving.bundle import MISSING, Bundle
from groundup.compile.saving.file import file_of
from groundup.compile.saving.literals import Literals
from groundup.compile.saving.scopes import Names, edited
from groundup.nn import functional as F
from groundup.ops import ROWS

CODE = """
@outer
def f(a: A, b=default, *rest, c: C = other) -> D:
    local: E = a + g(b)
    def inner(x):
        nonlocal local
        local = h
        return x + late
    late = [i + j for i in a for j in i if k]
    total = lambda y: y + z
    return m.exp(local) + deep.er.est + inner(total)
"""


def test_global_names_are_told_from_local_ones() -> None:
    found = Names(ast.parse(CODE))
    assert {each.id for each in found.plain} == {"outer", "default", "other", "g", "h", "k", "z"}
    assert {each.attr for each in found.dotted} == {"exp", "er"}
    assert not found.asked  # that m is no parameter


def test_annotations_go_and_names_change() -> None:
    found = Names(ast.parse(CODE))
    renamed = [(each, "renamed") for each in found.plain if each.id == "g"]
    text = edited(CODE, [*found.annotated, *renamed])
    assert "def f(a, b=default, *rest, c=other):" in text.replace("c = other", "c=other")
    assert "    local = a + renamed(b)\n" in text


VALUES = [
    *(None, True, 3, -0.5, float("inf"), "a'b", b"x", ..., slice(1, None, 2), (1,), (), [1, [2.0]], {"a": (1, 2)}),
    *(np.float32(0.1), np.dtype("int64"), np.float64, {3}),
    *(np.zeros((2, 3)), np.ones(4, bool), np.full((2, 2), -0.0), np.arange(3, 40), np.array(7.5), np.zeros((0, 3))),
    *(np.linspace(0, 1, 7).reshape(7, 1), np.array([np.nan, np.inf], np.float32), np.eye(300, dtype=np.float32)),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:20])
def test_values_are_written_out(value: Any) -> None:
    import base64
    import zlib

    text = Literals(lambda each, hint: pytest.fail(f"{each} has no name")).source(value)
    found = eval(text, {"np": np, "base64": base64, "zlib": zlib})
    assert type(found) is type(value)
    if isinstance(value, np.ndarray):
        assert found.dtype == value.dtype and found.shape == value.shape and found.tobytes() == value.tobytes()
        assert found.flags.writeable
    else:
        assert found == value


def test_what_numpy_does_not_have_is_refused() -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    with pytest.raises(ValueError, match="bfloat16 cannot be written into a file that needs NumPy alone"):
        Literals(lambda each, hint: hint).source(np.zeros(3, ml_dtypes.bfloat16))
    with pytest.raises(ValueError, match="cannot be written into a file"):
        Bundle().value(object(), "")


def test_every_row_brings_its_functions_along() -> None:
    """The definitions run by themselves, and no name in them is left open."""
    for name in ROWS:
        bundle = Bundle()
        expression = bundle.value(ROWS[name].eager, name)
        definitions = bundle.definitions()
        text = "\n\n".join(["from __future__ import annotations", *sorted(bundle.imports), *definitions])
        assert "groundup" not in text, name
        world: dict[str, Any] = {}
        exec(text, world)
        assert callable(eval(expression, world)), name
        used = {each.id for each in Names(ast.parse(text)).plain}
        assert not used - world.keys() - vars(builtins).keys(), name


def test_two_things_of_one_name_keep_apart() -> None:
    bundle = Bundle(["constant"])
    first, second = np.arange(3.0), np.arange(4.0)
    assert [bundle.value(each, "constant") for each in (first, second, first)] == [
        "constant_2",
        "constant_3",
        "constant_2",
    ]
    text = bundle.moved("def f(x):\n    return x + constant", lambda name: MISSING if name != "constant" else second)
    assert text == "def f(x):\n    return x + constant_3"


def test_a_program_whose_variables_are_called_like_functions() -> None:
    @groundup.compile
    def step(x: Any) -> Any:
        softmax = F.softmax(x, -1)
        erf = softmax.erf()
        return softmax * erf.sign()

    with groundup.compile.reading("numpy"):
        wanted = step(groundup.ones(2, 3))
    world: dict[str, Any] = {}
    exec(file_of(step.entries[0], "numpy"), world)
    assert np.allclose(world["step"](np.ones((2, 3), np.float32))[0], wanted.numpy())
