"""Methods that change a tensor's own shape or triangle: beside PyTorch's, with their history, and when they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import groundup

CHANGES: dict[str, tuple[Any, ...]] = {
    "squeeze_": (),
    "unsqueeze_": (1,),
    "t_": (),
    "transpose_": (0, -1),
    "swapaxes_": (0, 1),
    "as_strided_": ((2, 2), (1, 2), 1),
    "tril_": (-1,),
    "triu_": (1,),
}


@pytest.mark.parametrize("leaf", [True, False], ids=["a leaf", "computed"])
@pytest.mark.parametrize("name", CHANGES)
def test_the_tensor_becomes_what_pytorchs_does(name: str, leaf: bool) -> None:
    torch = pytest.importorskip("torch")
    found = []
    for t in (groundup, torch):
        start = t.tensor(np.arange(1.0, 7.0).reshape(2, 3), requires_grad=not leaf)
        x = start if leaf else start * 2
        row = x[0]
        same = getattr(x, name)(*CHANGES[name])
        assert same is x
        x.mul_(3)
        if not leaf:
            (x * x).sum().backward()
        found.append((x.detach().numpy(), x.stride(), row.detach().numpy(), None if leaf else start.grad.numpy()))
    for ours, theirs in zip(*found):
        assert ours is theirs is None or np.array_equal(ours, theirs)


def test_a_parameter_stays_a_leaf() -> None:
    x = groundup.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        x.unsqueeze_(0)
    with groundup.no_grad():
        x.unsqueeze_(0)
    assert x.is_leaf and x.requires_grad
    (x * 2).sum().backward()
    assert x.grad.tolist() == [[2, 2, 2]]


def test_resize() -> None:
    x = groundup.arange(6.0).reshape(2, 3)
    assert x.resize_(2, 2).tolist() == [[0, 1], [2, 3]]
    assert x.resize_((3, 3)).flatten().tolist()[:6] == [0, 1, 2, 3, 4, 5]
    assert x.resize_as_(groundup.zeros(2)).tolist() == [0, 1]
    with pytest.raises(RuntimeError, match="cannot resize variables that require grad"):
        groundup.ones(2, requires_grad=True).resize_(3)
