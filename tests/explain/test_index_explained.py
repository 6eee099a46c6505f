"""Indexing explained: shapes and copies are the tensor's own, the key is written as one writes it."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

import groundup
from groundup import explain

S = np.s_
KEYS = [
    S[1],
    S[-1],
    S[1:],
    S[..., 0],
    S[:, None, ::2],
    S[0, 1, 2],
    S[:, 1:3, -2:],
    S[None],
    S[...],
    S[1:1],
    S[[0, 1, 1]],
    S[:, [0, 2], [1, 3]],
    S[[0, 1], :, [1, 3]],
    S[[[0], [1]], [0, 2]],
    S[0, :, [1, 2]],
    S[:, [True, False, True]],
]


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_it_says_what_the_tensor_does(key: object) -> None:
    array = np.arange(24).reshape(2, 3, 4)
    tensor = groundup.arange(24).reshape(2, 3, 4)
    for each in (array, tensor):
        found, wanted = explain.index(each, key), each[key]
        assert found.shape == tuple(wanted.shape)
        assert f"gives shape {tuple(wanted.shape)}" in str(found)
        shares = np.shares_memory(np.asarray(each), np.asarray(wanted))
        if wanted.ndim and np.asarray(wanted).size:
            assert found.copies == (not shares)
        assert ("a view" in str(found)) == (not found.copies and np.ndim(wanted) + (each is tensor) > 0)
        chosen = np.bincount(np.asarray(wanted).ravel(), minlength=24)
        marks = [mark for line in str(found).splitlines()[-7:] for mark in line.split()]
        assert marks == ["." if n == 0 else "#" if n == 1 else str(n) for n in chosen]
        assert "<" in found.written or eval(f"S{found.written[1:]}") == key


def test_what_each_part_does() -> None:
    found = explain.index(groundup.zeros(6, 5, 4), (slice(None, None, -1), -2, None))
    assert [part.axes for part in found.parts] == [(0,), (1,), (), (2,)]
    assert [part.does for part in found.parts] == [
        "elements 5, 4, 3, 2, 1, 0",
        "element -2, counted from the end: 3; the axis goes",
        "a new axis of size 1",
        "all elements, as no part is left for them",
    ]
    assert "stride (-20, 0, 1), offset 112" in str(found)


def test_masks_and_positions() -> None:
    x = groundup.arange(12).reshape(3, 4)
    text = str(explain.index(x, x > 5))
    assert "the 6 elements where the mask is true; one axis in place of its 2 axes" in text
    assert "a copy of 6 elements, 48 bytes" in text
    text = str(explain.index(x, ([[0], [2]], [1, 3])))
    assert "the positions (2, 1) and (2,) are broadcast together to (2, 2), and read in step" in text
    assert "come first" in str(explain.index(groundup.zeros(2, 3, 4), S[[0, 1], :, [1, 3]]))
    assert "come first" not in str(explain.index(groundup.zeros(2, 3, 4), S[0, :, [1, 2]]))
    assert "NumPy counts the integer as positions" in str(explain.index(np.zeros((2, 3, 4)), S[0, :, [1, 2]]))


def test_large_tensors_are_not_drawn() -> None:
    text = str(explain.index(groundup.zeros(100, 100), S[5:50:3]))
    assert "elements 5, 8, 11, ... 47 (15)" in text and "#" not in text


def test_an_error_is_the_tensors_own() -> None:
    with pytest.raises(IndexError, match="index 5 is out of bounds for dimension 0 with size 3"):
        explain.index(groundup.zeros(3, 4), 5)
    with pytest.raises(TypeError, match="takes a tensor or an array, got tuple"):
        explain.index((3, 4), 0)


def test_the_picture() -> None:
    picture = ElementTree.fromstring(explain.index(groundup.arange(12).reshape(3, 4), S[[1, 1], 2:]).svg())
    words = [each.text for each in picture.iter()]
    assert "t[[1, 1], 2:]   (3, 4) → (2, 2)" in words and words.count("×2") == 2
    ElementTree.fromstring(explain.index(groundup.zeros(100, 100), 3).svg())


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_pytorchs_tensors(key: object) -> None:
    torch = pytest.importorskip("torch")
    tensor = torch.arange(24).reshape(2, 3, 4)
    found, ours = explain.index(tensor, key), explain.index(groundup.arange(24).reshape(2, 3, 4), key)
    assert found.shape == tuple(tensor[key].shape)
    assert found.parts == ours.parts and found.copies == ours.copies
    if not any(
        part is None for part in found.key
    ):  # the stride of a new axis, which nobody steps along, is not the same
        assert str(found) == str(ours)
