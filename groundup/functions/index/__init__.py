"""Reading and writing at positions: square brackets, gather and scatter, embedding. All follow ``torch``'s functions.

Positions are integer tensors or masks. One that is out of bounds raises IndexError or RuntimeError, as in PyTorch.
"""

from __future__ import annotations

from groundup.functions.index import counting, reading, writing
from groundup.functions.index.brackets import getitem as getitem
from groundup.functions.index.brackets import setitem as setitem
from groundup.functions.index.counting import *
from groundup.functions.index.counting import one_hot as one_hot
from groundup.functions.index.reading import *
from groundup.functions.index.table import embedding as embedding
from groundup.functions.index.writing import *

__all__: list[str] = []
__all__ += counting.__all__
__all__ += reading.__all__
__all__ += writing.__all__
