"""`jacobian`, `hessian`, `vjp` and `jvp` against PyTorch, and against what they must be by definition."""

import numpy as np
import pytest

import groundup
from groundup.autograd import functional

RNG = np.random.default_rng(3)
X, W = RNG.standard_normal((3, 2)), RNG.standard_normal((2, 4))

FUNCTIONS = {
    "elementwise": (lambda x: x.tanh() * x, (X,)),
    "scalar": (lambda x: (x.exp() * x).sum(), (X,)),
    "two inputs": (lambda x, w: (x @ w).sigmoid(), (X, W)),
    "two outputs": (lambda x, w: ((x @ w).sum(0), x * 2), (X, W)),
    "a shape of its own": (lambda x: x.sum(1)[:, None] * x[:, :1], (X,)),
    "an unused input": (lambda x, w: x.cos(), (X, W)),
}


def both(name, run):
    """What `run(namespace, function, inputs, vectors)` gives here and in PyTorch, as nested lists of arrays."""
    torch = pytest.importorskip("torch")
    function, arrays = FUNCTIONS[name]
    return [
        to_arrays(run(library, function, tuple(library.from_numpy(each.copy()) for each in arrays)))
        for library in (groundup, torch)
    ]


def to_arrays(found):
    if isinstance(found, (tuple, list)):
        return [to_arrays(each) for each in found]
    return found.detach().numpy()


def assert_same(ours, theirs):
    if isinstance(theirs, list):
        assert isinstance(ours, list) and len(ours) == len(theirs)
        for a, b in zip(ours, theirs, strict=True):
            assert_same(a, b)
    else:
        assert ours.shape == theirs.shape and ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)


def outputs_of(library, function, inputs):
    found = function(*inputs)
    return found if isinstance(found, tuple) else (found,)


def vectors(library, like, seed):
    rng = np.random.default_rng(seed)
    made = tuple(library.from_numpy(rng.standard_normal(tuple(each.shape))) for each in like)
    return made if len(made) > 1 else made[0]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_jacobian_is_pytorchs(name):
    assert_same(*both(name, lambda lib, f, xs: lib.autograd.functional.jacobian(f, xs)))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_vjp_is_pytorchs(name):
    def run(lib, f, xs):
        return lib.autograd.functional.vjp(f, xs, vectors(lib, outputs_of(lib, f, xs), 5))

    assert_same(*both(name, run))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_jvp_is_pytorchs(name):
    assert_same(*both(name, lambda lib, f, xs: lib.autograd.functional.jvp(f, xs, vectors(lib, xs, 6))))


@pytest.mark.parametrize("name", ["scalar"])
def test_hessian_is_pytorchs(name):
    assert_same(*both(name, lambda lib, f, xs: lib.autograd.functional.hessian(f, xs)))


def test_hessian_of_two_inputs_is_pytorchs():
    def run(lib, f, xs):
        return lib.autograd.functional.hessian(lambda x, w: f(x, w).pow(2).sum(), xs)

    assert_same(*both("two inputs", run))


def test_products_agree_with_the_jacobian():
    x = groundup.from_numpy(X.copy())
    function = FUNCTIONS["elementwise"][0]
    jacobian = functional.jacobian(function, x).numpy().reshape(6, 6)
    v = RNG.standard_normal((3, 2))
    forward = functional.jvp(function, x, groundup.from_numpy(v))[1].numpy()
    backward = functional.vjp(function, x, groundup.from_numpy(v))[1].numpy()
    np.testing.assert_allclose(forward.ravel(), jacobian @ v.ravel(), rtol=1e-12)
    np.testing.assert_allclose(backward.ravel(), v.ravel() @ jacobian, rtol=1e-12)


def test_hessian_of_a_quadratic_is_its_matrix():
    a = RNG.standard_normal((4, 4))
    matrix = groundup.from_numpy(a + a.T)
    x = groundup.from_numpy(RNG.standard_normal(4))
    found = functional.hessian(lambda x: (x @ matrix @ x) / 2, x)
    np.testing.assert_allclose(found.numpy(), a + a.T, rtol=1e-12)


def test_results_have_a_graph_only_if_asked_for():
    x = groundup.from_numpy(X.copy()).requires_grad_()
    assert not functional.jacobian(lambda x: x * x, x).requires_grad
    jacobian = functional.jacobian(lambda x: x * x * x, x, create_graph=True)
    (second,) = groundup.autograd.grad(jacobian.sum(), x)
    np.testing.assert_allclose(second.numpy(), 6 * X, rtol=1e-12)
    assert x.grad is None


def test_inputs_are_left_as_they_were():
    x = groundup.from_numpy(X.copy())
    functional.vjp(lambda x: x.sum(), x)
    assert not x.requires_grad and x.grad is None


def test_errors():
    x = groundup.from_numpy(X.copy())
    with pytest.raises(RuntimeError, match=r"independent of input 1, in strict mode"):
        functional.jacobian(lambda a, b: a * 2, (x, x), strict=True)
    with pytest.raises(RuntimeError, match=r"should contain a single element"):
        functional.hessian(lambda x: x * 2, x)
    with pytest.raises(RuntimeError, match=r"can only be None if the outputs of the function are a single Tensor"):
        functional.vjp(lambda x: x * 2, x)
    with pytest.raises(RuntimeError, match=r"Entry 0 in v has invalid size: should be \(3, 2\) but got \(2,\)"):
        functional.jvp(lambda x: x * 2, x, groundup.ones(2))
    with pytest.raises(RuntimeError, match=r"v is a tuple of invalid length: should be 1 but got 2"):
        functional.vjp(lambda x: x * 2, x, (x, x))
    with pytest.raises(TypeError, match=r"inputs given to vjp must be a Tensor or a tuple of Tensors, but element 0"):
        functional.vjp(lambda x: x * 2, (1.0,))
