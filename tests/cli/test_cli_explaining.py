"""The commands that derive and repeat an experiment: what they print, what they leave, and their mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from groundup.cli import main


def test_derive_prints_the_derivation_or_its_latex(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("sympy", reason="derivations are SymPy's")
    assert main(["derive", "mse(lin(x,w,b),y)"]) == 0
    out = capsys.readouterr().out
    assert "      = Σ_n l1_grad[n,o]·x[n,i]\n          linear, by weight: m.mm(m.t(_rows(m, g)), _rows(m, x))" in out
    assert "          compiled: w_grad = l1_grad.T @ x # (4, 3) formula:6\n" in out
    assert main(["derive", "tanh", "--form", "scalar"]) == 0
    assert "  x_grad = 1 - tanh(x)**2" in capsys.readouterr().out
    assert main(["derive", "tanh", "--latex"]) == 0
    assert capsys.readouterr().out.startswith("\\begin{aligned}\n")


@pytest.mark.parametrize(
    ("formula", "says"),
    [
        ("__import__('os').system('x')", "cannot read"),
        ("tanhh", "there is nothing to derive"),
        ("tanhh(x)", "no operation is called 'tanhh'; perhaps"),
    ],
)
def test_derive_evaluates_nothing(formula: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("sympy", reason="derivations are SymPy's")
    assert main(["derive", formula]) == 2
    error = capsys.readouterr().err
    assert error.startswith("groundup: error: ") and says in error


def test_the_study_of_initialisation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib", reason="the plot is matplotlib's")
    plot = tmp_path / "study.png"
    assert main(["study", "init", "--plot", str(plot)]) == 0
    out = capsys.readouterr().out
    for start, ending in (("scale 1 ", "nan or inf"), ("scale 0.01", "zero from"), ("Kaiming", "stable")):
        (line,) = [each for each in out.splitlines() if each.startswith(start)]
        assert ending in line
    assert plot.read_bytes().startswith(b"\x89PNG") and out.endswith(f"plot: {plot}\n")


def test_the_commands_explain_themselves(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["derive"], ["study"], ["study", "init"]):
        assert main([*command, "--help"]) == 0
        assert f"usage: groundup {' '.join(command)}" in capsys.readouterr().out
    assert main(["study"]) == 2
    assert main(["study", "init", "--layers", "0"]) == 2
