"""How each row is written in NumPy: an expression of its operands' source.

Elementwise rows are read by the source reading of their own formula. The others have NumPy's spelling here, or are
called by name: the program then brings the row's function along.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from groundup.compile.graph import Graph, Statement
from groundup.ops.index.family import ARRAY
from groundup.ops.readings import ARRAYS
from groundup.ops.readings.arrays import ArrayMath
from groundup.ops.readings.source import Expression, SourceMath
from groundup.ops.row import Row


def _wrapped(value: Any, strength: int) -> str:
    """The operand's source, in brackets if it binds less strongly."""
    if not isinstance(value, Expression):
        text = repr(value) if not isinstance(value, float) or math.isfinite(value) else f"float('{value}')"
        return f"({text})" if text.startswith("-") and strength > 5 else text
    return f"({value.text})" if value.strength < strength else value.text


def _dims(dim: tuple[int, ...], keepdim: bool, rank: int) -> str:
    axis = "" if len(dim) == rank else f"axis={dim[0] if len(dim) == 1 else dim}"
    return ", ".join(part for part in (axis, "keepdims=True" if keepdim else "") if part)


def key_source(key: Any) -> str:
    """An index as it is written in brackets."""
    parts = []
    for part in key if isinstance(key, tuple) else (key,):
        if isinstance(part, slice):
            bounds = [part.start, part.stop] + ([part.step] if part.step not in (None, 1) else [])
            parts.append(":".join("" if each is None else str(each) for each in bounds))
        elif part is Ellipsis:
            parts.append("...")
        else:
            parts.append(repr(part))
    return ", ".join(parts)


def _matmul(s: Statement, a: Any, b: Any) -> Expression:
    return Expression(f"{_wrapped(a, 5)} @ {_wrapped(b, 6)}", 5)


def _linear(s: Statement, x: Any, weight: Any, bias: Any) -> Expression:
    return Expression(f"{_wrapped(x, 5)} @ {_wrapped(weight, 9)}.T + {_wrapped(bias, 5)}", 4)


def _sum_to(s: Statement, x: Any) -> Expression:
    size, shape = s.params["size"], s.operands[0].shape
    extra = len(shape) - len(size)
    if shape[extra:] == tuple(size):
        axes = 0 if extra == 1 else tuple(range(extra))
        return Expression(f"{_wrapped(x, 9)}.sum({axes})")
    axes = tuple(i for i in range(len(shape)) if i < extra or (size[i - extra] == 1 and shape[i] != 1))
    return Expression(f"{_wrapped(x, 9)}.sum({axes}).reshape({tuple(size)})")


def _reduced(name: str) -> Callable[..., Expression]:
    def spelled(s: Statement, x: Any) -> Expression:
        dims = _dims(s.params["dim"], s.params["keepdim"], len(s.operands[0].shape))
        return Expression(f"{_wrapped(x, 9)}.{name}({dims})")

    return spelled


def _reshape(s: Statement, x: Any) -> Expression:
    have, size = s.operands[0].shape, tuple(s.params["size"])
    if size == (1, *have):
        return Expression(f"{_wrapped(x, 9)}[None]")
    if have and size == (have[0], 1, *have[1:]):
        return Expression(f"{_wrapped(x, 9)}[:, None]")
    if size == (*have, 1):
        return Expression(f"{_wrapped(x, 9)}[..., None]")
    if have == (*size, 1):
        return Expression(f"{_wrapped(x, 9)}[{':' if len(size) == 1 else '...'}, 0]")
    return Expression(f"{_wrapped(x, 9)}.reshape({size})")


def _expand(s: Statement, x: Any) -> Expression:
    return Expression(f"np.broadcast_to({_wrapped(x, 0)}, {tuple(s.params['size'])})")


def _type(to: Any) -> str:
    """A type as an argument; bfloat16 is not among NumPy's own."""
    name = np.dtype(to).name
    return f"np.{name}" if hasattr(np, name) else repr(name)


def _slice(s: Statement, x: Any) -> Expression:
    key = key_source(s.params["key"])
    if not s.out.shape and "..." not in key:
        key += ", ..."  # a view of one element, where NumPy would give the number
    return Expression(f"{_wrapped(x, 9)}[{key}]")


def _joined(name: str) -> Callable[..., Expression]:
    def spelled(s: Statement, *parts: Any) -> Expression:
        listed = ", ".join(_wrapped(each, 0) for each in parts) + "," * (len(parts) == 1)
        return Expression(f"np.{name}(({listed}), axis={s.params['dim']})")

    return spelled


def _index(s: Statement, x: Any, *indices: Any) -> Expression:
    """x[rows, :, columns]."""
    given = iter(indices)
    pattern = s.params.get("pattern", (ARRAY,))
    parts = [_wrapped(next(given), 0) if part is ARRAY else key_source(part) for part in pattern]
    return Expression(f"{_wrapped(x, 9)}[{', '.join(parts)}]")


