"""Nothing is left out of the table: every row, and every public function of `groundup.functions`."""

from __future__ import annotations

import inspect

import groundup
from groundup.functions import compare, contract, elementwise, index, linalg, matrices, norms, reduce, view
from groundup.ops import ROWS
from tests.table.judged import call
from tests.table.operations import ENTRIES
from tests.table.table import Entry, Sample, inputs

# Rows that other tests judge, and where.
ELSEWHERE = {
    "alias": "tests/autograd: the view that in-place changes go through",
    "correlate_weight": "tests/ops/test_pooling_rows.py; here the derivative of correlate",
    "max_spread": "tests/ops/test_pooling_rows.py; here the derivative of max_windows",
    "max_pick": "tests/ops/test_pooling_rows.py",
    "max_places": "tests/nn/test_pooling.py: where the maxima were",
    "region_places": "tests/nn/test_pooling.py: adaptive_max_pool2d",
    "share_regions": "tests/ops/test_pooling_rows.py; here the derivative of mean_regions",
    "share_windows": "tests/ops/test_pooling_rows.py; here the derivative of mean_windows",
    "nll": "tests/nn/test_loss.py: cross_entropy",
    "nll_back": "tests/nn/test_loss.py",
    "reinterpret": "tests/table/test_strided_views.py",
}
# Functions that other tests judge, and where.
FUNCTIONS_ELSEWHERE = {
    "setitem": "tests/autograd/test_indexing_kinds.py",
    "windows": "tests/nn: convolution and pooling; here through unfold",
    "broadcast_shapes": "tests/table/test_strided_views.py",
    "view": "the path is Tensor.view",
    **{name: "test_questions.py" for name in compare.__dict__ if not name.startswith("_")},
}


def test_every_row_is_in_the_table() -> None:
    covered = {row for entry in ENTRIES.values() for row in entry.rows}
    assert covered <= set(ROWS), "the table names rows that do not exist"
    assert set(ROWS) - covered == set(ELSEWHERE)


def test_an_entry_applies_the_rows_that_it_names() -> None:
    """The rows are found in the graphs of the samples."""
    for entry in ENTRIES.values():
        if not entry.order:
            continue
        used = set().union(*(_rows_behind(entry, sample) for sample in entry.samples()))
        unused = set(entry.rows) - _BACKWARD - _WITHOUT_HISTORY - used
        assert not unused, f"{entry.name} never applies {unused}"


_BACKWARD = {
    "recurrence",
    "border_added",
    "strided_added",
    "strided_picked",
    "cofactor",
    "sum_to",
    "placed",
    "fold",
    "on_diagonal",
    "index_added",
    "gather_added",
    "masked_taken",
    "normalise_back",
    "normalise_weight",
    "softmax_back",
    "log_softmax_back",
}
_WITHOUT_HISTORY = {
    "moments",
    "exponent",
    "repeated_places",
    "singular",
    "indefinite",
    "permutation",
    *(name for name in ROWS if name.startswith("arg")),
}


def _rows_behind(entry: Entry, sample: Sample) -> set[str]:
    """The names of all rows in the graph of one call."""
    dtype = "float32" if entry.name == "Tensor.double" else "float64"
    made = inputs(groundup, sample, dtype, grad=True)
    stack = [out._node for out in call(groundup, entry, sample, made) if out.requires_grad]
    found, seen = set(), set()
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        row = getattr(node, "row", None)
        if row is not None:
            found.add(row.name)
        stack.extend(node.edges)
    return found


def test_every_public_function_is_in_the_table() -> None:
    tested = {(entry.path or entry.name).rpartition(".")[2] for entry in ENTRIES.values()} | {"getitem"}
    missing = {}
    for module in (elementwise, reduce, view, contract, linalg, matrices, norms, index, compare):
        for name, value in vars(module).items():
            own = inspect.isfunction(value) and value.__module__.startswith(module.__name__)
            own = own and value.__name__ == name  # not another name for it
            if own and not name.startswith("_") and name not in tested and name not in FUNCTIONS_ELSEWHERE:
                missing[name] = module.__name__
    assert not missing
