"""Random programs of views, changes in place and ordinary operations, on a handful of tensors that share memory.

Whatever such a program does, groundup gives the gradient that differences show, or raises where PyTorch raises too.
"""

from __future__ import annotations

import numpy as np
import pytest

import groundup

pytest.importorskip("hypothesis")

from hypothesis import given
from hypothesis import strategies as st

START = np.random.RandomState(0).uniform(0.5, 1.5, (2, 3))

VIEWS = {
    "x[...]": lambda x: x[...],
    "x[0]": lambda x: x[0],
    "x[-1]": lambda x: x[-1],
    "x[1:]": lambda x: x[1:],
    "x[..., 0]": lambda x: x[..., 0],
    "x[None]": lambda x: x[None],
    "x.reshape(-1)": lambda x: x.reshape(-1),
    "x.swapaxes(0, -1)": lambda x: x.swapaxes(0, -1),
}
OUT_OF_PLACE = {
    "exp": lambda x: (x * 0.1).exp(),
    "x * 2": lambda x: x * 2,
    "x * x": lambda x: x * x,
    "sin": lambda x: x.sin(),
    "x + 1": lambda x: x + 1,
    "clone": lambda x: x.clone(),
    "detach": lambda x: x.detach(),
}
IN_PLACE = {
    "mul_": lambda x: x.mul_(0.7),
    "add_": lambda x: x.add_(1),
    "neg_": lambda x: x.neg_(),
    "zero_": lambda x: x.zero_(),
    "square_": lambda x: x.square_(),
    "sigmoid_": lambda x: x.sigmoid_(),
    "clamp_": lambda x: x.clamp_(-1.5, 1.7),
    "exp_": lambda x: x.mul_(0.1).exp_(),
    "sqrt_": lambda x: x.square_().add_(1).sqrt_(),
    "x[x > 0.5] =": lambda x: x.__setitem__(x > 0.5, 0.3),
}
IN_PLACE_WITH_ANOTHER = {
    "mul_": lambda x, y: x.mul_(y),
    "add_": lambda x, y: x.add_(y),
    "sub_": lambda x, y: x.sub_(y),
    "copy_": lambda x, y: x.copy_(y),
    "+=": lambda x, y: x.__iadd__(y),
    "x[...] =": lambda x, y: x.__setitem__(..., y),
}
ROW = {
    "x[0] =": lambda x, y: x.__setitem__(0, y),
    "x[-1] =": lambda x, y: x.__setitem__(-1, y),
    "x[[0]] =": lambda x, y: x.__setitem__([0], y),
}
TABLES = {
    "view": VIEWS,
    "out of place": OUT_OF_PLACE,
    "in place": IN_PLACE,
    "in place with another": IN_PLACE_WITH_ANOTHER,
    "row": ROW,
}
KINDS = ["view", "view", "out of place", "in place", "in place", "in place with another", "row"]


def fits(shape, target):
    try:
        return np.broadcast_shapes(shape, target) == target
    except ValueError:
        return False


@st.composite
def programs(draw):
    """Steps (kind, name, places in the list of tensors so far); the first tensor is the input times 1."""
    shapes, steps = [START.shape], []
    for _ in range(draw(st.integers(2, 10))):
        kind = draw(st.sampled_from(KINDS))
        places = [draw(st.integers(0, len(shapes) - 1))]
        shape = shapes[places[0]]
        names = sorted(TABLES[kind])
        if kind == "view" and not shape:
            names = ["x[...]", "x[None]", "x.reshape(-1)"]
        if kind == "row" and not shape:
            continue
        if kind in ("in place with another", "row"):
            target = shape[1:] if kind == "row" else shape
            fitting = [i for i, other in enumerate(shapes) if fits(other, target)]
            if not fitting:
                continue
            places.append(draw(st.sampled_from(fitting)))
        name = draw(st.sampled_from(names))
        if kind == "view":
            shape = VIEWS[name](np.empty(shape)).shape
            if 0 in shape:
                continue
        if kind in ("view", "out of place"):
            shapes.append(shape)
        steps.append((kind, name, *places))
    return steps


def run(x, steps):
    tensors = [x * 1.0]
    for kind, name, *places in steps:
        result = TABLES[kind][name](*(tensors[place] for place in places))
        if kind in ("view", "out of place"):
            tensors.append(result)
    return sum((tensor * (0.3 + 0.1 * i)).sum() for i, tensor in enumerate(tensors))


def outcome(lib, steps):
    """The gradient, or the error."""
    x = lib.from_numpy(START.copy()).requires_grad_()
    try:
        run(x, steps).backward()
    except RuntimeError as error:
        return str(error)
    return x.grad.numpy()


def slope(steps):
    found = np.zeros_like(START)
    for place in np.ndindex(START.shape):
        ends = []
        for sign in (1, -1):
            moved = START.copy()
            moved[place] += sign * 1e-6
            ends.append(run(groundup.from_numpy(moved), steps).item())
        found[place] = (ends[0] - ends[1]) / 2e-6
    return found


@given(programs())
def test_a_gradient_is_right_or_refused(steps):
    ours = outcome(groundup, steps)
    if isinstance(ours, str):
        assert "inplace operation" in ours
    elif not any(step[1] == "detach" for step in steps):
        np.testing.assert_allclose(ours, slope(steps), rtol=1e-4, atol=1e-5)


@given(programs())
def test_what_pytorch_can_differentiate_groundup_can(steps):
    torch = pytest.importorskip("torch")
    theirs = outcome(torch, steps)
    if not isinstance(theirs, str):
        ours = outcome(groundup, steps)
        assert not isinstance(ours, str), ours
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-10)


def second(lib, steps):
    """The gradient of the squared gradient."""
    x = lib.from_numpy(START.copy()).requires_grad_()
    (first,) = lib.autograd.grad(run(x, steps), x, create_graph=True)
    if not first.requires_grad:
        return np.zeros_like(START)
    (found,) = lib.autograd.grad((first * first).sum(), x, allow_unused=True)
    return np.zeros_like(START) if found is None else found.numpy()


@given(programs())
def test_second_derivatives_are_pytorchs(steps):
    torch = pytest.importorskip("torch")
    try:
        theirs = second(torch, steps)
    except RuntimeError:
        return
    np.testing.assert_allclose(second(groundup, steps), theirs, rtol=1e-6, atol=1e-8)
