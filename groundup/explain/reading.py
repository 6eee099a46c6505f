"""A formula such as ``mse(lin(x, w, b), y)`` read as a program. The text is parsed and never evaluated.

Only names, numbers, arithmetic, brackets and calls of what the library knows are let through. What people call by
one name and the library computes in several steps, as the losses, is written in such formulas itself.
"""

from __future__ import annotations

import ast
from typing import Any

from groundup.explain.program import ALIASES, Argument, Program, similar, tensors_of
from groundup.ops import ROWS

# Names for several steps: their arguments, with what those are if they are not given, and the formula.
MACROS = {
    "mse": "x, y: diff = x - y; mean(square(diff))",
    "l1_loss": "x, y: diff = x - y; mean(abs(diff))",
    "huber_loss": "x, y, delta=1: diff = x - y; size = abs(diff); near = size < delta; "
    "mean(where(near, 0.5 * diff * diff, delta * (size - 0.5 * delta)))",
    "smooth_l1_loss": "x, y, beta=1: diff = x - y; size = abs(diff); near = size < beta; "
    "mean(where(near, 0.5 * diff * diff, beta * (size - 0.5 * beta)) / beta)",
    "binary_cross_entropy": "x, y: hit = log(x); miss = log1p(-x); mean(-(y * hit + (1 - y) * miss))",
    "binary_cross_entropy_with_logits": "x, y: mean((1 - y) * x - log_sigmoid(x))",
    "cross_entropy": "x, y: nll(log_softmax(x), y)",
    "kl_div": "x, y: mean(xlogy(y, y) - y * x)",
    "poisson_nll_loss": "x, y: mean(exp(x) - y * x)",
    "softsign": "x: x / (1 + abs(x))",
    "layer_norm": "x, weight, bias, eps=0.00001: middle = x - mean(x, -1, 1); var = mean(square(middle), -1, 1); "
    "z = middle * rsqrt(var + eps); z * weight + bias",
    "rms_norm": "x, weight, eps=0.00001: z = x * rsqrt(mean(square(x), -1, 1) + eps); z * weight",
    "batch_norm": "x, weight, bias, eps=0.00001: middle = x - mean(x, 0, 1); var = mean(square(middle), 0, 1); "
    "z = middle * rsqrt(var + eps); z * weight + bias",
    "batch_norm_2d": "x, weight, bias, eps=0.00001: middle = x - mean(x, (0, 2, 3), 1); "
    "var = mean(square(middle), (0, 2, 3), 1); z = middle * rsqrt(var + eps); "
    "z * unsqueeze(unsqueeze(weight, -1), -1) + unsqueeze(unsqueeze(bias, -1), -1)",
    "normalise": "x, weight, bias: layer_norm(x, weight, bias)",
    "conv1d": "x, weight, bias: correlate(columns(x, 1), weight, bias)",
    "conv2d": "x, weight, bias: correlate(columns(x, 2), weight, bias)",
}
FUSED = dict.fromkeys(("layer_norm", "rms_norm", "batch_norm", "batch_norm_2d"), "normalise")
OTHER_NAMES = {
    "mse_loss": "mse",
    "bce": "binary_cross_entropy",
    "bce_with_logits": "binary_cross_entropy_with_logits",
    "huber": "huber_loss",
    "smooth_l1": "smooth_l1_loss",
}
_OPERATORS: dict[type, str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.Pow: "pow",
    ast.MatMult: "matmul",
    ast.Lt: "lt",
    ast.LtE: "le",
    ast.Gt: "gt",
    ast.GtE: "ge",
}
LONGEST = 10_000


