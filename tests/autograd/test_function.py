"""`Function`: what its forward may do and return, what its backward gets, and what is refused.

The fixture ``lib`` is groundup and, where it is installed, PyTorch, so that what is claimed is what it does.
"""

from __future__ import annotations

import pytest

import groundup


@pytest.fixture(params=["groundup", "torch"])
def lib(request):
    return groundup if request.param == "groundup" else pytest.importorskip("torch")


def function(lib, forward, backward, setup=None):
    """A Function of two (or three) plain functions."""
    members = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    if setup is not None:
        members["setup_context"] = staticmethod(setup)
    return type("Made", (lib.autograd.Function,), members)


def leaf(lib, *values):
    return lib.tensor(values or (1.0, 2.0), requires_grad=True)


def test_an_output_that_nobody_used_has_a_gradient_of_zeros(lib):
    made = function(lib, lambda ctx, a: (a * 2, a * 3), lambda ctx, g, h: g * 2 + h * 3)
    x = leaf(lib)
    made.apply(x)[1].sum().backward()
    assert x.grad.tolist() == [3, 3]


def test_or_none_where_that_is_asked_for(lib):
    def forward(ctx, a):
        ctx.set_materialize_grads(False)
        return a * 2, a * 3

    seen = []
    made = function(lib, forward, lambda ctx, g, h: seen.append(g) or h * 3)
    x = leaf(lib)
    made.apply(x)[1].sum().backward()
    assert seen == [None] and x.grad.tolist() == [3, 3]


def test_an_output_without_a_derivative(lib):
    def forward(ctx, a):
        order = a.argsort()
        ctx.mark_non_differentiable(order)
        return a * 2, order

    x = leaf(lib)
    y, order = function(lib, forward, lambda ctx, g, _: g * 2).apply(x)
    y.sum().backward()
    assert x.grad.tolist() == [2, 2] and not order.requires_grad


def test_outputs_that_are_no_tensors_pass_through(lib):
    x = leaf(lib)
    y, nothing, text = function(lib, lambda ctx, a: (a * 2, None, "text"), lambda ctx, g, *_: g * 2).apply(x)
    y.sum().backward()
    assert (nothing, text) == (None, "text") and x.grad.tolist() == [2, 2]


def test_arguments_by_keyword_and_by_default(lib):
    made = function(lib, lambda ctx, a, k=2: a * k, lambda ctx, g: g)
    assert made.apply(leaf(lib), k=3).tolist() == [3, 6] and made.apply(leaf(lib)).tolist() == [2, 4]
    kept = function(
        lib,
        lambda a, k=2: a * k,
        lambda ctx, g: (g * ctx.k, None),
        setup=lambda ctx, inputs, output: setattr(ctx, "k", inputs[1]),
    )
    x = leaf(lib)
    (kept.apply(x) + kept.apply(x, 5)).sum().backward()
    assert x.grad.tolist() == [7, 7]


def test_which_inputs_need_a_gradient(lib):
    seen = []
    made = function(lib, lambda ctx, a, b, c: a + b, lambda ctx, g: seen.append(ctx.needs_input_grad) or (g, g, None))
    made.apply(leaf(lib), lib.ones(2), 3).sum().backward()
    assert seen == [(True, False, False)]


def test_higher_derivatives_through_backward(lib):
    def forward(ctx, a):
        ctx.save_for_backward(a)
        return a**3

    def backward(ctx, g):
        (a,) = ctx.saved_tensors
        return g * 3 * a * a

    x = leaf(lib, 2.0)
    y = function(lib, forward, backward).apply(x)
    for expected in (12, 12, 6):
        (y,) = lib.autograd.grad(y, x, create_graph=True)
        assert y.item() == expected


def exponential(lib):
    def forward(ctx, a):
        y = a.exp()
        ctx.save_for_backward(y)
        return y

    return function(lib, forward, lambda ctx, g: g * ctx.saved_tensors[0])


def test_a_saved_result_has_its_history(lib):
    x = leaf(lib, 0.0)
    (first,) = lib.autograd.grad(exponential(lib).apply(x), x, create_graph=True)
    assert lib.autograd.grad(first, x)[0].item() == 1


