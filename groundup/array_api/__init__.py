"""The Python array API standard, version 2024.12, as a namespace: array code of others runs on groundup.

    >>> import groundup.array_api as xp
    >>> xp.mean(xp.asarray([[1.0, 2.0], [3.0, 5.0]]), axis=0)
    Array(tensor([2.0000, 3.5000]))

An `Array` is a thin class around a `Tensor` with the standard's names and nothing else; the one addition is its
attribute `tensor`, through which gradients flow. What differs from the standard:

- There are no complex numbers, and no uint16, uint32 and uint64: `complex64` and the like are not defined, `isdtype`
  answers False for `"complex floating"`, and sums and products of uint8 are int64.
- The extension `fft` is not there; `linalg` is.

What the standard leaves open raises: types of different kinds do not mix, `copy=False` where memory cannot be shared.
The default floating type is groundup's own, float32; for code that takes NumPy's precision for granted, as SciPy does,
write `groundup.set_default_dtype(groundup.float64)`.
"""

from __future__ import annotations

from math import e, inf, nan, pi

from groundup.array_api import (
    creation_functions,
    data_type_functions,
    data_types,
    elementwise,
    linalg,
    linear_algebra_functions,
    manipulation_functions,
    searching_functions,
    statistical_functions,
)
from groundup.array_api.array import Array
from groundup.array_api.creation_functions import *
from groundup.array_api.data_type_functions import *
from groundup.array_api.data_types import *
from groundup.array_api.elementwise import *
from groundup.array_api.info import __array_namespace_info__
from groundup.array_api.linear_algebra_functions import *
from groundup.array_api.manipulation_functions import *
from groundup.array_api.searching_functions import *
from groundup.array_api.statistical_functions import *

__array_api_version__ = "2024.12"

newaxis = None

__all__ = [
    "Array",
    "__array_api_version__",
    "__array_namespace_info__",
    "e",
    "inf",
    "linalg",
    "nan",
    "newaxis",
    "pi",
]
__all__ += creation_functions.__all__
__all__ += data_type_functions.__all__
__all__ += data_types.__all__
__all__ += elementwise.__all__
__all__ += linear_algebra_functions.__all__
__all__ += manipulation_functions.__all__
__all__ += searching_functions.__all__
__all__ += statistical_functions.__all__
