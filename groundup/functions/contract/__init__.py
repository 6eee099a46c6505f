"""Sums of products: matrix products in all their forms, einsum, and distances. All follow ``torch``'s functions.

Shapes whose inner sizes differ raise RuntimeError with both shapes and, where one is likely, the transpose that fits.
Each module says in `__all__` what it makes public.
"""

from __future__ import annotations

from groundup.functions.contract import added, distances, layers, products, sums
from groundup.functions.contract.added import *
from groundup.functions.contract.distances import *
from groundup.functions.contract.layers import *
from groundup.functions.contract.products import *
from groundup.functions.contract.sums import *

__all__: list[str] = []
__all__ += added.__all__
__all__ += distances.__all__
__all__ += products.__all__
__all__ += sums.__all__

del added, distances, layers, products, sums
