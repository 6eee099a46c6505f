"""Derivations: the gradients that SymPy gives line by line are those that autograd and PyTorch compute."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

import groundup
from groundup import explain, nn
from groundup.nn import functional as F
from groundup.ops import elementwise

sympy = pytest.importorskip("sympy", reason="derivations are SymPy's")

SIZES = {"N": 3, "I": 2, "O": 4, "J": 2}
TWO_LAYERS = """
l1 = lin(x, w1, b1)
r1 = relu(l1)
l2 = lin(r1, w2, b2)
diff = l2 - y
loss = mean(square(diff))
"""


def number(expression: Any, places: dict[Any, int], arrays: dict[str, np.ndarray]) -> Any:
    """The expression in numbers: its indices at their places (from 1), its letters' sums carried out."""
    if isinstance(expression, sympy.Sum):
        letters = [limit[0] for limit in expression.limits]
        ranges = [range(1, int(number(limit[2], places, arrays)) + 1) for limit in expression.limits]
        each = (
            number(expression.function, places | dict(zip(letters, at)), arrays) for at in itertools.product(*ranges)
        )
        return math.fsum(each)
    if isinstance(expression, sympy.Indexed):
        at = tuple(int(number(each, places, arrays)) - 1 for each in expression.indices)
        value = arrays[str(expression.base.label)][at]
        return value + 1 if value.dtype.kind == "i" else value  # a class, counted from 1 as the indices are
    if isinstance(expression, sympy.KroneckerDelta):
        left, right = (number(each, places, arrays) for each in expression.args)
        return float(left == right)
    if isinstance(expression, sympy.Piecewise):
        return next(number(v, places, arrays) for v, c in expression.args if number(c, places, arrays))
    if isinstance(expression, sympy.Symbol):
        name = str(expression)
        return places[expression] if expression in places else arrays[name][()] if name in arrays else SIZES[name]
    if not expression.args:
        return bool(expression) if expression in (sympy.true, sympy.false) else float(expression)
    if isinstance(expression, sympy.Mul | sympy.Add):
        values = [number(each, places, arrays) for each in expression.args]
        return math.prod(values) if isinstance(expression, sympy.Mul) else sum(values)
    return expression.func(*(sympy.sympify(number(each, places, arrays)) for each in expression.args))


