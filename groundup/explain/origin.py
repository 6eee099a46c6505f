"""Where a formula stands in the source: the text of a lambda in a table, its file and its line."""

from __future__ import annotations

import ast
import linecache
from functools import cache
from pathlib import Path
from typing import NamedTuple

from groundup.ops.row import Formula

_PACKAGE = Path(__file__).resolve().parent.parent


class Origin(NamedTuple):
    """A formula as it is written, and where."""

    text: str
    place: str

    def __str__(self) -> str:
        return f"{self.text}    {self.place}"


@cache
def origin(formula: Formula) -> Origin:
    """The body of a lambda (or the head of a function) and its place, such as ``ops/contract.py:62``."""
    code = formula.__code__
    lines, start = "".join(linecache.getlines(code.co_filename)), code.co_firstlineno
    inside = [(line, column) for line, _, column, _ in code.co_positions() if line and column]
    path = Path(code.co_filename)
    shown = path.relative_to(_PACKAGE.parent).as_posix() if path.is_relative_to(_PACKAGE) else path.name
    for node in ast.walk(_parsed(lines)):
        if isinstance(node, ast.Lambda) and inside and _covers(node.body, max(inside)):
            names = tuple(each.arg for each in node.args.args + node.args.kwonlyargs)
            if names == code.co_varnames[: len(names)] and node.lineno == start:
                text = " ".join((ast.get_source_segment(lines, node.body) or "").split())
                return Origin(text.replace("( ", "(").replace(" )", ")"), f"{shown}:{start}")
    return Origin(f"{formula.__name__}(...)", f"{shown}:{start}")


@cache
def _parsed(source: str) -> ast.Module:
    return ast.parse(source)


def _covers(node: ast.expr, place: tuple[int, int]) -> bool:
    end = node.end_lineno or node.lineno, node.end_col_offset or 0
    return (node.lineno, node.col_offset) <= place < end
