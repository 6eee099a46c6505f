"""The rules of the design that a program can hold: who imports whom, what that loads, how long files are.

The checkers read the source with `ast`, so an import inside a function counts as much as one at the top, and
each checker is itself tried on code that breaks its rule.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "groundup"

# A room imports itself and the levels before it. Rooms of one level are strangers to each other, except for
# the ground, and for the tensor, whose methods the functions are.
LEVELS = (
    {"errors", "dtypes", "limits", "cuda", "named", "size", "random", "printing", "folders", "atomic"},
    {"ops"},
    {"autograd"},
    {"tensor", "functions", "storage"},
    {"array_api", "linalg", "nn", "optim", "special", "data", "compile", "explain"},
    {"io"},
    {"train"},
    {"distributed", "cli"},
)
LEVEL_OF = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}
FRIENDS = (LEVELS[0], LEVELS[3])
# The ladder is for readers: nothing else of the library stands on it.
LEVEL_OF["foundations"] = len(LEVELS) - 1
# `groundup/__init__.py` shows all rooms to users and so may name them; to import it is to import the tensor.
FACADE = "tensor"

OPTIONAL = {
    "igraph",
    "llvmlite",
    "matplotlib",
    "ml_dtypes",
    "numba",
    "onnx",
    "PIL",
    "safetensors",
    "scipy",
    "sympy",
    "threadpoolctl",
    "tqdm",
}
AT_THE_TOP = {"numpy", "groundup"} | set(sys.stdlib_module_names)
# What no import of the library may load, whatever is installed.
HEAVY = OPTIONAL | {"torch", "hypothesis", "pytest", "rich"}

MODULES = sorted(PACKAGE.rglob("*.py"))
OTHER_FILES = sorted(path for folder in ("tests", "bench") for path in (ROOT / folder).rglob("*.py"))


def dotted_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def package_of(path: Path) -> str:
    return dotted_name(path) if path.stem == "__init__" else dotted_name(path).rpartition(".")[0]


# --- reading imports ----------------------------------------------------------------------------------------


def nodes_that_run(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node, but not the imports that only a type checker sees."""
    waiting = [tree]
    while waiting:
        for child in ast.iter_child_nodes(waiting.pop()):
            hidden = isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING")
            for node in child.orelse if hidden else (child,):
                yield node
                waiting.append(node)


def imported_names(tree: ast.AST, package: str) -> Iterator[tuple[int, str]]:
    """The line and the dotted name of everything that `tree`, a module of `package`, imports at any depth."""
    facade_names = set()
    nodes = list(nodes_that_run(tree))
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
                if alias.name.partition(".")[0] == "groundup" and (alias.asname is None or alias.name == "groundup"):
                    facade_names.add(alias.asname or "groundup")
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")
            base = ".".join(above[: len(above) - node.level + 1]) if node.level else ""
            origin = ".".join(part for part in (base, node.module) if part)
            for alias in node.names:
                yield node.lineno, f"{origin}.{alias.name}"
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in {"import_module", "importlib.import_module", "__import__"} and node.args:
                if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
                    yield node.lineno, node.args[0].value
    for node in nodes:
        # `import groundup` and then `groundup.nn.Linear` reaches into nn.
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in facade_names:
            yield node.lineno, f"groundup.{node.attr}"


def room_of(name: str) -> str | None:
    """The room of a name: `groundup.nn.Linear` is in nn, `groundup.exp` in the facade, `numpy` in none."""
    top, _, rest = name.partition(".")
    if top != "groundup":
        return None
    first = rest.partition(".")[0]
    return first if first in LEVEL_OF else FACADE


def may_import(room: str, other: str) -> bool:
    if room == other or any({room, other} <= friends for friends in FRIENDS):
        return True
    if other == "foundations":
        return room == "cli"
    return LEVEL_OF[other] < LEVEL_OF[room]


def import_violations(source: str, module: str, package: str | None = None) -> list[str]:
    """What is wrong with the imports of `module`, one sentence for each."""
    tree = ast.parse(source)
    package = package if package is not None else module.rpartition(".")[0]
    room = module.split(".")[1] if "." in module else None
    found = []
    if room is not None and room not in LEVEL_OF:
        return [f"{module}: the room {room} has no place in the order of the rooms"]
    for line, name in imported_names(tree, package):
        other = room_of(name)
        if other is None:
            if name.partition(".")[0] not in AT_THE_TOP | OPTIONAL:
                found.append(f"{module}:{line} imports {name}, which no extra brings")
        elif room is not None and not may_import(room, other):
            found.append(f"{module}:{line} {room} may not import {other} ({name})")
    for line, name in imports_at_the_top(tree, package):
        if name.partition(".")[0] not in AT_THE_TOP:
            found.append(f"{module}:{line} imports {name} at the top: import it in the function that needs it")
    return found


