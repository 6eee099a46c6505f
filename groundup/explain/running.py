"""A program run on tensors: each step is the row that the library applies, on small arrays of the program's letters.

The compiler gets its function here, and the tests compare its gradients with those derived.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from groundup.explain.forms import ALONG, FORMS, LAST, WITHIN
from groundup.explain.indices import Elements
from groundup.explain.program import Program, Step
from groundup.explain.sums import size

Sizes = dict[str, int]
FREE = (3, 2, 4, 2, 3, 2)  # the sizes of axes that nothing is known of, in their order
# The size of the axis that positions point into; the rows of the second line write to each of them once at most.
POINTS_INTO = {
    **dict.fromkeys(("gather", "gather_added", "scatter_add"), "I"),
    **dict.fromkeys(("index", "index_select", "index_added", "embedding", "padded_embedding", "add_at"), "N"),
    "scatter": "I",
    "assign": "N",
    "nll_back": "C",
}


def sizes_of(elements: Elements) -> Sizes:
    """A small size for each letter, by its capital, so that all that is known of them holds."""
    known = elements.sums.sizes
    letters = [each for own in elements.letters.values() for each in own]
    every = {size(each) for each in letters} | set(known)
    every |= {each for expression in known.values() for each in expression.free_symbols}
    found: dict[Any, int] = {}
    for i, each in enumerate(sorted(every - set(known) - {size("1")}, key=str)):
        found[each] = FREE[i % len(FREE)]
    for _ in range(len(known)):  # each may stand on others
        for each, expression in known.items():
            value = expression.subs(found)
            if value.is_Integer:
                found[each] = int(value)
    return {"1": 1} | {str(each): value for each, value in found.items()}


def shape_of(name: str, elements: Elements, sizes: Sizes) -> tuple[int, ...]:
    """The shape of a value."""
    return tuple(1 if each == "1" else sizes[str(size(each))] for each in elements.letters.get(name, ()))


def examples(program: Program, elements: Elements, sizes: Sizes) -> dict[str, Any]:
    """A tensor for each value that is given: numbers between 0.2 and 0.9, or positions."""
    import groundup

    random = np.random.default_rng(0)
    found: dict[str, Any] = {}
    for name in program.leaves:
        shape = shape_of(name, elements, sizes)
        into = next((each for each in (_points(step, name, elements) for step in program.steps) if each), None)
        if any(step.row.name == "masked_softmax" and name == step.arguments[1] for step in program.steps):
            found[name] = groundup.tensor(np.arange(np.prod(shape)).reshape(shape) % 3 != 1)
        elif into is None:
            found[name] = groundup.tensor(random.uniform(0.2, 0.9, shape))
        else:
            letter, once = into
            places = np.arange(shape[-1] if shape else 1) // (1 if once else 2) + int(once)
            found[name] = groundup.tensor(np.broadcast_to(places % sizes[letter], shape).copy())
    return found


def _points(step: Step, name: str, elements: Elements) -> tuple[str, bool] | None:
    """If a step takes the value as positions: the size of the axis that they point into, and whether once each."""
    row = step.row.name
    if name not in step.arguments[2 if row in ("assign", "add_at") else 1 :][:1]:
        return None
    if row == "nll":
        return str(size(elements.letters[str(step.arguments[0])][-1])), False
    letter = POINTS_INTO.get(row)
    return (letter, row in ("scatter", "assign")) if letter else None


def as_function(program: Program, elements: Elements) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """The program as a function with the values' own names, which also finds every gradient; and its arguments.

    Raises ValueError for a step that is not run by its name alone.
    """
    from groundup.autograd import grad

    sizes = sizes_of(elements)
    given = examples(program, elements, sizes)
    used = dict.fromkeys(
        each
        for step in program.steps
        for i, each in enumerate(step.arguments)
        if isinstance(each, str) and step.row.formula(i) is not None
    )
    last = program.steps[-1].name
    made = {step.name: step for step in program.steps}
    wanted = [each for each in used if each in given or made[each].row.differentiable]
    for each in wanted:
        if each in given:
            given[each].requires_grad_()
    prefix = "do"
    while any(name.startswith(prefix) for name in program.names()):
        prefix += "_"
    world: dict[str, Any] = {f"{prefix}_grad": grad}
    lines = []
    for i, step in enumerate(program.steps):
        world[f"{prefix}_{i}"] = runner(step, elements, sizes)
        tensors = ", ".join(each for each in step.arguments if isinstance(each, str))
        lines.append(f"{step.name} = {prefix}_{i}({tensors})")
    arriving = [f"{last}_grad"] if elements.letters[last] else []
    names = ", ".join(f"{each}_grad" for each in wanted)
    more = f", {last}_grad" if arriving else ""
    lines.append(f"{names}, = {prefix}_grad({last}, ({', '.join(wanted)},){more})")
    lines.append(f"return {', '.join(made)}, {names}")
    source = "\n    ".join([f"def formula({', '.join([*given, *arriving])}):", *lines])
    exec(compile(source, "formula", "exec"), world)
    if arriving:
        import groundup

        arrived = np.random.default_rng(1).uniform(0.2, 0.9, shape_of(last, elements, sizes))
        given[f"{last}_grad"] = groundup.tensor(arrived)
    return world["formula"], tuple(given.values())


def runner(step: Step, elements: Elements, sizes: Sizes) -> Callable[..., Any]:
    """The step as a function of its tensors."""
    call = _call_of(step, elements, sizes)

    def run(*tensors: Any) -> Any:
        left = iter(tensors)
        return call(*(next(left) if isinstance(each, str) else each for each in step.arguments))

    return run


def _call_of(step: Step, elements: Elements, sizes: Sizes) -> Callable[..., Any]:
    import groundup
    from groundup.autograd import apply

    row, name, params = step.row, step.row.name, step.params
    if row.family == "elementwise" or name == "linear":
        return lambda *values: apply(row, *values)
    if name == "nll":
        rank = len(shape_of(str(step.arguments[0]), elements, sizes))
        return lambda x, target: apply(row, x, target, 1, axis=rank - 1, ignore=-100, reduction="mean")
    if name == "einsum":
        return lambda *values: groundup.einsum(params["equation"], *values)
    if name in _PUBLIC:
        chosen = {_PUBLIC[name].get(key, key): value for key, value in params.items() if key != "rank"}
        return lambda *values: getattr(groundup, name)(*values, **(_DEFAULTS.get(name, {}) | chosen))
    if name == "slice":
        key = params.get("key", (slice(None), slice(1, None)))
        return lambda x: x[key]
    if name in ("to_columns", "from_columns", "correlate", "correlate_back", "correlate_weight"):
        return _windowed(step, elements, sizes)
    shapes = [shape_of(str(each), elements, sizes) for each in step.arguments]
    if name in ALONG or name in WITHIN:
        settings = _over_axes(step, len(shapes[0]))
    elif name in FORMS:
        settings = _settings(name, shapes, shape_of(step.name, elements, sizes))
    else:
        raise ValueError(f"{name} is not run by its name alone")
    patterned = settings.pop("arguments", ())
    return lambda *values: apply(row, *values, *patterned, **settings)


_PUBLIC: dict[str, dict[str, str]] = {
    name: {}
    for name in ("matmul", "permute", "transpose", "squeeze", "unsqueeze", "flatten", "reshape", "mm", "mv", "dot", "t")
}
_DEFAULTS: dict[str, dict[str, Any]] = {
    "permute": {"dims": (1, 0)},
    "transpose": {"dim0": 0, "dim1": 1},
    "squeeze": {"dim": -1},
    "unsqueeze": {"dim": -1},
    "reshape": {"shape": (-1,)},
}


def _over_axes(step: Step, rank: int) -> dict[str, Any]:
    name, params = step.row.name, step.params
    chosen = params.get("dim", params.get("dims"))
    if chosen is None:
        chosen = rank - 1 if name in WITHIN or name in LAST else tuple(range(rank))
    dims = tuple(each % rank for each in (chosen if isinstance(chosen, tuple) else (chosen,)))
    if name in WITHIN:
        special: dict[str, dict[str, Any]] = {
            "flip": {"dims": dims},
            "roll": {"shifts": (1,), "dims": dims},
            "masked_softmax": {},
        }
        return special.get(name, {"dim": dims[0]})
    alone: dict[str, dict[str, Any]] = {"length": {"p": 2}, "median": {"skip": False}}
    more = {"norm": {"p": 2}, "var": {"correction": 1}, "std": {"correction": 1}}.get(name, {})
    more |= {key: value for key, value in params.items() if key == "correction"}
    if name in alone:
        return dict(alone[name])
    return {"dim": dims, "keepdim": bool(params.get("keepdim"))} | more


def _settings(name: str, shapes: list[tuple[int, ...]], result: tuple[int, ...]) -> dict[str, Any]:
    """What the row takes by name, for the call that its form stands for."""
    import groundup
    from groundup.ops.index import ARRAY
    from groundup.ops.windows import Line

    first = shapes[0]
    long, short = max(first[-1:] + result[-1:], default=0), min(first[-1:] + result[-1:], default=0)
    pairs = (Line(2, 2, 1, 0, short),)
    image = groundup.arange(first[0] * long).reshape(first[0], long) if first else groundup.arange(2).reshape(1, 2)
    unfolded: dict[str, Any] = {"dims": (len(first) - 1,), "steps": (2,), "dilations": (1,)}
    strided: dict[str, Any] = {"stride": (2, 1), "offset": 0, "own": (1,)}
    width: tuple[tuple[int, int], ...] = ((0, 0), (1, 1))
    found: dict[str, dict[str, Any]] = {
        "cross": {"dim": 1},
        "sum_to": {"size": result},
        "expand": {"size": result},
        "relaid": {"size": first, "dims": (1, 0)},
        "placed": {"key": (slice(None), slice(1, None)), "size": result},
        "pad": {"widths": ((0, 0), (1, 2)), "value": 0},
        "border": {"widths": width, "mode": "replicate"},
        "border_added": {"widths": width, "mode": "replicate"},
        "diagonal": {"offset": 0, "dim1": 0, "dim2": 1},
        "on_diagonal": {"offset": 0, "dim1": 0, "dim2": 1, "size": result},
        "tril": {"diagonal": 0},
        "triu": {"diagonal": 0},
        "repeat": {"times": (2,)},
        "repeat_each": {"times": 2, "dim": 0},
        "cat": {"dim": 0, "sizes": tuple(each[0] for each in shapes if each)},
        "stack": {"dim": 0},
        "windows": unfolded | {"sizes": (3,)},
        "fold": unfolded | {"dims": (1,), "size": result},
        "as_strided": strided | {"size": result},
        "strided_picked": strided | {"size": result},
        "strided_added": strided | {"size": first, "into": result},
        **{each: {"dim": 1} for each in ("gather", "scatter", "scatter_add")},
        "gather_added": {"dim": 1, "size": result},
        **{each: {"pattern": (ARRAY,)} for each in ("index", "assign", "add_at")},
        "index_added": {"pattern": (ARRAY,), "size": result},
        "index_select": {"dim": 0},
        "padded_embedding": {"padding": None, "shared": False},
        "nll_back": {"arguments": (1,), "axis": 1, "ignore": -100, "reduction": "mean", "size": result},
        "mean_windows": {"where": pairs, "counts": 2},
        "share_windows": {"where": pairs, "counts": 2, "size": result},
        "max_windows": {"where": pairs},
        **{each: {"where": pairs, "arguments": (image, image[:, 1::2])} for each in ("max_spread", "max_pick")},
    }
    return dict(found.get(name, {}))


def _windowed(step: Step, elements: Elements, sizes: Sizes) -> Callable[..., Any]:
    """The two rows of a convolution, their axes taken apart as the letters are."""
    from groundup.autograd import apply
    from groundup.ops.windows import Line

    row, result = step.row, shape_of(step.name, elements, sizes)
    given = shape_of(str(step.arguments[0]), elements, sizes)
    rank = len(given) - 2 if row.name in ("to_columns", "correlate_back") else (len(given) - 2) // 2
    if row.name == "correlate":
        return lambda columns, weight, *bias: apply(
            row, _columns(columns, rank), weight, *(each for each in bias if not isinstance(each, float))
        ).reshape(result)
    if row.name == "correlate_back":
        return lambda products, weight: apply(row, products.unsqueeze(1), weight).reshape(result)
    if row.name == "correlate_weight":
        return lambda columns, products: apply(row, _columns(columns, rank), products.unsqueeze(1), size=result)
    ones, zeros = (1,) * rank, (0,) * rank
    strides, paddings, dilations = (
        step.params.get(key, default) for key, default in (("stride", ones), ("padding", zeros), ("dilation", ones))
    )
    kernel = (result if row.name == "to_columns" else given)[2:]
    where = tuple(map(Line, kernel[:rank], strides, dilations, paddings, kernel[rank:]))
    if row.name == "from_columns":
        settings = {"where": where, "groups": 1, "batch_last": False, "size": result}
        return lambda columns: apply(row, _columns(columns, rank), **settings)
    return lambda x: apply(row, x, where=where, groups=1, batch_last=False).reshape(result)


def _columns(columns: Any, rank: int) -> Any:
    """Columns with the axes of a window as one, and a group."""
    shape = tuple(columns.shape)
    return columns.reshape(shape[0], 1, int(np.prod(shape[1 : 2 + rank])), -1)
