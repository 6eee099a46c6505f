"""Functions that move elements without computing: shapes, axes, slices, joins and copies.

A result shares the memory of its argument wherever strides can express it; then no element is copied, and a change
in place is seen in both. All follow ``torch``'s functions of the same name.
"""

from __future__ import annotations

from groundup.functions.view import (
    copies,
    diagonals,
    expanding,
    joining,
    order,
    parts,
    pieces,
    shapes,
    strided,
)
from groundup.functions.view.copies import *
from groundup.functions.view.copies import contiguous as contiguous
from groundup.functions.view.copies import repeat as repeat
from groundup.functions.view.diagonals import *
from groundup.functions.view.expanding import *
from groundup.functions.view.expanding import expand as expand
from groundup.functions.view.expanding import expand_as as expand_as
from groundup.functions.view.expanding import sum_to_size as sum_to_size
from groundup.functions.view.joining import *
from groundup.functions.view.order import *
from groundup.functions.view.padding import pad as pad
from groundup.functions.view.parts import *
from groundup.functions.view.parts import unfold as unfold
from groundup.functions.view.parts import windows as windows
from groundup.functions.view.pieces import *
from groundup.functions.view.shapes import *
from groundup.functions.view.shapes import reshape_as as reshape_as
from groundup.functions.view.shapes import view as view
from groundup.functions.view.shapes import view_as as view_as
from groundup.functions.view.strided import *

__all__: list[str] = []
__all__ += copies.__all__
__all__ += diagonals.__all__
__all__ += expanding.__all__
__all__ += joining.__all__
__all__ += order.__all__
__all__ += parts.__all__
__all__ += pieces.__all__
__all__ += shapes.__all__
__all__ += strided.__all__
