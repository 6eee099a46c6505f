"""Layout of contractions: an einsum, and a sum of products, is one product of matrices between views.

The axes that both operands and the result have count the products of a batch; those of one operand are the rows or
the columns; what is summed over lies between. Transposing is a view that BLAS takes as a flag, so that a contraction
mostly copies nothing, and what stands around it can simplify with its views.
"""

from __future__ import annotations

import math
from string import ascii_letters

from groundup.compile.graph import Graph, Statement, Value
from groundup.compile.passes.rewriting import Rewriting
from groundup.compile.passes.views import TURNS, permuted, reshaped, swaps_matrices
from groundup.ops.contract import cheapest

Term = tuple[Value, str]  # an operand, and a letter for each of its axes


def contractions(graph: Graph) -> Graph:
    """Write contractions as matrix products."""
    return Rewriting(graph).by(_einsum, _sum_of_products, _sum_of_a_batch)


def _einsum(r: Rewriting, s: Statement) -> Value | None:
    if s.row.name != "einsum" or s.out.dtype.kind != "f" or 0 in s.out.shape or any(0 in v.shape for v in s.values()):
        return None
    output = s.params["output"]
    terms: list[Term] = list(zip(s.operands, s.params["subscripts"], strict=True))
    while len(terms) > 2:
        i, j = cheapest(terms, output)
        rest = [term for k, term in enumerate(terms) if k not in (i, j)]
        still = set(output).union(*(letters for _, letters in rest))
        kept = "".join(dict.fromkeys(c for c in terms[i][1] + terms[j][1] if c in still))
        terms = [*rest, (_pair(r, terms[i], terms[j], kept), kept)]
    if len(terms) == 2:
        return _pair(r, terms[0], terms[1], output)
    found = _alone(r, *terms[0], output)
    return r.emit("clone", found) if set(terms[0][1]) == set(output) else found


def _alone(r: Rewriting, x: Value, letters: str, output: str) -> Value:
    """One operand summed over the letters that the output has not, its axes in the order of the output."""
    lost = tuple(axis for axis, c in enumerate(letters) if c not in output)
    left = "".join(c for c in letters if c in output)
    if lost:
        x = r.emit("sum", x, shape=_shape(x, letters, left), dim=lost, keepdim=False)
    return permuted(r, x, tuple(map(left.index, output)))


def _shape(x: Value, letters: str, wanted: str) -> tuple[int, ...]:
    return tuple(x.shape[letters.index(c)] for c in wanted)


def _pair(r: Rewriting, first: Term, second: Term, output: str) -> Value:
    """Two operands: as a product of matrices, or of elements if no letter is left to each."""
    (a, own), (b, other) = (
        (_alone(r, x, letters, mine), mine)
        for (x, letters), (_, others) in ((first, second), (second, first))
        for mine in ("".join(c for c in letters if c in others + output),)
    )
    inner = "".join(c for c in own if c in other and c not in output)
    if not inner:
        return r.emit("mul", _spread(r, a, own, output), _spread(r, b, other, output))
    batch, left, right = ("".join(c for c in output if (c in own) == x and (c in other) == y) for x, y in _SIDES)
    if not left and not right:
        return _dots(r, (a, own), (b, other), batch, inner)
    if right and (not left or output.index(right[0]) < output.index(left[0])):
        (a, own), (b, other), left, right = (b, other), (a, own), right, left
    rows = _folded(r, a, own, batch, left, inner)
    sizes = {**dict(zip(own, a.shape, strict=True)), **dict(zip(other, b.shape, strict=True))}
    if not batch and not right:
        product = r.emit("mv", rows, _vector(r, b, other, inner), shape=rows.shape[:1])
        return reshaped(r, product, tuple(sizes[c] for c in left))
    columns = _folded(r, b, other, batch, inner, right)
    shape = (*rows.shape[:-1], columns.shape[-1])
    product = r.emit("mm" if len(shape) == 2 else "matmul", rows, columns, shape=shape)
    laid_out = batch + left + right
    product = reshaped(r, product, tuple(sizes[c] for c in laid_out))
    return permuted(r, product, tuple(map(laid_out.index, output)))


_SIDES = ((True, True), (True, False), (False, True))  # letters of both, of the first, of the second


def _spread(r: Rewriting, x: Value, letters: str, output: str) -> Value:
    """x with an axis for each letter of the output, of length 1 where it has none."""
    own = [c for c in output if c in letters]
    x = permuted(r, x, tuple(map(letters.index, own)))
    sizes = dict(zip(own, x.shape, strict=True))
    shape = tuple(sizes.get(c, 1) for c in output)
    while len(shape) > len(own) and shape[:1] == (1,) and output[len(output) - len(shape)] not in own:
        shape = shape[1:]  # NumPy puts leading axes there itself
    return reshaped(r, x, shape)


