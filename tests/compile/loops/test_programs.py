"""Programs in loops do what whole-array NumPy does, on other numbers than they were traced on.

Broadcasting, reductions over every axis, views, writes in place, special values, types and layouts.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, combinations
from typing import Any

import numpy as np
import pytest

import groundup
from groundup.nn import functional as F

pytest.importorskip("llvmlite")
pytest.importorskip("scipy")

from groundup.compile.loops.run import LoopProgram
from tests.compile.loops.judge import judged, random, same

pytestmark = pytest.mark.usefixtures("own_kernels")


SHAPES = [(3, 4), (1, 4), (3, 1), (1, 1), (4,), (1,), ()]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("other", SHAPES, ids=str)
def test_broadcasting(shape: Any, other: Any) -> None:
    """Forwards, and summed backwards."""
    if shape and other and shape[-1] != other[-1] and 1 not in (shape[-1], other[-1]):
        pytest.skip("these do not broadcast")

    def step(x: Any, y: Any) -> Any:
        out = (x * y + x).tanh()
        out.sum().backward()
        return out.detach(), x.grad, y.grad

    def given(seed: int) -> tuple[Any, Any]:
        return random(*shape, seed=seed).requires_grad_(), random(*other, seed=seed + 1).requires_grad_()

    judged(step, given(0), given(2))


def subsets(n: int) -> list[tuple[int, ...]]:
    return list(chain.from_iterable(combinations(range(n), k) for k in range(1, n + 1)))


@pytest.mark.parametrize("shape", [(3, 4, 5), (1, 6, 1), (2, 1, 3, 2)], ids=str)
@pytest.mark.parametrize("keepdim", [False, True])
def test_reductions_over_each_set_of_axes(shape: Any, keepdim: bool) -> None:
    def step(x: Any) -> Any:
        found = []
        for dim in subsets(len(shape)):
            kept = x.sum(dim, keepdim=keepdim), x.mean(dim, keepdim=keepdim), x.var(dim, correction=0, keepdim=keepdim)
            found += [*kept, x.amax(dim, keepdim=keepdim), x.amin(dim, keepdim=keepdim), x.logsumexp(dim)]
            if keepdim:
                found.append(x - kept[1])
        return found

    judged(step, (random(*shape),), (random(*shape, seed=1),))


@pytest.mark.parametrize("dim", [0, 1, 2, -1])
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin", "cumsum", "normalize"])
def test_along_each_axis(name: str, dim: int) -> None:
    def step(x: Any) -> Any:
        out = getattr(groundup, name, None) or getattr(F, name)
        out = out(x, dim=dim)
        (out * out.detach().cos()).sum().backward()
        return out.detach(), x.grad

    judged(step, (random(3, 4, 5).requires_grad_(),), (random(3, 4, 5, seed=1).requires_grad_(),))


@pytest.mark.parametrize("rows", [1, 2, 33, 400])
@pytest.mark.parametrize("columns", [1, 7, 64, 1000])
def test_long_and_short_rows(rows: int, columns: int) -> None:
    def step(x: Any, w: Any) -> Any:
        out = F.layer_norm(F.softmax(x, -1), (columns,), w)
        return out, out.sum(), out.sum(0), out.sum(1), x.amax(), x.amax(0)

    shapes = (rows, columns), (columns,)
    judged(step, tuple(random(*s) for s in shapes), tuple(random(*s, seed=1) for s in shapes))


def test_whole_sums_of_many_elements() -> None:
    """In panels, one a thread."""
    judged(
        lambda x: (x.sum(), (x * x).mean(), x.amax(), x.exp().sum(0)),
        (random(300, 1000),),
        (random(300, 1000, seed=1),),
    )


VIEWS: dict[str, Callable[[Any], Any]] = {
    "transposed": lambda x: x.t() * 2,
    "transposed with itself": lambda x: x.t() @ x + x.sum(),
    "transposed beside": lambda x: x.t().contiguous() + x.t(),
    "reversed": lambda x: x.flip(0) + x,
    "stepped": lambda x: x[::2, 1::2] * x[0, 0],
    "row": lambda x: x[1] + x,
    "column": lambda x: x[:, 2:3] + x,
    "reshaped": lambda x: x.reshape(2, 2, 6).sum(1) + x.reshape(-1)[:6],
    "reshaped transposed": lambda x: x.t().reshape(-1) * 2,
    "expanded": lambda x: x[:, None].expand(4, 3, 6).sum((0, 2)),
    "diagonal": lambda x: x[:4, :4].diagonal() * 3,
    "unbound": lambda x: sum(each.exp() for each in x.unbind(1)),
    "split": lambda x: [each * 2 for each in x.split(2, dim=1)],
    "chunked and joined": lambda x: groundup.cat([x * 2, x.flip(1), x[:1]]),
    "stacked": lambda x: groundup.stack([x, x * 2], 1).sum(-1),
    "picked": lambda x: x[[2, 0, 2]] * 2,
    "squeezed": lambda x: x.unsqueeze(0).squeeze() + 1,
    "returned as it is": lambda x: x.t(),
    "rolled": lambda x: x.roll(1, 0) - x,
    "lower": lambda x: x.tril() + x.triu(1),
    "padded": lambda x: F.pad(x, (1, 2, 0, 1)) * 2,
}


@pytest.mark.parametrize("name", VIEWS)
def test_views(name: str) -> None:
    judged(lambda x: VIEWS[name](x), (random(4, 6),), (random(4, 6, seed=1),))


def _chain(x: Any) -> Any:
    y = x * 2
    y.add_(x).mul_(0.5)
    z = y.clone()
    y[0] = 7.0
    y[:, 1] = x[:, 0]
    return y, z, y.sum(0)


def _read_before_and_after(x: Any) -> Any:
    before = x.exp()
    x.mul_(2)
    after = x.exp()
    return before, after, before + after


def _rows_then_the_same(x: Any) -> Any:
    """The mean of each row is taken before the rows change."""
    x.sub_(x.mean(1, keepdim=True))
    x.div_(x.square().sum(1, keepdim=True).sqrt())
    return x * 1


def _overlapping(x: Any) -> Any:
    x[1:] += x[:-1]
    return x * 1


def _transposed_onto_itself(x: Any) -> Any:
    y = x[:4, :4]
    y += y.t()
    return x.sum()


def _view_then_write(x: Any) -> Any:
    row = x[1]
    x.mul_(3)
    return row + x


def _masked(x: Any) -> Any:
    x[x > 0.5] = 0.25
    x.masked_fill_(x < -1, -1.0)
    return x.clamp(-0.5, 0.5)


def _swap(x: Any) -> Any:
    first = x[0].clone()
    x[0] = x[1]
    x[1] = first
    return x.sum(1)


def _accumulate(x: Any) -> Any:
    total = groundup.zeros(6)
    for row in x:
        total += row * total.sum()
        total += row
    return total


IN_PLACE = {
    each.__name__.strip("_").replace("_", " "): each
    for each in (
        _chain,
        _read_before_and_after,
        _rows_then_the_same,
        _overlapping,
        _transposed_onto_itself,
        _view_then_write,
        _masked,
        _swap,
        _accumulate,
    )
}


@pytest.mark.parametrize("name", IN_PLACE)
def test_writes_in_place(name: str) -> None:
    """What the argument holds afterwards is compared too."""
    judged(IN_PLACE[name], (random(4, 6),), (random(4, 6, seed=1),))


SPECIAL = np.array([-np.inf, -1e30, -1.0, -1e-40, -0.0, 0.0, 1e-40, 1.0, 88.9, 1e30, np.inf, np.nan], np.float32)
ON_SPECIAL: dict[str, Callable[[Any], Any]] = {
    "exponential": lambda x: (x.exp(), x.expm1(), x.log1p(), x.log(), x.sqrt(), x.rsqrt()),
    "bounded": lambda x: (x.tanh(), x.sigmoid(), F.gelu(x), F.softplus(x), F.silu(x), x.erf()),
    "trigonometric": lambda x: (x.atan(), x.reciprocal(), x.abs(), x.sign(), x.floor(), x.round(), x.neg()),
    "largest": lambda x: (x.amax(), x.amin(), x.clamp(-1, 1), x.maximum(-x), x.minimum(-x), F.relu(x)),
    "rows": lambda x: (F.softmax(x.reshape(3, 4), 1), x.reshape(3, 4).sum(1), F.log_softmax(x.reshape(3, 4), 0)),
    "rows of the largest": lambda x: (x.reshape(3, 4).amax(1), x.reshape(3, 4).amin(0), x.reshape(2, 6).mean(0)),
    "asked": lambda x: (x.isnan(), x.isinf(), x == x, x > 0, x != 0, groundup.where(x > 0, x, -x)),
}


@pytest.mark.parametrize("name", ON_SPECIAL)
@pytest.mark.parametrize("turn", [0, 5])
def test_infinite_and_not_a_number(name: str, turn: int) -> None:
    judged(ON_SPECIAL[name], (random(12),), (groundup.from_numpy(np.roll(SPECIAL, turn)),))


def test_a_masked_row_of_attention() -> None:
    mask = groundup.from_numpy(np.array([[True, False, True], [False, False, False], [True, True, True]]))

    def step(q: Any, k: Any, v: Any, keep: Any) -> Any:
        return F.scaled_dot_product_attention(q, k, v, attn_mask=keep)

    first, other = [tuple(random(2, 3, 4, seed=i + s) for i in range(3)) for s in (0, 5)]
    judged(step, (*first, mask), (*other, ~mask))


def test_masks() -> None:
    def step(x: Any, keep: Any) -> Any:
        both = keep & (x > 0)
        kept = groundup.where(both, x, 0.5), x * keep, x.masked_fill(~keep, -1.0), both | keep, ~both, keep ^ both
        return *kept, both.any(), both.all(0), both.sum(), both.float().mean(1), groundup.where(keep, 1.0, x[:1])

    def given(seed: int) -> tuple[Any, Any]:
        return random(4, 6, seed=seed), random(4, 6, seed=seed + 1) > 0.3

    judged(step, given(0), given(2))


@pytest.mark.parametrize("kind", ["int64", "int32", "uint8"])
def test_whole_numbers(kind: str) -> None:
    def step(x: Any, y: Any) -> Any:
        whole = x + y, x * y, x - 1, x * 2, x // y, x % y, x.sum(), x.sum(0), x.amax(1), x.maximum(y), x == y, x > 2
        return *whole, x / y, x.float() * 0.5, x * 0.5, x.float().mean(0), groundup.where(x > y, x, y)

    def given(seed: int) -> tuple[Any, Any]:
        draw = np.random.default_rng(seed)
        return tuple(groundup.from_numpy(draw.integers(1, 9, (3, 5)).astype(kind)) for _ in range(2))

    judged(step, given(0), given(1))


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_other_floats(dtype: str) -> None:
    def step(x: Any, y: Any) -> Any:
        return x + y, (x * y).exp(), x.sum(0), x @ y.t(), F.softmax(x, -1), x + y.float(), x.to(groundup.float64) * 2

    judged(step, *[tuple(random(4, 6, seed=i + s, dtype=dtype) for i in (0, 1)) for s in (0, 2)])


def test_what_is_counted_and_found() -> None:
    """Accuracies, masks and places; nothing of it is left to NumPy."""

    def step(x: Any, y: Any) -> Any:
        first, right = x.argmax(-1), (x.argmax(-1) == y).sum()
        places = first, x.argmax(0), x.argmin(1, keepdim=True), x.argmax(), (x * 0).argmin(1), y.argmax()
        counted = right, (x > 0).sum(0), (x > 0).sum(), y.sum(), (x.isnan()).any(), (x > -9).all(1), x.any(0), x.all()
        bits = y & 3, y | 4, ~y, y ^ y.flip(0), y % 3, y // 2, (x > 0).logical_xor(x > 1)
        pairs = x.copysign(-x.abs()), x.atan2(x + 1), x.fmax(x.flip(1)), x.hypot(x * 2), x.fmod(0.3), x % 0.7, x % -0.7
        return *places, *counted, *bits, *pairs, x.logaddexp(x * 2), x.signbit(), right / 3, right * 0.5

    def given(seed: int) -> tuple[Any, Any]:
        x = random(9, 6, seed=seed)
        x[2, 3] = groundup.nan
        x[1, 1] = x[1, 4] = 7.0
        return x, groundup.from_numpy(np.random.default_rng(seed).integers(-6, 6, 9))

    judge = judged(step, given(0), given(2))
    assert [fast.fallbacks for fast in judge.fast.values()] == [[]]


def test_one_vector() -> None:
    def step(w: Any, b: Any, x: Any, y: Any) -> Any:
        return F.linear(x, w, b), w @ x, x @ x, y @ w, x[::2] @ x[1::2], w.t() @ y, x.norm(), w.norm(1), w.norm(2, 0)

    shapes = (5, 6), (5,), (6,), (5,)
    first, other = [tuple(random(*shape, seed=s + i) for i, shape in enumerate(shapes)) for s in (0, 5)]
    judge = judged(step, first, other)
    assert [fast.fallbacks for fast in judge.fast.values()] == [[]]


def test_values_of_no_axes() -> None:
    def step(x: Any, y: Any) -> Any:
        return x * y, x.exp() + 1, (x + y).sum(), x.reshape(1) * 2, groundup.stack([x, y]).sum(), x.clone().mul_(y)

    judged(step, (random(), random(seed=1)), (random(seed=2), random(seed=3)))


def test_empty() -> None:
    judged(lambda x: (x * 2, x.sum(), x.sum(0), x.exp().mean()), (random(0, 3),), (random(0, 3, seed=1),))


ARGUMENTS: dict[str, Callable[[Any], Any]] = {
    "transposed": lambda x: x.T,
    "reversed": lambda x: x[::-1],
    "stepped": lambda x: x[::2, ::3],
    "repeated": lambda x: np.broadcast_to(x[:1], x.shape).copy().T,
    "off its place": lambda x: x[1:, 1:],
}


@pytest.mark.parametrize("layout", ARGUMENTS)
@pytest.mark.parametrize("grad", [False, True])
def test_arguments_in_another_layout(layout: str, grad: bool) -> None:
    def step(x: Any) -> Any:
        out = F.softmax(x * 2, -1)
        if grad:
            out.square().sum().backward()
            return out.detach(), x.grad
        x.mul_(2).add_(x.sum(0))
        return out, x.sum(1)

    def given(seed: int) -> tuple[Any]:
        return (groundup.from_numpy(ARGUMENTS[layout](random(6, 9, seed=seed).numpy())).requires_grad_(grad),)

    judged(step, given(0), given(1))


def test_one_argument_twice() -> None:
    x, y = random(3, 4), random(3, 4, seed=1)
    judged(lambda a, b: (a * b, a.mul(2) + b), (x, x), (y, y))


def test_many_calls_keep_their_results() -> None:
    """Memory is used again from call to call; what was returned is not."""
    compiled = groundup.compile(lambda x: ((x * 2).exp(), x.sum(0), F.softmax(x, -1)))
    compiled(random(4, 5))
    entry = compiled.entries[0]
    fast = LoopProgram(entry.program)
    given = [random(4, 5, seed=i).numpy() for i in range(4)]
    found = [fast.run(each) for each in given]
    for results, each in zip(found, given, strict=True):
        for a, b in zip(results, entry.program.run(each), strict=True):
            same("an earlier result", a, b)


def test_a_view_that_is_returned_is_of_the_argument() -> None:
    compiled = groundup.compile(lambda x: x.mul_(2).t())
    compiled(random(3, 4))
    fast = LoopProgram(compiled.entries[0].program)
    x = random(3, 4, seed=1).numpy()
    (found,) = fast.run(x)
    assert np.shares_memory(found, x) and np.array_equal(found, x.T)


def test_a_wrong_index_is_told() -> None:
    """As NumPy's reading tells it, and the program runs on afterwards."""
    table = random(5, 3)
    compiled = groundup.compile(lambda i: F.embedding(i, table) * 2)
    compiled(groundup.tensor([0, 4]))
    program = compiled.entries[0].program
    fast = LoopProgram(program)
    for index in ([0, 5], [-9, 0]):
        given = [np.array(index) if v.dtype.kind == "i" else table.numpy() for v in program.graph.inputs]
        with pytest.raises(Exception) as theirs:
            program.run(*given)
        with pytest.raises(type(theirs.value)):
            fast.run(*given)
    given = [np.array([1, 3]) if v.dtype.kind == "i" else table.numpy() for v in program.graph.inputs]
    same("after an error", fast.run(*given)[0], program.run(*given)[0])


def test_a_result_and_its_transpose_are_two_results() -> None:
    judged(lambda x: ((y := x * 2), y.t(), y.reshape(-1)), (random(4, 4),), (random(4, 4, seed=1),))
