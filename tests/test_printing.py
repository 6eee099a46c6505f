"""Tensors and storages print as PyTorch prints them: held against stored texts and against PyTorch itself."""

from __future__ import annotations

import json
import math
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from groundup import dtypes
from groundup.printing import (
    get_printoptions,
    printoptions,
    set_printoptions,
    storage_repr,
    tensor_repr,
)

GOLDEN = json.loads(Path(__file__).with_name("golden").joinpath("printing.json").read_text("utf-8"))
# PyTorch takes no bfloat16 from NumPy: tests/test_half_precision.py prints it.
DTYPES = {each.name: each for each in dtypes.ALL if each is not dtypes.bfloat16}
FLOATS = ("float16", "float32", "float64")
INTEGERS = ("uint8", "int8", "int16", "int32", "int64")


@pytest.fixture(autouse=True)
def default_options() -> Iterator[None]:
    set_printoptions(profile="default")
    yield
    set_printoptions(profile="default")


@pytest.fixture
def torch() -> Iterator[Any]:
    torch = pytest.importorskip("torch")
    yield torch
    torch.set_printoptions(profile="default")
    torch.set_default_dtype(torch.float32)


def ours(text: str) -> str:
    """PyTorch's text with this library's name in it."""
    return text.replace("torch.", "groundup.")


def text_of(array: np.ndarray, **more: Any) -> str:
    return tensor_repr(array, dtype=dtypes.of_numpy(array.dtype), **more)


# --- against stored texts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: f"{case['dtype']}{case['shape']}")
def test_stored_text(case: dict[str, Any]) -> None:
    values = [float(v) if isinstance(v, str) else v for v in case["values"]]
    array = np.resize(np.array(values, case["dtype"]), case["shape"])
    made_by = f"{case['operation'].title()}Backward0" if "operation" in case else None
    with printoptions(**case.get("options", {})):
        text = text_of(
            array,
            default_dtype=DTYPES[case.get("default_dtype", "float32")],
            requires_grad=case.get("requires_grad", False) or made_by is not None,
            grad_fn_name=made_by,
        )
    assert text == ours(case["text"])


def test_the_stored_texts_are_many_kinds() -> None:
    text = "\n".join(case["text"] for case in GOLDEN)
    for part in ("e+", "e-", "nan", "-inf", "...", "size=(0, 3)", "dtype=torch.int8", "requires_grad", "-0."):
        assert part in text
    assert {case["dtype"] for case in GOLDEN} == set(DTYPES)


# --- against PyTorch ----------------------------------------------------------------------------------------


def random_shape(rng: np.random.Generator) -> tuple[int, ...]:
    kind = rng.integers(10)
    if kind == 0:
        return ()
    if kind == 1:
        return tuple(int(n) for n in rng.integers(0, 3, rng.integers(1, 4)))
    longest = (40, 9, 5, 3)[ndim := int(rng.integers(4))]
    return tuple(int(n) for n in rng.integers(1, longest + 1, ndim + 1))


def random_array(rng: np.random.Generator, shape: tuple[int, ...], name: str) -> np.ndarray:
    """Elements of every kind: whole or not, of one size or of many, with zeros, nan and infinities."""
    if name == "bool":
        return np.asarray(rng.random(shape) < 0.5)
    if name in INTEGERS:
        ends = np.iinfo(name)
        few = rng.choice([3, 20, 127])
        low, high = (ends.min, ends.max) if rng.random() < 0.3 else (max(ends.min, -few), few)
        return np.asarray(rng.integers(low, high, shape, dtype=name, endpoint=True))
    array = np.asarray(rng.standard_normal(shape) * 10.0 ** rng.choice([-9, -5, -3, 0, 0, 0, 2, 4, 7, 8, 9, 20]))
    if rng.random() < 0.3:
        array = array * 10.0 ** rng.integers(-4, 5, shape)
    if rng.random() < 0.3:
        array = np.round(array)
    for special in (0.0, -0.0, math.nan, math.inf, -math.inf):
        if rng.random() < 0.15:
            array = np.where(rng.random(shape) < rng.choice([0.1, 0.5, 1.0]), special, array)
    with np.errstate(over="ignore"):
        return np.asarray(array, name)


