"""Linear algebra: what `groundup.linalg` shows. `functions.matrices` is what of it `groundup` itself has.

Each module says in `__all__` what it makes public.
"""

from __future__ import annotations

from groundup.functions.linalg.elimination import *
from groundup.functions.linalg.factors import *
from groundup.functions.linalg.norms import *
from groundup.functions.linalg.products import *
from groundup.functions.linalg.scalars import *
from groundup.functions.linalg.solving import *
