"""The complement of the error function, erfc = 1 - erf, also where it is tiny, and erfcx = exp(x*x) erfc(x)."""

from __future__ import annotations

import numpy as np

from groundup.ops.special.error_function import erf
from groundup.ops.special.ratio import Array, Ratio, on_arrays, pick

# erfcx(x) for x from 0.5 to 4, and x erfcx(x) in 1/x**2 from there on
_NEAR = Ratio(
    top=[
        1.645982441462318e-11, 0.0004668962720867721, 0.007322580391476464, 0.05433684387222914,
        0.24479045401378413, 0.7213229915277817, 1.3973896638803276, 1.6708960803370487, 0.9999999999933938,
    ],
    bottom=[
        0.0008275535763633018, 0.012978899502376486, 0.09672389798985322, 0.44036269464771494,
        1.3263103584613174, 2.686854678215763, 3.556033536817592, 2.7992752473205513, 1.0,
    ],
)  # fmt: skip
_FAR = Ratio(
    top=[
        19.37055997436563, 172.17707334412594, 215.67420287262541, 84.5914961668499, 12.2375357430055,
        0.5641895835477563,
    ],
    bottom=[
        104.94713737472406, 443.833027065056, 447.6445993008624, 160.2797568114737, 22.190467353283946, 1.0,
    ],
)  # fmt: skip


@on_arrays
def erfc(x: Array) -> Array:
    """1 - erf(x), right to a few units in the last place also where erf(x) is nearly 1. Follows ``torch.erfc``.

    >>> erfc(np.array([0.0, 1.0, 10.0]))
    array([1.00000000e+00, 1.57299207e-01, 2.08848758e-45])
    """
    return pick([x < 0.5, x >= 0.5], [_by_erf, _tail], x)


def _by_erf(x: Array) -> Array:
    return np.where(x > -0.5, 1 - erf(x), 2 - _tail(np.maximum(-x, 0.5)))


def _tail(x: Array) -> Array:
    x = np.minimum(x, 30.0)  # where erfc is 0 for long
    return _scaled(x) * _exp_square(x, -1)


@on_arrays
def erfcx(x: Array) -> Array:
    """exp(x*x) erfc(x), which falls as 1/x where erfc(x) underflows. Follows ``torch.special.erfcx``.

    >>> erfcx(np.array([0.0, 1.0, 100.0]))
    array([1.        , 0.42758358, 0.00564161])
    """
    return pick([x >= 0.5, x > -0.5, x <= -0.5], [_scaled, _near_zero, _left], x)


def _near_zero(x: Array) -> Array:
    return np.exp(x * x) * (1 - erf(x))


def _left(x: Array) -> Array:
    size = np.minimum(-x, 27.0)  # where exp(x*x) is inf already
    return 2 * _exp_square(size, 1) - _scaled(size)


def _scaled(x: Array) -> Array:
    """erfcx from 0.5 on."""
    return pick([x < 4, x >= 4], [_NEAR, lambda x: _FAR(1 / (x * x)) / x], x)


def _exp_square(x: Array, sign: int) -> Array:
    """exp(sign * x*x). The square is split, since a rounding of it would count x*x times."""
    coarse = np.trunc(x * 16) / 16
    return np.exp(sign * coarse * coarse) * np.exp(sign * (x - coarse) * (x + coarse))
