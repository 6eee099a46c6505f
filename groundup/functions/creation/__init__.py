"""Making tensors: from data, filled, counted and random. All follow ``torch``'s functions of the same name.

Python numbers become float32 (the default floating type), int64 or bool; NumPy arrays keep their type. `device`
takes "cpu", the only device today.
"""

from __future__ import annotations

from groundup.functions.creation import data, distributions, drawn, filled, placing, ranges
from groundup.functions.creation.data import *
from groundup.functions.creation.data import to_array as to_array
from groundup.functions.creation.distributions import *
from groundup.functions.creation.drawn import *
from groundup.functions.creation.filled import *
from groundup.functions.creation.filled import has_order as has_order
from groundup.functions.creation.placing import *
from groundup.functions.creation.placing import check_place as check_place
from groundup.functions.creation.placing import finish as finish
from groundup.functions.creation.placing import no_cuda as no_cuda
from groundup.functions.creation.ranges import *

__all__: list[str] = []
__all__ += data.__all__
__all__ += distributions.__all__
__all__ += drawn.__all__
__all__ += filled.__all__
__all__ += placing.__all__
__all__ += ranges.__all__
