"""The reduce family: a function over some axes, whose derivative spreads the gradient back over them.

`dim` is always a tuple of non-negative axes here (or one axis, for rows that keep the shape); the public functions
settle what the user wrote. `spread` is the one way back: the gradient takes its lost axes again and is expanded.
"""

from __future__ import annotations

from groundup.ops.reduce.counting import *
from groundup.ops.reduce.exponentials import *
from groundup.ops.reduce.extremes import *
from groundup.ops.reduce.family import *
from groundup.ops.reduce.norms import *
from groundup.ops.reduce.order import *
from groundup.ops.reduce.running import *
from groundup.ops.reduce.sums import *
from groundup.ops.row import name_rows

ROWS = name_rows(globals())
