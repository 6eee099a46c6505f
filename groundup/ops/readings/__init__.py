"""The mathematics `m` that a row can be read in: Python floats, NumPy arrays, SymPy symbols and source text.

(The fifth, Tensors, stands above in `autograd`, since it records.) Each is a small class with the same functions;
the operators `+ - * /` and the comparisons come from the values themselves. A name that `ArrayMath` does not have
itself is another row of the tables, applied to arrays.
"""

from __future__ import annotations

from groundup.ops.readings.algebra import SympyMath
from groundup.ops.readings.arrays import ARRAYS, ArrayMath
from groundup.ops.readings.floats import Float, FloatMath
from groundup.ops.readings.source import Expression, SourceMath

__all__ = ["ARRAYS", "ArrayMath", "Expression", "Float", "FloatMath", "SourceMath", "SympyMath"]
