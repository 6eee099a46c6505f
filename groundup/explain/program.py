"""A formula such as ``mse(lin(x, w, b), y)`` read as a list of rows, each applied to values that have names.

The text is parsed and never evaluated: only names, numbers, arithmetic and calls of what the library knows are
let through. Models are read by the names of their layers, whichever library they come from.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from groundup.ops import ROWS
from groundup.ops.row import Row

# What people write, as compositions of rows; the numbers are the arguments.
MACROS = {
    "mse": "mean(square(sub(0, 1)))",
    "mse_loss": "mean(square(sub(0, 1)))",
    "l1_loss": "mean(abs(sub(0, 1)))",
    "cross_entropy": "nll(log_softmax(0), 1)",
}
ALIASES = {"lin": "linear", "relu_": "relu", "nll_loss": "nll", "logsigmoid": "log_sigmoid", "mm": "matmul"}
LAYERS = {
    **{name: name.lower() for name in ("ReLU", "Tanh", "Sigmoid", "GELU", "SiLU", "Mish", "Softsign", "Softplus")},
    "LogSigmoid": "log_sigmoid",
    "Softmax": "softmax",
    "LogSoftmax": "log_softmax",
    "MSELoss": "mse",
    "L1Loss": "l1_loss",
    "CrossEntropyLoss": "cross_entropy",
    "NLLLoss": "nll",
}
TWO_ARGUMENTS = {"mse", "l1_loss", "cross_entropy", "nll"}
_OPERATORS = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow", ast.MatMult: "matmul"}
LONGEST, MOST_STEPS = 10_000, 200
LARGEST, HIGHEST_POWER = 1e12, 1000  # SymPy computes with all digits, which takes forever for larger ones

Argument = str | float


@dataclass(frozen=True)
class Step:
    """One row applied: `name = row(arguments)`."""

    name: str
    row: Row
    arguments: tuple[Argument, ...]

    def __str__(self) -> str:
        return f"{self.name} = {self.row.name}({', '.join(map(str, self.arguments))})"


@dataclass
class Program:
    """The steps in the order in which they are computed; the last one makes the result."""

    leaves: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    def apply(self, operation: str, arguments: list[Argument], name: str | None = None) -> Argument:
        """Add the step, or the steps that the operation is composed of; gives the name of the value."""
        operation = ALIASES.get(operation, operation)
        if operation in MACROS:
            body = ast.parse(MACROS[operation], mode="eval").body
            return self._macro(operation, body, arguments, name or self._fresh("loss"))
        row = ROWS.get(operation)
        if row is None or operation.startswith("_"):
            raise ValueError(f"no operation is called {operation!r}{_similar(operation)}")
        wanted = [each for each in row.arguments if (row.name, each) != ("nll", "weight")]
        if len(arguments) != len(wanted):
            raise ValueError(f"{operation} takes {', '.join(wanted)}, and got {len(arguments)} arguments")
        numbers = [each for each in arguments if not isinstance(each, str)]
        if len(numbers) == len(arguments):
            raise ValueError(f"{operation}({', '.join(map(str, arguments))}) has no name in it: write its value")
        if not all(abs(each) <= LARGEST for each in numbers) or (operation == "pow" and _high(arguments[1])):
            raise ValueError(f"the numbers in {operation}({', '.join(map(str, arguments))}) are too large")
        if len(self.steps) == MOST_STEPS:
            raise ValueError(f"the formula has more than {MOST_STEPS} steps")
        name = name or self._fresh({"linear": "l", "relu": "r"}.get(operation, "h"))
        self.steps.append(Step(name, row, tuple(arguments)))
        return name

    def _macro(self, operation: str, node: ast.expr, arguments: list[Argument], name: str | None) -> Argument:
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            if node.value >= len(arguments):
                raise ValueError(f"{operation} takes {node.value + 1} arguments, and got {len(arguments)}")
            return arguments[node.value]
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            raise ValueError(f"{operation} is no composition of calls")
        inner = [self._macro(operation, each, arguments, None) for each in node.args]
        return self.apply(node.func.id, inner, name or self._fresh({"sub": "diff"}.get(node.func.id, "h")))

    def value(self, name: str) -> str:
        """A value by its name: a new name is a leaf."""
        if name not in self.names():
            self.leaves.append(name)
        return name

    def names(self) -> set[str]:
        """All names in use."""
        return {*self.leaves, *(step.name for step in self.steps)}

    def _fresh(self, stem: str) -> str:
        taken = self.names()
        numbered = (f"{stem}{i}" for i in range(1, len(taken) + 2))
        first = stem if len(stem) > 1 and stem not in taken else None
        return first or next(each for each in numbered if each not in taken)


def _high(power: Argument) -> bool:
    return not isinstance(power, str) and abs(power) > HIGHEST_POWER


def read(what: Any) -> Program:
    """The program of a text, of the name of a row, or of a layer, a loss or a sequence of layers."""
    if isinstance(what, str):
        return read_text(what)
    program = Program()
    models = what if isinstance(what, list | tuple) else [what]
    value: Argument = program.value("x")
    for model in models:
        for path, layer in _layers(model):
            value = _layer(program, value, path, layer)
    if not program.steps:
        raise ValueError(f"there is nothing to derive in {type(what).__name__}")
    return program


def _layers(model: Any, path: str = "") -> Iterable[tuple[str, Any]]:
    if not hasattr(model, "named_children"):
        raise TypeError(f"derive takes a formula or modules, not {type(model).__name__}")
    if type(model).__name__ == "Sequential":
        for name, child in model.named_children():
            yield from _layers(child, f"{path}_{name}")
    else:
        yield path, model


def _layer(program: Program, value: Argument, path: str, layer: Any) -> Argument:
    kind = type(layer).__name__
    if kind == "Identity":
        return value
    if kind == "Linear":
        weight = program.value(f"weight{path}")
        bias: Argument = 0.0 if layer.bias is None else program.value(f"bias{path}")
        return program.apply("linear", [value, weight, bias])
    if kind not in LAYERS:
        raise ValueError(f"derive knows Linear, Sequential, {', '.join(LAYERS)}; the model has a {kind}")
    operation = LAYERS[kind]
    more: list[Argument] = [program.value("y")] if operation in TWO_ARGUMENTS else []
    return program.apply(operation, [value, *more])


def read_text(text: str) -> Program:
    """The program of a formula, or of several lines `name = formula` with the result last."""
    if len(text) > LONGEST:
        raise ValueError(f"the formula has {len(text)} characters; at most {LONGEST} are read")
    name = ALIASES.get(text.strip(), text.strip())
    if name in ROWS or name in MACROS:
        text = _call_of(name)
    shown = text if len(text) <= 60 else text[:60] + "..."
    try:
        return _program(ast.parse(text.strip(), mode="exec").body, shown)
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(f"cannot read the formula {shown!r}: {getattr(error, 'msg', error)}") from None


def _program(parsed: list[ast.stmt], text: str) -> Program:
    program = Program()
    reader: dict[str, Argument] = {}
    for i, line in enumerate(parsed):
        last = i == len(parsed) - 1
        if isinstance(line, ast.Expr) and last:
            _read(program, line.value, None, reader)
        elif isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name) and len(line.targets) == 1:
            target = line.targets[0].id
            if target in program.names():
                raise ValueError(f"{target} is given twice: each value needs a name of its own")
            reader[target] = _read(program, line.value, target, reader)
        else:
            raise ValueError(f"cannot read {ast.unparse(line)!r}: write name = formula, and the result last")
    if not program.steps:
        raise ValueError(f"there is nothing to derive in {text!r}: write for example mse(lin(x, w, b), y)")
    return program


def _call_of(name: str) -> str:
    """The name of an operation alone, as a call on its own arguments."""
    if name in MACROS:
        return f"{name}(x, y)"
    row = ROWS[name]
    return f"y = {name}({', '.join(each for each in row.arguments if (row.name, each) != ('nll', 'weight'))})"


def _read(program: Program, node: ast.expr, name: str | None, known: dict[str, Argument]) -> Argument:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return node.value
    if isinstance(node, ast.Name):
        return known[node.id] if node.id in known else program.value(node.id)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _read(program, node.operand, None, known)
        return program.apply("neg", [value], name) if isinstance(value, str) else -value
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        arguments = [_read(program, each, None, known) for each in (node.left, node.right)]
        return program.apply(_OPERATORS[type(node.op)], arguments, name)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        arguments = [_read(program, each, None, known) for each in node.args]
        return program.apply(node.func.id, arguments, name)
    raise ValueError(f"cannot read {ast.unparse(node)!r}: names, numbers, + - * / ** @ and calls can be derived")


def _similar(name: str) -> str:
    import difflib

    close = difflib.get_close_matches(name, [*ROWS, *MACROS, *ALIASES], n=3)
    return f"; perhaps {' or '.join(close)}" if close else ""
