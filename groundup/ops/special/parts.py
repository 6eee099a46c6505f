"""The parts that a floating number is stored in."""

from __future__ import annotations

from typing import Any

import numpy as np


def exponent(x: Any) -> Any:
    """The n of x = m * 2 ** n, where m is of size 0.5 up to but without 1; 0 for 0, inf and nan."""
    return np.frexp(x)[1].astype(np.int32, copy=False)