def imports_at_the_top(tree: ast.Module, package: str) -> Iterator[tuple[int, str]]:
    """The imports that run when the module is imported: all but those inside functions."""
    outside = ast.Module([node for node in tree.body if not isinstance(node, ast.FunctionDef)], [])
    inside_functions: set[tuple[int, str]] = set()
    waiting: list[ast.AST] = [outside]
    while waiting:
        for child in ast.iter_child_nodes(waiting.pop()):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                inside_functions.update(imported_names(child, package))
            else:
                waiting.append(child)
    for found in imported_names(outside, package):
        if found not in inside_functions:
            yield found


@pytest.mark.parametrize("path", MODULES, ids=dotted_name)
def test_imports_point_downwards(path: Path) -> None:
    assert import_violations(path.read_text(encoding="utf-8"), dotted_name(path), package_of(path)) == []


@pytest.mark.parametrize(
    ("module", "source", "says"),
    [
        ("groundup.ops.math", "from groundup.tensor import Tensor", "ops may not import tensor"),
        ("groundup.ops.math", "from ..autograd import tape", "ops may not import autograd"),
        ("groundup.ops.math", "import groundup", "ops may not import tensor"),
        (
            "groundup.autograd.tape",
            "def f():\n    from groundup.nn import Module",
            "autograd may not import nn",
        ),
        ("groundup.nn.linear", "import groundup\nx = groundup.optim.SGD", "nn may not import optim"),
        (
            "groundup.nn.linear",
            "import groundup as g\ndef f():\n    return g.train",
            "nn may not import train",
        ),
        ("groundup.nn.linear", "from groundup import optim", "nn may not import optim"),
        ("groundup.data.csv", "import groundup.nn.linear as l", "data may not import nn"),
        (
            "groundup.data.csv",
            "import importlib\nimportlib.import_module('groundup.io')",
            "data may not import io",
        ),
        ("groundup.errors", "from groundup.ops import math", "errors may not import ops"),
        ("groundup.train.learner", "from groundup import foundations", "train may not import foundations"),
        (
            "groundup.io.files",
            "class A:\n    def f(self):\n        import groundup.cli",
            "io may not import cli",
        ),
        ("groundup.helpers", "import math", "has no place"),
        ("groundup.io.files", "import pandas", "no extra brings"),
        ("groundup.io.files", "def f():\n    import requests", "no extra brings"),
        ("groundup.io.files", "import safetensors.numpy", "at the top"),
        ("groundup.io.files", "class A:\n    from tqdm import tqdm", "at the top"),
        ("groundup.io.files", "try:\n    import numba\nexcept ImportError:\n    numba = None", "at the top"),
    ],
)
def test_the_checker_finds_a_wrong_import(module: str, source: str, says: str) -> None:
    violations = import_violations(source, module)
    assert violations and says in violations[0]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        (
            "groundup.nn.linear",
            "import numpy as np\nfrom groundup.functions import elementwise\nfrom .module import M",
        ),
        ("groundup.nn.linear", "from groundup.random import default_generator\nimport math"),
        (
            "groundup.autograd.tape",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import groundup.tensor",
        ),
        ("groundup.io.files", "def f():\n    import safetensors.numpy"),
        ("groundup.io.files", "class A:\n    def f(self):\n        from tqdm import tqdm"),
        ("groundup.cli", "from groundup import foundations, nn, train"),
        (
            "groundup.train.learner",
            "import groundup\nx = groundup.exp, groundup.nn.Linear, groundup.optim.SGD",
        ),
        ("groundup.functions.reduce", "from groundup.tensor import Tensor"),
        ("groundup.tensor", "from groundup.functions import reduce"),
    ],
)
def test_the_checker_lets_a_right_import_pass(module: str, source: str) -> None:
    assert import_violations(source, module) == []


# --- what an import loads -----------------------------------------------------------------------------------


