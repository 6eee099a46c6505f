"""The judges judged: `gradcheck` and `gradgradcheck` accept right derivatives and refuse wrong ones."""

import numpy as np
import pytest

import groundup
from groundup.autograd import Function, GradcheckError, gradcheck, gradgradcheck


def leaf(*shape, seed=0, dtype=np.float64):
    array = np.random.default_rng(seed).standard_normal(shape).astype(dtype)
    return groundup.from_numpy(array).requires_grad_()


def cube_with(slope):
    """x ** 3 with a derivative of one's own choosing."""

    class Cube(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x * x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return slope(g, x)

    return Cube.apply


WRONG = {
    "a missing factor": lambda g, x: g * 2 * x * x,
    "a wrong sign": lambda g, x: -g * 3 * x * x,
    "one element off": lambda g, x: g * (3 * x * x + groundup.tensor([0.0, 0.0, 1e-2], dtype=groundup.float64)),
    "the chain forgotten": lambda g, x: 3 * x * x,
    "nothing": lambda g, x: None,
    "nan": lambda g, x: g * float("nan"),
}


def test_a_right_derivative_passes():
    right = cube_with(lambda g, x: g * (3 * (x * x)))
    x = leaf(3)
    assert gradcheck(lambda x: right(x) * 2, x)
    assert gradgradcheck(right, x)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_derivative_is_refused(name):
    wrong = cube_with(WRONG[name])
    with pytest.raises(GradcheckError, match=r"Jacobian mismatch for output 0 with respect to input 0"):
        gradcheck(lambda x: wrong(x) * 2, leaf(3))
    assert not gradcheck(lambda x: wrong(x) * 2, leaf(3), raise_exception=False)


def test_a_wrong_second_derivative_is_refused():
    # Right at first order, but the slope's own history is cut.
    cut = cube_with(lambda g, x: g * (3 * (x * x)).detach())
    assert gradcheck(cut, leaf(3))
    with pytest.raises(GradcheckError):
        gradgradcheck(cut, leaf(3))


def test_a_derivative_that_changes_from_run_to_run_is_refused():
    noise = iter(range(1_000_000))
    restless = cube_with(lambda g, x: g * (3 * x * x + next(noise) * 1e-7))
    with pytest.raises(GradcheckError, match="not reentrant"):
        gradcheck(restless, leaf(3))


def test_every_input_and_output_is_checked():
    x, w = leaf(2, 3), leaf(3, 2, seed=1)
    assert gradcheck(lambda x, w: (x @ w, x.sum()), (x, w))
    wrong = cube_with(WRONG["a missing factor"])
    with pytest.raises(GradcheckError, match="output 1 with respect to input 1"):
        gradcheck(lambda x, w: (x @ w, wrong(w[0] * 1)[0]), (x, w))


def test_inputs_come_back_unchanged():
    x = leaf(4)
    before = x.detach().clone()
    gradcheck(lambda x: x.exp(), x)
    assert groundup.equal(x.detach(), before) and x.grad is None


def test_inputs_that_say_nothing_are_refused():
    with pytest.raises(ValueError, match="at least one input tensor to require gradient"):
        gradcheck(lambda x: x, groundup.ones(2, dtype=groundup.float64))
    with pytest.raises(ValueError, match="needs float64, but input 0 is float32"):
        gradcheck(lambda x: x, leaf(2, dtype=np.float32))


def test_pytorch_says_the_same():
    torch = pytest.importorskip("torch")
    x = leaf(3)
    theirs = torch.from_numpy(x.detach().numpy().copy()).requires_grad_()
    for name, function in {"tanh": lambda x: x.tanh(), "norm": lambda x: (x * x).sum().sqrt()}.items():
        assert gradcheck(function, x) and torch.autograd.gradcheck(function, theirs), name
