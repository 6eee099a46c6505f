"""Writing at positions in place: the same values and gradients as out of place, on tensors, views and numbers."""

from __future__ import annotations

from typing import Any

import pytest

import groundup
from groundup import tensor

ROWS = tensor([2, 0])
GRID = tensor([[0, 2, 1], [1, 1, 0]])
MASK = tensor([[True, False, True], [False, False, True], [True, True, False]])

WRITES: dict[str, tuple[str, Any]] = {
    "scatter": ("scatter", lambda v: (0, GRID, v[:2])),
    "scatter, a number": ("scatter", lambda v: (1, GRID, 2.5)),
    "scatter, adding": ("scatter", lambda v: ((0, GRID, v[:2]), {"reduce": "add"})),
    "scatter_add": ("scatter_add", lambda v: (0, GRID, v[:2])),
    **{
        f"scatter_reduce, {how}, {own}": (
            "scatter_reduce",
            lambda v, how=how, own=own: ((0, GRID, v[:2], how), {"include_self": own}),
        )
        for how in ("sum", "prod", "mean", "amax", "amin")
        for own in (True, False)
    },
    "index_add": ("index_add", lambda v: ((0, ROWS, v[:2]), {"alpha": 3})),
    "index_copy": ("index_copy", lambda v: (1, ROWS, v[:, :2])),
    "index_fill": ("index_fill", lambda v: (0, ROWS, v[0, 0])),
    "index_fill, a number": ("index_fill", lambda v: (1, tensor([-1]), 4)),
    "index_reduce": ("index_reduce", lambda v: (0, ROWS, v[:2], "mean")),
    "index_put": ("index_put", lambda v: ((ROWS, tensor([1, 1])), v[0, :2])),
    "index_put, adding": ("index_put", lambda v: ((tensor([1, 1]),), v[:2], True)),
    "index_put, a mask": ("index_put", lambda v: ((MASK,), v[0, 0])),
    "index_put, all of an axis": ("index_put", lambda v: ((None, ROWS), v[:, :2])),
    "put": ("put", lambda v: (tensor([0, -1]), v[0, :2])),
    "put, adding": ("put", lambda v: (tensor([4, 4]), v[0, :2], True)),
    "masked_fill": ("masked_fill", lambda v: (MASK, v[0, 0])),
    "masked_scatter": ("masked_scatter", lambda v: (MASK, v)),
}


def leaf(seed: int) -> Any:
    g = groundup.Generator().manual_seed(seed)
    return groundup.randn(3, 3, generator=g, dtype=groundup.float64).requires_grad_()


def arguments(made: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return made if isinstance(made[1], dict) else (made, {})


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("how", ["tensor", "view", "transposed view"])
def test_as_out_of_place(name: str, how: str) -> None:
    method, given = WRITES[name]
    weights = groundup.arange(1.0, 10.0, dtype=groundup.float64).reshape(3, 3)
    found = []
    for in_place in (False, True):
        x, v = leaf(1), leaf(2)
        base = x * 2
        target = {"tensor": base, "view": base[:], "transposed view": base.t()}[how]
        args, kwargs = arguments(given(v * 1.5))
        if in_place:
            version = base._version
            out = getattr(target, method + "_")(*args, **kwargs)
            assert out is target
            assert base._version > version
            assert groundup.equal(base.t() if how == "transposed view" else base, target)
            out = base.t() if how == "transposed view" else base
        else:
            out = getattr(target, method)(*args, **kwargs)
        (out * weights).sum().backward()
        found.append([out.detach(), x.grad, groundup.zeros(3, 3) if v.grad is None else v.grad])
    for a, b in zip(*found):
        assert groundup.allclose(a.double(), b.double())


@pytest.mark.parametrize("name", WRITES)
def test_the_original_stays(name: str) -> None:
    method, given = WRITES[name]
    x = leaf(1)
    before = x.detach().clone()
    args, kwargs = arguments(given(leaf(2)))
    getattr(x, method)(*args, **kwargs)
    assert groundup.equal(x, before)
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        getattr(x, method + "_")(*args, **kwargs)


def test_a_saved_value_that_is_overwritten_is_noticed() -> None:
    out = leaf(1).exp()
    out.index_fill_(0, ROWS, 0.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.sum().backward()


def test_numbers_without_dimensions() -> None:
    zero = tensor([0])
    for method, args in {
        "scatter_": (0, zero, tensor([5.0])),
        "scatter_add_": (0, zero, tensor([4.0])),
        "index_add_": (0, zero, tensor(4.0)),
        "index_copy_": (0, zero, tensor(5.0)),
        "index_fill_": (0, zero, 5.0),
        "put_": (zero, tensor([5.0])),
    }.items():
        x = tensor(1.0)
        assert getattr(x, method)(*args) is x
        assert x.item() == 5.0 and x.shape == ()


def test_no_index_at_all_changes_nothing() -> None:
    x, none = groundup.ones(3), groundup.zeros((2, 0), dtype=groundup.int64)
    assert x.scatter_(0, none, 2.0) is x and x.scatter_add_(0, none, groundup.zeros(2, 0)) is x
    assert x.scatter(0, none, 2.0).tolist() == x.gather(0, groundup.tensor([0, 1, 2])).tolist() == [1, 1, 1]
    assert x.gather(0, none).shape == (2, 0)


def test_embedding_shortens_rows_in_place() -> None:
    weight = tensor([[3.0, 4.0], [0.3, 0.4], [6.0, 8.0]])
    out = groundup.nn.functional.embedding(tensor([0, 1]), weight, max_norm=1.0)
    assert groundup.allclose(out, tensor([[0.6, 0.8], [0.3, 0.4]]), atol=1e-6)
    assert weight[2].tolist() == [6.0, 8.0] and weight._version == 1
    assert groundup.allclose(weight[0], tensor([0.6, 0.8]), atol=1e-6)


def test_a_tensor_that_takes_from_itself_by_a_mask_takes_its_old_values() -> None:
    mask = groundup.tensor([False, True, True, False, True, True])
    x = groundup.arange(6)
    assert x.masked_scatter_(mask, x).tolist() == [0, 0, 1, 3, 2, 3]
