"""The definitions that a piece of source needs, collected from the modules where they live, as text of one file.

A definition brings along what it refers to. Names stay as they are unless two modules use one for different things.
Formulas are functions of a mathematics `m`: in the file their `m.exp` is `np.exp`, and what NumPy lacks is a function.
"""

from __future__ import annotations

import ast
import builtins
import keyword
from collections.abc import Callable, Iterable
from functools import partial
from importlib import import_module
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from groundup.compile.saving.literals import Literals
from groundup.compile.saving.scopes import Edit, Names, edited
from groundup.compile.saving.sources import binding_of, bound_names, definition_of, written
from groundup.ops.readings import ARRAYS
from groundup.random import Generator

MISSING = object()
_STRIPPED = frozenset({"announced"})  # decorators that do nothing outside of the library


class Bundle:
    """Collects definitions; `texts` has them in an order in which each can be run after those before it."""

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self.reserved = set(reserved)  # names of arguments and variables, which would hide a definition
        self.taken = {*vars(builtins), *keyword.kwlist, "np", "m"}
        self.texts: list[str] = []
        self.imports = {"import numpy as np"}
        self.literals = Literals(self.value)
        self.names: dict[Any, str] = {}  # by module and name, or by identity
        self.kept: list[Any] = []  # so that what is known by identity stays
        self.asked: set[str] = set()  # of the mathematics, by functions that are given it
        self.passes_on = False  # whether some function is given it

    # Text

    def moved(self, text: str, value_of: Callable[[str], Any], module: ModuleType | None = None) -> str:
        """A piece of source as it stands in the file: its names are looked up where it comes from."""
        tree = ast.parse(text)
        found = Names(tree)
        self.asked |= found.asked
        edits: list[Edit] = [*found.annotated, *((each, "pass") for each in found.imports)]
        for statement in tree.body:
            edits += [(each, "") for each in _stripped(statement)]
        for name in found.plain:
            new = self._named(name.id, value_of, module)
            if new is not None and new != name.id:
                edits.append((name, new))
        for dotted in found.dotted:
            edits.append((dotted, self._dotted(dotted, value_of, module)))
        return edited(text, edits).replace("@\n", "")

    def _named(self, name: str, value_of: Callable[[str], Any], module: ModuleType | None) -> str | None:
        value = value_of(name)
        if value is MISSING:
            return None
        if module is not None and vars(module).get(name, MISSING) is value:
            return self.of_module(module, name)
        return self.value(value, name)

    def _dotted(self, node: ast.Attribute, value_of: Callable[[str], Any], module: ModuleType | None) -> str:
        name = node.value.id  # type: ignore[attr-defined]
        base = value_of(name)
        if base is ARRAYS:
            return self.mathematics(node.attr)
        if isinstance(base, ModuleType) and base.__name__.startswith("groundup"):
            return self.of_module(base, node.attr)
        return f"{self._named(name, value_of, module) or name}.{node.attr}"

    # Names of modules

    def of_module(self, module: ModuleType, name: str) -> str:
        """What a global name of a module of this library is called in the file."""
        value = vars(module)[name]
        if value is ARRAYS or isinstance(value, (ModuleType, Generator)):
            return self.value(value, name)
        statements = [each for each in written(module).bindings.get(name, []) if _imported(each) or _defines(each)]
        if not statements:
            return self.value(value, name)
        if isinstance(statements[0], ast.ImportFrom):
            return self._from_import(module, statements[0], name)
        key = (module.__name__, name)
        if key not in self.names:
            self._define(module, statements)
        return self.names[key]

    def _from_import(self, module: ModuleType, statement: ast.ImportFrom, name: str) -> str:
        origin = statement.module or ""
        original = next(each.name for each in statement.names if (each.asname or each.name) == name)
        if origin.partition(".")[0] == "groundup":
            return self.of_module(import_module(origin), original)
        self.imports.add(f"from {origin} import {original}" + (f" as {name}" if original != name else ""))
        self.taken.add(name)
        return name

    def _define(self, module: ModuleType, statements: list[ast.stmt]) -> None:
        """Put statements of a module into the file, with what they need before them."""
        for name in dict.fromkeys(each for statement in statements for each in bound_names(statement)):
            self.names[(module.__name__, name)] = self.fresh(name)
        own = vars(module)
        for statement in statements:
            text = written(module).statement(statement)
            if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
                new = self.names[(module.__name__, statement.name)]
                word = "def" if isinstance(statement, ast.FunctionDef) else "class"
                text = text.replace(f"{word} {statement.name}", f"{word} {new}", 1)
            self.texts.append(self.moved(text, lambda each: own.get(each, MISSING), module))

    def fresh(self, wanted: str) -> str:
        """The name, or one like it if it is taken."""
        name, count = wanted, 1
        while name in self.taken or name in self.reserved:
            count += 1
            name = f"{wanted}_{count}"
        self.taken.add(name)
        return name

    # Values

    def value(self, value: Any, hint: str) -> str:
        """An expression for an object: a name, whose definition it brings along, or a literal."""
        if value is ARRAYS:
            self.passes_on = True
            return "m"
        if isinstance(value, ModuleType):
            return self._module(value, hint)
        if isinstance(value, np.ufunc) or (callable(value) and getattr(np, _name(value), None) is value):
            return f"np.{_name(value)}"
        if id(value) in self.names:
            return self.names[id(value)]
        place = binding_of(value) if isinstance(value, (FunctionType, type)) else None
        if place is not None:
            return self.of_module(*place)
        if isinstance(value, FunctionType):
            return self._function(value, hint)
        if isinstance(value, partial) and value.args == (ARRAYS,) and not value.keywords:
            return self._formula(value)
        if isinstance(value, Generator):
            return self._generator(value)
        if hint and not isinstance(value, (int, float, str, type(None))):
            return self.assigned(value, hint)
        if not hint:
            raise ValueError(f"{value!r} of a compiled function cannot be written into a file")
        return self.literals.source(value)

    def _module(self, module: ModuleType, hint: str) -> str:
        if module is np:
            return "np"
        if module.__name__.startswith("groundup"):
            raise ValueError(f"the module {module.__name__} cannot be written into a file")
        self.imports.add(f"import {module.__name__}" + (f" as {hint}" if hint != module.__name__ else ""))
        self.taken.add(hint)
        return hint

    def assigned(self, value: Any, hint: str, text: str = "") -> str:
        """The name of a constant, which is written into the file."""
        name = self._remember(value, hint)
        self.texts.append(f"{name} = {text or self.literals.source(value)}")
        return name

    def _remember(self, value: Any, hint: str) -> str:
        self.kept.append(value)
        self.names[id(value)] = self.fresh(hint)
        return self.names[id(value)]

    def _generator(self, generator: Generator) -> str:
        """A user's own generator, or the default one, at the place where it is now."""
        from groundup.random.generator import default_generator

        seed, block = np.frombuffer(generator.get_state().tobytes()[-16:], "<u8").tolist()
        made = f"{self.value(Generator, 'Generator')}()"
        name = self.assigned(generator, "default_generator" if generator is default_generator else "generator", made)
        self.texts.append(f"{name}._place({seed}, {block})  # the seed, and how far its stream has been used")
        return name

    # Functions

    def mathematics(self, name: str) -> str:
        """The function of arrays that formulas ask for by that name."""
        return self.value(getattr(ARRAYS, name), name)

    def _function(self, function: FunctionType, hint: str) -> str:
        """A function that no module has a name for."""
        cells = dict(zip(function.__code__.co_freevars, (c.cell_contents for c in function.__closure__ or ())))
        if function.__qualname__.startswith("_special."):
            return self.of_module(import_module("groundup.ops.special"), cells["name"])
        if function.__qualname__ == "Printer._drawn.<locals>.<lambda>":
            return self._draw(function, hint, **cells)
        return self._own(function, function, hint, cells)

    def _own(self, key: Any, function: FunctionType, hint: str, cells: dict[str, Any], skipped: int = 0) -> str:
        name = self._remember(key, hint)
        outside = {**function.__globals__, **cells}
        text = definition_of(function, name, skipped)
        module = import_module(function.__module__)
        self.texts.append(self.moved(text, lambda each: outside.get(each, MISSING), module))
        return name

    def _formula(self, value: Any) -> str:
        """A row's formula, read with arrays."""
        from groundup.ops import ROWS

        forward: FunctionType = value.func
        name = next((each for each, row in ROWS.items() if row.forward is forward), "formula")
        known = self.names.get(id(forward))
        if known is not None:
            return known
        cells = dict(zip(forward.__code__.co_freevars, (c.cell_contents for c in forward.__closure__ or ())))
        if forward.__name__ == "<lambda>":
            return self._own(forward, forward, name, {**cells, "m": ARRAYS}, skipped=1)
        inner = self.value(forward, forward.__name__)
        self.passes_on = True
        name = self._remember(forward, name)
        self.texts.append(f"def {name}(*arguments, **parameters):\n    return {inner}(m, *arguments, **parameters)")
        return name

    def _draw(self, function: Any, hint: str, draw: Any, args: Any, kwargs: Any) -> str:
        """Random numbers, drawn as the library draws them."""
        given = [*map(self.literals.source, args)]
        given += [f"{name}={self.literals.source(each)}" for name, each in kwargs.items()]
        drawn = self.value(draw, draw.__name__)
        name = self._remember(function, hint)
        self.texts.append(f"def {name}():\n    return {drawn}({', '.join(given)})")
        return name

    def names_used(self) -> set[str]:
        """What the definitions are called."""
        return set(self.names.values())

    # The end

    def definitions(self) -> list[str]:
        """All texts; the mathematics, if functions are given it, comes last."""
        known: dict[str, str] = {}
        while self.passes_on and self.asked - known.keys():
            for name in sorted(self.asked - known.keys()):
                known[name] = self.mathematics(name)
        self.imports |= {f"import {name}" for name in self.literals.imports}
        if not self.passes_on:
            return self.texts
        self.imports.add("from types import SimpleNamespace")
        fields = "".join(f"    {name}={value},\n" for name, value in known.items())
        return [*self.texts, f"m = SimpleNamespace(\n{fields})"]


def _name(value: Any) -> str:
    return getattr(value, "__name__", "")


def _stripped(statement: ast.stmt) -> list[ast.AST]:
    decorators = getattr(statement, "decorator_list", [])
    return [each for each in decorators if isinstance(each, ast.Name) and each.id in _STRIPPED]


def _imported(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom)


def _defines(statement: ast.stmt) -> bool:
    return isinstance(statement, (ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign, ast.AugAssign))
