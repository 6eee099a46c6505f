"""The ladder: every rung in its order, from below, for the matrix product and for the training step.

The tests run all rungs against each other, and ``groundup ladder`` times them; both find them here.
"""

from __future__ import annotations

import importlib
import inspect
import io
import tokenize
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_SILENT = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)


@dataclass(frozen=True)
class Rung:
    """A module of the ladder: its title, its place below `groundup.foundations`, and the modules it brings along."""

    title: str
    place: str
    with_also: tuple[str, ...] = ()
    extra: bool = False  # whether it needs the extra "compile"

    def load(self, name: str) -> Callable[..., Any]:
        """The function of this name in the rung's module."""
        function: Callable[..., Any] = getattr(_module(self.place), name)
        return function

    @property
    def lines(self) -> int:
        """Lines of code, without comments, docstrings and blank lines, of the rung and what it brings along."""
        return sum(code_lines(inspect.getsource(_module(place))) for place in (self.place, *self.with_also))


MATMULS = (
    Rung("three loops", "matmul.three_loops"),
    Rung("row times column", "matmul.row_column"),
    Rung("broadcasting", "matmul.broadcasting"),
    Rung("einsum", "matmul.einsum"),
    Rung("@ (BLAS)", "matmul.operator"),
    Rung("three loops, compiled", "matmul.compiled", ("matmul.three_loops",), extra=True),
    Rung("blocked loops, compiled", "matmul.blocked", extra=True),
    Rung("tiles in registers, compiled", "matmul.tile", ("matmul.registers",), extra=True),
)

STEPS = (
    Rung("neurons on floats", "neuron"),
    Rung("list comprehensions", "lists"),
    Rung("elementwise and sums", "elementwise", ("forward", "gradients")),
    Rung("convolution by unfold", "convolution", ("forward", "gradients")),
    Rung("gradients by hand", "gradients", ("forward",)),
    Rung("layers with backward", "layers", ("forward", "gradients")),
    Rung("LayerFunction", "layer_function"),
    Rung("Function with ctx", "function_ctx", ("forward",)),
    Rung("Module and optimiser", "modules", ("forward", "function_ctx", "optimizer")),
    Rung("nn and optim, eager", "library"),
    Rung("plain NumPy", "plain_numpy"),
    Rung("nn and optim, compiled", "top", ("library",)),
)


def code_lines(source: str) -> int:
    """How many lines of a program do something.

    >>> code_lines("'''What it is.'''\\n\\n# why\\nx = [1,\\n     2]\\n")
    2
    """
    lines: set[int] = set()
    fresh = True  # at the start of a statement, where a lone string is a docstring
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in _SILENT:
            fresh = fresh or token.type == tokenize.NEWLINE
        elif token.type == tokenize.STRING and fresh:
            continue
        else:
            fresh = False
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines)


def _module(place: str) -> Any:
    return importlib.import_module(f"groundup.foundations.{place}")