def test_saved_tensors_are_guarded_and_freed(lib):
    y = exponential(lib).apply(leaf(lib))
    y.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()
    y = exponential(lib).apply(leaf(lib))
    y.sum().backward()
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        y.sum().backward()


# Forward on the memory of its input.


def doubled_in_place(lib):
    def forward(ctx, a):
        a.mul_(2)
        ctx.mark_dirty(a)
        return a

    return function(lib, forward, lambda ctx, g: g * 2)


def test_a_forward_that_changes_its_input(lib):
    x = leaf(lib)
    y = x * 1
    before = y._version
    assert doubled_in_place(lib).apply(y) is y and y._version > before
    (y * y).sum().backward()
    assert x.grad.tolist() == [8, 16]


def test_a_forward_that_changes_a_view_or_the_base_of_one(lib):
    x = leaf(lib, 1.0, 2.0, 3.0)
    y = x * 1
    doubled_in_place(lib).apply(y[1:])
    (y * y).sum().backward()
    assert x.grad.tolist() == [2, 16, 24]
    x = leaf(lib, 1.0, 2.0, 3.0)
    y = x * 1
    view = y[1:]
    doubled_in_place(lib).apply(y)
    (view * view).sum().backward()
    assert x.grad.tolist() == [0, 16, 24]


def test_a_forward_may_not_change_a_leaf(lib):
    for part in (slice(None), slice(1)):
        with pytest.raises(RuntimeError, match=r"leaf Variable that requires grad .* in an in-place operation"):
            doubled_in_place(lib).apply(leaf(lib)[part] if part.stop else leaf(lib))


def test_an_input_that_is_returned_is_another_tensor(lib):
    x = leaf(lib)
    y = function(lib, lambda ctx, a: a, lambda ctx, g: g * 5).apply(x)
    y.sum().backward()
    assert y is not x and x.grad.tolist() == [5, 5]


@pytest.mark.parametrize("give_out", [lambda a: a, lambda a: a.view_as(a), lambda a: a[:1]])
def test_no_change_in_place_goes_around_a_backward(lib, give_out):
    reverse = function(lib, lambda ctx, a: give_out(a), lambda ctx, g: -g.expand(2))
    x = leaf(lib)
    z = reverse.apply(x * 1)
    with pytest.raises(RuntimeError, match="is a view and is being modified inplace"):
        z.mul_(2)
    with pytest.raises(RuntimeError, match="is a view and is being modified inplace"):
        z.view(-1).mul_(2)
    z.sum().backward()
    assert x.grad.tolist() == [-1, -1]


# What is refused.


@pytest.mark.parametrize(
    ("backward", "error"),
    [
        (lambda ctx, g: (g, g), r"returned an incorrect number of gradients \(expected 1, got 2\)"),
        (lambda ctx, g: g.sum().expand(3), r"returned an invalid gradient at index 0 - got \[3\] but expected shape"),
    ],
)
def test_gradients_that_do_not_fit(lib, backward, error):
    with pytest.raises(RuntimeError, match=error):
        function(lib, lambda ctx, a: a * 2, backward).apply(leaf(lib)).sum().backward()


def test_a_gradient_that_is_no_tensor(lib):
    with pytest.raises((RuntimeError, TypeError), match="int"):
        function(lib, lambda ctx, a: a * 2, lambda ctx, g: 3).apply(leaf(lib)).sum().backward()


def test_only_tensors_are_saved(lib):
    with pytest.raises(TypeError, match="save_for_backward can only save variables"):
        function(lib, lambda ctx, a: ctx.save_for_backward(3), lambda ctx, g: g).apply(leaf(lib))


def test_a_function_without_a_backward(lib):
    made = type("Made", (lib.autograd.Function,), {"forward": staticmethod(lambda ctx, a: a * 2)})
    with pytest.raises(NotImplementedError, match="You must implement either the backward or vjp method"):
        made.apply(leaf(lib)).sum().backward()
