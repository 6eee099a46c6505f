"""Which loops of a kernel may run their turns side by side, read off the text.

A turn stores each array at an index that no other turn stores at, and reads the arrays that it stores at that
index alone. What the text cannot say is said by whoever plans a program: two pointers given to a kernel
either do not overlap, or are one array that each turn reads and stores at one index (work done in place).
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from .kinds import SHORT

LOOPS = (ast.For, ast.While)
PLAIN = {*SHORT, "abs", "min", "max"}


def is_independent(loop: ast.For, pointers: set[str]) -> bool:
    """Whether no turn of this innermost loop over a range touches what another one stores."""
    if not isinstance(loop.target, ast.Name):
        return False
    variable = loop.target.id
    inside = [node for statement in loop.body for node in ast.walk(statement)]
    if any(isinstance(node, (*LOOPS, ast.Return)) for node in inside):
        return False
    # A pointer that is handed on is stored at who knows where.
    bare = {id(node.value) for node in inside if isinstance(node, ast.Subscript)}
    if any(isinstance(node, ast.Name) and node.id in pointers and id(node) not in bare for node in inside):
        return False
    assigned = _assigned(loop, inside)
    if variable in assigned:
        return False
    accesses = [node for node in inside if isinstance(node, ast.Subscript)]
    stored = [node for node in accesses if isinstance(node.ctx, ast.Store)]
    for store in stored:
        index = _spelt_out(store.slice, assigned)
        if index is None or _steps(index, variable) is not True:
            return False
        where = ast.dump(index)
        for other in accesses:
            if ast.unparse(other.value) == ast.unparse(store.value):
                spelt = _spelt_out(other.slice, assigned)
                if spelt is None or ast.dump(spelt) != where:
                    return False
    return True


def _assigned(loop: ast.For, inside: list[ast.AST]) -> dict[str, ast.expr | None]:
    """The variables that a turn sets, with their value where it is set once, at the top of the turn."""
    found: dict[str, ast.expr | None] = {}
    for node in inside:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found[node.id] = None if node.id in found else ast.Constant(0)
    plain = {
        statement.targets[0].id: statement.value
        for statement in loop.body
        if isinstance(statement, ast.Assign)
        and len(statement.targets) == 1
        and isinstance(statement.targets[0], ast.Name)
    }
    return {name: None if once is None else plain.get(name) for name, once in found.items()}


def _spelt_out(index: ast.expr, assigned: Mapping[str, ast.expr | None], depth: int = 4) -> ast.expr | None:
    """The index in terms of what a turn does not set; None where that cannot be said."""
    match index:
        case ast.Constant():
            return index
        case ast.Name(id=name):
            if name not in assigned:
                return ast.Name(name)
            value = assigned[name]
            return None if value is None or depth == 0 else _spelt_out(value, assigned, depth - 1)
        case ast.BinOp(left=left, op=op, right=right):
            a, b = _spelt_out(left, assigned, depth), _spelt_out(right, assigned, depth)
            return None if a is None or b is None else ast.BinOp(a, op, b)
    return None


def _steps(index: ast.expr, variable: str) -> bool | None:
    """True: moves on with every turn; False: stays; None: who knows."""
    match index:
        case ast.Name(id=name):
            return name == variable
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
            a, b = _steps(left, variable), _steps(right, variable)
            return None if a is None or b is None or (a and b) else a or b
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            a, b = _steps(left, variable), _steps(right, variable)
            return None if a is None or b is None or (a and b) else a or b
        case ast.Constant():
            return False
    return None if any(isinstance(node, ast.Name) and node.id == variable for node in ast.walk(index)) else False


def is_pure(node: ast.AST, functions: Mapping[str, ast.FunctionDef]) -> bool:
    """Whether an expression may be computed unwanted: it reads no array and divides no integer."""
    for part in ast.walk(node):
        match part:
            case ast.Subscript() | ast.While() | ast.For():
                return False
            case ast.BinOp(op=ast.FloorDiv() | ast.Mod(), right=right) if not isinstance(right, ast.Constant):
                return False
            case ast.Call(func=ast.Name(id=name)) if name in functions:
                if not is_pure(functions[name], {k: f for k, f in functions.items() if k != name}):
                    return False
            case ast.Call(func=ast.Name(id=name)) if name not in PLAIN:
                return False
    return True
