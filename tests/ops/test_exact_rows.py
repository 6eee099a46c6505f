"""Rows that are called without switching NumPy's warnings off: there must be none, whatever the values."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest

import groundup
from groundup.autograd.apply import apply
from groundup.ops import EXACT, ROWS


def all_kinds(dtype: type) -> np.ndarray:
    """The values at the edges of the type, quiet and signalling nans among them."""
    if dtype is bool:
        return np.array([False, True])
    if np.dtype(dtype).kind in "iu":
        return np.array([np.iinfo(dtype).min, 0, 1, np.iinfo(dtype).max], dtype)
    found = np.finfo(dtype)
    edges = [0.0, -0.0, 1.5, -2.5, found.max, found.min, found.tiny, found.smallest_subnormal, np.inf, -np.inf, np.nan]
    signalling = {np.float16: 0x7C01, np.float32: 0x7F800001, np.float64: 0x7FF0000000000001}[dtype]
    nan = np.array([signalling], f"u{np.dtype(dtype).itemsize}").view(dtype)
    return np.concatenate([np.array(edges, dtype), nan])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int64, np.uint8, bool])
@pytest.mark.parametrize("name", sorted(EXACT))
def test_numpy_has_nothing_to_warn_of(name: str, dtype: type) -> None:
    row, values = ROWS[name], all_kinds(dtype)
    pairs = np.array(list(itertools.product(values, repeat=len(row.arguments))), dtype)
    operands = [groundup.from_numpy(np.tile(column, 5)) for column in pairs.T]  # long enough for vector loops
    refused = {"integral": "f", "promote": ""}.get(row.dtypes or "", "")
    if np.dtype(dtype).kind in refused or (dtype is bool and name == "neg"):
        with pytest.raises((RuntimeError, TypeError)):
            apply(row, *operands)
        return
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        apply(row, *operands)


@pytest.mark.parametrize(
    "call", [lambda x: x > 1e300, lambda x: x.maximum(groundup.tensor(1e300)), lambda x: x == -1e300]
)
def test_a_number_that_the_type_cannot_hold_is_no_cause_for_a_warning(call) -> None:
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        call(groundup.tensor([1.0, 2.0]))
        call(groundup.tensor([1.0, 2.0]).half())
