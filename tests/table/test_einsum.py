"""einsum over generated equations: values beside PyTorch and NumPy, gradients beside PyTorch, errors by letter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import groundup

SIZES = {"a": 2, "b": 3, "c": 2, "d": 1, "e": 4}


def cases() -> Any:
    """Equations with one to three operands, letters repeated within and between them, with and without an output."""
    st = pytest.importorskip("hypothesis.strategies")

    @st.composite
    def case(draw: Any) -> tuple[str, list[tuple[int, ...]]]:
        letters = st.sampled_from("abcde")
        terms = draw(st.lists(st.lists(letters, max_size=3).map("".join), min_size=1, max_size=3))
        used = sorted(set("".join(terms)))
        shapes = [[SIZES[c] for c in term] for term in terms]
        left = list(terms)
        dots = draw(st.booleans())
        if dots:  # some operands with batch axes that broadcast
            for i in range(len(terms)):
                batch = draw(st.sampled_from([None, [], [2], [1], [3, 2], [3, 1]]))
                if batch is not None:
                    left[i] = "..." + terms[i]
                    shapes[i] = batch + shapes[i]
        equation = ",".join(left)
        if draw(st.booleans()):
            kept = draw(st.permutations(used))[: draw(st.integers(0, len(used)))]
            equation += "->" + ("..." if any("..." in each for each in left) else "") + "".join(kept)
        return equation, [tuple(shape) for shape in shapes]

    return case()


def values(shapes: list[tuple[int, ...]]) -> list[np.ndarray]:
    random = np.random.default_rng(0)
    return [np.asarray(random.uniform(-1, 1, shape)) for shape in shapes]


def test_random_equations_are_numpys_and_pytorchs() -> None:
    hypothesis = pytest.importorskip("hypothesis")
    torch = pytest.importorskip("torch")

    @hypothesis.settings(max_examples=150)
    @hypothesis.given(cases())
    def check(case: tuple[str, list[tuple[int, ...]]]) -> None:
        equation, shapes = case
        arrays = values(shapes)
        ours = [groundup.from_numpy(a).requires_grad_() for a in arrays]
        theirs = [torch.tensor(a, requires_grad=True) for a in arrays]
        try:
            wanted = torch.einsum(equation, *theirs)
        except RuntimeError:
            with pytest.raises(RuntimeError, match="einsum"):
                groundup.einsum(equation, *ours)
            return
        found = groundup.einsum(equation, *ours)
        assert tuple(found.shape) == tuple(wanted.shape)
        assert np.allclose(found.detach().numpy(), wanted.detach().numpy(), rtol=1e-10, atol=1e-12)
        start = np.random.default_rng(1).uniform(-1, 1, found.shape)
        found.backward(groundup.tensor(start))
        wanted.backward(torch.tensor(start))
        for a, b in zip(ours, theirs):
            assert np.allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-9, atol=1e-11), equation

    check()


def test_random_equations_are_numpys() -> None:
    hypothesis = pytest.importorskip("hypothesis")

    @hypothesis.settings(max_examples=60)
    @hypothesis.given(cases())
    def check(case: tuple[str, list[tuple[int, ...]]]) -> None:
        equation, shapes = case
        hypothesis.assume("d" not in equation)  # where an axis of one element broadcasts, NumPy goes another way
        arrays = values(shapes)
        try:
            wanted = np.einsum(equation, *arrays)
        except ValueError:
            hypothesis.reject()
        found = groundup.einsum(equation, *map(groundup.tensor, arrays))
        assert np.allclose(found.numpy(), wanted, rtol=1e-10, atol=1e-12), equation

    check()


DOES_NOT_MATCH = "(3) does not match the number of dimensions (2) for operand"
ERRORS = {
    "ij,jk->ik": ([(2, 3), (4, 2)], "subscript j has size 4 for operand 1 which does not broadcast with"),
    "ij,jk": ([(2, 3)], "fewer operands were provided than specified in the equation"),
    "ij": ([(2, 3), (2, 3)], "more operands were provided than specified in the equation"),
    "ijk->i": ([(2, 3)], f"{DOES_NOT_MATCH} 0"),
    "i,ijk->i": ([(2,), (2, 3)], f"{DOES_NOT_MATCH} 1"),
    "ij->ik": ([(2, 3)], "output subscript k does not appear in the equation for any input operand"),
    "ij->ii": ([(2, 3)], "output subscript i appears more than once in the output"),
    "ii->i": ([(2, 3)], "subscript i is repeated for operand 0 but the sizes don't match, 3 != 2"),
    "i1->i": ([(2, 3)], "invalid subscript given at index 1 in the equation string, subscripts must be in [a-zA-Z]"),
    "ij->i.": ([(2, 3)], "found '.' for output that is not part of any ellipsis (...)"),
    "...ijk->i": ([(2, 3)], "(3) is more than the number of dimensions (2) for operand 0"),
    "...i,...i->...": ([(2, 3), (4, 3)], "subscript ... has size 4 for operand 1"),
}


@pytest.mark.parametrize("equation", ERRORS)
def test_errors_name_the_letter_and_the_operand(equation: str) -> None:
    shapes, text = ERRORS[equation]
    operands = [groundup.zeros(*shape) for shape in shapes]
    with pytest.raises(RuntimeError) as found:
        groundup.einsum(equation, *operands)
    first, *rest = str(found.value).splitlines()
    assert first.startswith("einsum(): ")
    assert text in first
    assert equation in "\n".join(rest)


@pytest.mark.parametrize("equation", ERRORS)
def test_pytorch_refuses_the_same(equation: str) -> None:
    torch = pytest.importorskip("torch")
    shapes, _ = ERRORS[equation]
    with pytest.raises(RuntimeError, match=r"einsum\(\)"):
        torch.einsum(equation, *(torch.zeros(*shape) for shape in shapes))


def test_operands_may_come_as_a_list() -> None:
    a, b = groundup.ones(2, 3), groundup.ones(3, 2)
    assert groundup.equal(groundup.einsum("ij,jk->ik", [a, b]), a @ b)


def test_many_operands_are_contracted_two_at_a_time() -> None:
    """Written out as one sum this chain would take 30 ** 9 multiplications."""
    chain = [groundup.ones(30, 30, dtype=groundup.float64) for _ in range(8)]
    found = groundup.einsum("ab,bc,cd,de,ef,fg,gh,hi->ai", *chain)
    assert float(found[0, 0]) == 30.0**7
