"""The inverse of the error function, and of the normal distribution function."""

from __future__ import annotations

import numpy as np

from groundup.ops.special.ratio import Array, Ratio, on_arrays

SQRT_2 = 1.4142135623730951

# erfinv(y) / y in 0.85**2 - y**2 for |y| up to 0.85; from there erfinv(y) in sqrt(-log(1 - |y|)), up to 5 and beyond
_CENTRAL = Ratio(
    top=[
        0.0541365590843115, 2.8853068205204604, 23.22273024004647, 63.41750844115431, 75.85447673346982,
        43.56532307077234, 11.76803692553972, 1.1975323115670913,
    ],
    bottom=[
        0.3189602950899513, 7.013243588686849, 38.38370800252952, 82.86178398982047, 84.28110416025527,
        42.94819006807809, 10.578219857938043, 1.0,
    ],
)  # fmt: skip
_TAIL = Ratio(
    top=[
        0.0031477808947116405, 0.11650200523562507, 1.099135802744101, 3.1863536804009063, 2.832160076065971,
        2.0502227749438386, 0.8420943915512721, 0.0076512596569339245, -0.0006026908801944646,
    ],
    bottom=[
        0.0031476679302144457, 0.11652324947758089, 1.1071499571335393, 3.3864171349390095, 4.079963108271376,
        4.085579633589086, 2.1414456846015018, 1.0,
    ],
)  # fmt: skip
_FAR_TAIL = Ratio(
    top=[
        3.233706779622094e-06, 0.0005112310230648073, 0.02089061120893126, 0.29146500839802136,
        1.4463815646176863, 2.2082942433810193, 0.42920946035688906, 0.13374318944629887, -0.00920715653074192,
    ],
    bottom=[
        3.233701066254626e-06, 0.0005112359720074086, 0.02090121144111105, 0.2927122743780108,
        1.4853351887262753, 2.605185613209193, 1.6950707498758482, 1.0,
    ],
)  # fmt: skip


@on_arrays
def erfinv(y: Array) -> Array:
    """The x with erf(x) = y; nan outside of [-1, 1]. Follows ``torch.erfinv``.

    >>> erfinv(np.array([0.0, 0.5, -0.99]))
    array([ 0.        ,  0.47693628, -1.82138637])
    """
    return _inverse(y, 1 - np.abs(y))


@on_arrays
def ndtri(p: Array) -> Array:
    """The x below which a standard normal number lies with probability p. Follows ``torch.special.ndtri``.

    >>> ndtri(np.array([0.5, 0.975, 1e-300]))
    array([  0.        ,   1.95996398, -37.0470963 ])
    """
    return SQRT_2 * _inverse(2 * p - 1, 2 * np.minimum(p, 1 - p))


def _inverse(y: Array, rest: Array) -> Array:
    """erfinv(y), given 1 - |y| without the loss of that subtraction."""
    size = np.abs(y)
    x = y * _CENTRAL((0.85 - size) * (0.85 + size))
    outside = np.flatnonzero(~(rest >= 0.15))
    if outside.size:
        root = np.sqrt(-np.log(rest[outside]))
        near = np.minimum(root, 5.0)
        size = np.where(root > 5, _FAR_TAIL(np.minimum(root, 30.0)), _TAIL(near))
        size[rest[outside] == 0] = np.inf
        x[outside] = np.copysign(size, y[outside])
    return x