def random_options(rng: np.random.Generator) -> dict[str, Any]:
    choices = {
        "precision": [0, 1, 2, 6, 12],
        "threshold": [0, 5, 20, 10_000],
        "edgeitems": [0, 1, 2, 5],
        "linewidth": [0, 10, 40, 79, 120],
        "sci_mode": [True, False],
        "profile": ["short", "full", "default"],
    }
    return {name: values[rng.integers(len(values))] for name, values in choices.items() if rng.random() < 0.3}


@pytest.mark.parametrize("seed", range(10))
def test_generated_tensors(torch: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = FLOATS * 3 + INTEGERS + ("bool",)
    operations = (torch.Tensor.requires_grad_, torch.clone, torch.neg, lambda t: t.transpose(0, -1))
    for _ in range(400):
        array = random_array(rng, random_shape(rng), names[rng.integers(len(names))])
        tensor = torch.from_numpy(array)
        if tensor.is_floating_point() and rng.random() < 0.5:
            operation = operations[rng.integers(len(operations))]
            tensor = operation(tensor.requires_grad_())
            array = tensor.detach().numpy()
        made_by = None if tensor.grad_fn is None else type(tensor.grad_fn).__name__
        options = random_options(rng) if rng.random() < 0.5 else {}
        default = ("float32", "float64")[int(rng.random() < 0.2)]
        torch.set_default_dtype(getattr(torch, default))
        torch.set_printoptions(profile="default")
        torch.set_printoptions(**options)
        with printoptions(**options):
            text = text_of(
                array,
                default_dtype=DTYPES[default],
                requires_grad=tensor.requires_grad,
                grad_fn_name=made_by,
            )
        assert text == ours(repr(tensor)), (array.tolist(), options)


def test_large_tensors(torch: Any) -> None:
    rng = np.random.default_rng(0)
    shapes = [(1001,), (999, 2), (2, 999), (7, 6, 5, 7), (6, 6, 40), (1, 1, 2000), (50, 1, 50), (11, 11, 11)]
    for shape in shapes * 3:
        for name in ("float32", "int64", "uint8", "bool"):
            array = random_array(rng, shape, name)
            assert text_of(array) == ours(repr(torch.from_numpy(array)))


def test_an_element_that_is_not_shown_has_no_say(torch: Any) -> None:
    array = np.ones(2000, np.float32)
    array[1000] = 1e-20
    assert text_of(array) == repr(torch.from_numpy(array)) == "tensor([1., 1., 1.,  ..., 1., 1., 1.])"


@pytest.mark.parametrize("name", FLOATS)
def test_the_edges_of_scientific_notation(torch: Any, name: str) -> None:
    kind = np.dtype(name).type
    near = [
        kind(direction)
        for edge in (1e-4, 1e-3, 0.1, 1.0, 1000.0, 6e4, 1e8)
        if edge < float(np.finfo(name).max)
        for direction in (edge, np.nextafter(kind(edge), kind(0)), np.nextafter(kind(edge), kind(np.inf)))
    ]
    extremes = [np.finfo(name).max, np.finfo(name).tiny, np.finfo(name).smallest_subnormal]
    for first in near + extremes:
        for second in [*near, *extremes, 0.0, math.nan]:
            array = np.array([first, -second], name)
            assert text_of(array) == ours(repr(torch.from_numpy(array)))


def test_rows_and_notes_near_the_end_of_the_line(torch: Any) -> None:
    for length in range(1, 45):
        for leading in ((), (1,), (1, 1)):
            for name in ("float32", "float64", "int32", "int64"):
                array = np.full((*leading, length), 7, name)
                tensor = torch.from_numpy(array)
                assert text_of(array) == ours(repr(tensor))
                if tensor.is_floating_point():
                    assert text_of(array, requires_grad=True) == ours(repr(tensor.clone().requires_grad_()))
                    made = tensor.clone().requires_grad_().clone()
                    assert text_of(array, grad_fn_name="CloneBackward0") == ours(repr(made))


@pytest.mark.parametrize("width", range(20, 80, 3))
def test_notes_on_short_lines(torch: Any, width: int) -> None:
    for length in range(6):
        for name in ("float32", "float64"):
            array = np.full(length, 0.5, name)
            for columns in (width, width + 1, width + 2):
                torch.set_printoptions(linewidth=columns)
                set_printoptions(linewidth=columns)
                made = torch.from_numpy(array).requires_grad_().clone()
                assert text_of(array, grad_fn_name="CloneBackward0") == ours(repr(made))


def test_parameters_and_subclasses(torch: Any) -> None:
    class Weights(torch.Tensor):
        pass

    for shape in ((2, 3), (30,), (40, 40), ()):
        array = np.random.default_rng(1).standard_normal(shape)
        parameter = torch.nn.Parameter(torch.from_numpy(array))
        text = text_of(array, requires_grad=True, prefix="Parameter containing:\ntensor(")
        assert text == ours(repr(parameter))
        subclass = torch.from_numpy(array).as_subclass(Weights)
        assert text_of(array, prefix="Weights(") == ours(repr(subclass))


@pytest.mark.parametrize("view", ["transposed", "strided", "broadcast", "reversed", "read-only"])
def test_arrays_of_any_layout(torch: Any, view: str) -> None:
    for array in (np.linspace(-3, 9, 24).reshape(4, 6), np.arange(3000.0).reshape(50, 60)):
        looked_at = {
            "transposed": array.T,
            "strided": array[::2, 1::3],
            "broadcast": np.broadcast_to(array[:, :1], array.shape),
            "reversed": array[::-1, ::-1],
            "read-only": np.broadcast_to(array, (2, *array.shape)),
        }[view]
        assert text_of(looked_at) == ours(repr(torch.from_numpy(looked_at.copy())))


def test_hypothesis_finds_no_difference(torch: Any) -> None:
    pytest.importorskip("hypothesis")
    from hypothesis import given
    from hypothesis import strategies as st

    widths = {"float16": 16, "float32": 32, "float64": 64}
    shapes = st.lists(st.integers(0, 4), max_size=4).map(tuple)
    options = st.fixed_dictionaries(
        {},
        optional={
            "precision": st.integers(0, 8),
            "threshold": st.integers(0, 30),
            "edgeitems": st.integers(0, 3),
            "linewidth": st.integers(0, 100),
            "sci_mode": st.none() | st.booleans(),
        },
    )

    @given(st.sampled_from(FLOATS), shapes, st.data(), options)
    def check(name: str, shape: tuple[int, ...], data: Any, chosen: dict[str, Any]) -> None:
        size = math.prod(shape)
        values = data.draw(st.lists(st.floats(width=widths[name]), min_size=size, max_size=size))
        array = np.array(values, name).reshape(shape)
        torch.set_printoptions(profile="default")
        torch.set_printoptions(**chosen)
        with printoptions(**chosen):
            assert text_of(array) == ours(repr(torch.from_numpy(array)))

    check()


# --- cost ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(10**10,), (10, 10**9), (10**9, 10), (10**3, 10**3, 10**4)])
def test_a_huge_tensor_is_printed_at_once(shape: tuple[int, ...]) -> None:
    # Forty gigabytes of one float: to touch them all, or to copy them, would fail.
    array = np.broadcast_to(np.float32(0.5), shape)
    start = time.perf_counter()
    text = text_of(array)
    assert time.perf_counter() - start < 1
    assert "..." in text and len(text) < 6000
    assert text.count("0.5000") == 6 ** len(shape)


# --- storages -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(DTYPES))
def test_storage_lines(torch: Any, name: str) -> None:
    rng = np.random.default_rng(3)
    for size in (0, 1, 3, 20):
        array = random_array(rng, (size,), name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a storage with a type is deprecated there
            theirs = repr(torch.from_numpy(array).storage())
        lines, _, last = storage_repr(array, DTYPES[name]).rpartition("\n")
        assert lines == theirs.rpartition("\n")[0]
        legacy = getattr(torch, f"{DTYPES[name].legacy}Storage")
        assert str(legacy(1).dtype) == f"torch.{name}"
        assert last == f"[groundup.{legacy.__name__} of size {size}]"


def test_the_storage_of_the_issue() -> None:
    array = np.array([1.0, 0.1, math.nan], np.float32)
    assert storage_repr(array, dtypes.float32) == (
        " 1.0\n 0.10000000149011612\n nan\n[groundup.FloatStorage of size 3]"
    )
    assert storage_repr(np.eye(2, dtype=bool), dtypes.bool_) == (
        " True\n False\n False\n True\n[groundup.BoolStorage of size 4]"
    )
    assert storage_repr(array[:0], dtypes.int64) == " \n[groundup.LongStorage of size 0]"


def test_a_large_storage_shows_its_edges() -> None:
    text = storage_repr(np.arange(1001), dtypes.int64)
    assert text == " 0\n 1\n 2\n ...\n 998\n 999\n 1000\n[groundup.LongStorage of size 1001]"
    assert len(storage_repr(np.arange(1000), dtypes.int64).splitlines()) == 1001
    with printoptions(profile="full"):
        assert len(storage_repr(np.arange(1001), dtypes.int64).splitlines()) == 1002


# --- options ------------------------------------------------------------------------------------------------


def test_options_follow_pytorch(torch: Any) -> None:
    theirs = torch._tensor_str.get_printoptions
    assert get_printoptions() == theirs()
    steps: list[dict[str, Any]] = [
        {"precision": 7, "sci_mode": True},
        {"linewidth": 100},
        {"profile": "short"},
        {"profile": "full", "edgeitems": 9},
        {"threshold": 3.5, "sci_mode": False},
        {"profile": "default"},
    ]
    for step in steps:
        torch.set_printoptions(**step)
        set_printoptions(**step)
        assert get_printoptions() == theirs()


def test_printoptions_puts_the_old_options_back() -> None:
    set_printoptions(precision=2, sci_mode=True)
    before = get_printoptions()
    with pytest.raises(KeyError), printoptions(precision=8):
        assert get_printoptions() == {**before, "precision": 8, "sci_mode": None}
        raise KeyError
    assert get_printoptions() == before


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"precision": -1}, ValueError, "precision must not be negative, got -1"),
        ({"precision": 2.5}, TypeError, "precision must be a whole number, not 2.5"),
        ({"edgeitems": "3"}, TypeError, "edgeitems must be a whole number, not '3'"),
        ({"linewidth": -80}, ValueError, "linewidth must not be negative, got -80"),
        ({"threshold": "all"}, TypeError, "threshold must be a number, not 'all'"),
        ({"threshold": math.nan}, TypeError, "threshold must be a number, not nan"),
        ({"threshold": -1}, ValueError, "threshold must not be negative, got -1"),
        (
            {"profile": "long"},
            ValueError,
            "no such profile: 'long'. Choose one of 'default', 'short', 'full'",
        ),
    ],
)
def test_a_wrong_option_changes_nothing(options: dict[str, Any], error: type[Exception], says: str) -> None:
    with pytest.raises(error) as raised:
        set_printoptions(**{"sci_mode": True, "precision": 3, **options})
    assert str(raised.value) == says
    assert get_printoptions() == {
        "precision": 4,
        "threshold": 1000,
        "edgeitems": 3,
        "linewidth": 80,
        "sci_mode": None,
    }
