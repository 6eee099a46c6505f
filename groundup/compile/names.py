"""Names of values: the user's own where they are known, and else what made the value."""

from __future__ import annotations

import keyword
import re

from groundup.compile.graph import Graph


class Names:
    """Gives each name once."""

    def __init__(self) -> None:
        self.taken: set[str] = set(keyword.kwlist) | {"np"}

    def fresh(self, wanted: str, alone: bool = True) -> str:
        """`wanted`, or with a number behind it if it is taken (or always, if it is not to stand alone)."""
        wanted = re.sub(r"\W+", "_", wanted).strip("_") or "x"
        if wanted[0].isdigit():
            wanted = f"x_{wanted}"
        if alone and wanted not in self.taken:
            self.taken.add(wanted)
            return wanted
        count = 1
        while f"{wanted}_{count}" in self.taken:
            count += 1
        self.taken.add(f"{wanted}_{count}")
        return f"{wanted}_{count}"


def parameter_name(path: str) -> str:
    """`0.weight` as weight_0, `layers.0.weight` as layers_0_weight."""
    *prefix, last = path.split(".")
    if prefix and all(each.isdigit() for each in prefix):
        return "_".join([last, *prefix])
    return "_".join([*prefix, last])


def settle_names(graph: Graph, names: Names) -> None:
    """Make the names that are known already different from each other."""
    for value in graph.inputs:
        value.name = names.fresh(value.name or "x")
    for statement in graph.statements:
        if statement.out.name and not statement.inplace and statement.call != "item":
            statement.out.name = names.fresh(statement.out.name)
