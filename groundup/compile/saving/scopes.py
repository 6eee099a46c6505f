"""Which names in a piece of source are global, and where they stand, so that the piece can move to another file.

The pieces are definitions of this library: functions, lambdas, classes, assignments. Annotations are taken away, but
for those of the fields of a class.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
Edit = tuple[ast.AST, str]  # a node and what stands in its place

_NONE = "\0"  # stands where an annotation has been


class Names(ast.NodeVisitor):
    """The global names of a tree, in order.

    >>> found = Names(ast.parse("def f(x: T):\\n    y = g(x)\\n    return h.k(y)"))
    >>> [each.id for each in found.plain], [each.attr for each in found.dotted]
    (['g'], ['k'])
    """

    def __init__(self, tree: ast.AST) -> None:
        self.plain: list[ast.Name] = []
        self.dotted: list[ast.Attribute] = []  # attributes of global names
        self.asked: set[str] = set()  # what is asked of a parameter that is called m: the mathematics of a formula
        self.imports: list[ast.ImportFrom] = []  # of this library, inside of functions
        self.annotated: list[Edit] = []  # what takes the annotations away
        self._scopes: list[set[str]] = []
        self.visit(tree)

    def _is_global(self, name: str) -> bool:
        return not any(name in scope for scope in self._scopes)

    def visit_Name(self, node: ast.Name) -> None:
        if self._is_global(node.id):
            self.plain.append(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.value, ast.Name):
            if self._is_global(node.value.id):
                self.dotted.append(node)
            elif node.value.id == "m":
                self.asked.add(node.attr)
            return
        self.visit(node.value)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if self._scopes and (node.module or "").partition(".")[0] == "groundup":
            self.imports.append(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.target)
        if node.value is not None:
            self.annotated.append((node.annotation, _NONE))
            self.visit(node.value)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if node.returns is not None:
            self.annotated.append((node.returns, _NONE))
        for each in node.decorator_list:
            self.visit(each)
        self._function(node, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef  # type: ignore[assignment]

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._function(node, [node.body])

    def _function(self, node: Function, body: Iterable[ast.AST]) -> None:
        given = node.args
        for default in (*given.defaults, *given.kw_defaults):
            if default is not None:
                self.visit(default)
        arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
        own = {each.arg for each in arguments if each is not None}
        self.annotated += [(each, each.arg) for each in arguments if each is not None and each.annotation]
        self._within(own | _bound(body), body)

    def _comprehension(self, node: Comprehension) -> None:
        targets = {name.id for part in node.generators for name in ast.walk(part.target) if isinstance(name, ast.Name)}
        self.visit(node.generators[0].iter)
        parts: list[ast.AST] = [each for part in node.generators for each in part.ifs]
        parts += [part.iter for part in node.generators[1:]]
        parts += [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self._within(targets, parts)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for each in (*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)):
            self.visit(each)
        own = _bound(node.body)
        for part in node.body:  # a method does not see the names of its class
            self._within(set() if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef)) else own, [part])

    def _within(self, scope: set[str], parts: Iterable[ast.AST]) -> None:
        self._scopes.append(scope)
        for part in parts:
            self.visit(part)
        self._scopes.pop()


def _bound(body: Iterable[ast.AST]) -> set[str]:
    """The names that are bound by these statements themselves, and not by functions within them."""
    found: set[str] = set()
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
            continue
        if isinstance(node, (ast.Lambda, *Comprehension.__args__)):
            continue
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            if (getattr(node, "module", None) or "").partition(".")[0] != "groundup":
                found |= {(each.asname or each.name).partition(".")[0] for each in node.names}
        waiting += ast.iter_child_nodes(node)
    return found


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text with something else in the place of some of its nodes."""
    lines = text.encode().split(b"\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    whole = b"\n".join(lines)
    for node, new in sorted(edits, key=lambda edit: (edit[0].lineno, edit[0].col_offset), reverse=True):  # type: ignore[attr-defined]
        begin = starts[node.lineno - 1] + node.col_offset  # type: ignore[attr-defined]
        end = starts[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined]
        whole = whole[:begin] + new.encode() + whole[end:]
    return re.sub(rf"\s*(->|:)\s*{_NONE}", "", whole.decode())
