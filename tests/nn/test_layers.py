"""Layers without images: the same values and gradients as PyTorch's with the same weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import groundup
from groundup import autograd, nn


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(4, 3), (3,), (2, 4, 3), (0, 3)])
def test_linear(peer: Any, shape: tuple[int, ...], bias: bool) -> None:
    x = peer.pair(*shape)
    peer.same_module(nn.Linear(3, 5, bias=bias).double(), peer.nn.Linear(3, 5, bias=bias).double(), x)


def test_linear_names_the_sizes_that_clash(peer: Any, raises_alike: Callable[..., str]) -> None:
    x, their_x = peer.pair(4, 2, dtype="float32")
    raises_alike(lambda: nn.Linear(3, 5)(x), lambda: peer.nn.Linear(3, 5)(their_x))
    raises_alike(lambda: nn.Linear(3, 5, bias=False)(x), lambda: peer.nn.Linear(3, 5, bias=False)(their_x))


@pytest.mark.parametrize("dtype", ["float64", "int64"])
@pytest.mark.parametrize(
    ("shape", "bias"), [((4, 3), True), ((3,), True), ((2, 4, 3), True), ((4, 3), False), ((2, 4, 3), False)]
)
def test_an_input_of_another_dtype_says_what_to_convert(
    peer: Any, raises_alike: Callable[..., str], shape: tuple[int, ...], bias: bool, dtype: str
) -> None:
    x, their_x = peer.both([[[0] * 3] * 4] * 2)
    x, their_x = (each.to(getattr(library, dtype)) for each, library in ((x, groundup), (their_x, peer.torch)))
    while x.dim() > len(shape):
        x, their_x = x[0], their_x[0]
    layer, theirs = nn.Linear(3, 5, bias=bias), peer.nn.Linear(3, 5, bias=bias)
    message = raises_alike(lambda: layer(x), lambda: theirs(their_x))
    convert = "b.to(groundup.float64)" if dtype == "float64" else "a.to(groundup.float32)"
    assert ("write input.to(groundup.float32)" if bias else convert) in message


def test_a_bias_of_another_dtype(peer: Any, raises_alike: Callable[..., str]) -> None:
    def call(library: Any) -> Any:
        x = library.ones(2, 2)
        return library.nn.functional.linear(x, x, library.ones(2, dtype=library.float64))

    assert "bias" in raises_alike(lambda: call(groundup), lambda: call(peer.torch))


@pytest.mark.parametrize("dim", [0, 1, -1, -2])
@pytest.mark.parametrize("function", ["softmax", "log_softmax"])
def test_softmax_of_integers(peer: Any, raises_alike: Callable[..., str], function: str, dim: int) -> None:
    def call(library: Any) -> Any:
        return getattr(library, function)(library.ones(2, 2, dtype=library.int64), dim)

    assert "x.float()" in raises_alike(lambda: call(groundup), lambda: call(peer.torch))


def test_linear_dtype() -> None:
    assert nn.Linear(2, 3, dtype=groundup.float64, device="cpu").bias.dtype == groundup.float64


ACTIVATIONS: list[Callable[[Any], Any]] = [
    lambda nn: nn.ReLU(),
    lambda nn: nn.LeakyReLU(),
    lambda nn: nn.LeakyReLU(0.3),
    lambda nn: nn.ELU(),
    lambda nn: nn.ELU(0.7),
    lambda nn: nn.GELU(),
    lambda nn: nn.GELU(approximate="tanh"),
    lambda nn: nn.SiLU(),
    lambda nn: nn.Sigmoid(),
    lambda nn: nn.Tanh(),
    lambda nn: nn.Softplus(),
    lambda nn: nn.Softplus(2.0, 1.5),
    lambda nn: nn.LogSigmoid(),
    lambda nn: nn.Softmax(dim=-1),
    lambda nn: nn.Softmax(dim=0),
    lambda nn: nn.LogSoftmax(dim=1),
    lambda nn: nn.Identity(),
]


@pytest.mark.parametrize("build", ACTIVATIONS, ids=lambda build: repr(build(nn)))
def test_activations(peer: Any, build: Callable[[Any], Any]) -> None:
    values = peer.random.standard_normal((4, 5)) * 3
    values[0] = [0.0, -0.0, 60.0, -60.0, 1.0]
    peer.same_module(build(nn), build(peer.nn), peer.both(values, grad=True))


@pytest.mark.parametrize("build", ACTIVATIONS, ids=lambda build: repr(build(nn)))
def test_derivatives_of_both_orders(leaf: Callable[..., Any], build: Callable[[Any], Any]) -> None:
    x = leaf(2, 3)
    assert autograd.gradcheck(build(nn), (x,)) and autograd.gradgradcheck(build(nn), (x,))


@pytest.mark.parametrize("build", [lambda nn: nn.ELU(), lambda nn: nn.LogSigmoid(), lambda nn: nn.SiLU()])
def test_activations_far_out_make_no_nan(peer: Any, build: Callable[[Any], Any]) -> None:
    x = peer.both([[1e4, -1e4, 800.0, -800.0]], grad=True)
    peer.same_module(build(nn), build(peer.nn), x)


def test_inplace_changes_its_input() -> None:
    x = groundup.tensor([-1.0, 2.0])
    assert nn.ReLU(inplace=True)(x) is x and x.tolist() == [0.0, 2.0]
    leaf = groundup.ones(2, requires_grad=True)
    nn.ReLU(inplace=True)(leaf * -1).sum().backward()
    assert leaf.grad.tolist() == [0.0, 0.0]


def test_softmax_without_dim_warns_as_pytorch() -> None:
    with pytest.warns(UserWarning, match="Implicit dimension choice for softmax"):
        assert nn.Softmax()(groundup.zeros(2, 4))[0, 0].item() == 0.25


def test_functional_casts() -> None:
    x = groundup.zeros(2, dtype=groundup.float16)
    assert nn.functional.log_softmax(x, 0, dtype=groundup.float64).dtype == groundup.float64


@pytest.mark.parametrize(
    "build",
    [
        lambda nn: nn.Flatten(),
        lambda nn: nn.Flatten(0, 1),
        lambda nn: nn.Flatten(0, -1),
        lambda nn: nn.Unflatten(2, (2, 2)),
        lambda nn: nn.Unflatten(-1, (-1, 1)),
    ],
)
def test_shapes(peer: Any, build: Callable[[Any], Any]) -> None:
    peer.same_module(build(nn), build(peer.nn), peer.pair(2, 3, 4))


def test_flatten_is_a_view() -> None:
    x = groundup.zeros(2, 3, 4)
    nn.Flatten()(x)[0, 0] = 5.0
    assert x[0, 0, 0].item() == 5.0


class TestDropout:
    def test_training_keeps_the_expected_value(self) -> None:
        groundup.manual_seed(0)
        y = nn.Dropout(0.25)(groundup.ones(20_000))
        kept = y != 0
        assert sorted(set(y.tolist())) == [0.0, pytest.approx(4 / 3)]
        # Four standard deviations of a binomial share.
        assert abs(kept.float().mean().item() - 0.75) < 4 * (0.25 * 0.75 / 20_000) ** 0.5

    def test_the_gradient_goes_through_what_was_kept(self) -> None:
        x = groundup.ones(1000, requires_grad=True)
        y = nn.Dropout(0.5)(x)
        y.sum().backward()
        assert groundup.equal(x.grad, y.detach())

    def test_evaluation_passes_the_input(self) -> None:
        x = groundup.ones(3)
        assert nn.Dropout().eval()(x) is x

    def test_ends(self) -> None:
        x = groundup.ones(5)
        assert nn.Dropout(1.0)(x).tolist() == [0.0] * 5
        assert nn.Dropout(0.0)(x).tolist() == [1.0] * 5

    def test_seeded(self) -> None:
        def draw() -> list[float]:
            groundup.manual_seed(3)
            return nn.Dropout()(groundup.ones(50)).tolist()

        assert draw() == draw()

    def test_inplace(self) -> None:
        x = groundup.ones(100)
        assert nn.Dropout(0.5, inplace=True)(x) is x and sorted(set(x.tolist())) == [0.0, 2.0]

    def test_refuses(self, peer: Any, raises_alike: Callable[..., str]) -> None:
        for p in (-0.1, 1.1):
            raises_alike(lambda p=p: nn.Dropout(p), lambda p=p: peer.nn.Dropout(p))
            raises_alike(
                lambda p=p: nn.functional.dropout(groundup.ones(1), p),
                lambda p=p: peer.F.dropout(peer.torch.ones(1), p),
            )


def test_a_relu_in_place_is_named_where_it_spoils_a_gradient() -> None:
    x = groundup.ones(3, requires_grad=True)
    y = nn.ReLU(inplace=True)(x.sigmoid())
    with pytest.raises(RuntimeError, match=r"changed by\s+relu_"):
        y.sum().backward()
