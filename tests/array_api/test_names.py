"""The names and signatures of `groundup.array_api` are those of the standard, no fewer and no more."""

from __future__ import annotations

import inspect
import pickle

import pytest

import groundup.array_api as xp
from groundup.array_api import Array
from tests.array_api.standard import (
    ATTRIBUTES,
    CONSTANTS,
    DATA_TYPES,
    FUNCTIONS,
    LINALG,
    METHODS,
    MISSING_DATA_TYPES,
    OPERATORS,
    signatures,
)


def shown(function):
    """A signature without annotations, with plain quotes."""
    found = inspect.signature(function)
    plain = [p.replace(annotation=inspect.Parameter.empty) for p in found.parameters.values()]
    return str(found.replace(parameters=plain, return_annotation=inspect.Signature.empty))


@pytest.mark.parametrize(("name", "expected"), signatures(FUNCTIONS).items())
def test_function(name, expected):
    assert shown(getattr(xp, name)) == expected
    assert getattr(xp, name).__name__ == name
    assert inspect.getdoc(getattr(xp, name))
    assert pickle.loads(pickle.dumps(getattr(xp, name))) is getattr(xp, name)


@pytest.mark.parametrize(("name", "expected"), signatures(LINALG).items())
def test_function_of_linalg(name, expected):
    assert shown(getattr(xp.linalg, name)) == expected


@pytest.mark.parametrize(("name", "expected"), signatures(METHODS).items())
def test_method(name, expected):
    assert shown(getattr(Array, name)) == expected


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("letter", "ri")
def test_reflected_and_in_place(name, letter):
    assert shown(getattr(Array, f"__{letter}{name}__")) == "(self, other, /)"


def test_nothing_is_missing_and_nothing_else_is_public():
    named = {*signatures(FUNCTIONS), *CONSTANTS, *DATA_TYPES, "linalg", "__array_api_version__", "Array"}
    assert set(xp.__all__) == named
    assert set(xp.linalg.__all__) == set(signatures(LINALG))
    assert not [name for name in MISSING_DATA_TYPES if hasattr(xp, name)]
    assert xp.__array_api_version__ == "2024.12"


def test_an_array_has_the_attributes_of_the_standard_and_the_tensor():
    named = {*ATTRIBUTES, "to_device", "tensor"}
    assert {name for name in dir(Array) if not name.startswith("_")} == named


def test_the_room_is_found_by_name():
    import groundup

    assert groundup.array_api is xp
    assert "array_api" in dir(groundup)
