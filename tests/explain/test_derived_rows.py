"""Every row of the table has a derivation that agrees with its derivative, or names the judge that stands in."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import groundup
from groundup import explain, nn
from groundup.ops import ROWS

pytest.importorskip("sympy", reason="derivations are SymPy's")

from groundup.explain.definitions import local
from groundup.explain.indices import Elements
from groundup.explain.networks import read
from groundup.explain.running import as_function, sizes_of

spec = importlib.util.spec_from_file_location("in_numbers", Path(__file__).with_name("in_numbers.py"))
in_numbers = importlib.util.module_from_spec(spec)
spec.loader.exec_module(in_numbers)

ROWS_TO_DERIVE = [name for name, row in ROWS.items() if row.family != "elementwise" and row.differentiable]


def compared(what: Any) -> dict[str, np.ndarray]:
    """The gradients that are derived, after they were found to be those that the library computes."""
    derivation = explain.derive(what)
    program = read(what)
    elements = Elements(False)
    for name, letters in program.letters.items():
        elements.declare(name, letters)
    for step in program.steps:
        local(elements, step)
    function, arguments = as_function(program, elements)
    result = program.steps[-1].name
    names = [*program.leaves, *([f"{result}_grad"] if elements.letters[result] else [])]
    doubled = [_doubled(each) for each in arguments]
    found = function(*doubled)
    arrays = {name: each.detach().numpy() for name, each in zip(names, doubled)}
    arrays |= {step.name: each.detach().numpy() for step, each in zip(program.steps, found)}
    arrays |= _places(program.steps[-1].row.name, arrays)
    derived = in_numbers.Numbers(arrays, sizes_of(elements)).gradients(derivation)
    wanted = dict(zip(_differentiated(program), found[len(program.steps) :]))
    for name, each in wanted.items():
        np.testing.assert_allclose(derived[name], each.numpy(), rtol=1e-9, atol=1e-12, err_msg=name)
    assert wanted
    return derived


def _doubled(tensor: Any) -> Any:
    if not tensor.is_floating_point():
        return tensor
    return tensor.detach().double().requires_grad_(tensor.requires_grad)


def _differentiated(program: Any) -> list[str]:
    made = {step.name: step for step in program.steps}
    used = [
        each
        for step in program.steps
        for i, each in enumerate(step.arguments)
        if isinstance(each, str) and step.row.formula(i) is not None
    ]
    return [each for each in dict.fromkeys(used) if each not in made or made[each].row.differentiable]


def _places(row: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Where the extremes are."""
    if row in ("amax", "amin"):
        return {"y_at": getattr(np, f"arg{row[1:]}")(arrays["x"], -1)}
    if row == "median":
        middle = np.argsort(arrays["x"].ravel())[(arrays["x"].size - 1) // 2]
        return dict(zip(("y_at_n", "y_at_i"), map(np.asarray, np.unravel_index(middle, arrays["x"].shape))))
    if row == "max_windows":
        pairs = arrays["x"].reshape(len(arrays["x"]), -1, 2)
        return {"place_of_y": pairs.argmax(-1) + 2 * np.arange(pairs.shape[1])}
    return {"place_of_y": np.broadcast_to(2 * np.arange(9) + 1, (9, 9))}  # of a rising image


@pytest.mark.parametrize("name", ROWS_TO_DERIVE)
def test_a_row_is_derived_or_its_judge_is_named(name: str) -> None:
    if ROWS[name].judge and name != "prod":
        with pytest.raises(ValueError) as error:
            explain.derive(name)
        assert f"{name} has no index form; its derivative is judged by {ROWS[name].judge}" in str(error.value)
        assert "groundup/ops/" in str(error.value)
    else:
        compared(name)


LOSSES = (
    "mse",
    "l1_loss",
    "huber_loss",
    "smooth_l1_loss",
    "bce",
    "bce_with_logits",
    "cross_entropy",
    "kl_div",
    "poisson_nll_loss",
)


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_derived_in_text_latex_and_for_a_notebook(name: str) -> None:
    compared(name)
    derivation = explain.derive(name)
    assert "x_grad" in str(derivation) and derivation.latex.startswith("\\begin{aligned}")
    assert "<code>" in derivation._repr_html_()


@pytest.mark.parametrize(
    ("loss", "function"),
    [
        (nn.MSELoss(), "mse_loss"),
        (nn.L1Loss(), "l1_loss"),
        (nn.HuberLoss(delta=0.2), "huber_loss"),
        (nn.SmoothL1Loss(beta=0.25), "smooth_l1_loss"),
        (nn.BCELoss(), "binary_cross_entropy"),
        (nn.BCEWithLogitsLoss(), "binary_cross_entropy_with_logits"),
        (nn.KLDivLoss(), "kl_div"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
@pytest.mark.filterwarnings("ignore:reduction:UserWarning")
def test_a_loss_layer_is_the_librarys_loss(loss: Any, function: str) -> None:
    derived = compared(loss)
    program = read(loss)
    elements = Elements(False)
    for step in program.steps:
        local(elements, step)
    x, y = (_doubled(each) for each in as_function(program, elements)[1][:2])
    (wanted,) = groundup.autograd.grad(loss(x, y), x)
    np.testing.assert_allclose(derived["x"], wanted.numpy(), rtol=1e-6, atol=1e-9)


LAYERS = {
    "linear": lambda nn: [nn.Linear(3, 2)],
    "activations": lambda nn: [
        nn.Sequential(nn.GELU(), nn.SiLU(), nn.Tanh(), nn.LeakyReLU(0.25), nn.ELU(), nn.Softplus())
    ],
    "layer norm": lambda nn: [nn.LayerNorm(3), nn.MSELoss()],
    "batch norm": lambda nn: [nn.BatchNorm1d(3)],
    "convolution": lambda nn: [nn.Conv2d(2, 3, 2), nn.ReLU()],
    "convolution with a border": lambda nn: [nn.Conv1d(2, 3, 3, padding=1), nn.Flatten()],
    "classifier": lambda nn: [nn.Linear(3, 4, bias=False), nn.Softmax(-1)],
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_of_both_libraries_are_derived(name: str) -> None:
    model = LAYERS[name](nn)
    compared(model)
    torch = pytest.importorskip("torch")
    assert str(explain.derive(LAYERS[name](torch.nn))) == str(explain.derive(model))


@pytest.mark.parametrize(
    "formula",
    [
        "x[n,i] + b[i]",
        "x[n,i] * b[i]",
        "x[n,i] / s[n,1]",
        "mean(square(x - mean(x, 0, keepdim=1)))",
        "sum(x, 1) * z[n]",
        "einsum('bik,bkj->bij', a, b)",
        "bmm(a, b)",
        "(x @ w).T",
        "x[1:, 0]",
        "x[:, ::2]",
        "permute(x[n,c,i], (2, 0, 1))",
        "flatten(x[n,c,i], 1) @ w",
        "conv1d(x, w, b, stride=2)",
        "cumsum(x, 0)",
        "var(x, (0, 1)) + std(x, 0, correction=0)",
        "logsumexp(x.exp(), 0)",
    ],
)
def test_a_formula_with_axes(formula: str) -> None:
    compared(formula)


def test_the_sum_over_what_was_broadcast_is_said() -> None:
    shown = str(explain.derive("x[n,i] + b[i]"))
    assert (
        "      = Σ_n h1_grad[n,i]    [summed over n, along which it was broadcast; the row is this, by algebra]"
        in shown
    )


def test_the_gradient_of_windows_is_the_scatter() -> None:
    shown = str(explain.derive("windows"))
    assert shown.count("[1 ≤ 2 + i - 2·p]") == 1
    assert "  x_grad[n,i] = Σ_n',i' y_grad[n',i']" in str(explain.derive("cumsum"))
    assert "      = Σ_{i'=i..I} y_grad[n,i']" in str(explain.derive("cumsum"))
    assert "      = Σ_k δ(i,index[n,k])·y_grad[n,k]" in str(explain.derive("gather"))


def test_the_librarys_own_row_is_named_where_it_takes_one_step() -> None:
    shown = str(explain.derive(nn.LayerNorm(3)))
    assert "the library does layer_norm in one row, normalise" in shown and "groundup/ops/normalise.py:" in shown


def test_a_function_of_the_users_own_is_refused_with_its_judge() -> None:
    class Mine(groundup.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g

    with pytest.raises(TypeError, match="Mine is a Function: its derivative is what its backward says"):
        explain.derive(Mine)
