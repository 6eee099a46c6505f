"""Where a graph's columns are only laid out to be multiplied: there the loops convolve straight from the images.

Done before a program is planned, for batches of images in whole vectors, whose weights stay near.
"""

from __future__ import annotations

import math

from groundup.compile.graph import Graph, Statement, Value
from groundup.compile.loops.kernels.linked import LINKED
from groundup.compile.loops.kernels.links import IMAGES

_LINKS = 1 << 16  # of a table at most
_WEIGHTS = 1 << 18  # elements that are gone through for each place, at most


def joined(graph: Graph) -> list[Statement]:
    """The statements of a graph, those around columns made one."""
    readers: dict[Value, list[Statement]] = {}
    for statement in graph.statements:
        for value in statement.values():
            readers.setdefault(value, []).append(statement)
    kept = {value for value in graph.outputs if isinstance(value, Value)}
    gone = {
        each.out: each
        for each in graph.statements
        if each.out not in kept and (_is_laid(each, readers) or _is_laid_back(each, readers))
    }
    return [_joined(each, gone) for each in graph.statements if each.out not in gone]


def _is_laid(columns: Statement, readers: dict[Value, list[Statement]]) -> bool:
    """Whether columns are laid out for products alone."""
    if columns.row.name != "to_columns" or not _suits(columns, columns.operands[0].shape, columns.out):
        return False
    for reader in readers.get(columns.out, []):
        first, *others = reader.operands
        if reader.row.name not in ("correlate", "correlate_weight") or first is not columns.out or first in others:
            return False
        weight = reader.out if reader.row.name == "correlate_weight" else others[0]
        if math.prod(weight.shape) > _WEIGHTS:
            return False
    return True


def _is_laid_back(product: Statement, readers: dict[Value, list[Statement]]) -> bool:
    """Whether columns are a product that is only added up to images."""
    found = readers.get(product.out, [])
    if product.row.name != "correlate_back" or len(found) != 1 or found[0].row.name != "from_columns":
        return False
    weight = product.operands[1]
    return math.prod(weight.shape) <= _WEIGHTS and _suits(found[0], found[0].params["size"], found[0].operands[0])


def _suits(statement: Statement, images: tuple[int, ...], columns: Value) -> bool:
    where = statement.params["where"]
    if statement.params["groups"] != 1 or len(images) != len(where) + 2 or columns.dtype.char not in "fd":
        return False
    if images[0] < IMAGES or images[0] % 8 or 0 in columns.shape:
        return False
    return math.prod(line.size * line.results for line in where) <= _LINKS


def _joined(statement: Statement, gone: dict[Value, Statement]) -> Statement:
    if statement.inplace or statement.call is not None or not statement.operands:
        return statement
    first, *others = statement.operands
    before = gone.get(first) if isinstance(first, Value) else None
    if before is None:
        return statement
    place = before if before.row.name == "to_columns" else statement
    params = {"where": place.params["where"], "batch_last": place.params["batch_last"]}
    if statement.row.name != "correlate":
        params["size"] = statement.params["size"]
    names = {"correlate": "convolve", "correlate_weight": "convolve_weight", "from_columns": "convolve_back"}
    row = LINKED[names[statement.row.name]]
    operands = [*before.operands, *others]
    return Statement(row, statement.out, operands, params, statement.phase, statement.where, outside=statement.outside)
