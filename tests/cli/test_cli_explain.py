"""``groundup explain``: shapes and equations are read as written, and nothing is evaluated."""

from __future__ import annotations

import shlex
from xml.etree import ElementTree

import numpy as np
import pytest

from groundup.cli import main
from groundup.cli.explain import explained, read_expression, read_shape


def said(line: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["explain", *shlex.split(line)]) == 0
    return capsys.readouterr().out


def test_broadcasting(capsys) -> None:
    out = said('"(5,1,3) + (4,1)"', capsys)
    assert "result: (5, 4, 3)" in out and "dim 1:  1 and 4     a is stretched to 4" in out
    assert said("5,1,3 4,1", capsys) == out == said('"[5, 1, 3]*4,1"', capsys)
    clash = said('"(3,4) / (3,)"', capsys)
    assert "neither equal nor 1" in clash and "Perhaps you meant b[:, None]" in clash
    assert "result: (5, 4, 3)" in said('"(5,1,3) + (4,1) - (1,) ** ()"', capsys)


def test_einsum(capsys) -> None:
    out = said('"ik,kj->ij" 5,784 784,10', capsys)
    assert "out[i, j] += A[i, k] * B[k, j]" in out and "78,400 FLOPs" in out
    assert "result  [b]" in said('"bi,ij,bj->b" "(3, 4)" "(4, 5)" "[3, 5]"', capsys)


@pytest.mark.parametrize(
    ("a", "b"),
    [((3, 4), (4, 5)), ((4,), (4,)), ((4,), (4, 5)), ((3, 4), (4,)), ((2, 1, 3, 4), (6, 4, 5)), ((4,), (2, 4, 5))],
)
def test_the_matrix_product(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    assert explained(f"{a} @ {b}", []).result == (np.zeros(a) @ np.zeros(b)).shape


def test_the_picture(tmp_path, capsys) -> None:
    path = tmp_path / "picture.svg"
    said(f'"(5,1,3) + (4,1)" --svg {path}', capsys)
    assert ElementTree.parse(path).getroot().tag.endswith("svg")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('"(5,1,3) + "', "expected a shape such as (4,1) at the end of"),
        ('"(5,1,3) (4,1)"', "expected an operator such as + at '(4,1)'"),
        ('"(5,,3)"', "'(5,,3)' is no shape"),
        ('"(,)"', "'(,)' is no shape"),
        ('"(5 3)"', "'(5 3)' is no shape"),
        ('"(-5,)"', "expected a shape such as (4,1) at '(-5,)'"),
        ('"ik,kj->ij" 5,784 10,x', "'10,x' is no shape"),
        ('"ik,kj->ij" 5,784 10,784', "subscript k has size 10 for operand 1"),
        ('"ik,kj->ij" 5,784', "fewer operands were provided"),
        ("\"__import__('os')\"", "is neither shapes, as (5,1,3) + (4,1), nor an equation"),
        ('"(1,) @ (1,) @ (1,)"', "@ is explained between two shapes"),
        ('"(3,) @ ()"', "@ takes no numbers, and b has the shape ()"),
        ('"(3,4) @ (3,4)"', "Perhaps you meant a @ b.T"),
        ('"(3,1) @ (3,4)"', "mat1 and mat2 shapes cannot be multiplied (3x1 and 3x4)"),
        ('"(2,3,4) @ (5,4,2)"', "does not broadcast"),
        ("", "the following arguments are required"),
    ],
)
def test_a_mistake_is_one_line(line: str, says: str, capsys) -> None:
    assert main(["explain", *shlex.split(line)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and len(err.splitlines()) == 1 and err.startswith("groundup")
    assert says in err


def test_a_picture_that_cannot_be_written(tmp_path, capsys) -> None:
    assert main(["explain", "(3,)", "--svg", str(tmp_path / "no" / "a.svg")]) == 2
    assert "No such file or directory" in capsys.readouterr().err


def test_shapes_are_read_as_written() -> None:
    for shape in [(), (3,), (5, 784), (0, 1)]:
        assert read_shape(str(shape)) == read_shape(str(list(shape))) == shape
    assert read_expression(" 5, 1 ") == ([(5, 1)], [])