def _dots(r: Rewriting, first: Term, second: Term, batch: str, inner: str) -> Value:
    """For each of a batch the sum of the products of elements."""
    a, b = (permuted(r, x, tuple(map(letters.index, batch + inner))) for x, letters in (first, second))
    if not batch:
        return r.emit("dot", _vector(r, a, inner, inner), _vector(r, b, inner, inner), shape=())
    dim = tuple(range(len(batch), len(a.shape)))
    return r.emit("sum", r.emit("mul", a, b), shape=a.shape[: len(batch)], dim=dim, keepdim=False)


def _folded(r: Rewriting, x: Value, letters: str, batch: str, rows: str, columns: str) -> Value:
    """x as a batch of matrices."""
    x = permuted(r, x, tuple(map(letters.index, batch + rows + columns)))
    ends = len(batch), len(batch) + len(rows)
    shape = x.shape[: ends[0]], x.shape[ends[0] : ends[1]], x.shape[ends[1] :]
    return reshaped(r, x, (*shape[0], math.prod(shape[1]), math.prod(shape[2])))


def _vector(r: Rewriting, x: Value, letters: str, inner: str) -> Value:
    """x in the order of these letters, as one axis."""
    return reshaped(r, permuted(r, x, tuple(map(letters.index, inner))), (math.prod(x.shape),))


# Sums of products that were not written as contractions


def _sum_of_products(r: Rewriting, s: Statement) -> Value | None:
    """sum(a[:, :, None] * b[None]): where each operand has axes of its own, the products need not be there at once."""
    if s.row.name not in ("sum", "sum_to") or s.out.dtype.kind != "f":
        return None
    product = r.maker(s.operands[0], "mul")
    if product is None or r.uses.get(product.out) != 1 or len(product.operands) != 2 or 0 in product.out.shape:
        return None
    shape, reduced = product.out.shape, _reduced(s)
    if not all(isinstance(v, Value) and v.dtype == s.out.dtype and r.intact(v) for v in product.operands):
        return None
    letters = ascii_letters[: len(shape)]
    sides = [_own_letters(v, shape, letters) for v in product.operands]
    kept = [c for axis, c in enumerate(letters) if axis not in reduced and shape[axis] != 1]
    left, right = ([c for c in kept if c in one and c not in two] for one, two in (sides, sides[::-1]))
    summed = [c for axis, c in enumerate(letters) if axis in reduced and c in sides[0] and c in sides[1]]
    if not (left and right and summed):
        return None
    a, b = (
        (reshaped(r, v, tuple(n for n in v.shape if n != 1)), side)
        for v, side in zip(product.operands, sides, strict=True)
    )
    return reshaped(r, _pair(r, a, b, "".join(kept)), s.out.shape)


def _own_letters(x: Value, shape: tuple[int, ...], letters: str) -> str:
    """The letters of the axes along which an operand is more than one element."""
    return "".join(c for c, n in zip(letters[len(shape) - len(x.shape) :], x.shape, strict=True) if n != 1)


def _reduced(s: Statement) -> set[int]:
    before = s.operands[0].shape
    if s.row.name == "sum":
        return {axis % max(len(before), 1) for axis in s.params["dim"]}
    extra = len(before) - len(s.out.shape)
    return {axis for axis, n in enumerate(before) if axis < extra or s.out.shape[axis - extra] != n}


def _sum_of_a_batch(r: Rewriting, s: Statement) -> Value | None:
    """The sum of a batch of products a.T @ b is one product, of the matrices below each other."""
    if s.row.name not in ("sum", "sum_to") or not s.out.shape:
        return None
    product = r.maker(s.operands[0], "matmul")
    if product is None or r.uses.get(product.out) != 1 or product.out.shape[-2:] != s.out.shape:
        return None
    if _reduced(s) != set(range(len(product.out.shape) - 2)):
        return None
    flipped, b = r.maker(product.operands[0], *TURNS), product.operands[1]
    if flipped is None or not swaps_matrices(flipped) or flipped.operands[0].shape[:-2] != b.shape[:-2]:
        return None
    a = flipped.operands[0]
    if not (r.intact(a) and r.intact(b)):
        return None
    rows = math.prod(b.shape[:-1])
    above = permuted(r, reshaped(r, a, (rows, a.shape[-1])), (1, 0))
    return r.emit("mm", above, reshaped(r, b, (rows, b.shape[-1])), shape=s.out.shape)
