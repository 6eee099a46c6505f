"""A `Row` is one operation: its function, and beside it one derivative for each argument.

A derivative names what it needs, and nothing else is kept for it: `lambda m, g, y: g * (1 - y * y)` keeps only the
result. The names are those of the function's arguments, `y` (the result), `shape` (of the argument that the
derivative belongs to), `rest` (the arguments behind the named ones, of operations that take any number), `index`
(which argument the derivative is for), and the parameters.
Which of them to save is settled here, once for each row and each set of arguments that want a gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from groundup.ops.readings import ARRAYS

Formula = Any  # a plain function: its argument names are read from its code
HAS_REST = 0x04  # the flag of code that takes *arguments

# The rows among those that move numbers which also add or convert some, and so may overflow.
ADDING = frozenset(
    """
    add_at border_added fold from_columns gather_added index_added max_pick max_places max_spread max_windows nll
    nll_back pad region_places scatter_add strided_added strided_picked
    """.split()
)

# The rows that choose or compare without computing, so that NumPy never warns of them on arrays.
EXACT = frozenset(
    """
    abs bitwise_and bitwise_not bitwise_or bitwise_xor copysign eq fmax fmin ge gt isfinite isinf isnan le lt maximum
    minimum ne neg signbit
    """.split()
)


class Step:
    """How to call one derivative: which saved values it takes, in order, and what it takes by name."""

    __slots__ = ("argument", "formula", "only", "params", "plain", "rest", "slots", "wants_index", "wants_shape")

    def __init__(
        self, argument: int, formula: Formula, slots: list[int], rest: slice | None, params: list[str]
    ) -> None:
        self.argument = argument
        self.formula = formula
        self.slots = tuple(slots)
        self.rest = rest  # which saved values are the arguments behind the named ones
        self.wants_shape = "shape" in params
        self.wants_index = "index" in params
        self.params = tuple(name for name in params if name not in ("shape", "index"))
        self.plain = not params and rest is None
        self.only = slots[0] if len(slots) == 1 else None

    def named(self, saved: Sequence[Any], params: dict[str, Any], shape: tuple[int, ...]) -> dict[str, Any]:
        """The values that the derivative takes by name."""
        found = {name: params[name] for name in self.params}
        if self.rest is not None:
            found["rest"] = saved[self.rest]
        if self.wants_shape:
            found["shape"] = shape
        if self.wants_index:
            found["index"] = self.argument
        return found


class Plan:
    """What to save, and which derivatives to call, when a given set of arguments wants a gradient."""

    __slots__ = ("inputs", "only", "result", "steps")

    def __init__(self, inputs: tuple[int, ...], result: bool, steps: tuple[Step, ...]) -> None:
        self.inputs = inputs  # positions of the arguments to save; the result, if saved, comes after them
        self.result = result
        self.steps = steps
        self.only = steps[0].argument if len(steps) == 1 else None


class Row:
    """One primitive operation of one family.

    `forward(m, *arguments, **parameters)` computes it in the mathematics `m`; `grads` holds one formula for each
    named argument (or None), and `each` serves all arguments behind them.
    """

    __slots__ = (
        "arguments",
        "differentiable",
        "dtypes",
        "each",
        "eager",
        "family",
        "forward",
        "grads",
        "into",
        "judge",
        "kernel",
        "label",
        "name",
        "params",
        "plans",
        "quiet",
        "shares",
        "silent",
        "smooth",
        "ufunc",
        "variadic",
    )

    def __init__(
        self,
        family: str,
        forward: Formula,
        grads: tuple[Formula | None, ...] = (),
        *,
        each: Formula | None = None,
        dtypes: str | None = None,
        label: str | Callable[..., str] | None = None,
        ufunc: str | None = None,
        kernel: Formula | None = None,
        into: Formula | None = None,
        smooth: tuple[str, ...] = ("",),
        judge: str | None = None,
    ) -> None:
        self.name = ""
        self.family = family
        self.forward = forward
        self.grads = grads
        self.each = each
        self.dtypes = dtypes  # how types are settled: a key of autograd.settle.SETTLE, or None (the row's own affair)
        self.label = label  # PyTorch's name of the backward node, where users see it
        self.ufunc = ufunc  # NumPy's single function for it, used eagerly and in place
        self.kernel = kernel  # a faster reading on arrays, where the formula makes many temporaries
        self.into = into  # the same on arrays, written into the first one
        self.smooth = smooth  # regions on which algebra can prove the derivative: "0 < x", "a < b"
        self.judge = judge  # which judge stands in where algebra cannot decide
        code = forward.__code__
        count = code.co_argcount
        self.variadic = bool(code.co_flags & HAS_REST)
        self.arguments = code.co_varnames[1:count]
        self.params = code.co_varnames[count : count + code.co_kwonlyargcount]
        self.differentiable = each is not None or any(grads)
        self.plans: dict[Any, Plan | None] = {}
        self.eager: Formula = forward  # the reading on arrays
        self.shares = False  # whether the result may be a view of the argument's memory
        self.quiet = family in ("view", "index")  # moves numbers, so that NumPy has nothing to warn of
        self.silent = self.quiet  # NumPy never warns of it on arrays of one type

    def __repr__(self) -> str:
        return f"<{self.family} {self.name}>"

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        from groundup.ops import find

        return find, (self.name,)

    def plan(self, mask: int, count: int) -> Plan | None:
        """The plan for `count` arguments of which those in the bits of `mask` want a gradient; None if none has one."""
        key = (mask, count) if self.variadic else mask
        if key not in self.plans:
            self.plans[key] = self._make_plan(mask, count)
        return self.plans[key]

    def formula(self, argument: int) -> Formula | None:
        """The derivative for the argument at that position, or None."""
        if argument < len(self.arguments):
            return self.grads[argument] if argument < len(self.grads) else None
        return self.each

    def _make_plan(self, mask: int, count: int) -> Plan | None:
        wanted = [(i, self.formula(i)) for i in range(count) if mask >> i & 1]
        needs = {i: formula.__code__.co_varnames[2 : formula.__code__.co_argcount] for i, formula in wanted if formula}
        if not needs:
            return None
        used = {name for names in needs.values() for name in names}
        known = len(self.arguments)
        inputs = [i for i, name in enumerate(self.arguments[:count]) if name in used]
        rest = slice(len(inputs), len(inputs) + count - known) if "rest" in used else None
        if rest:
            inputs += range(known, count)
        steps = []
        for i, formula in wanted:
            if formula is None:
                continue
            slots, params = [], []
            for name in needs[i]:
                if name == "y":
                    slots.append(len(inputs))
                elif name in self.arguments:
                    slots.append(inputs.index(self.arguments.index(name)))
                elif name != "rest":
                    params.append(name)
            steps.append(Step(i, formula, slots, rest if "rest" in needs[i] else None, params))
        return Plan(tuple(inputs), "y" in used, tuple(steps))


def name_rows(table: dict[str, Any], sharing: frozenset[str] = frozenset()) -> dict[str, Row]:
    """Make the rows of a module ready: each is called as its variable (without the underscore that avoids a builtin).

    The results of those in `sharing` may be views of the argument's memory.
    """
    rows = {}
    for variable, row in table.items():
        if isinstance(row, Row) and not variable.startswith("_"):
            name = variable.rstrip("_")
            rows[name] = row
            if not row.name:  # not a row of another module
                row.name = name
                row.eager = row.kernel or (getattr(np, row.ufunc) if row.ufunc else partial(row.forward, ARRAYS))
                row.quiet = row.quiet and name not in ADDING
                row.silent = row.quiet or name in EXACT
                row.shares = name in sharing
    return rows
