"""``groundup.special``: the special functions of mathematics, with the names of ``torch.special``."""

from __future__ import annotations

from groundup.functions.elementwise import (
    digamma,
    erf,
    erfc,
    erfinv,
    exp2,
    expm1,
    log1p,
    logit,
    polygamma,
    round,
    sinc,
    xlogy,
)
from groundup.functions.elementwise import digamma as psi
from groundup.functions.elementwise import lgamma as gammaln
from groundup.functions.elementwise import mvlgamma as multigammaln
from groundup.functions.elementwise import sigmoid as expit
from groundup.functions.elementwise.special_functions import entr, erfcx, log_ndtr, ndtr, ndtri, xlog1py, zeta
from groundup.functions.reduce import log_softmax, logsumexp, softmax

__all__ = [
    "digamma",
    "entr",
    "erf",
    "erfc",
    "erfcx",
    "erfinv",
    "exp2",
    "expit",
    "expm1",
    "gammaln",
    "log1p",
    "log_ndtr",
    "log_softmax",
    "logit",
    "logsumexp",
    "multigammaln",
    "ndtr",
    "ndtri",
    "polygamma",
    "psi",
    "round",
    "sinc",
    "softmax",
    "xlog1py",
    "xlogy",
    "zeta",
]
