"""Reading and writing at positions: square brackets, gather and scatter, embedding. All follow ``torch``'s functions.

Positions are integer tensors or masks. One that is out of bounds raises IndexError or RuntimeError, as in PyTorch.
"""

from __future__ import annotations

from groundup.functions.index import elements, scattering, searching, slices
from groundup.functions.index.brackets import getitem as getitem
from groundup.functions.index.brackets import setitem as setitem
from groundup.functions.index.elements import *
from groundup.functions.index.scattering import *
from groundup.functions.index.searching import *
from groundup.functions.index.searching import one_hot as one_hot
from groundup.functions.index.slices import *
from groundup.functions.index.table import embedding as embedding
from groundup.functions.index.table import embedding_bag as embedding_bag

__all__: list[str] = []
__all__ += elements.__all__
__all__ += scattering.__all__
__all__ += searching.__all__
__all__ += slices.__all__
