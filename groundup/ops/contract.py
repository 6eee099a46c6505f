"""The contract family: sums of products over shared letters, whose derivative is another contraction.

Everything comes down to a matrix product, which goes to BLAS: `contract_pair` brings any einsum of two operands
into the form of one batched product by transposing and folding axes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from groundup.named import Named
from groundup.ops.row import Formula, Row, name_rows


def contraction(
    forward: Formula,
    *grads: Formula,
    each: Formula | None = None,
    label: str | Callable[..., str] | None = None,
    judge: str | None = None,
) -> Row:
    """A row that multiplies and sums; `judge` is named where its derivative is no formula in indices."""
    return Row("contract", forward, grads, each=each, dtypes="same", label=label, judge=judge)


def _swap(m: Any, x: Any) -> Any:
    """The matrix transposed (its last two axes)."""
    return m.transpose(x, dim0=x.ndim - 2, dim1=x.ndim - 1)


def _rows(m: Any, x: Any) -> Any:
    """Leading axes folded into one: a matrix of row vectors."""
    return x if x.ndim == 2 else m.reshape(x, size=(math.prod(x.shape[:-1]), x.shape[-1]))


matmul = contraction(
    lambda m, a, b: a @ b,
    lambda m, g, b: m.matmul(g, _swap(m, b)),
    lambda m, g, a: m.matmul(_swap(m, a), g),
    label="BmmBackward0",
)
mm = contraction(lambda m, a, b: a @ b, lambda m, g, b: m.mm(g, m.t(b)), lambda m, g, a: m.mm(m.t(a), g))
mv = contraction(
    lambda m, a, b: a @ b,
    lambda m, g, b: m.reshape(g, size=(g.shape[0], 1)) * b,
    lambda m, g, a: m.mv(m.t(a), g),
)
dot = contraction(lambda m, a, b: a @ b, lambda m, g, b: g * b, lambda m, g, a: g * a)
linear = contraction(
    lambda m, x, weight, bias: _linear(x, weight, bias),
    lambda m, g, weight: m.matmul(g, weight) if g.ndim > 1 else m.mv(m.t(weight), g),
    lambda m, g, x: m.mm(m.t(_rows(m, g)), _rows(m, x)),
    lambda m, g, shape: m.sum_to(g, size=shape) if g.ndim > 1 else g,
    label="AddmmBackward0",
)
cross = contraction(
    lambda m, a, b, *, dim: _cross(a, b, dim),
    lambda m, g, b, dim: m.cross(b, g, dim=dim),
    lambda m, g, a, dim: m.cross(g, a, dim=dim),
    label="LinalgCrossBackward0",
)
einsum = contraction(
    lambda m, *xs, subscripts, output, sizes: _einsum(xs, subscripts, output),
    each=lambda m, g, rest, index, subscripts, output, sizes: _einsum_grad(
        m, g, rest, index, subscripts, output, sizes
    ),
)


def _linear(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    out = x @ weight.T
    out += bias
    return out


def _cross(a: np.ndarray, b: np.ndarray, dim: int) -> np.ndarray:
    """Component by component, which is several times as fast as NumPy's cross."""
    out = np.empty(a.shape, a.dtype)
    x, y, z = ((slice(None),) * dim + (i,) for i in range(3))
    for i, j, k in ((x, y, z), (y, z, x), (z, x, y)):
        out[i] = a[j] * b[k] - a[k] * b[j]
    return out


def _einsum_grad(
    m: Any,
    g: Any,
    xs: tuple[Any, ...],
    index: int,
    subscripts: tuple[str, ...],
    output: str,
    sizes: dict[str, int],
) -> Any:
    """Exchange the operand's letters with the output's; letters that only it has were summed, so they expand."""
    wanted = subscripts[index]
    others = [each for i, each in enumerate(subscripts) if i != index]
    operands = [each for i, each in enumerate(xs) if i != index]
    present = [letter for letter in wanted if letter in output or any(letter in each for each in others)]
    grad = m.einsum(g, *operands, subscripts=(output, *others), output="".join(present), sizes=sizes)
    if len(present) < len(wanted):
        grad = m.reshape(grad, size=tuple(sizes[letter] if letter in present else 1 for letter in wanted))
        grad = m.expand(grad, size=tuple(sizes[letter] for letter in wanted))
    return grad


