"""Linear algebra beyond the table: what PyTorch does not answer, and what has no derivative."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import groundup
from groundup import linalg


def tensor(values: Any) -> Any:
    return groundup.tensor(values, dtype=groundup.float64, requires_grad=True)


SINGULAR = {
    "of rank 2": [[1, 2, 3], [2, 4, 6], [1, 0, 1]],
    "of rank 1": [[1, 2], [2, 4]],
    "of zeros": [[0, 0, 0], [0, 0, 0], [0, 0, 0]],
    "beside a regular one": [[[1, 2], [2, 4]], [[1, 0], [0, 3]]],
}


@pytest.mark.parametrize("name", SINGULAR)
def test_the_determinant_of_a_singular_matrix_has_its_derivatives(name: str) -> None:
    """PyTorch 2.13 gives 0 and nan here; the determinant is a polynomial, whose derivatives exist everywhere."""
    assert groundup.autograd.gradcheck(linalg.det, tensor(SINGULAR[name]))
    assert groundup.autograd.gradgradcheck(linalg.det, tensor(SINGULAR[name]))


def test_the_gradient_of_a_determinant_is_its_cofactors() -> None:
    x = tensor([[1, 2, 3], [2, 4, 6], [1, 0, 1]])
    linalg.det(x).backward()
    np.testing.assert_allclose(x.grad.numpy(), [[4, 4, -4], [-2, -2, 2], [0, 0, 0]], atol=1e-13)


def test_where_values_repeat_they_have_a_gradient_and_their_vectors_none() -> None:
    for factorize, values, vectors in ((linalg.eigh, 0, 1), (linalg.svd, 1, 0)):
        x = tensor(2 * np.eye(3))
        factorize(x)[values].sum().backward()
        np.testing.assert_allclose(x.grad.numpy(), np.eye(3), atol=1e-14)
        y = tensor(2 * np.eye(3))
        factorize(y)[vectors][0, 1].backward()
        assert not y.grad.isfinite().all(), "PyTorch gives nan, too; a number would be wrong without a word"


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (2, 4, 2), (0, 3), (3, 0)])
def test_full_singular_vectors_are_orthonormal(shape: tuple[int, ...]) -> None:
    x = groundup.from_numpy(np.random.default_rng(0).standard_normal(shape)).requires_grad_()
    u, s, vh = linalg.svd(x)
    for each in (u, vh):
        gram = (each.mT @ each).detach().numpy()
        np.testing.assert_allclose(gram, np.broadcast_to(np.eye(gram.shape[-1]), gram.shape), atol=1e-13)
    k = s.shape[-1]
    np.testing.assert_allclose((u[..., :k] * s[..., None, :] @ vh[..., :k, :]).detach().numpy(), x.detach(), atol=1e-13)
    assert u.grad_fn.name() == "LinalgSvdBackward0"


def test_factors_have_memory_of_their_own() -> None:
    values, vectors = linalg.eigh(tensor([[2.0, 0], [0, 1]]))
    with groundup.no_grad():
        values.mul_(2)
    assert vectors.abs().tolist() == [[0, 1], [1, 0]]
    vectors.sum().backward()


@pytest.mark.parametrize(("mode", "shape"), [("r", (2, 2)), ("complete", (3, 2))])
def test_a_factorization_without_a_derivative_says_so(mode: str, shape: tuple[int, ...]) -> None:
    torch = pytest.importorskip("torch")
    messages = []
    for t in (groundup, torch):
        with pytest.raises(RuntimeError) as found:
            t.linalg.qr(t.ones(*shape, requires_grad=True), mode=mode)[1].sum().backward()
        messages.append(str(found.value).splitlines()[0])
    assert messages[0] == messages[1]


def test_the_forms_that_do_not_raise_tell_which_matrix_failed() -> None:
    matrices = groundup.stack([groundup.eye(2), groundup.ones(2, 2)])
    inverse, info = linalg.inv_ex(matrices)
    assert info.tolist() == [0, 2] and info.dtype is groundup.int32
    assert inverse[0].tolist() == [[1, 0], [0, 1]] and inverse[1].isnan().all()
    solution, info = linalg.solve_ex(matrices, groundup.ones(2))
    assert info.tolist() == [0, 2] and solution[0].tolist() == [1, 1] and solution[1].isnan().all()
    factor, info = linalg.cholesky_ex(groundup.stack([groundup.eye(2), 1 - 2 * groundup.eye(2)]))
    assert info.tolist() == [0, 1] and factor[0].tolist() == [[1, 0], [0, 1]] and factor[1].isnan().all()


def test_a_triangle_with_zeros_on_its_diagonal_is_solved_as_far_as_it_goes() -> None:
    found = linalg.solve_triangular(groundup.tensor([[2.0, 5.0], [4.0, 0.0]]), groundup.ones(2, 1), upper=False)
    assert found.tolist() == [[0.5], [-np.inf]]


def test_the_exponential_is_exact_over_many_scales() -> None:
    scipy = pytest.importorskip("scipy.linalg")
    random = np.random.default_rng(0)
    for scale in (1e-9, 1e-3, 1, 10, 100):
        batch = scale * random.standard_normal((2, 5, 5))
        found = linalg.matrix_exp(groundup.from_numpy(batch)).numpy()
        np.testing.assert_allclose(found, scipy.expm(batch), rtol=1e-9 * max(1, scale))


def test_beta_0_ignores_nan() -> None:
    nothing, ones = groundup.full((2, 2), np.nan, requires_grad=True), groundup.ones(2, 2)
    assert groundup.addmm(nothing, ones, ones, beta=0).tolist() == [[2, 2], [2, 2]]
    assert groundup.baddbmm(nothing, ones[None], ones[None], beta=0, alpha=2).tolist() == [[[4, 4], [4, 4]]]
    x = groundup.full((2, 2), np.nan)
    assert x.addmm_(ones, ones, beta=0) is x and x.tolist() == [[2, 2], [2, 2]]


def test_added_products_in_place_are_differentiable() -> None:
    x, vector = tensor([1.0, 2.0]), tensor([3.0, 4.0])
    y = x.clone().addmv_(tensor(np.eye(2)), vector, beta=2, alpha=3)
    y.sum().backward()
    assert y.tolist() == [11, 16] and x.grad.tolist() == [2, 2] and vector.grad.tolist() == [3, 3]


def test_a_chain_is_multiplied_in_the_cheapest_order(monkeypatch: pytest.MonkeyPatch) -> None:
    from groundup.functions.linalg import products

    sizes = []

    def counting(a: Any, b: Any) -> Any:
        sizes.append((*a.shape, b.shape[1]))
        return a @ b

    monkeypatch.setattr(products, "matmul", counting)
    shapes = [(10, 100), (100, 5), (5, 50)]
    linalg.multi_dot([groundup.ones(*shape) for shape in shapes])
    assert sizes == [(10, 100, 5), (10, 5, 50)]
