"""The elementwise family: each row is ordinary Python in the mathematics `m`, its derivatives beside it.

A row is read five ways: on Python floats, NumPy arrays, Tensors, SymPy symbols and source text. `g` is the incoming
gradient and `y` the result. A masked gradient selects with `where`, since `g * 0` would turn an inf into nan.
`smooth` names the regions on which algebra proves the derivative; at a kink the row follows PyTorch's convention.
"""

from __future__ import annotations

from groundup.ops.elementwise.activation import *
from groundup.ops.elementwise.arithmetic import *
from groundup.ops.elementwise.choosing import *
from groundup.ops.elementwise.logic import *
from groundup.ops.elementwise.rounding import *
from groundup.ops.elementwise.special_functions import *
from groundup.ops.elementwise.transcendental import *
from groundup.ops.row import name_rows

ROWS = name_rows(globals())