def in_numbers(derivation: Any, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every gradient of the derivation as an array, the later steps' gradients put into the earlier ones'."""
    found = {}
    for name, expression in derivation.gradients.items():
        letters = [sympy.Symbol(each, integer=True, positive=True) for each in derivation.letters[name]]
        out = np.zeros(tuple(SIZES[str(each).upper()] for each in letters))
        for at in np.ndindex(out.shape):
            out[at] = float(number(expression, {k: i + 1 for k, i in zip(letters, at)}, arrays))
        found[name] = arrays[f"{name}_grad"] = out
    return found


def leaves(*shapes: tuple[int, ...]) -> list[Any]:
    groundup.manual_seed(0)
    return [groundup.randn(*shape, dtype=groundup.float64, requires_grad=True) for shape in shapes]


def kept(tensors: dict[str, Any]) -> dict[str, np.ndarray]:
    return {name: tensor.detach().numpy() for name, tensor in tensors.items()}


def test_two_layers_in_indices_are_what_autograd_and_pytorch_compute() -> None:
    x, w1, b1, w2, b2, y = leaves((3, 2), (4, 2), (4,), (2, 4), (2,), (3, 2))
    l1 = F.linear(x, w1, b1)
    r1 = l1.relu()
    l2 = F.linear(r1, w2, b2)
    diff = l2 - y
    inner = {"l1": l1, "r1": r1, "l2": l2, "diff": diff, "h1": diff.square()}
    given = {"x": x, "w1": w1, "b1": b1, "w2": w2, "b2": b2, "y": y}
    derivation = explain.derive(TWO_LAYERS)
    derived = in_numbers(derivation, kept(given | inner))
    wanted = groundup.autograd.grad(F.mse_loss(l2, y), list(given.values()))
    for name, grad in zip(given, wanted):
        np.testing.assert_allclose(derived[name], grad.numpy(), rtol=1e-12, atol=1e-15, err_msg=name)
    torch = pytest.importorskip("torch")
    peers = {name: torch.tensor(array, requires_grad=True) for name, array in kept(given).items()}
    hidden = torch.relu(peers["x"] @ peers["w1"].T + peers["b1"])
    torch.nn.functional.mse_loss(hidden @ peers["w2"].T + peers["b2"], peers["y"]).backward()
    for name, peer in peers.items():
        np.testing.assert_allclose(derived[name], peer.grad.numpy(), rtol=1e-12, atol=1e-15, err_msg=name)


def test_cross_entropy_in_indices() -> None:
    x, w, b = leaves((3, 2), (4, 2), (4,))
    t = groundup.tensor([1, 0, 3])
    l1 = F.linear(x, w, b)
    h1 = l1.log_softmax(1)
    derivation = explain.derive("cross_entropy(lin(x, w, b), t)")
    derived = in_numbers(derivation, kept({"x": x, "w": w, "b": b, "t": t, "l1": l1, "h1": h1}))
    wanted = groundup.autograd.grad(F.cross_entropy(l1, t), [x, w, b])
    for name, grad in zip("xwb", wanted):
        np.testing.assert_allclose(derived[name], grad.numpy(), rtol=1e-12, atol=1e-15, err_msg=name)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp"])
def test_rows_over_an_axis(name: str) -> None:
    (x,) = leaves((3, 2))
    y = getattr(groundup, name)(x, 1)
    (arriving,) = leaves(tuple(y.shape))
    derived = in_numbers(explain.derive(name), kept({"x": x, "y": y, "y_grad": arriving}))
    (wanted,) = groundup.autograd.grad(y, x, arriving)
    np.testing.assert_allclose(derived["x"], wanted.numpy(), rtol=1e-12, atol=1e-15)


def test_the_lines_of_tanh() -> None:
    shown = [line for line in str(explain.derive("tanh", form="scalar")).splitlines() if ".py:" not in line]
    assert shown == [
        "tanh",
        "",
        "the values",
        "  y = tanh(x)",
        "",
        "the gradients, from the last step to the first",
        "  y_grad = 1    [x_grad stands for ∂y/∂x]",
        "  x_grad = cosh(x)**(-2)",
        "      = 1 - y**2    [the row is this, by algebra]",
        "",
        "multiplied out",
        "  x_grad = 1 - tanh(x)**2    [and so SymPy says of the whole formula]",
    ]


def test_the_weights_gradient_is_written_beside_its_line_in_the_table() -> None:
    shown = str(explain.derive("lin(x, w, b)"))
    assert "  l1[n,o] = b[o] + Σ_i w[o,i]·x[n,i]\n          linear: _linear(x, weight, bias)" in shown
    assert "      = Σ_n l1_grad[n,o]·x[n,i]\n          linear, by weight: m.mm(m.t(_rows(m, g)), _rows(m, x))" in shown
    assert "groundup/ops/contract.py:" in shown


def test_a_value_used_twice_gets_the_sum_of_its_gradients() -> None:
    derivation = explain.derive("x * x")
    assert str(derivation).count("through h1") == 2
    assert "  x_grad[i] = 2·h1_grad[i]·x[i]    [the gradients of all uses add up]" in str(derivation)
    diamond = explain.derive("a = exp(x); b = a + a * a", form="scalar")
    (line,) = diamond.whole
    assert (line.left, line.right) == ("x_grad", "(1 + 2·exp(x))·exp(x)")
    assert line.note == "and so SymPy says of the whole formula"


def test_the_compiled_line_stands_beside_the_equation() -> None:
    source = "def step(x, w, b, y):\n    l1 = x @ w.T + b\n    w_grad = l1_grad.T @ x    # (5, 3)\n"
    shown = str(explain.derive("mse(lin(x, w, b), y)", compiled=source))
    assert "compiled: w_grad = l1_grad.T @ x # (5, 3)" in shown and "compiled: l1 = x @ w.T + b" in shown


def test_the_lines_of_a_step_that_was_really_compiled() -> None:
    def step(x: Any, w: Any, b: Any, y: Any) -> Any:
        l1 = F.linear(x, w, b)
        r1 = l1.relu()
        return groundup.autograd.grad(F.mse_loss(r1, y), (w, b))

    x, w, b, y = leaves((3, 2), (4, 2), (4,), (3, 4))
    compiled = groundup.compile(step)
    compiled(x, w, b, y)
    derivation = explain.derive("mse(relu(lin(x, w, b)), y)", compiled=compiled.source("numpy"))
    beside = {line.left or line.code: line.compiled for line in derivation.forward + derivation.backward}
    assert beside["l1[n,o]"].startswith("compiled: l1 = x @ w.T + b")
    assert [line.compiled for line in derivation.backward if line.compiled.startswith("compiled: l1_grad = ")]


def test_every_elementwise_row_is_derived_or_has_another_judge() -> None:
    for name in ("div", "pow", "leaky_relu", "lerp", "relu"):
        shown = str(explain.derive(name))
        assert "by algebra" in shown and "WRONG" not in shown, name
    with pytest.raises(ValueError, match="has no derivative"):
        explain.derive("isnan")
    for name, row in elementwise.ROWS.items():
        if row.differentiable and not row.smooth:
            assert row.judge, name
    with pytest.raises(ValueError, match="floor; its derivative is judged by piecewise constant"):
        explain.derive("floor")


def test_models_of_both_libraries_are_read() -> None:
    ours = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2, bias=False))
    derivation = explain.derive([ours, nn.MSELoss()])
    assert derivation.title.startswith("l1 = linear(x, weight_0, bias_0); r1 = relu(l1); l2 = linear(r1, weight_2, 0")
    assert {"x", "weight_0", "bias_0", "weight_2", "y"} <= set(derivation.gradients)
    with pytest.raises(ValueError, match="the model has a LSTM"):
        explain.derive(nn.LSTM(1, 1))
    with pytest.raises(TypeError, match="not ndarray"):
        explain.derive(np.zeros(3))
    torch = pytest.importorskip("torch")
    theirs = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.ReLU(), torch.nn.Linear(5, 2, bias=False))
    assert str(explain.derive([theirs, torch.nn.MSELoss()])) == str(derivation)


def test_latex_and_the_notebook() -> None:
    derivation = explain.derive("lin(x, w, b)")
    assert r"\frac{\partial l^{(1)}}{\partial w_{o i}} &= \sum_{n' o'}" in derivation.latex
    assert derivation.latex.startswith("\\begin{aligned}") and derivation.latex.count("&") == len(
        derivation.forward + derivation.backward
    )
    shown = derivation._repr_html_()
    assert shown.count("<tr>") == len(derivation.forward + derivation.backward) and "m.t(_rows(m, g))" in shown
    (cases,) = [line for line in explain.derive("relu").backward if "cases" in line.latex and line.code]
    assert cases.latex.count("&") == 3 and explain.derive("relu")._repr_html_().count("&amp;") > 1


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("x.y", "cannot read 'x.y'"),
        ("__import__('os')", "cannot read"),
        ("mse(lin(x, w, b), y) + [1]", "cannot read"),
        ("f(x=1)", "no operation is called 'f'"),
        ("exp(x, **y)", "has no place in a formula"),
        ("x[n] + x[m]", "x is [n] at first, and then [m]"),
        ("exp(x)[n]", "names the axes of a value that is given"),
        ("import os", "write name = formula"),
        ("mes(x, y)", "no operation is called 'mes'; perhaps"),
        ("lin(x, w)", "takes x, weight, bias, and got 2"),
        ("mse(x)", "mse takes 2 arguments"),
        ("x", "there is nothing to derive"),
        ("((", "cannot read the formula"),
        (
            "inv(x)",
            "inv has no index form; its derivative is judged by finite differences and PyTorch\n  by a: -(_t(m, y)",
        ),
        ("x = exp(a); x = exp(x); x", "x is given twice"),
        ("(" * 300 + "x" + ")" * 300, "cannot read the formula"),
        ("+".join("x" * 4000), "cannot read the formula"),
        ("+".join("x" * 300), "more than 200 steps"),
        ("(2 * x) ** 99999999", "are too large"),
        ("x * 1e999", "are too large"),
        ("x + 9 ** 9", "pow(9, 9) has no name in it: write its value"),
        ("x" * 20_000, "at most 10000 are read"),
    ],
)
def test_what_cannot_be_read_is_said(what: str, says: str) -> None:
    with pytest.raises(ValueError) as error:
        explain.derive(what)
    assert says in str(error.value)


def test_scalar_form_refuses_what_one_number_has_not() -> None:
    with pytest.raises(ValueError, match="softmax is about several numbers"):
        explain.derive("softmax", form="scalar")
    with pytest.raises(ValueError, match="form must be"):
        explain.derive("tanh", form="matrix")
