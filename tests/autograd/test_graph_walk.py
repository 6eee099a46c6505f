"""The walk back through the graph: deep chains, wide diamonds, hooks, second walks, and errors on the way.

The fixture ``lib`` is groundup and, where it is installed, PyTorch, so that what is claimed is what it does.
"""

from __future__ import annotations

import gc
import math

import pytest

import groundup


@pytest.fixture(params=["groundup", "torch"])
def lib(request):
    return groundup if request.param == "groundup" else pytest.importorskip("torch")


def leaf(lib, *values):
    return lib.tensor(values, dtype=lib.float64, requires_grad=True)


# Depth and width.

DEEP = 100_000


def test_a_chain_of_100_000_operations():
    x = leaf(groundup, 1.0, 2.0)
    y = x
    for _ in range(DEEP):
        y = y + 1
    y.sum().backward()
    assert x.grad.tolist() == [1, 1] and y.tolist() == [DEEP + 1, DEEP + 2]
    del y


def test_a_chain_that_saves_its_values():
    x = leaf(groundup, 1.0)
    y = x
    for _ in range(DEEP // 10):
        y = y * -1
        y = y.neg()
    y.backward(groundup.tensor([3.0], dtype=groundup.float64))
    assert x.grad.item() == 3


def test_a_chain_that_is_never_walked_is_freed():
    x = leaf(groundup, 1.0)
    y = x
    for _ in range(DEEP):
        y = y * x
    del y
    gc.collect()
    (x * 2).sum().backward()
    assert x.grad.item() == 2


def test_chains_of_views_and_of_changes_in_place():
    x = leaf(groundup, 1.0, 2.0)
    y = x * 1
    for _ in range(2_000):
        y = y.view(2, 1)
        y = y.view(2)
    y.sum().backward()
    assert x.grad.tolist() == [1, 1]
    del y
    z = x * 1
    for _ in range(10_000):
        z.add_(1)
    z.sum().backward()
    assert x.grad.tolist() == [2, 2]
    del z
    v = x * 1
    base = v
    for _ in range(2_000):
        v = v.view(2)
    v.mul_(3)
    base.sum().backward()
    assert x.grad.tolist() == [5, 5]


def test_a_gradient_of_a_long_chain_can_be_kept_and_freed():
    x = leaf(groundup, 1.0)
    y = x
    for _ in range(3_000):
        y = y * 1.0
    (first,) = groundup.autograd.grad(y * y, x, create_graph=True)
    (second,) = groundup.autograd.grad(first, x)
    assert first.item() == 2 and second.item() == 2
    del y, first, second
    gc.collect()


def test_a_value_used_50_times(lib):
    x = leaf(lib, 3.0)
    y = x * 2
    total = sum(y * k for k in range(50))
    total.backward()
    assert x.grad.item() == 2 * sum(range(50))
    x.grad = None
    lib.stack([x.exp()] * 50).sum().backward()
    assert x.grad.item() == pytest.approx(50 * math.exp(3))


def test_diamonds_on_diamonds(lib):
    """Fifty in a row have 2**50 paths; each node is visited once."""
    x = leaf(lib, 1.0)
    y, visits = x, []
    for _ in range(50):
        y = y + y
        y.register_hook(visits.append)
    y.backward()
    assert x.grad.item() == 2.0**50 and len(visits) == 50


def test_a_diamond_50_wide(lib):
    x = leaf(lib, 1.0, 2.0)
    hidden = x * x
    calls = []
    hidden.register_hook(lambda grad: calls.append(grad.tolist()))
    arms = [hidden * k if k % 2 else (hidden + k).exp() * 0 + hidden for k in range(50)]
    joined = arms[0]
    for arm in arms[1:]:
        joined = joined + arm
    joined.sum().backward()
    slope = sum(k if k % 2 else 1 for k in range(50))
    assert calls == [[slope, slope]], "the sum over all arms arrives in one piece"
    assert x.grad.tolist() == [2 * slope, 4 * slope]


def test_the_order_is_topological_not_that_of_creation(lib):
    x = leaf(lib, 2.0)
    a = x * 3
    late = a.exp()
    early = a + 1
    loss = early * late + late.log()
    loss.backward()
    assert x.grad.item() == pytest.approx(3 * math.exp(6) + 7 * 3 * math.exp(6) + 3)


# Walking twice.


def test_a_second_walk_needs_retain_graph(lib):
    x = leaf(lib, 2.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 8
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time") as caught:
        y.backward()
    assert "retain_graph=True" in str(caught.value)
    assert x.grad.item() == 8


def test_a_shared_part_is_freed_for_both(lib):
    x = leaf(lib, 2.0)
    shared = x.exp()
    (shared * 2).sum().backward()
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        (shared * 3).sum().backward()


def test_gradients_add_up_in_the_leaf_only(lib):
    x = leaf(lib, 1.0)
    y = x * 2
    y.retain_grad()
    for expected in (2, 4, 6):
        y.backward(retain_graph=True)
        assert x.grad.item() == expected
    assert y.grad.item() == 3


def test_infinite_gradients_add_up_without_a_warning():
    x = leaf(groundup, 0.0)
    (x * float("inf")).sum().backward()
    (x * float("-inf")).sum().backward()
    assert math.isnan(x.grad.item())


def test_create_graph_gives_higher_derivatives(lib):
    x = leaf(lib, 1.5)
    y = x**5
    for expected in (5 * 1.5**4, 20 * 1.5**3, 60 * 1.5**2, 120 * 1.5, 120):
        (y,) = lib.autograd.grad(y, x, create_graph=True)
        assert y.item() == pytest.approx(expected)


# What is asked for.


def test_autograd_grad_leaves_the_leaves_alone(lib):
    x, w = leaf(lib, 1.0, 2.0), leaf(lib, 3.0, 4.0)
    hidden = x * w
    grads = lib.autograd.grad(hidden.exp().sum().log(), [hidden, w], retain_graph=True)
    assert len(grads) == 2 and x.grad is None and w.grad is None
    assert lib.allclose(grads[1], grads[0] * x)
    (weighted,) = lib.autograd.grad(hidden, x, lib.tensor([1.0, 10.0], dtype=lib.float64))
    assert weighted.tolist() == [3, 40]


def test_autograd_grad_of_something_unused(lib):
    x, unused = leaf(lib, 1.0), leaf(lib, 1.0)
    message = "appears to not have been used in the graph. Set allow_unused=True"
    with pytest.raises(RuntimeError, match=message):
        lib.autograd.grad(x * 2, [x, unused])
    assert lib.autograd.grad(x * 2, [x, unused], allow_unused=True)[1] is None


def test_backward_of_chosen_inputs(lib):
    x, w = leaf(lib, 2.0), leaf(lib, 3.0)
    (x * w).backward(inputs=[w])
    assert x.grad is None and w.grad.item() == 2


def test_what_backward_starts_from(lib):
    x = leaf(lib, 1.0, 2.0)
    with pytest.raises(RuntimeError, match="grad can be implicitly created only for scalar outputs"):
        (x * 2).backward()
    with pytest.raises(RuntimeError, match="Mismatch in shape"):
        (x * 2).backward(lib.ones(3, dtype=lib.float64))
    with pytest.raises(RuntimeError, match="element 0 of tensors does not require grad and does not have a grad_fn"):
        x.detach().sum().backward()
    (x * 2).backward(lib.tensor([1.0, 5.0], dtype=lib.float64))
    assert x.grad.tolist() == [2, 10]
    x.grad = None
    x.backward(lib.tensor([7.0, 8.0], dtype=lib.float64))
    assert x.grad.tolist() == [7, 8]


def test_a_leaf_owns_its_gradient(lib):
    x, y = leaf(lib, 1.0, 2.0), leaf(lib, 3.0, 4.0)
    start = lib.tensor([1.0, 1.0], dtype=lib.float64)
    (x + y).backward(start)
    x.grad.mul_(100)
    assert y.grad.tolist() == [1, 1] and start.tolist() == [1, 1]
    x.grad = None
    x.backward(start)
    x.grad.mul_(100)
    assert start.tolist() == [1, 1]


def test_what_a_hook_keeps_stays_as_it_was(lib):
    x = leaf(lib, 1.0)
    y = x + 1
    y.retain_grad()
    z = y + 1
    seen = []
    z.register_hook(seen.append)
    x.register_hook(seen.append)
    z.backward()
    x.grad.mul_(100)
    assert [grad.item() for grad in seen] == [1, 1] and y.grad.item() == 1


def test_no_grad_and_detach_cut_the_graph(lib):
    x = leaf(lib, 3.0)
    with lib.no_grad():
        constant = x * 2
        with lib.enable_grad():
            inner = x * 5
        assert not lib.is_grad_enabled()
    assert not constant.requires_grad and inner.requires_grad
    (x * constant + inner + (x * x).detach() * x).sum().backward()
    assert x.grad.item() == 6 + 5 + 9

    @lib.no_grad()
    def decorated(value):
        return value * 2

    assert not decorated(x).requires_grad and lib.is_grad_enabled()
    with pytest.raises(ZeroDivisionError), lib.no_grad():
        1 / 0
    assert lib.is_grad_enabled()
    with lib.set_grad_enabled(False):
        assert not (x * 2).requires_grad
    assert (x * 2).requires_grad


def test_only_what_needs_a_gradient_gets_one(lib):
    x, constant = leaf(lib, 1.0), lib.tensor([2.0], dtype=lib.float64)
    y = x * constant
    assert y.requires_grad and not (constant * 2).requires_grad
    y.backward()
    assert constant.grad is None and y.grad_fn is not None and x.grad_fn is None
    assert x.is_leaf and constant.is_leaf and not y.is_leaf


# Hooks.


def test_a_hook_sees_and_replaces_a_gradient(lib):
    x = leaf(lib, 1.0, 2.0)
    y = x * 3
    seen = []
    y.register_hook(lambda grad: seen.append(grad.tolist()))
    y.register_hook(lambda grad: grad * 10)
    y.register_hook(lambda grad: seen.append(grad.tolist()))
    y.sum().backward()
    assert seen == [[1, 1], [10, 10]] and x.grad.tolist() == [30, 30]


def test_a_hook_on_a_leaf(lib):
    x = leaf(lib, 1.0)
    handle = x.register_hook(lambda grad: grad * 2)
    (x * x).backward()
    assert x.grad.item() == 4
    handle.remove()
    (x * x).backward()
    assert x.grad.item() == 6


def test_a_hook_can_be_removed(lib):
    x = leaf(lib, 1.0)
    y = x * 2
    seen = []
    kept, removed = (
        y.register_hook(lambda g: seen.append("kept")),
        y.register_hook(lambda g: seen.append("removed")),
    )
    removed.remove()
    removed.remove()
    y.backward(retain_graph=True)
    kept.remove()
    y.backward()
    assert seen == ["kept"]


def test_a_hook_needs_a_gradient_to_see(lib):
    with pytest.raises(RuntimeError, match="cannot register a hook on a tensor that doesn't require gradient"):
        lib.ones(2).register_hook(print)
    with pytest.raises(RuntimeError, match="can't retain_grad on Tensor that has requires_grad=False"):
        lib.ones(2).retain_grad()


def test_retain_grad_keeps_what_the_hook_made(lib):
    x = leaf(lib, 1.0)
    y = x * 2
    y.retain_grad()
    y.register_hook(lambda grad: grad + 4)
    (y * 3).sum().backward()
    assert y.grad.item() == 7 and x.grad.item() == 14 and y.retains_grad and not x.retains_grad


def test_retain_grad_follows_changes_in_place(lib):
    for change in [lambda y, v: y.mul_(2), lambda y, v: y[0].mul_(2), lambda y, v: v.mul_(2)]:
        y = leaf(lib, 1.0, 1.0, 1.0) * 1
        v = y[1:]
        seen = []
        y.retain_grad()
        v.retain_grad()
        y.register_hook(lambda grad, seen=seen: seen.append(grad.sum().item()))
        change(y, v)
        (y * 3).sum().backward()
        assert y.grad.tolist() == [3, 3, 3], "with respect to the value that it has now"
        assert seen[0] > 9, "a hook stays with the value that it was put on"
        y = leaf(lib, 1.0, 1.0) * 1
        v = y[1:]
        v.retain_grad()
        y.mul_(2)
        (v * 3).sum().backward()
        assert v.grad.tolist() == [3]


def test_an_error_in_a_hook_reaches_the_caller(lib):
    x = leaf(lib, 1.0)
    y = x * 2

    def broken(grad):
        raise KeyError("in the hook")

    y.register_hook(broken)
    with pytest.raises(KeyError, match="in the hook"):
        y.backward()


# Errors on the way name the line of the forward pass.


class Fragile(groundup.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, grad):
        raise ValueError("no gradient today")


def told(error):
    """All that a user sees of an error: its message and its notes."""
    return "\n".join([str(error), *getattr(error, "__notes__", [])])


def line_of(marker):
    with open(__file__) as file:
        return next(number for number, line in enumerate(file, 1) if line.rstrip().endswith(f"# {marker}"))


def test_an_error_in_backward_names_the_forward_line():
    x = leaf(groundup, 1.0)
    y = Fragile.apply(x * 3)  # the fragile line
    with pytest.raises(ValueError, match="no gradient today") as caught:
        y.exp().sum().backward()
    assert f"test_graph_walk.py:{line_of('the fragile line')}" in told(caught.value)


def test_a_spoiled_value_names_the_line_that_made_it():
    x = leaf(groundup, 1.0)
    y = x.exp()  # the line that needs its result
    y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation") as caught:
        y.backward()
    assert f"test_graph_walk.py:{line_of('the line that needs its result')}" in told(caught.value)
    assert "add_" in told(caught.value) and "exp" in told(caught.value).lower()


def test_after_an_error_the_next_walk_is_sound(lib):
    x = leaf(lib, 1.0)
    y = x.exp()
    y.add_(1)
    with pytest.raises(RuntimeError):
        y.backward()
    assert x.grad is None
    (x * 2).backward()
    assert x.grad.item() == 2
