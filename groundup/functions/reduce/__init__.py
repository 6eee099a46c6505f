"""Functions over axes: sums, means, extremes, softmax, running sums, sorting and ranks.

`dim` is an axis, several, or None for all of them; negative axes count from the end. All follow ``torch``'s
functions of the same name. An axis out of range raises IndexError.
"""

from __future__ import annotations

from groundup.functions.reduce import (
    counting,
    deviation,
    exponentials,
    extremes,
    order,
    quantiles,
    ranks,
    running,
    sums,
    truth,
)
from groundup.functions.reduce.counting import *
from groundup.functions.reduce.deviation import *
from groundup.functions.reduce.exponentials import *
from groundup.functions.reduce.extremes import *
from groundup.functions.reduce.order import *
from groundup.functions.reduce.quantiles import *
from groundup.functions.reduce.ranks import *
from groundup.functions.reduce.running import *
from groundup.functions.reduce.sums import *
from groundup.functions.reduce.truth import *

__all__: list[str] = []
__all__ += counting.__all__
__all__ += deviation.__all__
__all__ += exponentials.__all__
__all__ += extremes.__all__
__all__ += order.__all__
__all__ += quantiles.__all__
__all__ += ranks.__all__
__all__ += running.__all__
__all__ += sums.__all__
__all__ += truth.__all__
