"""What is kept for backward, how broadcasting is undone, and that gradients share memory with nothing."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import groundup
from groundup.ops import ROWS, elementwise

# The saved arguments (and y, the result) when every argument wants a gradient.
SAVED = {
    "add": "", "sub": "", "neg": "", "mul": "ab", "div": "ab", "exp": "y", "expm1": "y", "sqrt": "y", "rsqrt": "y",
    "tanh": "y", "sigmoid": "y", "relu": "y", "reciprocal": "y", "log": "x", "sin": "x", "abs": "x", "sign": "",
    "floor": "", "round": "", "cast": "", "sum": "", "mean": "", "softmax": "y", "log_softmax": "y", "cumsum": "",
    "reshape": "", "permute": "", "expand": "", "slice": "", "cat": "", "flip": "", "pad": "", "clone": "", "tril": "",
    "matmul": "ab", "mm": "ab", "scatter_add": "index", "gather": "index", "embedding": "index",
}  # fmt: skip


@pytest.mark.parametrize("name", SAVED)
def test_a_row_saves_only_what_its_derivatives_name(name: str) -> None:
    row = ROWS[name]
    count = max(len(row.arguments), 2 if row.variadic else 1)
    plan = row.plan((1 << count) - 1, count)
    assert plan is not None
    kept = [row.arguments[i] for i in plan.inputs] + ["y"] * plan.result
    assert kept == ([SAVED[name]] if name in ("scatter_add", "gather", "embedding") else list(SAVED[name]))


@pytest.mark.parametrize(("wanted", "kept"), [("a", "b"), ("b", "a"), ("ab", "ab"), ("", "")])
def test_only_what_the_wanted_gradients_need(wanted: str, kept: str) -> None:
    mask = sum(1 << "ab".index(c) for c in wanted)
    plan = ROWS["mul"].plan(mask, 2)
    assert "".join("ab"[i] for i in plan.inputs) == kept if plan else not kept


def test_the_saved_value_is_the_argument_itself() -> None:
    a, b = groundup.ones(3, requires_grad=True), groundup.ones(3)
    product = a * b
    assert len(product._node.saved) == 1
    assert product._node.saved[0] is b._array


def test_nothing_is_saved_without_a_gradient() -> None:
    with groundup.no_grad():
        assert (groundup.ones(2, requires_grad=True) * 2)._node is None
    assert (groundup.ones(2) * 2)._node is None


SHAPES = [(), (1,), (3,), (2, 1), (1, 3), (2, 3)]
# All arguments but the first of these are settings, always numbers.
SET = {"softplus", "elu"}
MANY = [row for row in elementwise.ROWS.values() if any(row.grads) and len(row.arguments) > 1 and row.name not in SET]


@pytest.mark.parametrize("row", MANY, ids=lambda row: row.name)
def test_broadcasting_is_undone(row: Any) -> None:
    """The gradient of a broadcast argument is the sum of the gradients of the expanded one."""
    random = np.random.default_rng(0)
    for shapes in itertools.product(SHAPES, repeat=2):
        shapes = shapes + ((1, 1),) * (len(row.arguments) - 2)
        arrays = [np.asarray(random.uniform(0.5, 2, shape)) for shape in shapes]
        if row.name == "where":
            arrays[0] = np.asarray(arrays[0] > 1)
        size = np.broadcast_shapes(*shapes)
        small = [groundup.from_numpy(a.copy()) for a in arrays]
        large = [groundup.from_numpy(np.broadcast_to(a, size).copy()) for a in arrays]
        for each in (*small, *large):
            if each.is_floating_point():
                each.requires_grad_()
        start = groundup.from_numpy(np.asarray(random.uniform(-1, 1, size)))
        for tensors in (small, large):
            groundup.autograd.apply(row, *tensors).backward(start)
        for a, b in zip(small, large):
            if a.requires_grad and a.grad is not None:
                assert a.grad.shape == a.shape
                lead = len(size) - a.dim()
                summed = b.grad.numpy().sum(tuple(range(lead)))
                ones = tuple(i for i, n in enumerate(a.shape) if n == 1)
                assert np.allclose(a.grad.numpy(), summed.sum(ones, keepdims=True)), (row.name, shapes)


GRADIENTS_PASSED_ON = {
    "add": lambda x, z: x + z,
    "sub": lambda x, z: x - z,
    "cat": lambda x, z: groundup.cat([x, z]),
    "stack": lambda x, z: groundup.stack([x, z]),
    "where": lambda x, z: groundup.where(groundup.tensor([True, True, True]), x, z),
    "clone": lambda x, z: x.clone() + z.clone(),
    "reshape": lambda x, z: x.reshape(3, 1) + z.reshape(3, 1),
    "permute": lambda x, z: x.permute(0) + z[:],
    "expand": lambda x, z: x.expand(3) + z.expand(1, 3)[0],
    "addcmul": lambda x, z: groundup.addcmul(x, z, z) + z,
    "twice": lambda x, z: x + x + z,
}


@pytest.mark.parametrize("name", GRADIENTS_PASSED_ON)
def test_gradients_share_memory_with_nothing(name: str) -> None:
    x, z = (groundup.tensor([1.0, 2.0, 3.0], requires_grad=True) for _ in range(2))
    out = GRADIENTS_PASSED_ON[name](x, z)
    out.retain_grad()
    start = groundup.ones(*out.shape)
    out.backward(start)
    held = [x.grad, z.grad, start, x, z, out]
    for a, b in itertools.combinations(held, 2):
        if not {id(a), id(b)} <= {id(x), id(z), id(out)}:
            assert not np.shares_memory(a.detach().numpy(), b.detach().numpy())
    before = z.grad.numpy().copy()
    x.grad.mul_(0)
    assert np.array_equal(z.grad.numpy(), before)
    assert np.array_equal(start.numpy(), np.ones(start.shape, np.float32))


def test_a_gradient_given_to_backward_is_not_changed_by_the_next() -> None:
    x = groundup.zeros(3, requires_grad=True)
    start = groundup.ones(3)
    (x + 0).backward(start)
    (x + 0).backward(start)
    assert start.tolist() == [1, 1, 1]
    assert x.grad.tolist() == [2, 2, 2]


@pytest.mark.parametrize("name", ["sum", "mean", "var", "std", "logsumexp"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_sums_over_many_rows_stay_accurate(name: str, order: str) -> None:
    """Row after row in float32, the variance of a million rows would be wrong in the fourth digit."""
    values = np.random.default_rng(0).uniform(0, 1, (300_001, 3)).astype(np.float32)
    wanted = getattr(groundup.tensor(values.astype(np.float64)), name)(0).numpy()
    found = getattr(groundup.from_numpy(np.asarray(values, order=order)), name)(0).numpy()
    assert np.allclose(found, wanted, rtol=1e-6, atol=0)


def test_gradients_of_biases_over_many_rows_stay_accurate() -> None:
    values = np.random.default_rng(0).uniform(0, 1, (300_001, 3)).astype(np.float32)
    bias = groundup.zeros(3, requires_grad=True)
    (groundup.from_numpy(values) + bias).backward(groundup.from_numpy(values))
    assert np.allclose(bias.grad.numpy(), values.astype(np.float64).sum(0), rtol=2e-6, atol=0)


def test_running_sums_stay_accurate() -> None:
    values = np.random.default_rng(0).uniform(0, 1, 300_000).astype(np.float32)
    found = groundup.from_numpy(values).cumsum(0).numpy()
    assert np.allclose(found, values.astype(np.float64).cumsum(), rtol=1e-6, atol=0)


def test_sums_in_blocks_are_sums() -> None:
    """Whole numbers, so that every order of adding gives the same."""
    for shape in [(1024, 9), (1025, 9), (3000, 5), (2049, 2, 3), (1024 * 1024 + 1, 1), (5, 4000), (0, 9000)]:
        values = np.random.default_rng(0).integers(-3, 4, shape).astype(np.float32)
        x = groundup.from_numpy(values)
        for dim in ((0,), tuple(range(len(shape) - 1)), tuple(range(len(shape)))):
            for keepdim in (False, True):
                wanted = values.sum(dim, keepdims=keepdim)
                found = x.sum(dim, keepdim).numpy()
                assert found.shape == wanted.shape
                assert np.array_equal(found, wanted)
