"""The special functions that NumPy does not have, on NumPy alone, vectorised, right to a few last places.

The rows of the elementwise family with the same names stand on this room.
"""

from __future__ import annotations

from groundup.ops.special.complement import erfc, erfcx
from groundup.ops.special.error_function import erf
from groundup.ops.special.gamma import digamma, lgamma, zeta
from groundup.ops.special.inverse import erfinv, ndtri
from groundup.ops.special.parts import exponent

__all__ = ["digamma", "erf", "erfc", "erfcx", "erfinv", "exponent", "lgamma", "ndtri", "zeta"]
