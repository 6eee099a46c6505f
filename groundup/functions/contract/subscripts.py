"""Reading an einsum equation: which letters each operand has, what the output keeps, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from groundup.named import Named

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Equation(Named):
    """An equation with every ellipsis spelled out in letters; kept, so that nothing may write into it."""

    __slots__ = ()

    written: list[str]  # each operand's letters, repeats included
    output: str
    sizes: dict[str, int]  # the extent that each letter runs over


@lru_cache(maxsize=1024)
def parse(equation: str, shapes: tuple[tuple[int, ...], ...]) -> Equation:
    """Match the equation with the operands' shapes. Raises RuntimeError naming the letter and the operand.

    >>> parse("ij,jk", ((2, 3), (3, 4)))
    Equation(written=['ij', 'jk'], output='ik', sizes={'i': 2, 'j': 3, 'k': 4})
    """
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(shapes):
        problem = "fewer" if len(shapes) < len(terms) else "more"
        raise RuntimeError(
            f"einsum(): {problem} operands were provided than specified in the equation\n"
            f"  {equation!r} names {len(terms)} operands, and {len(shapes)} were given."
        )
    for i, term in enumerate([*terms, right]):
        _check_letters(term, equation, i if i < len(terms) else None)
    used = {c for c in equation if c in LETTERS}
    spare = [c for c in LETTERS if c not in used]
    ranks = [
        _ellipsis_rank(term, shape, i, equation) for i, (term, shape) in enumerate(zip(terms, shapes, strict=True))
    ]
    dots = "".join(spare[: max(ranks, default=0)])
    written = [
        term.replace("...", dots[len(dots) - rank :] if rank else "") for term, rank in zip(terms, ranks, strict=True)
    ]
    sizes = _sizes(written, shapes, dots, equation)
    if arrow:
        output = right.replace("...", dots)
    else:
        once = sorted(c for c in used if left.count(c) == 1)
        output = dots + "".join(once)
    _check_output(output, sizes, equation)
    if dots and "..." not in right and arrow:
        output = right
    return Equation(written, output, sizes)


def from_sublists(args: Sequence[Any]) -> list[Any]:
    """Operands that are each followed by the numbers of their axes, as an equation and the operands.

    >>> from_sublists(["a", [0, 1], "b", [1, ...], [0, ...]])
    ['AB,B...->A...', 'a', 'b']
    """
    pairs = len(args) // 2 * 2
    terms = [_term(each) for each in args[1:pairs:2]]
    output = "->" + _term(args[-1]) if len(args) % 2 else ""
    return [",".join(terms) + output, *args[:pairs:2]]


def _term(sublist: Sequence[Any]) -> str:
    for each in sublist:
        if each is not Ellipsis and not 0 <= each < len(LETTERS):
            raise ValueError(
                f"einsum(): subscript in subscript list is not within the valid range [0, {len(LETTERS)})\n"
                f"  found {each} in {list(sublist)}"
            )
    return "".join("..." if each is Ellipsis else LETTERS[each] for each in sublist)


def _check_letters(term: str, equation: str, operand: int | None) -> None:
    where = "output" if operand is None else f"operand {operand}"
    for c in term.replace("...", "", 1):
        if c == ".":
            mark, joint = ("an ellipsis (...)", "but") if operand is None else ("an ellipsis", "for which")
            problem = f"{joint} {mark} was already found"
            if "..." not in term:
                problem = f"that is not part of any ellipsis{' (...)' if operand is None else ''}"
            raise RuntimeError(f"einsum(): found '.' for {where} {problem}\n  {term!r} in {equation!r}")
        if c not in LETTERS:
            at = equation.index(c, equation.index("->") + 2 if operand is None else 0)
            raise RuntimeError(
                f"einsum(): invalid subscript given at index {at} in the equation string, subscripts "
                f"must be in [a-zA-Z]\n  {c!r} for {where} in {equation!r}"
            )


def _ellipsis_rank(term: str, shape: tuple[int, ...], operand: int, equation: str) -> int:
    named = len(term.replace("...", ""))
    if "..." in term:
        if named > len(shape):
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({named}) is more than the number of dimensions "
                f"({len(shape)}) for operand {operand}\n  {term!r} in {equation!r}, shape {shape}"
            )
        return len(shape) - named
    if named != len(shape):
        raise RuntimeError(
            f"einsum(): the number of subscripts in the equation ({named}) does not match the number of dimensions "
            f"({len(shape)}) for operand {operand} and no ellipsis was given\n"
            f"  {term!r} in {equation!r} needs {named} dimensions, the shape is {shape}"
        )
    return 0


def _sizes(written: list[str], shapes: Sequence[tuple[int, ...]], dots: str, equation: str) -> dict[str, int]:
    """The extent of each letter. Axes of size 1 broadcast, as in PyTorch."""
    sizes: dict[str, int] = {}
    seen: dict[str, int] = {}
    for operand, (letters, shape) in enumerate(zip(written, shapes, strict=True)):
        inside: dict[str, int] = {}
        for c, n in zip(letters, shape, strict=True):
            if inside.setdefault(c, n) != n:
                raise RuntimeError(
                    f"einsum(): subscript {c} is repeated for operand {operand} but the sizes don't match, {n} != "
                    f"{inside[c]}\n  in {equation!r}, shape {shape}"
                )
            have = sizes.get(c, 1)
            if n != 1 and have != 1 and n != have:
                name = "..." if c in dots else c
                raise RuntimeError(
                    f"einsum(): subscript {name} has size {n} for operand {operand} which does not broadcast with "
                    f"previously seen size {have}\n"
                    f"  in {equation!r}: operand {seen[c]} has shape {shapes[seen[c]]}, operand {operand} {shape}"
                )
            if c not in sizes or have == 1:
                sizes[c] = n
                seen[c] = operand
    return sizes


def _check_output(output: str, sizes: dict[str, int], equation: str) -> None:
    for c in output:
        if c not in sizes:
            raise RuntimeError(
                f"einsum(): output subscript {c} does not appear in the equation for any input operand\n"
                f"  in {equation!r}"
            )
        if output.count(c) > 1:
            raise RuntimeError(
                f"einsum(): output subscript {c} appears more than once in the output\n  in {equation!r}"
            )
