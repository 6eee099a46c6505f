"""Every primitive operation, as tables of rows in five families. The tables know nothing of tensors.

`autograd.apply` is the one way that a row happens to a tensor; the readings in `readings` are the other ways.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from groundup.ops import (
    attention,
    contract,
    distance,
    elementwise,
    elimination,
    index,
    linalg,
    normalise,
    pooling,
    reduce,
    resampling,
    view,
    windows,
)
from groundup.ops.readings import ARRAYS
from groundup.ops.row import Row

FAMILIES: dict[str, dict[str, Row]] = {
    "elementwise": elementwise.ROWS,
    "reduce": reduce.ROWS | attention.ROWS | normalise.ROWS | pooling.MEANS,
    "view": view.ROWS | windows.LAYOUTS,
    "contract": contract.ROWS | distance.ROWS | elimination.ROWS | linalg.ROWS | windows.PRODUCTS | resampling.ROWS,
    "index": index.ROWS | pooling.MAXIMA,
}
ROWS: dict[str, Row] = {name: row for family in FAMILIES.values() for name, row in family.items()}

# The rows among those that move numbers which also add or convert some, and so may overflow.
ADDING = frozenset(
    """
    add_at border_added fold from_columns gather_added index_added max_pick max_places max_spread max_windows nll
    nll_back pad region_places scatter_add strided_added strided_picked
    """.split()
)

# The rows that choose or compare without computing, so that NumPy never warns of them on arrays.
EXACT = frozenset(
    """
    abs bitwise_and bitwise_not bitwise_or bitwise_xor copysign eq fmax fmin ge gt isfinite isinf isnan le lt maximum
    minimum ne neg signbit
    """.split()
)

for _row in ROWS.values():
    _row.quiet = _row.quiet and _row.name not in ADDING
    _row.silent = _row.quiet or _row.name in EXACT
    _row.eager = _row.kernel or (getattr(np, _row.ufunc) if _row.ufunc else partial(_row.forward, ARRAYS))
    _row.shares = _row.name in view.SHARING or _row.name in windows.SHARING


def find(family: str, name: str) -> Row:
    """The row of that family and name."""
    return FAMILIES[family][name]
