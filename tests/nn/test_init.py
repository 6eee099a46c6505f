"""Initialisers: bounds, moments and structure of what they compute, and PyTorch's errors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import groundup
from groundup import nn
from groundup.nn import init

SHAPE = (60, 20, 5, 2)  # fan_in 200, fan_out 600
COUNT = math.prod(SHAPE)


def drawn(initialise: Callable[..., Any], *args: Any, **kwargs: Any) -> np.ndarray:
    groundup.manual_seed(0)
    w = groundup.empty(*SHAPE, dtype=groundup.float64)
    assert initialise(w, *args, **kwargs) is w
    return w.numpy()


def check_uniform(values: np.ndarray, low: float, high: float) -> None:
    """Inside the bounds, filling them, with the distribution function of the uniform (Kolmogorov's test)."""
    assert low <= values.min() and values.max() <= high
    ranked = (np.sort(values.ravel()) - low) / (high - low)
    assert np.abs(ranked - np.arange(1, ranked.size + 1) / ranked.size).max() < 1.95 / math.sqrt(ranked.size)


def check_normal(values: np.ndarray, mean: float, std: float) -> None:
    standard = (np.sort(values.ravel()) - mean) / std
    expected = np.array([0.5 * (1 + math.erf(v / math.sqrt(2))) for v in standard])
    assert np.abs(expected - np.arange(1, standard.size + 1) / standard.size).max() < 1.95 / math.sqrt(standard.size)


def test_plain_distributions() -> None:
    check_uniform(drawn(init.uniform_, -2.0, 3.0), -2.0, 3.0)
    check_normal(drawn(init.normal_, 1.0, 0.5), 1.0, 0.5)
    assert (drawn(init.constant_, 2.5) == 2.5).all()
    assert (drawn(init.zeros_) == 0).all() and (drawn(init.ones_) == 1).all()
    assert init.eye_(groundup.empty(3, 2)).tolist() == [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]


def test_xavier() -> None:
    bound = 2 * math.sqrt(6 / 800)
    check_uniform(drawn(init.xavier_uniform_, gain=2.0), -bound, bound)
    check_normal(drawn(init.xavier_normal_, gain=2.0), 0.0, 2 * math.sqrt(2 / 800))


@pytest.mark.parametrize(("mode", "fan"), [("fan_in", 200), ("fan_out", 600)])
def test_kaiming(mode: str, fan: int) -> None:
    bound = math.sqrt(6 / (1 + 0.25)) / math.sqrt(fan)
    check_uniform(drawn(init.kaiming_uniform_, 0.5, mode), -bound, bound)
    check_normal(drawn(init.kaiming_normal_, mode=mode, nonlinearity="relu"), 0.0, math.sqrt(2 / fan))


def test_gains_are_pytorchs(peer: Any, raises_alike: Callable[..., str]) -> None:
    theirs = peer.nn.init
    for name in ("linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"):
        assert init.calculate_gain(name) == pytest.approx(theirs.calculate_gain(name), rel=1e-15)
    assert init.calculate_gain("leaky_relu", 0.3) == theirs.calculate_gain("leaky_relu", 0.3)
    raises_alike(lambda: init.calculate_gain("swoosh"), lambda: theirs.calculate_gain("swoosh"))
    raises_alike(lambda: init.calculate_gain("leaky_relu", True), lambda: theirs.calculate_gain("leaky_relu", True))
    raises_alike(lambda: init.xavier_normal_(groundup.empty(3)), lambda: theirs.xavier_normal_(peer.torch.empty(3)))
    raises_alike(
        lambda: init.kaiming_normal_(groundup.empty(3, 3), mode="fan_side"),
        lambda: theirs.kaiming_normal_(peer.torch.empty(3, 3), mode="fan_side"),
    )
    raises_alike(lambda: init.eye_(groundup.empty(3)), lambda: theirs.eye_(peer.torch.empty(3)))
    raises_alike(lambda: init.orthogonal_(groundup.empty(3)), lambda: theirs.orthogonal_(peer.torch.empty(3)))


@pytest.mark.parametrize(("mean", "std", "a", "b"), [(0, 1, -2, 2), (1, 0.5, 0.9, 1.2), (0, 0.02, -2, 2), (0, 1, 1, 6)])
def test_trunc_normal(mean: float, std: float, a: float, b: float) -> None:
    values = drawn(init.trunc_normal_, mean, std, a, b)
    assert a <= values.min() and values.max() <= b

    def below(v: float) -> float:
        return 0.5 * (1 + math.erf((v - mean) / std / math.sqrt(2)))

    inside = np.array([(below(v) - below(a)) / (below(b) - below(a)) for v in np.sort(values.ravel())])
    assert np.abs(inside - np.arange(1, inside.size + 1) / inside.size).max() < 1.95 / math.sqrt(inside.size)


def test_trunc_normal_inverts_erf() -> None:
    y = np.concatenate([np.linspace(-0.999999, 0.999999, 1001), [1 - 1e-12, -1 + 1e-12]])
    back = np.array([math.erf(v) for v in init._erfinv(y)])
    np.testing.assert_allclose(back, y, rtol=1e-6, atol=1e-9)


def test_trunc_normal_warns_when_the_mean_is_far_off() -> None:
    with pytest.warns(UserWarning, match="mean is more than 2 std"):
        values = init.trunc_normal_(groundup.empty(100), mean=5.0).numpy()
    assert -2 <= values.min() and values.max() <= 2


@pytest.mark.parametrize("shape", [(5, 5), (3, 7), (7, 3), (4, 2, 3)])
def test_orthogonal(shape: tuple[int, ...]) -> None:
    w = init.orthogonal_(groundup.empty(*shape, dtype=groundup.float64), gain=2.0).numpy().reshape(shape[0], -1)
    short = w if w.shape[0] <= w.shape[1] else w.T
    np.testing.assert_allclose(short @ short.T, 4 * np.eye(len(short)), atol=1e-12)


def test_orthogonal_is_uniform_over_signs() -> None:
    groundup.manual_seed(0)
    traces = [init.orthogonal_(groundup.empty(2, 2)).numpy()[0, 0] for _ in range(200)]
    assert abs(np.mean(traces)) < 4 * math.sqrt(0.5 / 200)


def test_generators_and_seeds() -> None:
    def draw(seed: int) -> list[float]:
        generator = groundup.Generator().manual_seed(seed)
        return init.trunc_normal_(groundup.empty(5), generator=generator).tolist()

    assert draw(1) == draw(1) != draw(2)


def test_parameters_are_filled_without_recording() -> None:
    w = nn.Parameter(groundup.empty(3, 3))
    for initialise in (init.xavier_uniform_, init.trunc_normal_, init.orthogonal_, init.eye_, init.zeros_):
        assert initialise(w) is w and w.is_leaf and w.requires_grad and w.grad_fn is None


def test_empty_tensors_are_left_alone() -> None:
    with pytest.warns(UserWarning, match="zero-element"):
        assert init.kaiming_uniform_(groundup.empty(0, 3)).shape == (0, 3)


@pytest.mark.parametrize(
    ("layer", "fan_in"),
    [
        (lambda: nn.Linear(400, 100), 400),
        (lambda: nn.Conv2d(16, 64, 5), 400),
        (lambda: nn.Conv2d(32, 64, 5, groups=2), 400),
    ],
)
def test_layers_start_from_pytorchs_distribution(layer: Callable[[], Any], fan_in: int) -> None:
    groundup.manual_seed(0)
    made = layer()
    bound = 1 / math.sqrt(fan_in)
    check_uniform(made.weight.detach().numpy(), -bound, bound)
    check_uniform(made.bias.detach().numpy(), -bound, bound)


def test_layers_repeat_with_the_seed() -> None:
    def make() -> list[Any]:
        groundup.manual_seed(5)
        return nn.Linear(3, 2).weight.tolist()

    assert make() == make()
