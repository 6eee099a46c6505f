"""``groundup derive``: the gradients of a formula, line by line, beside the code that computes them.

Each line stands beside its line of the library's table, and beside the line of the source that the compiler writes
for the formula as a program.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import groundup
from groundup import explain
from groundup.cli.outcome import say


def run(options: argparse.Namespace) -> None:
    """Show it."""
    derivation = explain.derive(options.formula, form=options.form, compiled=compiled)
    say(derivation.latex if options.latex else str(derivation))


def compiled(function: Callable[..., Any], arguments: tuple[Any, ...]) -> str:
    """The source that the compiler writes for a function."""
    program = groundup.compile(function)
    program(*arguments)
    return str(program.source("numpy"))
