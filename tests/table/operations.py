"""The table of operations: every entry of the five families."""

from __future__ import annotations

from tests.table import (
    activation_table,
    contract_table,
    elementwise_table,
    index_table,
    linalg_table,
    normalise_table,
    reduce_table,
    transcendental_table,
    view_table,
    windows_table,
)
from tests.table.table import Entry

ENTRIES: dict[str, Entry] = {
    entry.name: entry
    for module in (
        elementwise_table,
        transcendental_table,
        activation_table,
        reduce_table,
        view_table,
        contract_table,
        linalg_table,
        index_table,
        normalise_table,
        windows_table,
    )
    for entry in module.ENTRIES
}
