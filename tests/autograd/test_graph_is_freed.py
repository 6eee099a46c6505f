"""A graph goes with its last reference, by reference counts alone: nothing in it waits for the cycle collector."""

from __future__ import annotations

import gc
import weakref

import pytest

import groundup
from groundup.autograd import Function


class Both(Function):
    """Two outputs, one of them saved with the input."""

    @staticmethod
    def forward(ctx, x):
        y = x.tanh()
        ctx.save_for_backward(x, y)
        sign = x > 0
        ctx.mark_non_differentiable(sign)
        return y, x * 2, sign

    @staticmethod
    def backward(ctx, first, second, _):
        _, y = ctx.saved_tensors
        return first * (1 - y * y) + second * 2


class Doubled(Function):
    """Changes its input and saves what has become of it."""

    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x)
        x.mul_(2)
        ctx.save_for_backward(x)
        return x

    @staticmethod
    def backward(ctx, g):
        return g * 2


def _hooked(x):
    y = x * 2
    y.retain_grad()
    y.register_hook(lambda g: g * 1)
    return y * y


def _views(x):
    y = x * 2
    part = y[:2]
    part.mul_(2)
    whole = y.view(3)
    whole[0] = part[1]
    return whole + y


def _twice(x):
    (g,) = groundup.autograd.grad((Both.apply(x)[0] ** 3).sum(), x, create_graph=True)
    return g


def _raising(x):
    y = x * 2
    y.register_hook(lambda g: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        y.sum().backward()
    return x * 3


MAKERS = {
    "hooks and retain_grad": _hooked,
    "a Function": lambda x: Both.apply(x)[0] * Both.apply(x)[1],
    "a Function that changes its input": lambda x: Doubled.apply(x * 1),
    "changes of views": _views,
    "a second derivative": _twice,
    "after an error in a hook": _raising,
    "changes in place": lambda x: (x * 1).neg_().exp_(),
}


@pytest.mark.parametrize("walked", [True, False])
@pytest.mark.parametrize("name", MAKERS)
def test_a_graph_is_freed_without_the_collector(name, walked):
    x = groundup.ones(3, requires_grad=True)
    gc.collect()
    gc.disable()
    try:
        result = MAKERS[name](x)
        if walked:
            result.sum().backward()
        seen = [weakref.ref(result.grad_fn)]
        for node in seen:
            seen.extend(weakref.ref(edge) for edge in node().edges if edge is not None and edge is not x._node)
        del result, node
        assert [each().name() for each in seen if each() is not None] == []
    finally:
        gc.enable()
