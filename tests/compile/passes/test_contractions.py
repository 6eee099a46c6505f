"""Contractions in programs: all are products of matrices, whose transposes are views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import groundup
from groundup.nn import functional as F
from tests.compile.passes.traced import lines, random, same, with_gradient

FORMS: dict[str, tuple[Callable[..., Any], tuple[tuple[int, ...], ...], str]] = {
    "ij,jk->ik": (lambda a, b: groundup.einsum("ij,jk->ik", a, b), ((4, 5), (5, 3)), "return (a @ b,)"),
    "turned": (lambda a, b: groundup.einsum("ji,kj->ik", a, b), ((5, 4), (3, 5)), "return (a.T @ b.T,)"),
    "the other way": (lambda a, b: groundup.einsum("ij,jk->ki", a, b), ((4, 5), (5, 3)), "return (b.T @ a.T,)"),
    "batches": (
        lambda a, b: groundup.einsum("bij,bkj->bik", a, b),
        ((2, 3, 4), (2, 5, 4)),
        "matmul_1 = a @ b.swapaxes(1, 2)",
    ),
    "heads": (
        lambda a, b: groundup.einsum("bqhd,bkhd->bhqk", a, b),
        ((2, 4, 3, 5), (2, 6, 3, 5)),
        "matmul_1 = a.swapaxes(1, 2) @ b.transpose((0, 2, 3, 1))",
    ),
    "rows of a sequence": (
        lambda a, b: groundup.einsum("btd,dk->btk", a, b),
        ((2, 3, 4), (4, 5)),
        "return ((a.reshape((6, 4)) @ b).reshape((2, 3, 5)),)",
    ),
    "a matrix and a vector": (lambda a, b: groundup.einsum("ij,j->i", a, b), ((4, 5), (5,)), "mv_1 = a @ b"),
    "two vectors": (lambda a, b: groundup.einsum("i,i->", a, b), ((5,), (5,)), "return (dot_1,)"),
    "dots": (lambda a, b: groundup.einsum("bi,bi->b", a, b), ((4, 5), (4, 5)), "sum_1 = (a * b).sum(axis=1)"),
    "outer": (lambda a, b: groundup.einsum("i,j->ij", a, b), ((4,), (5,)), "return (a[:, None] * b,)"),
    "elements": (lambda a, b: groundup.einsum("ij,ij->ij", a, b), ((4, 5), (4, 5)), "return (a * b,)"),
    "a letter alone": (lambda a, b: groundup.einsum("ija,jk->ik", a, b), ((4, 5, 2), (5, 3)), " @ b"),
    "everything": (lambda a, b: groundup.einsum("abc,dbe->cead", a, b), ((2, 3, 4), (5, 3, 6)), " @ "),
    "bilinear": (lambda a, b: F.bilinear(a, b, b.sum() * groundup.ones(5, 3, 4).double()), ((6, 3), (6, 4)), " @ "),
    "three": (
        lambda a, b: groundup.einsum("ij,jk,kl->il", a, b, b.t()),
        ((4, 5), (5, 3)),
        " @ ",
    ),
    "tensordot": (lambda a, b: groundup.tensordot(a, b, ([1, 2], [1, 0])), ((2, 3, 4), (4, 3, 5)), " @ "),
    "baddbmm": (lambda a, b: groundup.baddbmm(a @ b, a, b, beta=0.5), ((2, 3, 4), (2, 4, 5)), " @ "),
    "sum of products": (
        lambda a, b: (a[:, :, None] * b[None]).sum(1),
        ((4, 5), (5, 3)),
        "return (a @ b,)",
    ),
    "sum of products, expanded": (
        lambda a, b: (a.unsqueeze(1).expand(4, 3, 5) * b).sum(-1),
        ((4, 5), (3, 5)),
        "return (a @ b.T,)",
    ),
    "one matrix for all": (
        lambda a, b: a @ b.expand(2, 4, 5),
        ((2, 3, 4), (4, 5)),
        "matmul_1 = a @ b",
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_forms(name: str) -> None:
    function, shapes, wanted = FORMS[name]
    inputs = [random(*shape, seed=i) for i, shape in enumerate(shapes)]
    found = lines(function, *inputs)
    assert any(wanted in line for line in found) and not any("einsum" in line for line in found)
    assert not any("einsum" in line for line in lines(with_gradient(function), *inputs))


@pytest.mark.parametrize("name", FORMS)
def test_in_loops(name: str) -> None:
    """Nothing is left to NumPy, forward and backward."""
    pytest.importorskip("llvmlite")
    function, shapes, _ = FORMS[name]
    step = with_gradient(lambda *given: function(*given) * function(*given))
    inputs = [random(*shape, seed=i) for i, shape in enumerate(shapes)]
    compiled = groundup.compile(step)
    compiled(*inputs)
    given = [each * 0.5 for each in inputs]
    same(compiled(*given), step(*given))
    assert "NumPy runs" not in compiled.source("loops")


def test_the_gradient_of_one_matrix_for_all_is_one_product() -> None:
    found = lines(with_gradient(lambda a, b: (a @ b.expand(2, 4, 5)).exp()), random(2, 3, 4), random(4, 5))
    assert not any("broadcast_to" in line for line in found)
    assert any("x.reshape((6, 4)).T @ " in line for line in found)


def test_products_that_are_needed_one_by_one_stay() -> None:
    def step(a: Any, b: Any) -> Any:
        products = a[:, :, None] * b
        return products.sum(1), products

    assert not any("@" in line for line in lines(step, random(4, 5), random(5, 3)))


def test_whole_numbers_stay() -> None:
    compiled = groundup.compile(lambda a, b: groundup.einsum("ij,jk->ik", a, b))
    a, b = groundup.arange(6).reshape(2, 3), groundup.arange(12).reshape(3, 4)
    for _ in range(2):
        assert np.array_equal(compiled(a, b).numpy(), (a @ b).numpy())


def test_a_diagonal_and_a_transpose_are_copies() -> None:
    """What einsum returns is not a view of what it was given."""
    for equation in ("ij->ji", "ij->ij"):
        compiled = groundup.compile(lambda x, equation=equation: groundup.einsum(equation, x))
        x = random(3, 3)
        for _ in range(2):
            compiled(x).zero_()
            assert x.abs().min().item() > 0


def test_a_copy_of_a_contraction_that_is_written_stays_a_copy() -> None:
    """A product made in another order of axes is reshaped without a copy, which eager's is not."""

    def step(a: Any, b: Any) -> Any:
        with groundup.no_grad():
            product = groundup.einsum("ij,kj->ki", a, b)
            product.reshape(-1).mul_(2)
            return product * 1.5

    compiled = groundup.compile(step)
    a, b = random(4, 5), random(3, 5)
    with groundup.compile.reading("numpy"):
        compiled(a, b)
        same(compiled(a, b), step(a, b))
