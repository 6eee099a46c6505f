"""The table of public operations: what is called, and on what.

A row is written once against PyTorch's names and takes the namespace (groundup or torch) as its first
argument. The inputs are NumPy arrays made for a number of elements, so that both libraries get the same
ones; creation takes the number itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from bench.inputs import (
    Array,
    Inputs,
    batches,
    definite,
    distinct,
    images,
    integers,
    layer,
    layer_and_bias_first,
    logits,
    masks,
    matrices,
    matrix_and_vector,
    only_the_number,
    positive,
    probabilities,
    scores,
    short_vectors,
    squares,
    vectors,
    with_column,
    with_mask,
    with_positions,
    with_row,
    with_rows,
)


@dataclass(frozen=True)
class Operation:
    """A row: its family and name, the call, its inputs, the operations it needs, and whether it has a
    gradient."""

    family: str
    name: str
    call: Callable[..., Any]
    inputs: Inputs
    flops: Callable[..., float] | None = None
    differentiable: bool = True
    random: bool = False


SMOOTH = (
    *(
        "neg",
        "positive",
        "abs",
        "exp",
        "exp2",
        "expm1",
        "square",
        "sin",
        "cos",
        "atan",
        "sinh",
        "cosh",
        "tanh",
        "asinh",
    ),
    *("deg2rad", "rad2deg", "sigmoid", "erf", "erfc", "relu", "sgn", "frac", "nan_to_num"),
)
ON_POSITIVE = ("log", "log1p", "log2", "log10", "sqrt", "rsqrt", "reciprocal", "tan", "lgamma", "digamma", "sinc")
ON_UNIT = ("asin", "acos", "atanh", "logit", "erfinv")
STEPS = (
    *("sign", "floor", "ceil", "round", "trunc", "isnan", "isinf", "isfinite", "isposinf", "isneginf", "isreal"),
    *("signbit", "frexp"),
)
BINARY = (
    *("add", "sub", "rsub", "mul", "div", "pow", "float_power", "ldexp", "fmod", "copysign", "hypot", "atan2", "xlogy"),
    *("logaddexp", "logaddexp2", "maximum", "minimum", "fmax", "fmin"),
)
TRUTHS = ("eq", "ne", "lt", "le", "gt", "ge", "isclose", "logical_and", "logical_or", "logical_xor")
BITS = ("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift", "gcd", "lcm")
ACTIVATIONS = (
    *("gelu", "leaky_relu", "relu6", "softplus", "logsigmoid", "elu", "celu", "selu", "silu", "mish", "softsign"),
    *("tanhshrink", "hardtanh", "hardsigmoid", "hardswish", "hardshrink", "softshrink"),
)
SPECIAL = ("erfcx", "log_ndtr", "ndtr")


def elementwise() -> Iterator[Operation]:
    row = partial(Operation, "elementwise")
    for name in SMOOTH:
        yield row(name, _by_name(name), vectors(1))
    for name in ON_POSITIVE:
        yield row(name, _by_name(name), positive(1))
    for name in ON_UNIT:
        yield row(name, _by_name(name), lambda n: probabilities(n)[:1])
    for name in STEPS:
        yield row(name, _by_name(name), vectors(1), differentiable=False)
    for name in BINARY:
        yield row(name, _by_name(name), positive(2))
    for name in TRUTHS:
        yield row(name, _by_name(name), vectors(2), differentiable=False)
    for name in BITS:
        yield row(name, _by_name(name), integers(2), differentiable=False)
    yield row("bitwise_not", lambda T, x: T.bitwise_not(x), integers(1), differentiable=False)
    yield row("logical_not", lambda T, x: T.logical_not(x), masks(1), differentiable=False)
    for name in ACTIVATIONS:
        yield row(name, _in_functional(name), vectors(1))
    for name in SPECIAL:
        yield row(name, lambda T, x, name=name: getattr(T.special, name)(x), vectors(1))
    yield row("acosh", lambda T, x: T.acosh(x), lambda n: [x + 1 for x in positive(1)(n)])
    yield row("polygamma(2)", lambda T, x: T.polygamma(2, x), positive(1))
    yield row("mvlgamma(2)", lambda T, x: T.mvlgamma(x, 2), lambda n: [x + 1 for x in positive(1)(n)])
    yield row("heaviside", lambda T, x, y: T.heaviside(x, y), vectors(2), differentiable=False)
    yield row("nextafter", lambda T, x, y: T.nextafter(x, y), vectors(2), differentiable=False)
    yield row("clamp", lambda T, x: T.clamp(x, -0.5, 0.5), vectors(1))
    yield row("clamp_min", lambda T, x: T.clamp_min(x, -0.5), vectors(1))
    yield row("clamp_max", lambda T, x: T.clamp_max(x, 0.5), vectors(1))
    yield row("x * 2.0", lambda T, x: x * 2.0, vectors(1))
    yield row("2.0 - x", lambda T, x: 2.0 - x, vectors(1))
    yield row("x ** 2", lambda T, x: x**2, vectors(1))
    yield row("x ** 3", lambda T, x: x**3, vectors(1))
    yield row("x ** y", lambda T, x, y: x**y, positive(2))
    yield row("matrix + row", lambda T, x, y: x + y, with_row)
    yield row("matrix * column", lambda T, x, y: x * y, with_column)
    yield row("where", lambda T, c, x, y: T.where(c, x, y), with_mask(2))
    yield row("lerp", lambda T, x, y: T.lerp(x, y, 0.3), vectors(2))
    yield row("addcmul", lambda T, x, y, z: T.addcmul(x, y, z), vectors(3))
    yield row("addcdiv", lambda T, x, y, z: T.addcdiv(x, y, z), positive(3))
    yield row("floor_divide", lambda T, x, y: T.floor_divide(x, y), positive(2), differentiable=False)
    yield row("remainder", lambda T, x, y: T.remainder(x, y), positive(2), differentiable=False)
    yield row("add_", lambda T, x, y: x.add_(y), vectors(2), differentiable=False, random=True)
    yield row("to(float64)", lambda T, x: x.to(T.float64), vectors(1))


def reductions() -> Iterator[Operation]:
    row = partial(Operation, "reduce")
    for name in ("sum", "mean", "amax", "amin", "var", "std", "norm"):
        yield row(name, _by_name(name), vectors(1))
    yield row("max", lambda T, x: T.max(x), vectors(1))
    yield row("prod", lambda T, x: T.prod(x), positive(1))
    for name in ("any", "all", "argmax", "argmin", "count_nonzero"):
        yield row(name, _by_name(name), vectors(1), differentiable=False)
    for name in ("sum", "mean", "amax", "var", "logsumexp"):
        yield row(f"{name}(0)", _along(name, 0), matrices(1))
        yield row(f"{name}(1)", _along(name, 1), matrices(1))
    yield row("max(1)", lambda T, x: T.max(x, 1), matrices(1))
    yield row("argmax(1)", lambda T, x: T.argmax(x, 1), matrices(1), differentiable=False)
    yield row("cumsum(1)", lambda T, x: T.cumsum(x, 1), matrices(1))
    yield row("softmax(1)", lambda T, x: T.softmax(x, 1), matrices(1))
    yield row("log_softmax(1)", lambda T, x: T.log_softmax(x, 1), matrices(1))
    for name in ("nansum", "nanmean", "aminmax", "var_mean", "std_mean", "diff", "trapezoid", "trapz"):
        yield row(name, _by_name(name), vectors(1))
    yield row("cumulative_trapezoid", _by_name("cumulative_trapezoid"), vectors(1))
    for name in ("cumprod", "cummax", "cummin", "logcumsumexp"):
        yield row(f"{name}(1)", _along(name, 1), matrices(1))
    for name in ("median", "nanmedian"):
        yield row(name, _by_name(name), distinct)
        yield row(f"{name}(0)", _along(name, 0), distinct)
    yield row("kthvalue", lambda T, x: T.kthvalue(x, 3), distinct)
    yield row("mode", _by_name("mode"), distinct)
    yield row("msort", _by_name("msort"), distinct)
    for name in ("quantile", "nanquantile"):
        yield row(name, lambda T, x, name=name: getattr(T, name)(x, 0.3), distinct)
    for name in ("cov", "corrcoef"):
        yield row(name, _by_name(name), lambda n: matrices(1)(min(n, 250_000)))
    yield row("histc", lambda T, x: T.histc(x, 50, -2, 2), vectors(1), differentiable=False)
    yield row("histogram", lambda T, x: T.histogram(x, 50, range=(-2.0, 2.0)), vectors(1), differentiable=False)
    yield row("dist", lambda T, x, y: T.dist(x, y), vectors(2))
    yield row("renorm", lambda T, x: T.renorm(x, 2, 0, 1.0), matrices(1))
    yield row("linalg.vector_norm(3)", lambda T, x: T.linalg.vector_norm(x, 3), vectors(1))
    yield row("linalg.matrix_norm(1)", lambda T, x: T.linalg.matrix_norm(x, 1), matrices(1))


def views() -> Iterator[Operation]:
    row = partial(Operation, "view")
    yield row("reshape", lambda T, x: x.reshape(-1, x.shape[0]), matrices(1))
    yield row("flatten", lambda T, x: T.flatten(x), matrices(1))
    yield row("t", lambda T, x: x.t(), matrices(1))
    yield row("transpose", lambda T, x: T.transpose(x, 0, 1), matrices(1))
    yield row("permute", lambda T, x: x.permute(1, 0), matrices(1))
    yield row("unsqueeze", lambda T, x: x.unsqueeze(1), vectors(1))
    yield row("x[None]", lambda T, x: x[None], vectors(1))
    yield row("x[3]", lambda T, x: x[3], vectors(1))
    yield row("x[1:-1]", lambda T, x: x[1:-1], vectors(1))
    yield row("x[:, ::2]", lambda T, x: x[:, ::2], matrices(1))
    yield row("expand", lambda T, x: x.expand(3, -1), vectors(1))
    yield row("broadcast_to", lambda T, x: T.broadcast_to(x, (3, x.shape[0])), vectors(1))
    yield row("broadcast_tensors", lambda T, x, y: T.broadcast_tensors(x, y), with_row)
    yield row("movedim", lambda T, x: T.movedim(x, 0, 1), matrices(1))
    yield row("select", lambda T, x: T.select(x, 1, 0), matrices(1))
    yield row("squeeze", lambda T, x, y: T.squeeze(y), with_column)
    yield row("unflatten", lambda T, x: T.unflatten(x, 0, (2, -1)), vectors(1))
    yield row("narrow", lambda T, x: x.narrow(0, 1, 4), vectors(1))
    yield row("diagonal", lambda T, x: T.diagonal(x), matrices(1))
    yield row("split", lambda T, x: T.split(x, 5), lambda n: vectors(1)(10))
    yield row("chunk", lambda T, x: T.chunk(x, 2), vectors(1))
    yield row("unbind", lambda T, x: T.unbind(x), lambda n: vectors(1)(10))
    yield row("flip", lambda T, x: T.flip(x, (0,)), vectors(1))
    yield row("pad", lambda T, x: T.nn.functional.pad(x, (1, 1)), matrices(1))
    yield row("cat", lambda T, x, y: T.cat((x, y)), vectors(2))
    yield row("stack", lambda T, x, y: T.stack((x, y)), vectors(2))
    yield row("clone", lambda T, x: x.clone(), vectors(1))
    yield row("t().contiguous()", lambda T, x: x.t().contiguous(), matrices(1))
    yield row("tril", lambda T, x: T.tril(x), matrices(1))
    yield row("triu", lambda T, x: T.triu(x), matrices(1))
    yield row("repeat", lambda T, x: x.repeat(2), vectors(1))
    for name in ("ravel", "adjoint", "fliplr", "flipud", "rot90", "atleast_3d", "diag"):
        yield row(name, _by_name(name), matrices(1))
    for name in ("atleast_1d", "atleast_2d"):
        yield row(name, _by_name(name), vectors(1))
    for name in ("hstack", "vstack", "dstack", "column_stack"):
        yield row(name, _of_list(name), vectors(2))
    for name in ("diag_embed", "diagflat"):
        yield row(name, _by_name(name), short_vectors(1))
    for name in ("meshgrid", "cartesian_prod"):
        yield row(name, lambda T, x, y, name=name: getattr(T, name)(x, y), short_vectors(2))
    yield row("combinations", lambda T, x: T.combinations(x), short_vectors(1))
    yield row("block_diag", lambda T, x, y: T.block_diag(x, y), short_vectors(2))
    yield row("swapaxes", lambda T, x: T.swapaxes(x, 0, 1), matrices(1))
    yield row("swapdims", lambda T, x: T.swapdims(x, 0, 1), matrices(1))
    yield row("roll", lambda T, x: T.roll(x, 1, 0), matrices(1))
    yield row("tile", lambda T, x: T.tile(x, (2,)), vectors(1))
    yield row("repeat_interleave", lambda T, x: T.repeat_interleave(x, 2), vectors(1))
    yield row("split_with_sizes", lambda T, x: T.split_with_sizes(x, (4, 6)), lambda n: vectors(1)(10))
    yield row("tensor_split", lambda T, x: T.tensor_split(x, 3), vectors(1))
    yield row("hsplit", lambda T, x: T.hsplit(x, (1,)), matrices(1))
    yield row("vsplit", lambda T, x: T.vsplit(x, (1,)), matrices(1))
    yield row("dsplit", lambda T, x: T.dsplit(x[:, :, None].expand(-1, -1, 2), 2), matrices(1))
    yield row("as_strided", lambda T, x: T.as_strided(x, (4, 3), (2, 1)), vectors(1))
    # PyTorch's gradient of this one is wrong
    strided = partial(row, differentiable=False)
    yield strided("as_strided_scatter", lambda T, x: T.as_strided_scatter(x, x[:3], (3,), (2,)), vectors(1))
    yield row("select_scatter", lambda T, x: T.select_scatter(x, x[1], 0, 0), matrices(1))
    yield row("slice_scatter", lambda T, x: T.slice_scatter(x, x[1:], 0, 0, -1), matrices(1))
    yield row("diagonal_scatter", lambda T, x: T.diagonal_scatter(x, x[:, 0][: min(x.shape)]), matrices(1))
    for mode in ("reflect", "replicate", "circular"):
        yield row(f"pad, {mode}", lambda T, x, m=mode: T.nn.functional.pad(x, (1, 1), m), matrices(1))
    yield row("F.unfold", lambda T, x, w, b: T.nn.functional.unfold(x, 3, padding=1), images)
    yield row("pixel_unshuffle", lambda T, x, w, b: T.nn.functional.pixel_unshuffle(x[..., :2, :2], 2), images)


def contractions() -> Iterator[Operation]:
    row = partial(Operation, "contract")
    product = partial(row, inputs=squares, flops=_product_flops)
    yield product("matmul", lambda T, a, b: a @ b)
    yield product("mm", lambda T, a, b: T.mm(a, b))
    yield product("einsum ij,jk->ik", lambda T, a, b: T.einsum("ij,jk->ik", a, b))
    yield product("tensordot", lambda T, a, b: T.tensordot(a, b, 1))
    yield row("addmm", lambda T, c, a, b: T.addmm(c, a, b), layer_and_bias_first, lambda c, a, b: _product_flops(a, b))
    products = partial(row, inputs=batches, flops=_product_flops)
    yield products("bmm", lambda T, a, b: T.bmm(a, b))
    yield products("einsum bij,bkj->bik", lambda T, a, b: T.einsum("bij,bkj->bik", a, b))
    yield row("mv", lambda T, a, x: T.mv(a, x), matrix_and_vector, lambda a, x: 2.0 * a.size)
    yield row("dot", lambda T, x, y: T.dot(x, y), vectors(2), lambda x, y: 2.0 * x.size)
    yield row("outer", lambda T, x, y: T.outer(x, y), lambda n: vectors(2)(min(n, 1000)))
    yield row("vdot", lambda T, x, y: T.vdot(x, y), vectors(2), lambda x, y: 2.0 * x.size)
    yield row("kron", lambda T, x, y: T.kron(x, y), lambda n: vectors(2)(math.isqrt(n)))
    yield product("inner", lambda T, a, b: T.inner(a, b))
    yield row("addmv", lambda T, a, b: T.addmv(a[0], a, b[0]), squares)
    yield row("addr", lambda T, a, b: T.addr(a, a[0], b[0]), squares)
    yield products("addbmm", lambda T, a, b: T.addbmm(a[0], a, b))
    yield products("baddbmm", lambda T, a, b: T.baddbmm(a, a, b))
    yield row("cdist", lambda T, a, b: T.cdist(a, b), squares)
    yield row("pdist", lambda T, a, b: T.pdist(a[:50]), squares)
    yield row("linear", lambda T, x, w, b: T.nn.functional.linear(x, w, b), layer, _linear_flops)
    yield row("conv2d", lambda T, x, w, b: T.nn.functional.conv2d(x, w, b, padding=1), images, _conv_flops)
    yield row("conv1d", lambda T, x, w, b: T.nn.functional.conv1d(x[:, :, 0], w[:, :, 0], b, padding=1), images)
    yield row("conv_transpose2d", lambda T, x, w, b: T.nn.functional.conv_transpose2d(x, w.transpose(0, 1), b), images)


def linear_algebra() -> Iterator[Operation]:
    row = partial(Operation, "contract", inputs=definite)
    for name in ("inverse", "pinverse", "det", "logdet", "cholesky", "matrix_exp"):
        yield row(name, _by_name(name))
    yield row("slogdet", lambda T, x: T.slogdet(x)[1])
    yield row("cholesky_inverse", lambda T, x: T.cholesky_inverse(T.tril(x)))
    yield row("matrix_power(3)", lambda T, x: T.matrix_power(x, 3))
    yield row("cholesky_solve", lambda T, x: T.cholesky_solve(x, T.tril(x)))
    yield row("triangular_solve", lambda T, x: T.triangular_solve(x, x)[0])
    yield row("lu", lambda T, x: T.lu(x)[0])
    yield row("lu_solve", lambda T, x: T.lu_solve(x, *T.lu(x)))
    yield row("lu_unpack", lambda T, x: T.lu_unpack(*T.lu(x))[1:])
    yield row("linalg.solve", lambda T, x: T.linalg.solve(x, x[0]))
    yield row("linalg.eigh", lambda T, x: T.linalg.eigh(x)[0])
    yield row("qr", lambda T, x: T.qr(x)[1])
    yield row("svd", lambda T, x: T.svd(x)[1])
    yield row("trace", _by_name("trace"))
    yield row("cross", lambda T, x: T.cross(x[:3], x[-3:], 0))
    yield row("vander", lambda T, x: T.vander(x[0], 4), differentiable=False)


def indexing() -> Iterator[Operation]:
    row = partial(Operation, "index")
    yield row("gather", lambda T, x, i: T.gather(x, 1, i), with_positions)
    yield row("scatter_add", lambda T, x, i: T.scatter_add(x, 1, i, x), with_positions)
    yield row("take_along_dim", lambda T, x, i: T.take_along_dim(x, i, 1), with_positions)
    yield row("scatter", lambda T, x, i: T.scatter(x, 1, i[:, :1], 0.5), with_positions)
    yield row("scatter_reduce", lambda T, x, i: T.scatter_reduce(x, 1, i, x, "amax"), with_positions)
    yield row("take", lambda T, x, i: T.take(x, i), with_positions)
    yield row("put", lambda T, x, i: T.put(x, i, x, accumulate=True), with_positions)
    yield row("index_select", lambda T, x, i: T.index_select(x, 0, i), with_rows)
    yield row("index_add", lambda T, x, i: T.index_add(x, 0, i, x), with_rows)
    yield row("index_copy", lambda T, x, i: T.index_copy(x, 0, i[:1], x[:1]), with_rows)
    yield row("index_fill", lambda T, x, i: T.index_fill(x, 0, i, 0.5), with_rows)
    yield row("index_put", lambda T, x, i: T.index_put(x, (i,), x, accumulate=True), with_rows)
    yield row("index_reduce", lambda T, x, i: T.index_reduce(x, 0, i, x, "mean"), with_rows)
    yield row("x[rows]", lambda T, x, i: x[i], with_rows)
    yield row("embedding", lambda T, x, i: T.nn.functional.embedding(i, x), with_rows)
    yield row("x[mask]", lambda T, c, x: x[c], with_mask(1))
    yield row("masked_select", lambda T, c, x: T.masked_select(x, c), with_mask(1))
    yield row("masked_scatter", lambda T, c, x: T.masked_scatter(x, c, x), with_mask(1))
    yield row("masked_fill", lambda T, c, x: x.masked_fill(c, 0.0), with_mask(1))
    yield row("one_hot", lambda T, x, i: T.nn.functional.one_hot(i[:10], 1000), with_rows, differentiable=False)
    yield row("nonzero", lambda T, c, x: T.nonzero(c), with_mask(1), differentiable=False)
    searched = partial(row, differentiable=False)
    yield searched("argwhere", lambda T, c, x: T.argwhere(c), with_mask(1))
    yield searched("nonzero_static", lambda T, c, x: T.nonzero_static(c, size=5), with_mask(1))
    yield searched("unique", lambda T, x: T.unique(x), integers(1))
    yield searched("unique_consecutive", lambda T, x: T.unique_consecutive(x), integers(1))
    yield searched("bincount", lambda T, x: T.bincount(x), integers(1))
    yield searched("isin", lambda T, x: T.isin(x, x[:5]), integers(1))
    yield searched("unravel_index", lambda T, x: T.unravel_index(x, (10, 10)), integers(1))
    yield searched("searchsorted", lambda T, x: T.searchsorted(T.arange(100.0), x), vectors(1))
    yield searched("bucketize", lambda T, x: T.bucketize(x, T.arange(100.0)), vectors(1))
    yield row("sort", lambda T, x: T.sort(x), distinct)
    yield row("argsort", lambda T, x: T.argsort(x), distinct, differentiable=False)
    yield row("topk", lambda T, x: T.topk(x, 3), distinct)


def networks() -> Iterator[Operation]:
    row = partial(Operation, "network")
    for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"):
        yield row(name, _in_functional(name), vectors(2))
    yield row("cross_entropy", _in_functional("cross_entropy"), scores)
    yield row("nll_loss", _in_functional("nll_loss"), scores)
    for name in ("cosine_similarity", "pairwise_distance"):
        yield row(name, _in_functional(name), matrices(2))
    yield row("normalize", _in_functional("normalize"), matrices(1))
    yield row("binary_cross_entropy", _in_functional("binary_cross_entropy"), probabilities)
    yield row("binary_cross_entropy_with_logits", _in_functional("binary_cross_entropy_with_logits"), logits)
    yield row("max_pool2d", lambda T, x, w, b: T.nn.functional.max_pool2d(x, 2), images)
    yield row("avg_pool2d", lambda T, x, w, b: T.nn.functional.avg_pool2d(x, 2), images)
    yield row("adaptive_avg_pool2d", lambda T, x, w, b: T.nn.functional.adaptive_avg_pool2d(x, 2), images)
    yield row("adaptive_max_pool2d", lambda T, x, w, b: T.nn.functional.adaptive_max_pool2d(x, 3), images)
    for mode in ("nearest", "bilinear"):
        resize = partial(_resized, mode=mode)
        yield row(f"interpolate, {mode}", resize, images)
    yield row("dropout", lambda T, x: T.nn.functional.dropout(x, 0.5), vectors(1), random=True)


def creation() -> Iterator[Operation]:
    row = partial(Operation, "create", differentiable=False)
    yield row("empty", lambda T, n: T.empty(n), only_the_number, random=True)
    yield row("zeros", lambda T, n: T.zeros(n), only_the_number)
    yield row("ones", lambda T, n: T.ones(n), only_the_number)
    yield row("full", lambda T, n: T.full((n,), 0.5), only_the_number)
    yield row("arange", lambda T, n: T.arange(n), only_the_number)
    yield row("linspace", lambda T, n: T.linspace(0.0, 1.0, n), only_the_number)
    yield row("logspace", lambda T, n: T.logspace(0.0, 1.0, n), only_the_number)
    yield row("eye", lambda T, n: T.eye(math.isqrt(n)), only_the_number)
    yield row("tril_indices", lambda T, n: T.tril_indices(math.isqrt(n), math.isqrt(n)), only_the_number)
    yield row("triu_indices", lambda T, n: T.triu_indices(math.isqrt(n), math.isqrt(n)), only_the_number)
    yield row("scalar_tensor", lambda T, n: T.scalar_tensor(0.5), only_the_number)
    yield row("empty_strided", lambda T, n: T.empty_strided((n,), (2,)), only_the_number, random=True)
    yield row("empty_permuted", lambda T, n: T.empty_permuted((n, 1), (1, 0)), only_the_number, random=True)
    yield row("tensor(list)", lambda T, n: T.tensor([1.0, 2.0, 3.0]), only_the_number)
    yield row("tensor(ndarray)", lambda T, x: T.tensor(x.numpy()), vectors(1))
    yield row("as_tensor", lambda T, x: T.as_tensor(x.numpy()), vectors(1))
    yield row("asarray", lambda T, x: T.asarray(x.numpy()), vectors(1))
    yield row("from_numpy", lambda T, x: T.from_numpy(x.numpy()), vectors(1))
    yield row("zeros_like", lambda T, x: T.zeros_like(x), vectors(1))
    yield row("ones_like", lambda T, x: T.ones_like(x), vectors(1))
    yield row("full_like", lambda T, x: T.full_like(x, 0.5), vectors(1))
    drawn = partial(row, random=True)
    yield drawn("empty_like", lambda T, x: T.empty_like(x), vectors(1))
    yield drawn("rand", lambda T, n: T.rand(n), only_the_number)
    yield drawn("randn", lambda T, n: T.randn(n), only_the_number)
    yield drawn("randint", lambda T, n: T.randint(0, 10, (n,)), only_the_number)
    yield drawn("randperm", lambda T, n: T.randperm(n), only_the_number)
    yield drawn("rand_like", lambda T, x: T.rand_like(x), vectors(1))
    yield drawn("randn_like", lambda T, x: T.randn_like(x), vectors(1))
    yield drawn("randint_like", lambda T, x: T.randint_like(x, 10), vectors(1))
    yield drawn("poisson", lambda T, x: T.poisson(x), positive(1))
    yield drawn("binomial", lambda T, x: T.binomial(x.new_full(x.shape, 20.0), x / 2), positive(1))
    yield drawn("multinomial", lambda T, x: T.multinomial(x, 5), lambda n: [abs(matrices(1)(n)[0])])
    yield drawn("normal", lambda T, n: T.normal(0.0, 1.0, (n,)), only_the_number)
    yield drawn("bernoulli", lambda T, x: T.bernoulli(x), lambda n: probabilities(n)[:1])


def all_operations() -> list[Operation]:
    families = (creation, elementwise, reductions, views, contractions, linear_algebra, indexing, networks)
    return [operation for family in families for operation in family()]


def _resized(T: Any, x: Any, w: Any, b: Any, mode: str) -> Any:
    return T.nn.functional.interpolate(x, scale_factor=2, mode=mode)


def _by_name(name: str) -> Callable[..., Any]:
    return lambda T, *inputs: getattr(T, name)(*inputs)


def _of_list(name: str) -> Callable[..., Any]:
    return lambda T, *inputs: getattr(T, name)(inputs)


def _in_functional(name: str) -> Callable[..., Any]:
    return lambda T, *inputs: getattr(T.nn.functional, name)(*inputs)


def _along(name: str, dim: int) -> Callable[..., Any]:
    return lambda T, x: getattr(T, name)(x, dim)


def _product_flops(a: Array, b: Array) -> float:
    return 2.0 * a.size * b.shape[-1]


def _linear_flops(x: Array, w: Array, b: Array) -> float:
    return 2.0 * x.shape[0] * w.size


def _conv_flops(x: Array, w: Array, b: Array) -> float:
    return 2.0 * x.shape[0] * x.shape[2] * x.shape[3] * w.size
