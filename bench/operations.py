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

import numpy as np

Array = np.ndarray
Inputs = Callable[[int], list[Any]]


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


# --- inputs --------------------------------------------------


def sides(n: int) -> tuple[int, int]:
    """The shape of a matrix of n elements, as square as it gets."""
    rows = next(rows for rows in range(math.isqrt(n), 0, -1) if n % rows == 0)
    return rows, n // rows


def vectors(count: int) -> Inputs:
    return lambda n: [_rng(k).standard_normal(n, np.float32) for k in range(count)]


def positive(count: int) -> Inputs:
    return lambda n: [_rng(k).random(n, np.float32) + np.float32(0.5) for k in range(count)]


def distinct(n: int) -> list[Array]:
    """One vector in which no number occurs twice: the order of equal ones is nobody's promise."""
    return [_rng(0).permutation(n).astype(np.float32)]


def matrices(count: int) -> Inputs:
    return lambda n: [_rng(k).standard_normal(sides(n), np.float32) for k in range(count)]


def with_row(n: int) -> list[Array]:
    return [*matrices(1)(n), *vectors(1)(sides(n)[1])]


def with_column(n: int) -> list[Array]:
    return [*matrices(1)(n), *(v[:, None] for v in vectors(1)(sides(n)[0]))]


def squares(n: int) -> list[Array]:
    """Two square matrices; a million elements would be a long product, so the side stays within 512."""
    side = min(512, math.isqrt(n))
    return [_rng(k).standard_normal((side, side), np.float32) for k in range(2)]


