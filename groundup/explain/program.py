"""A formula as a list of rows, each applied to values that have names: what `derive` differentiates.

`reading` makes one from text, `networks` from models, and `running` runs it on tensors.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from groundup.explain.forms import FORMS, head
from groundup.ops import ROWS
from groundup.ops.row import Row

ALIASES = {
    "lin": "linear",
    "relu_": "relu",
    "nll_loss": "nll",
    "logsigmoid": "log_sigmoid",
    "bmm": "matmul",
    "vector_norm": "norm",
    "swapaxes": "transpose",
}
MOST_STEPS = 200
LARGEST, HIGHEST_POWER = 1e12, 1000  # SymPy computes with all digits, which takes forever for larger ones
# What may follow the tensors in a call, in its order; any of it can be given by name.
PARAMETERS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("sum", "mean", "prod", "norm", "amax", "amin", "logsumexp"), ("dim", "keepdim")),
    **dict.fromkeys(("var", "std"), ("dim", "keepdim", "correction")),
    **dict.fromkeys(("softmax", "log_softmax", "cumsum", "cumprod", "logcumsumexp", "squeeze", "unsqueeze"), ("dim",)),
    "flip": ("dims",),
    "permute": ("dims",),
    "transpose": ("dim0", "dim1"),
    "flatten": ("start_dim",),
}

Argument = str | float


@dataclass(frozen=True)
class Step:
    """One row applied: `name = row(arguments)`."""

    name: str
    row: Row
    arguments: tuple[Argument, ...]
    params: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        params = [f"{name}={value}" for name, value in self.params.items() if name not in ("rank", "key")]
        return f"{self.name} = {self.row.name}({', '.join([*map(str, self.arguments), *params])})"


@dataclass
class Program:
    """The steps in the order in which they are computed; the last one makes the result."""

    leaves: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    letters: dict[str, tuple[str, ...]] = field(default_factory=dict)  # of leaves, where they were written
    fused: list[tuple[str, str]] = field(default_factory=list)  # what was composed of steps here, and its own row

    def apply(
        self,
        operation: str,
        arguments: list[Argument],
        name: str | None = None,
        params: dict[str, Any] | None = None,
    ) -> str:
        """Add a step; gives the name of its value."""
        row = ROWS.get(operation)
        if row is None or operation.startswith("_"):
            raise ValueError(f"no operation is called {operation!r}{similar(operation, ())}")
        params = dict(params or {})
        wanted = tensors_of(row)
        if wanted is not None and len(arguments) > len(wanted):
            more = PARAMETERS.get(row.name, ())
            for key, value in zip(more, arguments[len(wanted) :]):
                params.setdefault(key, value)
            arguments = arguments[: len(wanted) + max(0, len(arguments) - len(wanted) - len(more))]
        if wanted is not None and len(arguments) != len(wanted):
            raise ValueError(f"{operation} takes {', '.join(wanted)}, and got {len(arguments)} arguments")
        _check_numbers(operation, arguments)
        if len(self.steps) == MOST_STEPS:
            raise ValueError(f"the formula has more than {MOST_STEPS} steps")
        name = name or self.fresh({"linear": "l", "relu": "r"}.get(operation, "h"))
        self.steps.append(Step(name, row, tuple(arguments), params))
        return name

    def value(self, name: str) -> str:
        """A value by its name: a new name is a leaf."""
        if name not in self.names():
            self.leaves.append(name)
        return name

    def names(self) -> set[str]:
        """All names in use."""
        return {*self.leaves, *(step.name for step in self.steps)}

    def fresh(self, stem: str) -> str:
        """A name that is not in use: the stem, or with a number."""
        taken = self.names()
        numbered = (f"{stem}{i}" for i in range(1, len(taken) + 2))
        first = stem if len(stem) > 1 and stem not in taken else None
        return first or next(each for each in numbered if each not in taken)


def tensors_of(row: Row) -> list[str] | None:
    """The names of the arguments that a row takes in a formula; None for any number."""
    if row.name == "einsum":
        return None
    if row.name == "correlate":
        return ["columns", "weight", "bias"]
    if row.name in FORMS:
        return list(head(FORMS[row.name]).arguments)
    return [each for each in row.arguments if (row.name, each) != ("nll", "weight")]


def similar(name: str, others: tuple[str, ...]) -> str:
    """A hint at names that are close."""
    import difflib

    close = difflib.get_close_matches(name, [*ROWS, *ALIASES, *others], n=3)
    return f"; perhaps {' or '.join(close)}" if close else ""


def _check_numbers(operation: str, arguments: list[Argument]) -> None:
    shown = f"{operation}({', '.join(map(str, arguments))})"
    if not all(isinstance(each, str | float | int) for each in arguments):
        raise ValueError(f"{shown} has a tuple where a value belongs")
    numbers = [each for each in arguments if not isinstance(each, str)]
    if len(numbers) == len(arguments):
        raise ValueError(f"{shown} has no name in it: write its value")
    high = operation == "pow" and not isinstance(arguments[1], str) and abs(arguments[1]) > HIGHEST_POWER
    if high or not all(abs(each) <= LARGEST for each in numbers):
        raise ValueError(f"the numbers in {shown} are too large")
