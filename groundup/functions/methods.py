"""The functions as methods: the same function objects, listed by family, and the few whose arguments differ."""

from __future__ import annotations

from typing import Any

from groundup.functions import compare, contract, elementwise, index, matrices, norms, reduce
from groundup.functions.conversion import Conversion
from groundup.functions.creation.methods import CreationMethods
from groundup.functions.operators import Operators
from groundup.functions.view.methods import ViewMethods


class Methods(Operators, Conversion, ViewMethods, CreationMethods):
    """What can be called on a tensor."""

    __slots__ = ()

    # Elementwise
    add = elementwise.add
    sub = subtract = elementwise.sub
    mul = multiply = elementwise.mul
    div = true_divide = divide = elementwise.div
    neg = negative = elementwise.neg
    pow = elementwise.pow
    float_power = elementwise.float_power
    square = elementwise.square
    reciprocal = elementwise.reciprocal
    floor_divide = elementwise.floor_divide
    remainder = elementwise.remainder
    fmod = elementwise.fmod
    gcd = elementwise.gcd
    lcm = elementwise.lcm
    ldexp = elementwise.ldexp
    frexp = elementwise.frexp
    abs = absolute = elementwise.abs
    sign = elementwise.sign
    sgn = elementwise.sgn
    positive = elementwise.positive
    copysign = elementwise.copysign
    nextafter = elementwise.nextafter
    lerp = elementwise.lerp
    addcmul = elementwise.addcmul
    addcdiv = elementwise.addcdiv
    exp = elementwise.exp
    exp2 = elementwise.exp2
    expm1 = elementwise.expm1
    log = elementwise.log
    log1p = elementwise.log1p
    log2 = elementwise.log2
    log10 = elementwise.log10
    logaddexp = elementwise.logaddexp
    logaddexp2 = elementwise.logaddexp2
    logit = elementwise.logit
    xlogy = elementwise.xlogy
    sqrt = elementwise.sqrt
    rsqrt = elementwise.rsqrt
    hypot = elementwise.hypot
    sin = elementwise.sin
    cos = elementwise.cos
    tan = elementwise.tan
    asin = arcsin = elementwise.asin
    acos = arccos = elementwise.acos
    atan = arctan = elementwise.atan
    atan2 = arctan2 = elementwise.atan2
    sinc = elementwise.sinc
    sinh = elementwise.sinh
    cosh = elementwise.cosh
    tanh = elementwise.tanh
    asinh = arcsinh = elementwise.asinh
    acosh = arccosh = elementwise.acosh
    atanh = arctanh = elementwise.atanh
    deg2rad = elementwise.deg2rad
    rad2deg = elementwise.rad2deg
    sigmoid = elementwise.sigmoid
    erf = elementwise.erf
    erfc = elementwise.erfc
    erfinv = elementwise.erfinv
    lgamma = elementwise.lgamma
    digamma = elementwise.digamma
    mvlgamma = elementwise.mvlgamma
    relu = elementwise.relu
    maximum = elementwise.maximum
    minimum = elementwise.minimum
    fmax = elementwise.fmax
    fmin = elementwise.fmin
    clamp_min = elementwise.clamp_min
    clamp_max = elementwise.clamp_max
    clamp = clip = elementwise.clamp
    heaviside = elementwise.heaviside
    nan_to_num = elementwise.nan_to_num
    floor = elementwise.floor
    ceil = elementwise.ceil
    round = elementwise.round
    trunc = fix = elementwise.trunc
    frac = elementwise.frac
    eq = elementwise.eq
    ne = not_equal = elementwise.ne
    lt = less = elementwise.lt
    le = less_equal = elementwise.le
    gt = greater = elementwise.gt
    ge = greater_equal = elementwise.ge
    isnan = elementwise.isnan
    isinf = elementwise.isinf
    isfinite = elementwise.isfinite
    isposinf = elementwise.isposinf
    isneginf = elementwise.isneginf
    isreal = elementwise.isreal
    signbit = elementwise.signbit
    logical_and = elementwise.logical_and
    logical_or = elementwise.logical_or
    logical_xor = elementwise.logical_xor
    logical_not = elementwise.logical_not
    bitwise_and = elementwise.bitwise_and
    bitwise_or = elementwise.bitwise_or
    bitwise_xor = elementwise.bitwise_xor
    bitwise_not = elementwise.bitwise_not
    bitwise_left_shift = elementwise.bitwise_left_shift
    bitwise_right_shift = elementwise.bitwise_right_shift
    masked_fill = elementwise.masked_fill

    # Reduce
    sum = reduce.sum
    mean = reduce.mean
    var = reduce.var
    std = reduce.std
    prod = reduce.prod
    amax = reduce.amax
    amin = reduce.amin
    max = reduce.max
    min = reduce.min
    argmax = reduce.argmax
    argmin = reduce.argmin
    any = reduce.any
    all = reduce.all
    count_nonzero = reduce.count_nonzero
    aminmax = reduce.aminmax
    nansum = reduce.nansum
    nanmean = reduce.nanmean
    cumsum = reduce.cumsum
    cumprod = reduce.cumprod
    cummax = reduce.cummax
    cummin = reduce.cummin
    logcumsumexp = reduce.logcumsumexp
    diff = reduce.diff
    cov = reduce.cov
    corrcoef = reduce.corrcoef
    median = reduce.median
    nanmedian = reduce.nanmedian
    mode = reduce.mode
    kthvalue = reduce.kthvalue
    quantile = reduce.quantile
    nanquantile = reduce.nanquantile
    histc = reduce.histc
    histogram = reduce.histogram
    msort = reduce.msort
    logsumexp = reduce.logsumexp
    softmax = reduce.softmax
    log_softmax = reduce.log_softmax
    norm = norms.norm
    dist = norms.dist
    renorm = norms.renorm
    argsort = reduce.argsort
    sort = reduce.sort
    topk = reduce.topk

    # Contract
    matmul = contract.matmul
    mm = contract.mm
    bmm = contract.bmm
    mv = contract.mv
    dot = contract.dot
    outer = contract.outer
    vdot = contract.vdot
    inner = contract.inner
    ger = contract.ger
    kron = contract.kron
    addmm = contract.addmm
    addmv = contract.addmv
    addr = contract.addr
    addbmm = contract.addbmm
    baddbmm = contract.baddbmm
    inverse = matrices.inverse
    pinverse = matrices.pinverse
    det = matrices.det
    trace = matrices.trace
    slogdet = matrices.slogdet
    logdet = matrices.logdet
    lu = matrices.lu
    lu_solve = matrices.lu_solve
    cholesky = matrices.cholesky
    cholesky_inverse = matrices.cholesky_inverse
    cholesky_solve = matrices.cholesky_solve
    triangular_solve = matrices.triangular_solve
    qr = matrices.qr
    svd = matrices.svd
    cross = matrices.cross
    matrix_power = matrices.matrix_power
    matrix_exp = matrices.matrix_exp

    # Index
    gather = index.gather
    take = index.take
    take_along_dim = index.take_along_dim
    put = index.put
    scatter = index.scatter
    scatter_add = index.scatter_add
    scatter_reduce = index.scatter_reduce
    index_select = index.index_select
    index_add = index.index_add
    index_copy = index.index_copy
    index_fill = index.index_fill
    index_reduce = index.index_reduce
    index_put = index.index_put
    masked_select = index.masked_select
    masked_scatter = index.masked_scatter
    nonzero = index.nonzero
    nonzero_static = index.nonzero_static
    argwhere = index.argwhere
    unique = index.unique
    unique_consecutive = index.unique_consecutive
    bincount = index.bincount

    __getitem__ = index.getitem
    __setitem__ = index.setitem

    def where(self, condition: Any, other: Any) -> Any:
        """The tensor where the condition holds, `other` elsewhere."""
        return elementwise.where(condition, self, other)

    def polygamma(self, n: int) -> Any:
        """The n-th derivative of digamma."""
        return elementwise.polygamma(n, self)

    # Compare
    isclose = compare.isclose
    allclose = compare.allclose
    equal = compare.equal
    numel = nelement = compare.numel
    is_floating_point = compare.is_floating_point
    is_complex = compare.is_complex
    is_signed = compare.is_signed
    is_nonzero = compare.is_nonzero