def batches(n: int) -> list[Array]:
    side = 2 if n < 100 else 64
    return [_rng(k).standard_normal((max(2, n // 8192), side, side), np.float32) for k in range(2)]


def matrix_and_vector(n: int) -> list[Array]:
    return [*matrices(1)(n), *vectors(1)(sides(n)[1])]


def layer(n: int) -> list[Array]:
    """A batch, the weight and the bias of a dense layer."""
    batch, n_in, n_out = (2, 5, 3) if n < 100 else (256, 1024, 256)
    shapes = ((batch, n_in), (n_out, n_in), (n_out,))
    return [_rng(k).standard_normal(shape, np.float32) for k, shape in enumerate(shapes)]


def images(n: int) -> list[Array]:
    """Images, and the weight and the bias of a 3x3 convolution."""
    shapes = ((1, 1, 4, 4), (2, 1, 3, 3), (2,)) if n < 100 else ((32, 16, 32, 32), (32, 16, 3, 3), (32,))
    return [_rng(k).standard_normal(shape, np.float32) for k, shape in enumerate(shapes)]


def scores(n: int) -> list[Array]:
    """A matrix of scores, and the index of the right class for each row."""
    (matrix,) = matrices(1)(n)
    return [matrix, _rng(7).integers(0, matrix.shape[1], matrix.shape[0])]


def with_positions(n: int) -> list[Array]:
    """A matrix, and positions in its columns of the same shape."""
    (matrix,) = matrices(1)(n)
    return [matrix, _rng(7).integers(0, matrix.shape[1], matrix.shape)]


def with_rows(n: int) -> list[Array]:
    """A matrix, and row numbers, as many as it has rows."""
    (matrix,) = matrices(1)(n)
    return [matrix, _rng(7).integers(0, matrix.shape[0], matrix.shape[0])]


def with_mask(count: int) -> Inputs:
    return lambda n: [_rng(7).random(n) < 0.5, *vectors(count)(n)]


def only_the_number(n: int) -> list[int]:
    return [n]


def _rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


# --- the rows --------------------------------------------------

SMOOTH = ("neg", "abs", "exp", "expm1", "square", "sin", "cos", "tanh", "sigmoid", "erf", "relu")
ON_POSITIVE = ("log", "log1p", "log2", "log10", "sqrt", "rsqrt", "reciprocal")
STEPS = ("sign", "floor", "ceil", "round", "trunc", "isnan", "isinf", "isfinite")
BINARY = ("add", "sub", "mul", "div", "maximum", "minimum")
COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")


def elementwise() -> Iterator[Operation]:
    row = partial(Operation, "elementwise")
    for name in SMOOTH:
        yield row(name, _by_name(name), vectors(1))
    for name in ON_POSITIVE:
        yield row(name, _by_name(name), positive(1))
    for name in STEPS:
        yield row(name, _by_name(name), vectors(1), differentiable=False)
    for name in BINARY:
        yield row(name, _by_name(name), positive(2))
    for name in (*COMPARISONS, "logical_and", "logical_or"):
        yield row(name, _by_name(name), vectors(2), differentiable=False)
    yield row("gelu", lambda T, x: T.nn.functional.gelu(x), vectors(1))
    yield row("leaky_relu", lambda T, x: T.nn.functional.leaky_relu(x), vectors(1))
    yield row("softplus", lambda T, x: T.nn.functional.softplus(x), vectors(1))
    yield row("clamp", lambda T, x: T.clamp(x, -0.5, 0.5), vectors(1))
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
    for name in ("any", "all", "argmax", "argmin"):
        yield row(name, _by_name(name), vectors(1), differentiable=False)
    for name in ("sum", "mean", "amax", "var", "logsumexp"):
        yield row(f"{name}(0)", _along(name, 0), matrices(1))
        yield row(f"{name}(1)", _along(name, 1), matrices(1))
    yield row("max(1)", lambda T, x: T.max(x, 1), matrices(1))
    yield row("argmax(1)", lambda T, x: T.argmax(x, 1), matrices(1), differentiable=False)
    yield row("cumsum(1)", lambda T, x: T.cumsum(x, 1), matrices(1))
    yield row("softmax(1)", lambda T, x: T.softmax(x, 1), matrices(1))
    yield row("log_softmax(1)", lambda T, x: T.log_softmax(x, 1), matrices(1))


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
    yield row("narrow", lambda T, x: x.narrow(0, 1, 4), vectors(1))
    yield row("diagonal", lambda T, x: T.diagonal(x), matrices(1))
    yield row("split", lambda T, x: T.split(x, 5), lambda n: vectors(1)(10))
    yield row("unbind", lambda T, x: T.unbind(x), lambda n: vectors(1)(10))
    yield row("flip", lambda T, x: T.flip(x, (0,)), vectors(1))
    yield row("pad", lambda T, x: T.nn.functional.pad(x, (1, 1)), matrices(1))
    yield row("cat", lambda T, x, y: T.cat((x, y)), vectors(2))
    yield row("stack", lambda T, x, y: T.stack((x, y)), vectors(2))
    yield row("clone", lambda T, x: x.clone(), vectors(1))
    yield row("t().contiguous()", lambda T, x: x.t().contiguous(), matrices(1))
    yield row("tril", lambda T, x: T.tril(x), matrices(1))
    yield row("repeat", lambda T, x: x.repeat(2), vectors(1))


def contractions() -> Iterator[Operation]:
    row = partial(Operation, "contract")
    product = partial(row, inputs=squares, flops=_product_flops)
    yield product("matmul", lambda T, a, b: a @ b)
    yield product("mm", lambda T, a, b: T.mm(a, b))
    yield product("einsum ij,jk->ik", lambda T, a, b: T.einsum("ij,jk->ik", a, b))
    products = partial(row, inputs=batches, flops=_product_flops)
    yield products("bmm", lambda T, a, b: T.bmm(a, b))
    yield products("einsum bij,bkj->bik", lambda T, a, b: T.einsum("bij,bkj->bik", a, b))
    yield row("mv", lambda T, a, x: T.mv(a, x), matrix_and_vector, lambda a, x: 2.0 * a.size)
    yield row("dot", lambda T, x, y: T.dot(x, y), vectors(2), lambda x, y: 2.0 * x.size)
    yield row("outer", lambda T, x, y: T.outer(x, y), lambda n: vectors(2)(min(n, 1000)))
    yield row("linear", lambda T, x, w, b: T.nn.functional.linear(x, w, b), layer, _linear_flops)
    yield row("conv2d", lambda T, x, w, b: T.nn.functional.conv2d(x, w, b, padding=1), images, _conv_flops)


def indexing() -> Iterator[Operation]:
    row = partial(Operation, "index")
    yield row("gather", lambda T, x, i: T.gather(x, 1, i), with_positions)
    yield row("scatter_add", lambda T, x, i: T.scatter_add(x, 1, i, x), with_positions)
    yield row("index_select", lambda T, x, i: T.index_select(x, 0, i), with_rows)
    yield row("x[rows]", lambda T, x, i: x[i], with_rows)
    yield row("embedding", lambda T, x, i: T.nn.functional.embedding(i, x), with_rows)
    yield row("x[mask]", lambda T, c, x: x[c], with_mask(1))
    yield row("masked_fill", lambda T, c, x: x.masked_fill(c, 0.0), with_mask(1))
    yield row("nonzero", lambda T, c, x: T.nonzero(c), with_mask(1), differentiable=False)
    yield row("sort", lambda T, x: T.sort(x), distinct)
    yield row("argsort", lambda T, x: T.argsort(x), distinct, differentiable=False)
    yield row("topk", lambda T, x: T.topk(x, 3), distinct)


def networks() -> Iterator[Operation]:
    row = partial(Operation, "network")
    yield row("mse_loss", lambda T, x, y: T.nn.functional.mse_loss(x, y), vectors(2))
    yield row("l1_loss", lambda T, x, y: T.nn.functional.l1_loss(x, y), vectors(2))
    yield row("cross_entropy", lambda T, x, i: T.nn.functional.cross_entropy(x, i), scores)
    yield row("max_pool2d", lambda T, x, w, b: T.nn.functional.max_pool2d(x, 2), images)
    yield row("avg_pool2d", lambda T, x, w, b: T.nn.functional.avg_pool2d(x, 2), images)
    yield row("dropout", lambda T, x: T.nn.functional.dropout(x, 0.5), vectors(1), random=True)


def creation() -> Iterator[Operation]:
    for name, call in {
        "zeros": lambda T, n: T.zeros(n),
        "ones": lambda T, n: T.ones(n),
        "full": lambda T, n: T.full((n,), 0.5),
        "arange": lambda T, n: T.arange(n),
        "linspace": lambda T, n: T.linspace(0.0, 1.0, n),
        "eye": lambda T, n: T.eye(math.isqrt(n)),
    }.items():
        yield Operation("create", name, call, only_the_number, differentiable=False)
    for name, call in {
        "rand": lambda T, n: T.rand(n),
        "randn": lambda T, n: T.randn(n),
        "randint": lambda T, n: T.randint(0, 10, (n,)),
        "randperm": lambda T, n: T.randperm(n),
    }.items():
        yield Operation("create", name, call, only_the_number, differentiable=False, random=True)


def all_operations() -> list[Operation]:
    families = (creation, elementwise, reductions, views, contractions, indexing, networks)
    return [operation for family in families for operation in family()]


def _by_name(name: str) -> Callable[..., Any]:
    return lambda T, *inputs: getattr(T, name)(*inputs)


def _along(name: str, dim: int) -> Callable[..., Any]:
    return lambda T, x: getattr(T, name)(x, dim)


def _product_flops(a: Array, b: Array) -> float:
    return 2.0 * a.size * b.shape[-1]


def _linear_flops(x: Array, w: Array, b: Array) -> float:
    return 2.0 * x.shape[0] * w.size


def _conv_flops(x: Array, w: Array, b: Array) -> float:
    return 2.0 * x.shape[0] * x.shape[2] * x.shape[3] * w.size