def apply(
    program: Program,
    operation: str,
    arguments: list[Argument],
    name: str | None = None,
    params: dict[str, Any] | None = None,
) -> Argument:
    """Add the step, or the steps that the operation is composed of; gives the name of the value."""
    operation = OTHER_NAMES.get(operation, operation)
    if operation not in MACROS:
        params = dict(params or {})
        if operation == "bmm":
            params["rank"] = 3
        operation = ALIASES.get(operation, operation)
        if operation not in ROWS:
            raise ValueError(f"no operation is called {operation!r}{similar(operation, tuple(MACROS))}")
        return program.apply(operation, arguments, name, params)
    given = dict(zip(macro_arguments(operation), arguments))
    known, missing = {}, []
    for each, default in macro_arguments(operation).items():
        value = given.get(each, (params or {}).get(each, default))
        known[each] = value
        missing += [each] if value is None else []
    if missing or len(arguments) > len(known):
        wanted = sum(default is None for default in macro_arguments(operation).values())
        raise ValueError(f"{operation} takes {wanted} arguments, and got {len(arguments)}")
    if operation in FUSED:
        program.fused.append((operation, FUSED[operation]))
    lines: list[Any] = [*ast.parse(MACROS[operation].partition(": ")[2]).body]
    for line in lines[:-1]:
        stem = line.targets[0].id
        known[stem] = _read(program, line.value, program.fresh(stem), known, params)
    loss = "mean(" in MACROS[operation].rpartition(";")[2] or operation == "cross_entropy"
    return _read(program, lines[-1].value, name or program.fresh("loss" if loss else "out"), known, params)


def macro_arguments(operation: str) -> dict[str, float | None]:
    """The arguments of a macro, and their values if they are not given."""
    before = MACROS[operation].partition(": ")[0].split(", ")
    pairs = (each.partition("=") for each in before)
    return {name: float(default) if default else None for name, _, default in pairs}


def read_text(text: str) -> Program:
    """The program of a formula, or of several lines `name = formula` with the result last."""
    if len(text) > LONGEST:
        raise ValueError(f"the formula has {len(text)} characters; at most {LONGEST} are read")
    name = text.strip()
    if name == "bmm" or OTHER_NAMES.get(name, name) in MACROS or ALIASES.get(name, name) in ROWS:
        text = _call_of(name)
    shown = text if len(text) <= 60 else text[:60] + "..."
    try:
        return _program(ast.parse(text.strip(), mode="exec").body, shown)
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(f"cannot read the formula {shown!r}: {getattr(error, 'msg', error)}") from None


def _program(parsed: list[ast.stmt], text: str) -> Program:
    program = Program()
    known: dict[str, Any] = {}
    for i, line in enumerate(parsed):
        last = i == len(parsed) - 1
        if isinstance(line, ast.Expr) and last:
            _read(program, line.value, None, known)
        elif isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name) and len(line.targets) == 1:
            target = line.targets[0].id
            if target in program.names():
                raise ValueError(f"{target} is given twice: each value needs a name of its own")
            known[target] = _read(program, line.value, target, known)
        else:
            raise ValueError(f"cannot read {ast.unparse(line)!r}: write name = formula, and the result last")
    if not program.steps:
        raise ValueError(f"there is nothing to derive in {text!r}: write for example mse(lin(x, w, b), y)")
    return program


def _call_of(name: str) -> str:
    """The name of an operation alone, as a call on its own arguments."""
    macro = OTHER_NAMES.get(name, name)
    if macro in MACROS:
        required = [each for each, default in macro_arguments(macro).items() if default is None]
        return f"{macro}({', '.join(required)})"
    operation = ALIASES.get(name, name)
    if operation == "einsum":
        return "y = einsum('ik,kj->ij', a, b)"
    arguments = tensors_of(ROWS[operation]) or []
    along = ["dim=-1"] if operation in _LAST_AXIS else []
    return f"y = {name}({', '.join([*arguments, *along])})"


_LAST_AXIS = ("prod", "var", "std", "norm", "amax", "amin", "length")  # as the names alone are shown