SPELLING: dict[str, Callable[..., Expression]] = {
    "stack": _joined("stack"),
    "cat": _joined("concatenate"),
    "index": _index,
    "embedding": _index,
    "matmul": _matmul,
    "mm": _matmul,
    "mv": _matmul,
    "dot": _matmul,
    "linear": _linear,
    "sum_to": _sum_to,
    "sum": _reduced("sum"),
    "mean": _reduced("mean"),
    "reshape": _reshape,
    "flatten": _reshape,
    "squeeze": _reshape,
    "unsqueeze": _reshape,
    "expand": _expand,
    "t": lambda s, x: Expression(f"{_wrapped(x, 9)}.T"),
    "transpose": lambda s, x: Expression(f"{_wrapped(x, 9)}.swapaxes({s.params['dim0']}, {s.params['dim1']})"),
    "permute": lambda s, x: Expression(f"{_wrapped(x, 9)}.transpose({tuple(s.params['dims'])})"),
    "slice": _slice,
    "clone": lambda s, x: Expression(f"{_wrapped(x, 9)}.copy()"),
    "cast": lambda s, x: Expression(f"{_wrapped(x, 9)}.astype({_type(s.params['to'])})"),
}


# Rows whose kernel does no more than their formula says.
_AS_FORMULA = frozenset({"relu"})


class NumpySource(SourceMath):
    """Source in NumPy's names; what NumPy lacks is called by its own name, and noted in `wanted`."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted: dict[str, Any] = {}

    def pow(self, x: Any, p: Any) -> Expression:
        """x ** p, the commonest powers in NumPy's quick forms."""
        if type(p) in (int, float) and p in _POWERS:
            return _POWERS[p](x)
        return self._called("pow", x, p)

    def __getattr__(self, name: str) -> Callable[..., Expression]:
        found = getattr(ARRAYS, name, None)
        if found is None:
            raise AttributeError(f"no function of the source reading is called {name!r}")
        if name == "where" or isinstance(found, np.ufunc):
            written = super().__getattr__(name)

            def call(*values: Any) -> Any:
                if name != "where" and not any(isinstance(each, Expression) for each in values):
                    return found(*values).item()  # of numbers alone: a number, which takes the arrays' type
                return written(*values)

            return call
        return lambda *values: self._called(name, *values)

    def _called(self, name: str, *values: Any) -> Expression:
        self.wanted[name] = getattr(ARRAYS, name)
        return Expression(f"{name}({', '.join(_wrapped(value, 0) for value in values)})")


_POWERS: dict[float, Callable[[Any], Expression]] = {
    2: lambda x: Expression(f"np.square({_wrapped(x, 0)})"),
    0.5: lambda x: Expression(f"np.sqrt({_wrapped(x, 0)})"),
    -0.5: lambda x: Expression(f"1 / np.sqrt({_wrapped(x, 0)})", 5),
    -1: lambda x: Expression(f"1 / {_wrapped(x, 6)}", 5),
}


def spelled(statement: Statement, operands: list[Any], helpers: dict[str, Any]) -> Expression:
    """The source of a statement's right side; functions that it calls by name are put into `helpers`."""
    row = statement.row
    empty = any(0 in value.shape for value in statement.values())  # NumPy warns of the mean of nothing
    if row.name in SPELLING and not empty:
        return SPELLING[row.name](statement, *operands)
    if row.family == "elementwise" and (row.kernel is None or row.name in _AS_FORMULA) and not statement.params:
        reading = NumpySource()
        try:
            found = row.forward(reading, *operands)
        except (TypeError, AttributeError):
            found = None  # the formula asks for more than source can tell
        if isinstance(found, Expression):
            helpers.update(reading.wanted)
            return found
    return called(row, operands, statement.params, helpers)


def called_names(graph: Graph) -> set[str]:
    """The names of functions that the source may call, and that no value can have beside them."""
    rows = {statement.row.name for statement in graph.statements} - SPELLING.keys() - _AS_FORMULA
    return rows | {name for name in vars(ArrayMath) if not isinstance(getattr(ArrayMath, name), np.ufunc)}


def called(row: Row, operands: list[Any], params: dict[str, Any], helpers: dict[str, Any]) -> Expression:
    """The row's own function by its name, with what cannot be written as source put into `helpers` too."""
    function = f"{row.name}_" if hasattr(builtins, row.name) else row.name  # `slice` is needed as itself
    helpers[function] = row.eager
    parts = [_wrapped(each, 0) for each in operands]
    for name, value in params.items():
        text = repr(value)
        if not _is_source(value):
            text = f"{row.name}_{name}"
            while text in helpers and helpers[text] is not value:
                text += "_"
            helpers[text] = value
        parts.append(f"{name}={text}")
    return Expression(f"{function}({', '.join(parts)})")


def _is_source(value: Any) -> bool:
    """Whether `repr` gives source that makes the value again."""
    if type(value) in (tuple, list):
        return all(map(_is_source, value))
    if isinstance(value, float):
        return value == value and abs(value) != float("inf")
    return isinstance(value, (bool, int, str, type(None), slice)) or value is Ellipsis
