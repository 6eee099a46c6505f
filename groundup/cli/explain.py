"""``groundup explain``: broadcasting of shapes, or an einsum, explained. What is given is parsed, never evaluated."""

from __future__ import annotations

import argparse
import re

from groundup import explain
from groundup.cli.outcome import say
from groundup.errors import matmul_error
from groundup.explain.explanation import Explanation

Shape = tuple[int, ...]

_SHAPE = re.compile(r"\s*(?:\(([\d\s,]*)\)|\[([\d\s,]*)\]|(\d[\d\s,]*))\s*")
_EQUATION = re.compile(r"[A-Za-z,.\s]*(->[A-Za-z.\s]*)?")
_OPERATOR = re.compile(r"\*\*|//|==|!=|<=|>=|[-+*/%@<>&|^]")


def run(options: argparse.Namespace) -> None:
    """Show the explanation, and leave its picture in a file if one is wanted."""
    found = explained(options.what, options.shapes)
    if options.svg is not None:
        found.save(options.svg)
    say(str(found))


def explained(what: str, shapes: list[str]) -> Explanation:
    """The explanation of an equation with shapes, or of shapes with operators between them.

    >>> explained("(5,1,3) + (4,1)", []).result
    (5, 4, 3)
    >>> explained("ik,kj->ij", ["5,784", "784,10"]).result
    (5, 10)
    """
    if re.search(r"[A-Za-z]|->|\.\.\.", what):
        if not _EQUATION.fullmatch(what):
            raise ValueError(f"{what!r} is neither shapes, as (5,1,3) + (4,1), nor an equation, as ik,kj->ij")
        return explain.einsum(what, *map(read_shape, shapes))
    given, operators = read_expression(what)
    given += map(read_shape, shapes)
    if "@" not in operators:
        return explain.broadcast(*given)
    if operators != ["@"] or len(given) != 2:
        raise ValueError(f"@ is explained between two shapes, and {what!r} has more")
    return explain.einsum(_product(*given), *given)


def read_shape(text: str) -> Shape:
    """A shape: ``5,784``, ``(5, 784)`` or ``[5, 784]``.

    >>> read_shape("5,784"), read_shape("(3,)"), read_shape("()")
    ((5, 784), (3,), ())
    """
    found = _SHAPE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no shape; write whole numbers with commas between them, as in 5,784")
    inside = next(group for group in found.groups() if group is not None)
    sizes = [size.strip() for size in inside.split(",")]
    if sizes[-1] == "":  # the comma of (3,), or no size at all
        sizes.pop()
    if not all(size.isdecimal() and size.isascii() for size in sizes) or (not sizes and "," in inside):
        raise ValueError(f"{text!r} is no shape; write whole numbers with commas between them, as in 5,784")
    return tuple(map(int, sizes))


def read_expression(text: str) -> tuple[list[Shape], list[str]]:
    """Shapes and the operators between them.

    >>> read_expression("(5,1,3) + (4,1)")
    ([(5, 1, 3), (4, 1)], ['+'])
    """
    shapes: list[Shape] = []
    operators: list[str] = []
    at = 0
    while True:
        found = _SHAPE.match(text, at)
        if found is None:
            raise ValueError(f"expected a shape such as (4,1) {_place(text, at)}")
        shapes.append(read_shape(found.group()))
        at = found.end()
        if at == len(text):
            return shapes, operators
        between = _OPERATOR.match(text, at)
        if between is None:
            raise ValueError(f"expected an operator such as + {_place(text, at)}")
        operators.append(between.group())
        at = between.end()


def _place(text: str, at: int) -> str:
    return f"at {text[at:].strip()!r} in {text!r}" if text[at:].strip() else f"at the end of {text!r}"


def _product(a: Shape, b: Shape) -> str:
    """The equation of the matrix product: a vector lacks its other axis, and further axes are a batch."""
    if not a or not b:
        raise ValueError(f"@ takes no numbers, and {'b' if a else 'a'} has the shape (); use * to multiply by a number")
    if a[-1] != (b[-2] if len(b) > 1 else b[0]):
        raise matmul_error(a, b)
    left, right = ("j" if len(shape) == 1 else f"...{letters}" for shape, letters in ((a, "ij"), (b, "jk")))
    dots = "..." if len(a) > 1 or len(b) > 1 else ""
    return f"{left},{right}->{dots}{'i' * (len(a) > 1)}{'k' * (len(b) > 1)}"
