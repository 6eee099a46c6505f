"""Einsum explained: the loops it prints compute it, its gradients are the tape's, its order is the cheapest."""

from __future__ import annotations

import itertools
import math
import re
from xml.etree import ElementTree

import numpy as np
import pytest

import groundup
from groundup import explain
from groundup.explain.order import best_order

CASES = [
    ("ik,kj->ij", (2, 3), (3, 4)),
    ("ik,kj", (2, 3), (3, 4)),
    ("bik,bkj->bij", (2, 3, 4), (2, 4, 5)),
    ("bi,ij,bj->b", (3, 2), (2, 4), (3, 4)),
    ("...ij,jk", (2, 1, 3, 2), (2, 3)),
    ("ii->i", (3, 3)),
    ("ii", (3, 3)),
    ("ij->j", (3, 4)),
    ("i,j", (3,), (2,)),
    ("ij,ij->", (3, 4), (1, 4)),
    (",i->i", (), (3,)),
    ("ij,k->", (2, 3), (4,)),
    ("ij,jk,kl,lm->im", (2, 3), (3, 4), (4, 2), (2, 3)),
    ("AB,BC", (2, 3), (3, 2)),
]


def operands(shapes: tuple[tuple[int, ...], ...]) -> list[groundup.Tensor]:
    groundup.manual_seed(0)
    return [groundup.randn(shape, dtype=groundup.float64, requires_grad=True) for shape in shapes]


@pytest.mark.parametrize(("equation", "shapes"), [(case[0], case[1:]) for case in CASES])
def test_the_loops_compute_it(equation: str, shapes: tuple[tuple[int, ...], ...]) -> None:
    found, tensors = explain.einsum(equation, *shapes), operands(shapes)
    names = dict(zip(found.names, (t.detach().numpy() for t in tensors), strict=True))
    exec(found.loops(), space := {"zeros": np.zeros, **names})
    wanted = groundup.einsum(equation, *tensors)
    assert found.result == tuple(wanted.shape)
    assert np.allclose(space["out"], wanted.detach().numpy())


@pytest.mark.parametrize(("equation", "shapes"), [(case[0], case[1:]) for case in CASES])
def test_the_gradients_are_those_of_the_tape(equation: str, shapes: tuple[tuple[int, ...], ...]) -> None:
    found, tensors = explain.einsum(equation, *shapes), operands(shapes)
    out = groundup.einsum(equation, *tensors)
    seed = groundup.randn(out.shape, dtype=groundup.float64)
    out.backward(seed)
    names = {**dict(zip(found.names, (t.detach() for t in tensors), strict=True)), "G": seed}
    lines = re.findall(r"^  of (\w+): (.*)$", str(found), re.MULTILINE)
    assert [name for name, _ in lines] == found.names
    for tensor, letters, (_, call) in zip(tensors, found.terms, lines, strict=True):
        if call.startswith("the same"):
            assert equation.startswith("ii") or (1, 4) in shapes
            continue
        call, _, spread = call.partition(", the same for every ")
        gradient = eval(call, {"einsum": groundup.einsum, **names})
        if spread:  # the letters that were summed away stand where the operand has them
            kept = call[call.index("->") + 2 : call.rindex('"')]
            gradient = gradient.reshape([found.sizes[c] if c in kept else 1 for c in letters])
        assert groundup.allclose(gradient.expand(tensor.shape), tensor.grad)


def test_the_text() -> None:
    text = str(explain.einsum("bik,bkj->bij", (8, 5, 784), (8, 784, 10)))
    assert "  b          8  A B  kept, and matched\n" in text
    assert "  j         10  B    kept\n" in text
    assert "  k        784  A B  summed, and matched\n" in text
    assert "matrix product (5 x 784) @ (784 x 10), 8 of them  627,200 FLOPs" in text
    assert 'of A: einsum("bij,bkj->bik", G, B)' in text
    assert all(line == line.rstrip() for line in text.splitlines())


def all_trees(items: list[object]) -> list[object]:
    """Every way to contract in pairs."""
    if len(items) == 1:
        return items
    found = []
    for size in range(1, len(items)):
        for part in itertools.combinations(items[1:], size):
            rest = [each for each in items if each not in part]
            found += [(a, b) for a in all_trees(rest) for b in all_trees(list(part))]
    return found


def cost_of(tree: object, terms: list[str], output: str, sizes: dict[str, int]) -> tuple[int, set[int]]:
    if not isinstance(tree, tuple):
        return 0, {tree}
    (x, a), (y, b) = (cost_of(branch, terms, output, sizes) for branch in tree)
    letters = set()
    for group in (a, b):
        outside = set(output).union(*(terms[i] for i in range(len(terms)) if i not in group))
        letters |= outside & set("".join(terms[i] for i in group))
    return x + y + 2 * math.prod(sizes[c] for c in letters), a | b


@pytest.mark.parametrize(
    ("terms", "output"),
    [(["ij", "jk", "kl", "lm"], "im"), (["bi", "ij", "bj"], "b"), (["ab", "bc", "ca", "ad", "d"], ""), (["i"] * 4, "")],
)
def test_the_order_is_the_cheapest_of_all(terms: list[str], output: str) -> None:
    for seed in range(5):
        draw = np.random.default_rng(seed)
        sizes = {c: int(draw.integers(1, 50)) for c in sorted(set("".join(terms)))}
        wanted = min(cost_of(tree, terms, output, sizes)[0] for tree in all_trees(list(range(len(terms)))))
        assert best_order(terms, output, sizes).flops == wanted


def test_more_operands_than_are_searched_get_a_cheap_order() -> None:
    shapes = [(4, 4)] * 12
    letters = "abcdefghijklm"
    found = explain.einsum(",".join(letters[i : i + 2] for i in range(12)) + "->am", *shapes)
    assert len(found.order.steps) == 11 and not found.order.exact
    assert found.flops == 11 * 2 * 4**3
    assert "each time the cheapest pair" in str(found)


@pytest.mark.parametrize(
    ("equation", "shapes", "says"),
    [
        ("ik,kj->ij", ((2, 3), (4, 5)), "subscript k has size 4 for operand 1 which does not broadcast"),
        ("ik,kj->iz", ((2, 3), (3, 5)), "output subscript z does not appear"),
        ("ik,kj->ij", ((2, 3),), "fewer operands were provided"),
        ("ikk,kj->ij", ((2, 3), (3, 5)), "the number of subscripts in the equation (3) does not match"),
    ],
)
def test_an_error_names_the_letter_and_the_operand(equation: str, shapes: object, says: str) -> None:
    with pytest.raises(RuntimeError, match=re.escape(says)):
        explain.einsum(equation, *shapes)


def test_an_equation_comes_first() -> None:
    with pytest.raises(TypeError, match="takes an equation such as 'ik,kj->ij' first, got tuple"):
        explain.einsum((2, 3), (3, 4))


def test_the_picture() -> None:
    for equation, *shapes in CASES:
        words = [each.text for each in ElementTree.fromstring(explain.einsum(equation, *shapes).svg()).iter()]
        assert f'einsum("{equation}")' in words and "result" in words


def test_tensors_arrays_and_pytorchs_tensors() -> None:
    wanted = str(explain.einsum("ik,kj->ij", (2, 3), (3, 4)))
    assert str(explain.einsum("ik,kj->ij", groundup.zeros(2, 3), np.zeros((3, 4)))) == wanted
    torch = pytest.importorskip("torch")
    assert str(explain.einsum("ik,kj->ij", torch.zeros(2, 3), torch.zeros(3, 4))) == wanted
