"""Random tensors: every form of the functions and in-place fills, their types, ranges, gradients and refusals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import groundup


@pytest.fixture(autouse=True)
def seeded() -> None:
    groundup.manual_seed(3)


N = 20_000
CREATORS: dict[str, Any] = {
    "rand": lambda **how: groundup.rand(2, 3, **how),
    "rand, sizes as a list": lambda **how: groundup.rand([2, 3], **how),
    "rand, size by name": lambda **how: groundup.rand(size=(2, 3), **how),
    "randn": lambda **how: groundup.randn((2, 3), **how),
    "rand_like": lambda **how: groundup.rand_like(groundup.zeros(2, 3), **how),
    "randn_like": lambda **how: groundup.randn_like(groundup.zeros(2, 3), **how),
    "randint": lambda **how: groundup.randint(1000, (2, 3), **how),
    "randint, by names": lambda **how: groundup.randint(low=10, high=1000, size=(2, 3), **how),
    "randint_like": lambda **how: groundup.randint_like(groundup.zeros(2, 3), 5, 1000, **how),
    "normal": lambda **how: groundup.normal(1.0, 2.0, (2, 3), **how),
}


@pytest.mark.parametrize("create", CREATORS.values(), ids=CREATORS.keys())
def test_creation(create: Any) -> None:
    made = create(dtype=groundup.float64, device="cpu", requires_grad=True, layout=groundup.strided)
    assert made.shape == (2, 3) and made.dtype == groundup.float64 and made.requires_grad
    g = groundup.Generator().manual_seed(4)
    first = create(generator=g)
    before = groundup.get_rng_state()
    assert groundup.equal(first, create(generator=g.manual_seed(4)))
    assert not groundup.equal(first, create(generator=g))
    assert groundup.equal(before, groundup.get_rng_state())  # the default generator was not asked


def test_randint_has_its_bounds() -> None:
    for drawn in (groundup.randint(3, 6, (N,)), groundup.randint_like(groundup.zeros(N), 3, 6).long()):
        assert drawn.unique().tolist() == [3, 4, 5]
    assert groundup.randint(2, (N,)).unique().tolist() == [0, 1]
    assert groundup.randint(5, (2,)).dtype == groundup.int64
    with pytest.raises(RuntimeError, match="random_ expects 'from' to be less than 'to', but got from=5 >= to=2"):
        groundup.randint(5, 2, (3,))


def test_randperm() -> None:
    assert groundup.randperm(5, dtype=groundup.float32).sort().values.tolist() == [0, 1, 2, 3, 4]
    with pytest.raises(RuntimeError, match="value cannot be converted to type uint8 without overflow"):
        groundup.randperm(300, dtype=groundup.uint8)


def test_normal_of_tensors() -> None:
    mean, std = groundup.tensor([[0.0], [100.0]]), groundup.tensor([1.0, 3.0, 0.0])
    drawn = groundup.stack([groundup.normal(mean, std) for _ in range(4000)])
    assert drawn.shape == (4000, 2, 3)
    assert (drawn.mean(0) - mean).abs().max() < 5 * 3 / math.sqrt(4000)
    assert (drawn.std(0) - std).abs().max() < 5 * 3 / math.sqrt(2 * 4000)
    assert groundup.normal(0.0, std.double()).dtype == groundup.float64
    assert groundup.normal(mean.double(), std).dtype == groundup.float64
    assert groundup.normal(mean, 2.0).shape == (2, 1)
    assert not groundup.normal(mean.clone().requires_grad_(), 1.0).requires_grad


def test_bernoulli() -> None:
    p = groundup.tensor([0.0, 0.25, 1.0], dtype=groundup.float64)
    drawn = groundup.bernoulli(p.expand(N, 3))
    assert drawn.dtype == groundup.float64
    assert (drawn.mean(0) - p).abs().max() < 5 * math.sqrt(0.25 / N)
    whole = groundup.zeros(N, dtype=groundup.int64)
    assert whole.bernoulli(0.5).unique().tolist() == [0, 1]
    assert abs(whole.bernoulli_(0.25).double().mean() - 0.25) < 5 * math.sqrt(0.25 / N)
    assert groundup.zeros(2, 3).bernoulli_(p).tolist()[0][::2] == [0.0, 1.0]


def test_multinomial() -> None:
    weights = groundup.tensor([[0.0, 1.0, 3.0], [2.0, 0.0, 0.0]])
    drawn = groundup.multinomial(weights, N, replacement=True)
    assert drawn.shape == (2, N) and drawn.dtype == groundup.int64
    assert abs((drawn[0] == 2).double().mean() - 0.75) < 5 * math.sqrt(0.25 / N)
    assert (drawn[1] == 0).all() and not (drawn[0] == 0).any()
    assert sorted(weights[0].multinomial(2).tolist()) == [1, 2]
    assert weights[0].multinomial(3).tolist()[2] == 0  # what has no weight comes last


def test_poisson_and_binomial() -> None:
    rates = groundup.tensor([0.5, 20.0]).expand(N, 2)
    drawn = groundup.poisson(rates)
    assert (drawn.mean(0) - rates[0]).abs().max() < 5 * math.sqrt(20 / N)
    found = groundup.binomial(groundup.full((N,), 10.0), groundup.tensor(0.3))
    assert abs(found.mean() - 3) < 5 * math.sqrt(2.1 / N) and found.dtype == groundup.float32


FILLS: dict[str, tuple[Any, float, float]] = {  # the fill, its mean, and the standard deviation of one number
    "uniform_": (lambda x: x.uniform_(2, 4), 3.0, math.sqrt(1 / 3)),
    "normal_": (lambda x: x.normal_(1, 2), 1.0, 2.0),
    "exponential_": (lambda x: x.exponential_(0.5), 2.0, 2.0),
    "geometric_": (lambda x: x.geometric_(0.25), 4.0, math.sqrt(12)),
    "log_normal_": (lambda x: x.log_normal_(0.0, 0.5).log(), 0.0, 0.5),
    "cauchy_": (lambda x: ((x.cauchy_(2, 3) - 2) / 3).clamp(-1, 1), 0.0, 1.0),
    "bernoulli_": (lambda x: x.bernoulli_(0.3), 0.3, 0.5),
    "random_": (lambda x: x.random_(7), 3.0, 2.0),
    "random_, from and to": (lambda x: x.random_(-1, 2), 0.0, 1.0),
}


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", FILLS)
def test_fills(name: str, dtype: str) -> None:
    fill, mean, deviation = FILLS[name]
    x = groundup.empty(N, dtype=getattr(groundup, dtype))
    found = fill(x)
    assert abs(found.double().mean() - mean) < 5 * deviation / math.sqrt(N) + (2e-3 if dtype == "float16" else 0)
    groundup.manual_seed(3)
    y = groundup.empty(N, dtype=getattr(groundup, dtype))
    fill(y)
    assert groundup.equal(x, y)
    fill(y)
    assert not groundup.equal(x, y)


def test_random_without_bounds_uses_what_the_type_holds() -> None:
    for kind, low, high in ((groundup.int8, 0, 127), (groundup.uint8, 0, 255), (groundup.bool, 0, 1)):
        found = groundup.empty(N, dtype=kind).random_().long()
        assert (found.min().item(), found.max().item()) == (low, high)
    assert 2**23 < groundup.empty(N).random_().max() < 2**24
    assert groundup.empty(N, dtype=groundup.int64).random_().max() > 2**61


@pytest.mark.parametrize("name", FILLS)
def test_a_fill_cuts_the_history(name: str) -> None:
    x = groundup.ones(8, requires_grad=True)
    y = x * 2
    FILLS[name][0](y)
    assert y.sum().requires_grad
    (y + x).sum().backward()
    assert x.grad.tolist() == [1.0] * 8
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad is being used in an in-place operation"):
        FILLS[name][0](x)
    with groundup.no_grad():
        FILLS[name][0](x)


def test_the_generator_goes_back_and_on() -> None:
    g = groundup.Generator()
    assert g.manual_seed(11) is g and g.initial_seed() == 11
    state = g.get_state()
    first = groundup.rand(3, generator=g)
    twin = g.clone_state()
    assert groundup.equal(groundup.rand(3, generator=g), groundup.rand(3, generator=twin))
    g.set_state(state)
    assert groundup.equal(groundup.rand(3, generator=g), first)
    assert g.seed() == g.initial_seed() and str(g.device) == "cpu"


WEIGHTS = "groundup.tensor([1.0, 2.0])"
ERRORS = {
    "groundup.multinomial(groundup.ones(1, 2, 3), 1)": "prob_dist must be 1 or 2 dim",
    "groundup.multinomial(groundup.tensor([1, 2]), 1)": "only supports floating-point dtypes for input, got: Long",
    f"groundup.multinomial({WEIGHTS}, 0)": "cannot sample n_sample <= 0 samples",
    f"groundup.multinomial({WEIGHTS}, 3)": "cannot sample n_sample > prob_dist.size(-1) samples without replacement",
    f"groundup.multinomial(-{WEIGHTS}, 1)": "probability tensor contains either `inf`, `nan` or element < 0",
    f"groundup.multinomial(-{WEIGHTS}, 2, True)": "(encountering probability entry < 0)",
    f"groundup.multinomial({WEIGHTS} / 0, 2, True)": "(encountering probability entry = infinity or NaN)",
    f"groundup.multinomial({WEIGHTS} * 0, 2)": "invalid multinomial distribution (sum of probabilities <= 0)",
    "groundup.bernoulli(groundup.tensor([2.0]))": "Expected p_in >= 0 && p_in <= 1 to be true, but got false.",
    "groundup.bernoulli(groundup.tensor([1]))": "not implemented for 'Long'",
    "groundup.normal(groundup.zeros(2), groundup.tensor([-1.0]))": "normal expects all elements of std >= 0.0",
    "groundup.normal(groundup.zeros(2), -1.0)": "normal expects std >= 0.0, but found std -1",
    "groundup.normal(groundup.zeros(2), groundup.ones(3))": "The size of tensor a (2) must match the size of tensor b",
    "groundup.normal(1.0, 2.0)": "needs a size",
    "groundup.poisson(groundup.tensor([-1.0]))": "invalid Poisson rate, expected rate to be non-negative",
    "groundup.binomial(groundup.tensor([1]), groundup.tensor([0.5]))": "floating-point dtypes for count, got: Long",
    "groundup.zeros(2).exponential_(0)": "exponential_ expects lambda > 0.0, but found lambda=0",
    "groundup.zeros(2).geometric_(1)": "geometric_ expects p to be in (0, 1), but got p=1",
    "groundup.zeros(2).cauchy_(0, 0)": "cauchy_ expects sigma > 0.0, but found sigma=0",
    "groundup.zeros(2).log_normal_(0, 0)": "log_normal_ expects std > 0.0, but found std=0",
    "groundup.zeros(2).long().exponential_()": "Exponential distribution is a continuous probability distribution.",
    "groundup.zeros(2).long().cauchy_()": "dtype must be a floating point but you specified long int",
}


@pytest.mark.parametrize("written", ERRORS)
def test_refusals(written: str) -> None:
    with pytest.raises((RuntimeError, ValueError, TypeError, NotImplementedError)) as found:
        eval(written)
    assert ERRORS[written] in str(found.value).splitlines()[0]


def test_numbers_do_not_depend_on_how_a_tensor_lies_in_memory() -> None:
    plain, turned = groundup.empty(3, 4), groundup.empty(4, 3).t()
    for fill, _, _ in FILLS.values():
        groundup.manual_seed(6)
        fill(plain)
        groundup.manual_seed(6)
        fill(turned)
        assert np.array_equal(plain.numpy(), turned.numpy())
