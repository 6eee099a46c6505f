"""Memory explained: places, sharing and the map of a storage are those of the objects themselves."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

import groundup
from groundup import explain
from groundup.explain.seen import common_bytes, look


def arrays() -> list[np.ndarray]:
    """Readings of one storage of 24 elements, each with a value of its own."""
    x = np.arange(24.0).reshape(2, 3, 4)
    return [x, x[0], x[1], x[:, 1], x[:, ::-1, 1:3].T, x[0, 0, ::2], x[0, 0, 1::2], x[:, :, 0], x[..., None]]


def test_what_is_shared_is_what_numpy_finds() -> None:
    views, others = arrays(), arrays()
    for a in views:
        for b in views:
            common = np.intersect1d(a, b)
            assert common_bytes(look(a), look(b)) == 8 * common.size
            assert np.shares_memory(a, b) == (common.size > 0)
        assert all(common_bytes(look(a), look(b)) == 0 for b in others)
    assert common_bytes(look(views[0]), look(views[0].view(np.int32)[0])) == 12 * 8


def test_how_many_elements_are_stored() -> None:
    for array in [*arrays(), np.broadcast_to(np.arange(3), (4, 3)), np.zeros((0, 3)), np.zeros(())]:
        assert look(array).stored == np.unique(array).size
    assert look(groundup.arange(6).unfold(0, 3, 1)).stored == 6
    assert look(groundup.zeros(1, 3).expand(5, 3)).stored == 3


@pytest.mark.parametrize("index", range(9))
def test_the_formula_finds_the_element(index: int) -> None:
    array = arrays()[index]
    formula = re.search(r"^  t\[(.*)\] is element (.*) of its storage$", str(explain.memory(array)), re.MULTILINE)
    letters = formula[1].split(", ")
    for place in np.ndindex(array.shape):
        assert array[place] == eval(formula[2], dict(zip(letters, place, strict=True)))


def test_the_map_of_a_storage() -> None:
    x = groundup.tensor([[1, 2, 3], [4, 5, 6]])
    text = str(explain.memory(x=x, turned=x.t(), last=x[:, 2], copy=x.clone()))
    assert "  value      1    2    3    4    5    6\n" in text
    assert "  turned   0,0  1,0  2,0  0,1  1,1  2,1\n" in text
    assert re.search(r"^  last {17}0 {14}1$", text, re.MULTILINE)
    assert "turned and last share 2 elements: a write through one is seen through the other" in text
    assert "x and copy share nothing" in text
    assert "a view: slice of a tensor of shape (2, 3)" in text
    assert explain.memory(x, x[0]).shared == {("a", "b"): 24}


def test_elements_that_are_read_again() -> None:
    text = str(explain.memory(groundup.tensor([1.0, 2.0]).expand(3, 2)))
    assert "t[i, j] is element j of its storage" in text
    assert "reads each of the storage's 2 elements 3 times; not contiguous: flattening it copies 24 bytes" in text
    assert "*,0  *,1" in text
    windows = str(explain.memory(groundup.arange(6).unfold(0, 3, 1)))
    assert "2 times on average" in windows and "0,0  0,1+  0,2+  1,2+  2,2+   3,2" in windows


def test_large_small_and_empty() -> None:
    assert "element " not in str(explain.memory(groundup.zeros(100, 200))).partition("storage")[2]
    assert "reads the storage's one element once; contiguous" in str(explain.memory(groundup.tensor(3.0)))
    for empty in (groundup.zeros(0, 3), np.zeros((2, 0))):
        assert "reads nothing: it has no element" in str(explain.memory(empty))


def test_other_types_in_the_same_memory() -> None:
    floats = np.ones(4, np.float32)
    text = str(explain.memory(floats, floats.view(np.int16)[2:]))
    assert "a and b share 12 bytes" in text
    assert "value" not in str(explain.memory(floats.view(np.int16)))


def test_more_memory_than_is_compared() -> None:
    array = np.zeros(2**26 + 1, np.float32)
    assert "share at most 67,108,863 elements" in str(explain.memory(array[::2], array[1::2]))


def test_what_has_no_memory_is_refused() -> None:
    with pytest.raises(TypeError, match="t is no tensor and no array"):
        explain.memory((3, 4))
    with pytest.raises(TypeError, match="at least one"):
        explain.memory()


def test_the_picture() -> None:
    x = groundup.tensor([[1, 2, 3], [4, 5, 6]])
    words = [each.text for each in ElementTree.fromstring(explain.memory(x=x, turned=x.t()).svg()).iter()]
    assert words.count("1,0") == 2 and "turned" in words
    ElementTree.fromstring(explain.memory(groundup.zeros(100, 200)).svg())


def test_pytorchs_tensors_and_memory_across_libraries() -> None:
    torch = pytest.importorskip("torch")
    x = torch.arange(6.0)
    text = str(explain.memory(even=x[::2], odd=x[1::2], turned=x.view(2, 3).t()))
    assert "even and odd have one storage, but no element in common" in text
    assert "even and turned share 3 elements" in text
    assert "  turned   0,0  1,0  2,0  0,1  1,1  2,1\n" in text
    array = np.arange(4, dtype=np.float32)
    both = explain.memory(array, torch.from_numpy(array[1:]), groundup.from_numpy(array)[:2])
    assert list(both.shared.values()) == [12, 8, 4]
