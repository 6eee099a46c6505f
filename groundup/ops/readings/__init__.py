"""The mathematics `m` that a row can be read in: Python floats, NumPy arrays, SymPy symbols and source text.

(The fifth, Tensors, stands above in `autograd`, since it records.) Each is a small class with the same functions;
the operators `+ - * /` and the comparisons come from the values themselves. A name that `ArrayMath` does not have
itself is another row of the tables, applied to arrays.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from groundup.ops.readings.arrays import ARRAYS, ArrayMath

if TYPE_CHECKING:
    from groundup.ops.readings.algebra import SympyMath
    from groundup.ops.readings.floats import Float, FloatMath
    from groundup.ops.readings.source import Expression, SourceMath

__all__ = ["ARRAYS", "ArrayMath", "Expression", "Float", "FloatMath", "SourceMath", "SympyMath"]

# Eager work reads arrays alone: the other readings load when they are first asked for.
_LATER = {
    "Expression": "source",
    "Float": "floats",
    "FloatMath": "floats",
    "SourceMath": "source",
    "SympyMath": "algebra",
}


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(importlib.import_module(f"{__name__}.{_LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
