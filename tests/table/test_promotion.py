"""Result types are PyTorch's exactly: tensors, 0-d tensors and Python numbers of every type, in each kind of row."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

import groundup

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]
if find_spec("ml_dtypes"):
    DTYPES.append("bfloat16")
NUMBERS = (True, 2, 2.5)
# A few of each way of settling types: promote, float, bool, where, and several arguments.
PAIRS = ("add", "mul", "maximum", "div", "eq", "lt", "logical_and", "remainder", "pow")
SINGLE = ("exp", "sigmoid", "neg", "abs", "square", "sqrt", "sum", "prod", "cumsum", "isnan", "logical_not", "sign",
          "any", "logsumexp", "floor", "round", "reciprocal", "log1p", "amax", "argmax", "std", "mean")  # fmt: skip


def made(library: Any, dtype: str, rank: int) -> Any:
    return (
        library.tensor([[1, 1], [1, 1]], dtype=getattr(library, dtype))
        if rank == 2
        else library.tensor([1, 1] if rank else 1, dtype=getattr(library, dtype))
    )


def outcome(library: Any, name: str, *args: Any) -> str:
    """The type of the result, or that there is none."""
    try:
        found = getattr(library, name)(*args)
    except (RuntimeError, TypeError, NotImplementedError):
        return "an error"
    return str(found.dtype).partition(".")[2]


# What PyTorch refuses and NumPy does not: groundup answers.
ALLOWED = {"remainder", "pow", "neg", "abs", "floor", "round", "argmax", "log1p"}


def compare(name: str, *makers: Any) -> str:
    """What differs between the two, or an empty text."""
    torch = pytest.importorskip("torch")
    theirs = outcome(torch, name, *(make(torch) for make in makers))
    ours = outcome(groundup, name, *(make(groundup) for make in makers))
    if ours == theirs or (theirs == "an error" and name in ALLOWED):
        return ""
    return f"{ours}, and PyTorch gives {theirs}"


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("ranks", [(1, 1), (1, 0), (0, 1), (0, 0), (2, 1)])
def test_two_tensors(name: str, ranks: tuple[int, int]) -> None:
    wrong = {
        (a, b): found
        for a in DTYPES
        for b in DTYPES
        if (found := compare(name, lambda t, a=a: made(t, a, ranks[0]), lambda t, b=b: made(t, b, ranks[1])))
    }
    assert not wrong


@pytest.mark.parametrize("name", [name for name in PAIRS if name not in ("maximum", "logical_and")])
@pytest.mark.parametrize("rank", [0, 1])
def test_a_tensor_and_a_number(name: str, rank: int) -> None:
    wrong = {
        (a, n): found
        for a in DTYPES
        for n in NUMBERS
        if (name, a, n) != ("pow", "bool", True)  # PyTorch's bool; refused by it for two tensors
        if (found := compare(name, lambda t, a=a: made(t, a, rank), lambda t, n=n: n))
    }
    assert not wrong


@pytest.mark.parametrize("name", SINGLE)
def test_one_tensor(name: str) -> None:
    dim = (lambda t: 0,) if name in ("cumsum", "logsumexp") else ()
    wrong = {a: found for a in DTYPES if (found := compare(name, lambda t, a=a: made(t, a, 1), *dim))}
    assert not wrong


def test_where_takes_the_type_of_its_values() -> None:
    torch = pytest.importorskip("torch")
    for a in DTYPES:
        for b in [*DTYPES, *NUMBERS]:
            for rank in (0, 1):

                def call(t: Any, a: str = a, b: Any = b, rank: int = rank) -> str:
                    other = made(t, b, 1) if isinstance(b, str) else b
                    return outcome(t, "where", t.tensor([True, False]), made(t, a, rank), other)

                assert call(groundup) == call(torch), (a, b, rank)


@pytest.mark.parametrize("name", ["cat", "stack"])
def test_joins_promote(name: str) -> None:
    torch = pytest.importorskip("torch")
    for a in DTYPES:
        for b in DTYPES:
            both = [outcome(t, name, [made(t, a, 1), made(t, b, 1)]) for t in (groundup, torch)]
            assert both[0] == both[1], (a, b)


def test_python_operators_with_numbers_on_the_left() -> None:
    torch = pytest.importorskip("torch")
    for a in DTYPES[1:]:
        for n in NUMBERS[1:]:
            for operation in (lambda n, t: n + t, lambda n, t: n - t, lambda n, t: n / t, lambda n, t: n**t):
                ours, theirs = operation(n, made(groundup, a, 1)), operation(n, made(torch, a, 1))
                assert str(ours.dtype).partition(".")[2] == str(theirs.dtype).partition(".")[2], (a, n)


def test_products_do_not_mix_types() -> None:
    a, b = groundup.ones(2, 2), groundup.ones(2, 2, dtype=groundup.float64)
    with pytest.raises(RuntimeError, match="expected m1 and m2 to have the same dtype, but got: float != double"):
        a @ b


def test_a_default_type_of_64_bits_changes_what_integers_become() -> None:
    groundup.set_default_dtype(groundup.float64)
    try:
        assert groundup.exp(groundup.tensor([1])).dtype == groundup.float64
        assert (groundup.tensor([1]) + 1.5).dtype == groundup.float64
        assert (groundup.tensor([1.0], dtype=groundup.float32) + 1.5).dtype == groundup.float32
    finally:
        groundup.set_default_dtype(groundup.float32)


@pytest.mark.parametrize(("first", "second"), [("float32", "float64"), ("float16", "float32"), ("float64", "float16")])
def test_a_gradient_has_the_type_of_its_leaf(first: str, second: str) -> None:
    a = groundup.ones(2, dtype=getattr(groundup, first), requires_grad=True)
    b = groundup.ones(2, dtype=getattr(groundup, second), requires_grad=True)
    (a * b).sum().backward()
    a.double().sum().backward()
    assert (a.grad.dtype, b.grad.dtype) == (a.dtype, b.dtype)


@pytest.mark.parametrize("name", ["sum", "mean", "var"])
def test_half_precision_adds_up_in_single(name: str) -> None:
    values = np.full((70000, 2), 1.0, np.float16)
    values[::2, 0] = 0.5
    found = getattr(groundup.tensor(values), name)(0).numpy()
    wanted = getattr(values.astype(np.float64), name)(0)
    with np.errstate(over="ignore"):
        assert np.allclose(found, wanted.astype(np.float16), rtol=2e-3)


@pytest.mark.parametrize("name", ["sum", "prod", "cumsum", "cumprod"])
@pytest.mark.parametrize("kind", ["uint8", "int8", "int16", "int32"])
def test_a_sum_in_a_type_of_the_users_choice_stays_in_it(name: str, kind: str) -> None:
    torch = pytest.importorskip("torch")
    found = []
    for library in (groundup, torch):
        x = library.tensor([200, 100, 7], dtype=library.int64)
        dims = (0,) if name.startswith("cum") else ()
        y = getattr(library, name)(x, *dims, dtype=getattr(library, kind))
        found.append((str(y.dtype).partition(".")[2], y.tolist()))
    assert found[0] == found[1]
