"""The functions as methods: the same function objects, listed by family, and the few whose arguments differ."""

from __future__ import annotations

from typing import Any

from groundup.functions import compare, contract, creation, elementwise, index, reduce
from groundup.functions import view as views
from groundup.functions.conversion import Conversion
from groundup.functions.linalg import plain
from groundup.functions.operators import Operators


class Methods(Operators, Conversion):
    """What can be called on a tensor."""

    __slots__ = ()

    # Elementwise
    add = elementwise.add
    sub = subtract = elementwise.sub
    mul = multiply = elementwise.mul
    div = true_divide = divide = elementwise.div
    neg = negative = elementwise.neg
    pow = elementwise.pow
    square = elementwise.square
    reciprocal = elementwise.reciprocal
    floor_divide = elementwise.floor_divide
    remainder = elementwise.remainder
    abs = absolute = elementwise.abs
    sign = elementwise.sign
    exp = elementwise.exp
    expm1 = elementwise.expm1
    log = elementwise.log
    log1p = elementwise.log1p
    log2 = elementwise.log2
    log10 = elementwise.log10
    sqrt = elementwise.sqrt
    rsqrt = elementwise.rsqrt
    sin = elementwise.sin
    cos = elementwise.cos
    tanh = elementwise.tanh
    sigmoid = elementwise.sigmoid
    erf = elementwise.erf
    relu = elementwise.relu
    maximum = elementwise.maximum
    minimum = elementwise.minimum
    clamp_min = elementwise.clamp_min
    clamp_max = elementwise.clamp_max
    clamp = clip = elementwise.clamp
    lerp = elementwise.lerp
    addcmul = elementwise.addcmul
    addcdiv = elementwise.addcdiv
    floor = elementwise.floor
    ceil = elementwise.ceil
    round = elementwise.round
    trunc = elementwise.trunc
    eq = elementwise.eq
    ne = elementwise.ne
    lt = less = elementwise.lt
    le = elementwise.le
    gt = greater = elementwise.gt
    ge = elementwise.ge
    isnan = elementwise.isnan
    isinf = elementwise.isinf
    isfinite = elementwise.isfinite
    logical_and = elementwise.logical_and
    logical_or = elementwise.logical_or
    logical_xor = elementwise.logical_xor
    logical_not = elementwise.logical_not
    bitwise_and = elementwise.bitwise_and
    bitwise_or = elementwise.bitwise_or
    bitwise_xor = elementwise.bitwise_xor
    bitwise_not = elementwise.bitwise_not
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
    cumsum = reduce.cumsum
    logsumexp = reduce.logsumexp
    softmax = reduce.softmax
    log_softmax = reduce.log_softmax
    norm = reduce.norm
    argsort = reduce.argsort
    sort = reduce.sort
    topk = reduce.topk

    # View
    reshape = views.reshape
    view = views.view
    view_as = views.view_as
    reshape_as = views.reshape_as
    flatten = views.flatten
    unflatten = views.unflatten
    squeeze = views.squeeze
    unsqueeze = views.unsqueeze
    expand = views.expand
    expand_as = views.expand_as
    broadcast_to = views.broadcast_to
    permute = views.permute
    transpose = views.transpose
    movedim = views.movedim
    t = views.t
    flip = views.flip
    narrow = views.narrow
    select = views.select
    unbind = views.unbind
    split = views.split
    chunk = views.chunk
    unfold = views.unfold
    diagonal = views.diagonal
    tril = views.tril
    triu = views.triu
    clone = views.clone
    contiguous = views.contiguous
    repeat = views.repeat

    @property
    def T(self) -> Any:
        """The axes in reverse order: for a matrix the transpose."""
        return views.permute(self, tuple(range(self._array.ndim - 1, -1, -1)))

    @property
    def mT(self) -> Any:
        """The last two axes exchanged."""
        if self._array.ndim < 2:
            raise RuntimeError(
                f"tensor.mT is only supported on matrices or batches of matrices. Got {self._array.ndim}-D tensor."
            )
        return views.transpose(self, -2, -1)

    swapaxes = swapdims = views.transpose

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
    inverse = plain.inverse
    pinverse = plain.pinverse
    det = plain.det
    trace = plain.trace
    slogdet = plain.slogdet
    logdet = plain.logdet
    cholesky = plain.cholesky
    cholesky_inverse = plain.cholesky_inverse
    cholesky_solve = plain.cholesky_solve
    triangular_solve = plain.triangular_solve
    qr = plain.qr
    svd = plain.svd
    cross = plain.cross
    matrix_power = plain.matrix_power
    matrix_exp = plain.matrix_exp

    # Index
    gather = index.gather
    scatter = index.scatter
    scatter_add = index.scatter_add
    index_select = index.index_select
    take_along_dim = index.take_along_dim
    masked_select = index.masked_select
    nonzero = index.nonzero

    __getitem__ = index.getitem
    __setitem__ = index.setitem

    def where(self, condition: Any, other: Any) -> Any:
        """The tensor where the condition holds, `other` elsewhere."""
        return elementwise.where(condition, self, other)

    # Compare
    isclose = compare.isclose
    allclose = compare.allclose
    equal = compare.equal
    numel = nelement = compare.numel
    is_floating_point = compare.is_floating_point

    # New tensors of the same type

    def new_tensor(self, data: Any, *, dtype: Any = None, requires_grad: bool = False) -> Any:
        """A tensor of `data` in this one's type."""
        kind = self._array.dtype if dtype is None else dtype
        return creation.tensor(data, dtype=kind, requires_grad=requires_grad)

    def new_zeros(self, *size: Any, dtype: Any = None, requires_grad: bool = False) -> Any:
        """Zeros in this tensor's type."""
        return creation.zeros(*size, dtype=self._array.dtype if dtype is None else dtype, requires_grad=requires_grad)

    def new_ones(self, *size: Any, dtype: Any = None, requires_grad: bool = False) -> Any:
        """Ones in this tensor's type."""
        return creation.ones(*size, dtype=self._array.dtype if dtype is None else dtype, requires_grad=requires_grad)

    def new_empty(self, *size: Any, dtype: Any = None, requires_grad: bool = False) -> Any:
        """Uninitialised memory in this tensor's type."""
        return creation.empty(*size, dtype=self._array.dtype if dtype is None else dtype, requires_grad=requires_grad)

    def new_full(self, size: Any, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False) -> Any:
        """One value in this tensor's type."""
        kind = self._array.dtype if dtype is None else dtype
        return creation.full(size, fill_value, dtype=kind, requires_grad=requires_grad)
