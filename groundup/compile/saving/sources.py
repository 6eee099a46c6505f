"""Where things of this library are written: the statements of a module that bind a name, and the text of a function."""

from __future__ import annotations

import ast
import copy
import inspect
import sys
import textwrap
from functools import cache
from types import FunctionType, ModuleType
from typing import Any


class Written:
    """A module as it is written: its text, and the statements at the top of it that bind each name."""

    def __init__(self, module: ModuleType) -> None:
        self.text = inspect.getsource(module)
        self.lines = self.text.split("\n")
        self.tree = ast.parse(self.text)
        self.bindings: dict[str, list[ast.stmt]] = {}
        for statement in self.tree.body:
            for name in bound_names(statement):
                self.bindings.setdefault(name, []).append(statement)

    def statement(self, node: ast.stmt) -> str:
        """The text of a statement."""
        first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))])
        return "\n".join(self.lines[first - 1 : node.end_lineno])


def bound_names(statement: ast.stmt) -> list[str]:
    """The names that a statement binds in its module."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return [statement.name]
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return [(each.asname or each.name).partition(".")[0] for each in statement.names]
    if isinstance(statement, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        names = [each for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]
        return [each.id for each in names if isinstance(each.ctx, ast.Store)]
    return []


@cache
def written(module: ModuleType) -> Written:
    """The module as it is written."""
    return Written(module)


def binding_of(value: Any) -> tuple[ModuleType, str] | None:
    """The module of this library, and the name there, that a function or a class is bound to."""
    module: Any = sys.modules.get(getattr(value, "__module__", None) or "")
    if module is None or not module.__name__.startswith("groundup"):
        return None
    own = vars(module)
    if own.get(value.__name__) is value:
        return module, value.__name__
    return next(((module, name) for name, each in own.items() if each is value), None)


def definition_of(function: FunctionType, name: str, skipped: int = 0) -> str:
    """A function as a definition under that name, without its first arguments and without decorators."""
    if function.__name__ != "<lambda>":
        text = textwrap.dedent(inspect.getsource(function))
        text = text[text.index("def ") :]
        return text.replace(f"def {function.__name__}(", f"def {name}(", 1)
    module = written(inspect.getmodule(function))
    node = _lambda(module.tree, function)
    arguments = copy.deepcopy(node.args)
    del arguments.args[:skipped]
    return f"def {name}({ast.unparse(arguments)}):\n    return {_body(module.text, node.body)}"


def _body(text: str, node: ast.expr) -> str:
    """The expression, its lines moved to where a function's body stands."""
    first, *rest = (ast.get_source_segment(text, node) or "").split("\n")
    if not rest:
        return first
    off = len(rest[-1]) - len(rest[-1].lstrip()) - 4
    lines = [each[off:] if off >= 0 else " " * -off + each for each in rest]
    whole = "\n".join([first, *lines])
    try:
        ast.parse(f"_ = {whole}")
    except SyntaxError:  # its lines were held together by brackets around it
        return f"({whole})"
    return whole


def _lambda(tree: ast.AST, function: FunctionType) -> ast.Lambda:
    """The expression that made a function: the smallest one that the function's code lies in."""
    code = function.__code__
    places = [each for each in code.co_positions() if None not in each and each[2:] != (0, 0)]
    begin = min((line, column) for line, _, column, _ in places)
    end = max((line, column) for _, line, _, column in places)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Lambda):
            body = node.body
            span = (body.lineno, body.col_offset), (body.end_lineno, body.end_col_offset)
            if span[0] <= begin and end <= span[1]:
                found.append((node.lineno, node.col_offset, node))
    if not found:
        raise ValueError(f"the source of {function.__qualname__} of {function.__module__} is not to be found")
    return max(found, key=lambda each: each[:2])[2]
