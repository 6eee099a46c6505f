"""What cannot be compiled raises at once, names the line, and says how to write it."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

import groundup
from groundup.compile import TraceError

X = groundup.tensor([1.0, -2.0, 3.0])


def _branch(x: Any) -> Any:
    return x * 2 if x.sum() > 0 else x


def _item(x: Any) -> Any:
    return x * x.sum().item()


def _print(x: Any) -> Any:
    return len(repr(x)) * x


def _array(x: Any) -> Any:
    return groundup.from_numpy(x.numpy() * 2)


def _list(x: Any) -> Any:
    return groundup.tensor(x.tolist())


def _index(x: Any) -> Any:
    return [1, 2, 3][x.argmax()] * x


def _tolerance(x: Any) -> Any:
    return groundup.linalg.pinv(x.reshape(1, 3), rtol=x[0].abs())


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (_branch, r"bool\(\)"),
        (_item, r"item\(\)"),
        (_print, "printing"),
        (_array, r"numpy\(\)"),
        (_list, r"tolist\(\)"),
        (_index, "an index"),
        (_tolerance, "a tolerance"),
    ],
)
def test_a_look_at_values(function: Any, what: str) -> None:
    with pytest.raises(TraceError, match=what) as caught:
        groundup.compile(function)(X)
    assert f"test_refusals.py:{function.__code__.co_firstlineno + 1}" in str(caught.value)
    assert "groundup.where" in str(caught.value)


@pytest.mark.parametrize(
    "function",
    [lambda x: x[x > 0] * 2, lambda x: x.masked_select(x > 0) + 1, lambda x: x.nonzero() + 1, lambda x: x.unique() * 2],
)
def test_a_shape_that_depends_on_data(function: Any) -> None:
    with pytest.raises(TraceError, match=r"shape .*depends on"):
        groundup.compile(function)(X)


def test_a_number_of_the_optimiser_in_a_function_of_math() -> None:
    w = groundup.tensor([1.0], requires_grad=True)
    opt = groundup.optim.SGD([w], lr=0.25)

    def step() -> None:
        w.grad = groundup.ones(1)
        with groundup.no_grad():
            w.sub_(w.grad * math.sqrt(opt.param_groups[0]["lr"]))

    with pytest.raises(TraceError, match=r"x \*\* 0.5 for math.sqrt"):
        groundup.compile(step)()
    assert opt.param_groups[0]["lr"] == 0.25  # a plain number again


def test_random_numbers_whose_distribution_is_a_tensor() -> None:
    with pytest.raises(TraceError, match="distribution depends on a tensor"):
        groundup.compile(lambda p: groundup.bernoulli(p))(groundup.tensor([0.5, 0.5]))


def test_after_a_refusal_all_is_as_before() -> None:
    """Eager operations are not watched any more, and the function can be compiled when it is mended."""
    with pytest.raises(TraceError):
        groundup.compile(_item)(X)
    assert _item(X).tolist() == [2.0, -4.0, 6.0]
    assert groundup.compile(lambda x: x * x.sum())(X).tolist() == [2.0, -4.0, 6.0]


def test_a_function_that_is_another_one_at_each_call() -> None:
    counter = {"calls": 0}

    def step(x: Any) -> Any:
        counter["calls"] += 1
        return x * 2

    run = groundup.compile(step)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(15):
            run(X)
    with pytest.warns(UserWarning, match="step has been traced 16 times"):
        run(X)


def test_the_source_before_the_first_call() -> None:
    with pytest.raises(RuntimeError, match="call it once"):
        groundup.compile(_branch).source()


def test_what_is_not_a_function() -> None:
    with pytest.raises(TypeError, match="compile takes a function, not int"):
        groundup.compile(3)


def test_an_error_in_the_function_is_the_functions_own() -> None:
    with pytest.raises(RuntimeError, match="The size of tensor a"):
        groundup.compile(lambda x: x + groundup.ones(2))(X)
    assert np.allclose((X + 1).numpy(), [2, -1, 4])
