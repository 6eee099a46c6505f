"""The index family: reading and writing at positions that are data. Reading and adding-into are each other's adjoints.

A key with index arrays is a `pattern`, in which `ARRAY` marks the places of the arrays; the arrays themselves are
arguments, so that they are saved and guarded like every other value.
"""

from __future__ import annotations

from groundup.ops.index.along import *
from groundup.ops.index.family import ARRAY as ARRAY
from groundup.ops.index.family import rebuild as rebuild
from groundup.ops.index.keys import *
from groundup.ops.index.lookup import *
from groundup.ops.index.masks import *
from groundup.ops.index.targets import *
from groundup.ops.row import name_rows

ROWS = name_rows(globals())