def _einsum(xs: tuple[np.ndarray, ...], subscripts: tuple[str, ...], output: str) -> np.ndarray:
    """Any number of operands, two at a time in a cheap order; no letter repeats within an operand here."""
    terms = list(zip(xs, subscripts, strict=True))
    while len(terms) > 2:
        i, j = cheapest(terms, output)
        (a, a_letters), (b, b_letters) = terms[i], terms[j]
        rest = [term for k, term in enumerate(terms) if k not in (i, j)]
        still = set(output).union(*(letters for _, letters in rest))
        kept = "".join(dict.fromkeys(c for c in a_letters + b_letters if c in still))
        terms = [*rest, (contract_pair(a, a_letters, b, b_letters, kept), kept)]
    if len(terms) == 2:
        return contract_pair(*terms[0], *terms[1], output)
    x, letters = terms[0]
    lost = tuple(axis for axis, letter in enumerate(letters) if letter not in output)
    if lost:
        x = np.asarray(np.add.reduce(x, axis=lost))
    left = [letter for letter in letters if letter in output]
    out = x.transpose([left.index(letter) for letter in output])
    return out if lost else out.copy()


def cheapest(terms: Sequence[tuple[Any, str]], output: str) -> tuple[int, int]:
    """The pair whose product takes the fewest multiplications, and among those the smallest result."""
    sizes = {letter: n for x, letters in terms for letter, n in zip(letters, x.shape, strict=True)}

    def cost(pair: tuple[int, int]) -> tuple[int, int]:
        both = set(terms[pair[0]][1]) | set(terms[pair[1]][1])
        rest = set(output).union(*(letters for k, (_, letters) in enumerate(terms) if k not in pair))
        return math.prod(sizes[c] for c in both), math.prod(sizes[c] for c in both & rest)

    return min(((i, j) for j in range(len(terms)) for i in range(j)), key=cost)


class Pairing(Named):
    """How to bring two operands into the form of one batched product, from their letters alone."""

    __slots__ = ()

    lost: tuple[tuple[int, ...], tuple[int, ...]]  # the axes that nothing else has, summed over at once
    orders: tuple[tuple[int, ...], tuple[int, ...]]  # of the axes left: batch, left, inner and batch, inner, right
    batch: int  # how many axes there are of each kind
    left: int
    inner: int
    result: tuple[int, ...]  # the order of the product's axes


@lru_cache(maxsize=1024)
def _pairing(a: str, b: str, output: str) -> Pairing:
    lost_a = tuple(axis for axis, c in enumerate(a) if c not in b + output)
    lost_b = tuple(axis for axis, c in enumerate(b) if c not in a + output)
    a, b = ("".join(c for c in own if c in other + output) for own, other in ((a, b), (b, a)))
    batch = [c for c in a if c in b and c in output]
    inner = [c for c in a if c in b and c not in output]
    left = [c for c in a if c not in b]
    right = [c for c in b if c not in a]
    orders = tuple(map(a.index, batch + left + inner)), tuple(map(b.index, batch + inner + right))
    result = tuple(map((batch + left + right).index, output))
    return Pairing((lost_a, lost_b), orders, len(batch), len(left), len(inner), result)


def contract_pair(a: np.ndarray, a_letters: str, b: np.ndarray, b_letters: str, output: str) -> np.ndarray:
    """One einsum of two operands as one (batched) matrix product."""
    plan = _pairing(a_letters, b_letters, output)
    lost, order = plan.lost[0], plan.orders[0]
    a = (np.add.reduce(a, axis=lost) if lost else a).transpose(order)
    lost, order = plan.lost[1], plan.orders[1]
    b = (np.add.reduce(b, axis=lost) if lost else b).transpose(order)
    batch, left = a.shape[: plan.batch], a.shape[plan.batch : plan.batch + plan.left]
    right = b.shape[plan.batch + plan.inner :]
    summed = math.prod(b.shape[plan.batch : plan.batch + plan.inner])
    product = a.reshape(*batch, math.prod(left), summed) @ b.reshape(*batch, summed, math.prod(right))
    return product.reshape(batch + left + right).transpose(plan.result)


ROWS = name_rows(globals())
