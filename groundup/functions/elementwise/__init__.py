"""Elementwise functions: one value of the result for one of each argument, after broadcasting.

Each applies one row of `ops.elementwise`, where its formula and derivative stand. All follow ``torch``'s functions
of the same name: integers become the default floating type where the result is a real number, and shapes that do
not broadcast raise RuntimeError with the shapes laid out.
"""

from __future__ import annotations

from groundup.functions.elementwise import (
    activation,
    arithmetic,
    choosing,
    logic,
    rounding,
    special_functions,
    transcendental,
)
from groundup.functions.elementwise.activation import *
from groundup.functions.elementwise.arithmetic import *
from groundup.functions.elementwise.choosing import *
from groundup.functions.elementwise.logic import *
from groundup.functions.elementwise.rounding import *
from groundup.functions.elementwise.special_functions import *
from groundup.functions.elementwise.transcendental import *

__all__: list[str] = []
__all__ += activation.__all__
__all__ += arithmetic.__all__
__all__ += choosing.__all__
__all__ += logic.__all__
__all__ += rounding.__all__
__all__ += special_functions.__all__
__all__ += transcendental.__all__
