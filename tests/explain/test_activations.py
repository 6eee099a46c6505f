"""Scales through a model: what is measured, what is said of it, and that the cures cure."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

import groundup
from groundup import explain, nn
from groundup.explain.activity import rebinned


@pytest.fixture(params=["groundup", "torch"])
def library(request: pytest.FixtureRequest) -> Any:
    found = groundup if request.param == "groundup" else pytest.importorskip("torch")
    found.manual_seed(0)
    return found


def linear(library: Any, *widths: int, std: float, after: str = "", bias: bool = False) -> Any:
    """Layers of normal weights of that scale, each with an activation behind it."""
    made = []
    for given, out in itertools.pairwise(widths):
        made.append(library.nn.Linear(given, out, bias=bias))
        library.nn.init.normal_(made[-1].weight, std=std)
        made += [getattr(library.nn, after)()] if after else []
    return library.nn.Sequential(*made)


def hooks_on(layer: Any) -> int:
    """How many forward hooks a layer has."""
    return len(list(getattr(layer._forward_hooks, "after", layer._forward_hooks)))


def test_what_is_measured(library: Any) -> None:
    model = linear(library, 20, 30, 10, std=0.2, after="ReLU")
    x = library.randn(16, 20)
    found = explain.activations(model, x)
    assert [each.name for each in found.layers] == ["0", "1", "2", "3"]
    made = model[0](x).detach().numpy().astype(np.float64)
    first, second = found.layers[:2]
    assert first.shape == (16, 30) and first.kind == "Linear" and first.fan_in == 20
    assert math.isclose(first.mean, made.mean(), rel_tol=1e-6, abs_tol=1e-9)
    assert math.isclose(first.std, made.std(), rel_tol=1e-6)
    assert math.isclose(second.rms, math.sqrt((np.maximum(made, 0) ** 2).mean()), rel_tol=1e-6)
    assert second.histogram.sum() == 16 * 30 and second.dead == (made <= 0).all(0).mean()


def test_the_cure_of_the_scale_in_numbers(library: Any) -> None:
    model = linear(library, 100, 100, 100, std=1.0)
    x = library.randn(64, 100)
    said = explain.activations(model, x).verdict
    assert said[0].startswith("layer 0 multiplies the scale by ") and " = sqrt(100) × " in said[0]
    for line, layer in zip(said, model):
        factor = float(line.rpartition(" ")[2])
        assert 0.09 < factor < 0.11
        layer.weight.data *= factor
    assert explain.activations(model, x).verdict[0].startswith("nothing to cure")


def test_small_factors_that_add_up_are_told_together(library: Any) -> None:
    model = linear(library, *[100] * 13, std=0.1, after="ReLU")
    x = library.randn(64, 100)
    (said,) = [line for line in explain.activations(model, x).verdict if line.startswith("together")]
    assert "first 11 layers" in said
    factor = float(said.rpartition(" ")[2])
    assert 1.3 < factor < 1.5  # sqrt(2), by Kaiming
    for layer in list(model)[::2]:
        layer.weight.data *= factor
    assert not [line for line in explain.activations(model, x).verdict if line.startswith("together")]


def test_saturation_and_its_cure(library: Any) -> None:
    model = linear(library, 100, 50, 10, std=1.0, after="Tanh")
    found = explain.activations(model, library.randn(64, 100))
    assert found.layers[1].saturated is not None and found.layers[1].saturated > 0.5
    assert found.verdict[0].startswith("layer 1 is saturated in ") and "layer 0 makes a scale of" in found.verdict[0]


def test_dead_units_and_the_lift_that_wakes_them(library: Any) -> None:
    model = linear(library, 20, 30, 10, std=0.2, after="ReLU", bias=True)
    x = library.randn(16, 20)
    with library.no_grad():
        model[0].bias[:6] = -20.0
    found = explain.activations(model, x)
    assert found.layers[1].dead == pytest.approx(6 / 30)
    (said,) = [line for line in found.verdict if line.startswith("layer 1: 6 of 30 units")]
    with library.no_grad():
        model[0].bias[:6] += float(said.partition("up to ")[2].partition(",")[0]) + 0.5
    assert explain.activations(model, x).layers[1].dead == 0


def test_gradients_are_those_of_the_loss_and_none_is_stored(library: Any) -> None:
    model = linear(library, 20, 30, 10, std=0.2, after="Tanh")
    found = explain.activations(model, library.randn(16, 20), lambda out: (out**2).sum())
    made = found.layers[-1]
    assert made.gradient == pytest.approx(2 * made.rms * math.sqrt(160), rel=1e-5)
    assert all(each.gradient for each in found.layers) and all(p.grad is None for p in model.parameters())
    assert len(str(found).splitlines()[1].split()) >= 8


def test_what_is_not_finite_is_found(library: Any) -> None:
    model = linear(library, *[100] * 3, std=1e30)
    found = explain.activations(model, library.randn(8, 100))
    assert found.verdict[0] == "layer 1 makes nan or inf; all behind it is lost"


def test_hooks_are_gone_afterwards_and_other_objects_refused(library: Any) -> None:
    model = linear(library, 4, 4, std=1.0)
    explain.activations(model, library.randn(2, 4))
    assert not hooks_on(model[0])
    with pytest.raises(TypeError, match="not of list"):
        explain.activations([model], library.randn(2, 4))
    with pytest.raises(ValueError, match="no layer of Identity made a tensor"):
        explain.activations(library.nn.Identity(), library.ones(2, dtype=library.int64))


def test_counts_are_kept_in_common_bins() -> None:
    counts, edges = np.array([4.0, 0.0, 8.0]), np.array([-3.0, -1.0, 1.0, 3.0])
    np.testing.assert_allclose(rebinned(counts, edges, np.linspace(-6, 6, 13)).sum(), 12)
    np.testing.assert_allclose(rebinned(counts, edges, np.array([-3.0, -2.0, 2.0, 3.0])), [2, 6, 4])


def test_the_picture() -> None:
    pytest.importorskip("matplotlib", reason="the plot is matplotlib's")
    found = explain.activations(linear(groundup, 20, 30, 10, std=0.2, after="Tanh"), groundup.randn(16, 20))
    _above, below = found.figure().axes
    assert [line.get_label() for line in below.lines] == ["rms", "std"] and below.get_yscale() == "log"
    assert found._repr_png_().startswith(b"\x89PNG")
    broken = explain.activations(linear(groundup, 20, 30, 10, std=1e30), groundup.randn(16, 20))
    assert broken._repr_png_().startswith(b"\x89PNG")


def test_the_history_over_training(library: Any) -> None:
    model = linear(library, 20, 30, 10, std=1.0, after="Tanh")
    with explain.activation_history(model) as history:
        for _ in range(5):
            with library.no_grad():
                model(library.randn(16, 20))
                for layer in (model[0], model[2]):
                    layer.weight *= 0.5
    model(library.randn(16, 20))  # no longer seen
    assert list(history.layers) == ["0", "1", "2", "3"] and {len(each) for each in history.layers.values()} == {5}
    scales = [each.rms for each in history.layers["0"]]
    assert all(1.5 < before / after < 2.7 for before, after in zip(scales, scales[1:]))  # noqa: RUF007
    saturated = [each.saturated or 0.0 for each in history.layers["1"]]
    assert saturated[0] > 0.5 and saturated[-1] < 0.1
    shown = str(history).splitlines()
    assert shown[0].split()[:3] == ["layer", "kind", "steps"] and len(shown) == 5
    assert shown[1].split()[:3] == ["0", "Linear", "5"]


def test_the_picture_of_the_history() -> None:
    pytest.importorskip("matplotlib", reason="the plot is matplotlib's")
    model = linear(groundup, 20, 30, 10, std=1.0, after="Tanh")
    with explain.activation_history(model) as history:
        for _ in range(3):
            model(groundup.randn(16, 20))
    assert [axes.get_ylabel() for axes in history.figure().axes] == ["0 Linear", "1 Tanh", "2 Linear", "3 Tanh"]
    with pytest.raises(ValueError, match="nothing has run"), explain.activation_history(model) as empty:
        empty.figure()


def test_the_study_of_depth() -> None:
    study = explain.depth_study(layers=50, width=100)
    verdicts = {course.name: course.verdict for course in study.courses}
    assert verdicts["scale 1"].startswith("nan or inf from layer") and verdicts["scale 0.01"].startswith("zero from")
    assert verdicts["scale 0.1"] == verdicts["Kaiming, ReLU"] == "stable"
    assert verdicts["scale 0.1, ReLU"].startswith("collapsed: each layer leaves 0.7")
    kaiming = study.courses[-1]
    # Kaiming keeps the root mean square; behind a ReLU the standard deviation is sqrt(1 - 1/pi) of it.
    ratios = np.array(kaiming.std) / np.array(kaiming.rms)
    np.testing.assert_allclose(ratios.mean(), math.sqrt(1 - 1 / math.pi), rtol=0.03)
    assert str(study) == str(explain.depth_study(layers=50, width=100))
    with pytest.raises(ValueError, match="layers must be"):
        explain.depth_study(layers=0)


def test_the_picture_of_the_study() -> None:
    pytest.importorskip("matplotlib", reason="the plot is matplotlib's")
    everything, near = explain.depth_study(layers=50, width=100).figure().axes
    assert len(everything.get_legend().texts) == 5 and len(near.get_legend().texts) == 4


@pytest.mark.parametrize("orthonormal", [True, False])
def test_lsuv_gives_every_layer_variance_one(library: Any, orthonormal: bool) -> None:
    layers = library.nn
    model = layers.Sequential(
        layers.Conv2d(1, 4, 3), layers.ReLU(), layers.Flatten(), layers.Linear(144, 30), layers.Tanh(),
        layers.Linear(30, 10),
    )  # fmt: skip
    x = library.randn(32, 1, 8, 8)
    assert nn.init.lsuv_(model, x, orthonormal=orthonormal) is model
    for layer in explain.activations(model, x).layers:
        if layer.fan_in is not None:
            assert abs(layer.std - 1) <= 0.06, layer.name
    weight = model[5].weight.detach().numpy()
    if orthonormal:  # but for its scale
        product = weight @ weight.T
        np.testing.assert_allclose(product, np.eye(10) * product[0, 0], atol=1e-5)
    assert not hooks_on(model[0]) and model[0].weight.requires_grad


def test_lsuv_tells_of_a_layer_whose_output_does_not_vary(library: Any) -> None:
    model = library.nn.Sequential(library.nn.Linear(4, 3, bias=False))
    with pytest.raises(ValueError, match="the output of layer 0 has standard deviation 0"):
        nn.init.lsuv_(model, library.zeros(5, 4))