def loaded_by(*statements: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after `statements`."""
    script = "; ".join([*statements, "import sys", "print(*sys.modules)"])
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)
    assert run.returncode == 0, run.stderr
    return set(run.stdout.split())


def test_import_groundup_loads_nothing_heavy() -> None:
    loaded = loaded_by("import groundup")
    assert "numpy" in loaded and "groundup.tensor" in loaded
    assert loaded & HEAVY == set()
    later = {"groundup.train", "groundup.cli", "groundup.data", "groundup.io", "groundup.compile"}
    later |= {"groundup.nn", "groundup.optim", "groundup.array_api", "groundup.linalg", "groundup.special"}
    later |= {"groundup.ops.special", "groundup.ops.readings.floats", "groundup.ops.readings.algebra"}
    later |= {"groundup.random.draws", "groundup.random.distributions", "groundup.autograd.functional"}
    later |= {"groundup.autograd.differences", "groundup.functions.linalg", "groundup.ops.linalg"}
    later |= {"groundup.ops.normalise", "groundup.ops.pooling", "groundup.ops.resampling", "groundup.ops.windows"}
    assert later <= {dotted_name(path) for path in MODULES}
    assert loaded & later == set(), "these are loaded when they are first used"


def test_no_module_loads_an_optional_package_when_it_is_imported() -> None:
    names = [dotted_name(path) for path in MODULES if path.stem != "__main__"]
    loaded = loaded_by(*(f"import {name}" for name in names))
    assert set(names) <= loaded
    assert loaded & HEAVY == set()


def test_the_loading_check_sees_what_is_loaded() -> None:
    assert "sqlite3" in loaded_by("import sqlite3")
    assert "sqlite3" not in loaded_by("import json")


# --- how a file is written ----------------------------------------------------------------------------------

LONGEST_FILE = 500


def length_violations(source: str) -> list[str]:
    length = len(source.splitlines())
    return [f"{length} lines, more than {LONGEST_FILE}"] if length > LONGEST_FILE else []


def style_violations(source: str) -> list[str]:
    found = length_violations(source)
    tree = ast.parse(source)
    if not ast.get_docstring(tree):
        found.append("no docstring at the top")
    found += [f"line {n.lineno}: a bare assert" for n in ast.walk(tree) if isinstance(n, ast.Assert)]
    return found


@pytest.mark.parametrize("path", MODULES, ids=dotted_name)
def test_a_module_is_short_and_says_what_it_is(path: Path) -> None:
    assert style_violations(path.read_text(encoding="utf-8")) == []


def test_the_tests_and_the_benchmarks_are_short_too() -> None:
    assert OTHER_FILES
    too_long = {dotted_name(path): length_violations(path.read_text(encoding="utf-8")) for path in OTHER_FILES}
    assert {name: found for name, found in too_long.items() if found} == {}


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("x = 1", "no docstring"),
        ('"""Text."""\n' + "x = 1\n" * 500, "501 lines"),
        ('"""Text."""\ndef f(x):\n    assert x > 0', "line 3: a bare assert"),
    ],
)
def test_the_style_check_finds_a_wrong_module(source: str, says: str) -> None:
    violations = style_violations(source)
    assert len(violations) == 1 and says in violations[0]


def test_the_style_check_lets_a_right_module_pass() -> None:
    assert style_violations('"""Text."""\n' + "x = 1\n" * 499) == []


# A path of one person's machine in a published file is of no use to anyone else.
SOMEONES_PATH = re.compile(r"(?<![\w.$}/])/(?:work|home|root|Users|tmp/v)/[\w.]+")
TEXT_SUFFIXES = {".py", ".md", ".toml", ".txt", ".yml", ".yaml", ".cfg", ""}


def published_text() -> Iterator[Path]:
    for folder in (".ci", "groundup", "tests", "bench", "book"):
        yield from (path for path in (ROOT / folder).rglob("*") if path.is_file())
    yield from (path for path in ROOT.glob("*.*") if path.is_file())


def test_no_file_names_the_machine_it_was_written_on() -> None:
    paths = [p for p in published_text() if p.suffix in TEXT_SUFFIXES and "__pycache__" not in p.parts]
    assert len(paths) > len(MODULES)
    found = [
        f"{p.relative_to(ROOT)}: {m}" for p in paths for m in SOMEONES_PATH.findall(p.read_text("utf-8", "replace"))
    ]
    assert found == []


def test_the_path_check_finds_a_path_and_leaves_others() -> None:
    slash = "/"
    assert SOMEONES_PATH.search(f"open('{slash}home/someone/data')")
    assert SOMEONES_PATH.search(f"see {slash}work/main")
    assert not SOMEONES_PATH.search(f"https://example.org/home/page and a{slash}work{slash}b")