def _read(
    program: Program,
    node: ast.expr,
    name: str | None,
    known: dict[str, Any],
    params: dict[str, Any] | None = None,
) -> Any:
    """The value of an expression, by its name or as a number; `params` go to the windows of a convolution."""

    def read(each: ast.expr) -> Any:
        return _read(program, each, None, known, params)

    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return node.value
    if isinstance(node, ast.Name):
        return known[node.id] if node.id in known else program.value(node.id)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = read(node.operand)
        return apply(program, "neg", [value], name) if isinstance(value, str) else -value
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        left, right = read(node.left), read(node.right)
        if isinstance(node.op, ast.Mult) and not isinstance(left, str) and not isinstance(right, str):
            return left * right  # as 0.5 * delta in a loss
        return apply(program, _OPERATORS[type(node.op)], [left, right], name)
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _OPERATORS:
        return apply(program, _OPERATORS[type(node.ops[0])], [read(node.left), read(node.comparators[0])], name)
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return apply(program, "t", [read(node.value)], name)
    if isinstance(node, ast.Subscript):
        return _brackets(program, node, name, known)
    if isinstance(node, ast.Call):
        return _call(program, node, name, known, params)
    raise ValueError(f"cannot read {ast.unparse(node)!r}: names, numbers, + - * / ** @ and calls can be derived")


def _call(program: Program, node: ast.Call, name: str | None, known: dict[str, Any], params: Any) -> Any:
    """f(x, ...), or x.f(...); einsum's equation is the one text."""
    before: list[ast.expr] = []
    if isinstance(node.func, ast.Name):
        operation = node.func.id
    elif isinstance(node.func, ast.Attribute) and node.func.attr in ROWS:
        operation, before = node.func.attr, [node.func.value]
    else:
        raise ValueError(f"cannot read {ast.unparse(node)!r}: names, numbers, + - * / ** @ and calls can be derived")
    more: dict[str, Any] = {}
    arguments = [*before, *node.args]
    if operation == "einsum" and arguments and isinstance(arguments[0], ast.Constant):
        more["equation"] = str(arguments.pop(0).value)  # type: ignore[attr-defined]
    for each in node.keywords:
        if each.arg is None:
            raise ValueError(f"cannot read {ast.unparse(node)!r}: ** has no place in a formula")
        more[each.arg] = _setting(each.value)
    values = [
        _setting(each) if isinstance(each, ast.Tuple) else _read(program, each, None, known, params)
        for each in arguments
    ]
    if operation == "columns":  # the windows of a convolution over so many axes
        rank = int(values.pop())
        given = {key: value for key, value in (params or {}).items() if key in ("stride", "padding", "dilation")}
        more = {key: value if isinstance(value, tuple) else (value,) * rank for key, value in given.items()}
        more.setdefault("stride", (1,) * rank)
        operation = "to_columns"
    if operation == "einsum" and "equation" not in more:
        raise ValueError("einsum takes its equation first, such as einsum('ik,kj->ij', a, b)")
    return apply(program, operation, values, name, more)


def _setting(node: ast.expr) -> Any:
    """A number, True or False, or some whole numbers."""
    if isinstance(node, ast.Tuple):
        return tuple(_setting(each) for each in node.elts)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_setting(node.operand)
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return node.value
    raise ValueError(f"cannot read {ast.unparse(node)!r}: a setting is a number or a tuple of numbers")


def _brackets(program: Program, node: ast.Subscript, name: str | None, known: dict[str, Any]) -> Any:
    """x[n,i] says what the axes of a new value are called; x[1:, 0] is a part of it."""
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    ones = [isinstance(each, ast.Constant) and each.value == 1 for each in parts]
    if all(isinstance(each, ast.Name) or one for each, one in zip(parts, ones)) and not all(ones):
        letters = tuple(each.id if isinstance(each, ast.Name) else "1" for each in parts)
        leaf = isinstance(node.value, ast.Name) and node.value.id not in known
        named = [each for each in letters if each != "1"]
        plain = all(each.isalpha() and each.islower() for each in named) and len(set(named)) == len(named)
        if leaf and plain and isinstance(node.value, ast.Name):
            value = program.value(node.value.id)
            if program.letters.setdefault(value, letters) != letters:
                raise ValueError(
                    f"{value} is [{','.join(program.letters[value])}] at first, and then [{','.join(letters)}]"
                )
            return value
        raise ValueError(f"cannot read {ast.unparse(node)!r}: x[n,i] names the axes of a value that is given")
    key = tuple(
        slice(*(None if end is None else int(_setting(end)) for end in (each.lower, each.upper, each.step)))
        if isinstance(each, ast.Slice)
        else int(_setting(each))
        for each in parts
    )
    return apply(program, "slice", [_read(program, node.value, None, known)], name, {"key": key})
