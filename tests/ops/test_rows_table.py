"""The table of all rows, of which those of layers and linear algebra are loaded when they are first asked for."""

from __future__ import annotations

import importlib
import inspect
import pickle
import pkgutil
import subprocess
import sys

import pytest

import groundup
from groundup import ops
from groundup.ops import ROWS
from groundup.ops.row import Row

TRACED_ONLY = {"within"}  # what the tracer puts into graphs and no function of a user's applies


def test_every_row_of_every_module_is_in_it() -> None:
    for found in pkgutil.walk_packages(ops.__path__, "groundup.ops."):
        module = importlib.import_module(found.name)
        for name, value in vars(module).items():
            if isinstance(value, Row) and not name.startswith("_") and value.name not in TRACED_ONLY:
                assert ROWS[value.name] is value
    assert len(ROWS) == len(set(ROWS)) > 200


@pytest.mark.parametrize("asked", ["ROWS['det']", "'det' in ROWS", "len(ROWS)", "ROWS.get('det')", "list(ROWS)"])
def test_it_is_whole_when_asked(asked: str) -> None:
    script = (
        "import sys; from groundup.ops import ROWS; before = 'groundup.ops.linalg' in sys.modules; ROWS['add']; "
        f"assert not before and 'groundup.ops.linalg' not in sys.modules; {asked}; "
        "assert 'groundup.ops.linalg' in sys.modules and 'max_windows' in ROWS and 'no_such_row' not in ROWS"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_row_is_pickled_by_its_name() -> None:
    for name in ("add", "det"):
        assert pickle.loads(pickle.dumps(ROWS[name])) is ROWS[name]


def test_functions_that_stand_in_for_those_of_linalg_have_their_arguments() -> None:
    for name in ("cholesky", "det", "matrix_exp", "matrix_power", "slogdet"):
        here, there = getattr(groundup, name), getattr(groundup.linalg, name)
        for a, b in zip(*(inspect.signature(each).parameters.values() for each in (here, there)), strict=True):
            assert a.default == b.default
        assert getattr(groundup.Tensor, name, here) is here
        assert here.__doc__
