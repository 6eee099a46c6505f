"""Broadcasting explained: the common shape is NumPy's, clashes are marked, what is stored is counted."""

from __future__ import annotations

import itertools
from xml.etree import ElementTree

import numpy as np
import pytest

import groundup
from groundup import explain

SIZES = (0, 1, 2, 3)
SHAPES = [shape for rank in range(4) for shape in itertools.product(SIZES, repeat=rank)]


def test_the_result_is_numpys() -> None:
    for a, b in zip(SHAPES * 3, [*SHAPES[7:], *SHAPES[3:], *SHAPES], strict=False):
        try:
            wanted = np.broadcast_shapes(a, b)
        except ValueError:
            wanted = None
        assert explain.broadcast(a, b).result == wanted
        assert explain.broadcast(a, b, ()).result == wanted


def test_the_text() -> None:
    assert str(explain.broadcast((5, 1, 3), (4, 1))).splitlines() == [
        "broadcast (5, 1, 3) with (4, 1)",
        "",
        "       a: (5, 1, 3)",
        "       b: (   4, 1)",
        "  result: (5, 4, 3)",
        "",
        "  dim 2:  3 and 1     b is stretched to 3",
        "  dim 1:  1 and 4     a is stretched to 4",
        "  dim 0:  5 and none  b is given one, of size 1; b is stretched to 5",
        "",
        "     read with stride  elements read  elements stored  bytes stored",
        "  a  (3, 0, 1)                    60               15  60 bytes (float32)",
        "  b  (0, 1, 0)                    60                4  16 bytes (float32)",
    ]


def test_a_clash_is_marked_and_not_raised() -> None:
    found = explain.broadcast((2, 3, 4), (5, 3, 1), (3, 1))
    assert found.result is None and found.clash == 0
    text = str(found)
    assert "dim 0: the sizes 2 of a and 5 of b are neither equal nor 1" in text
    assert text.splitlines()[5].index("^") == text.splitlines()[2].index("2")
    assert "Perhaps" not in text
    assert "Perhaps you meant b[:, None] in place of b." in str(explain.broadcast((3, 4), (3,)))


def test_what_is_stored_is_what_the_tensor_has() -> None:
    row = groundup.zeros(1, 4, dtype=groundup.float64).expand(3, 4)
    text = str(explain.broadcast(row, np.zeros((2, 1, 1), np.int8), 2.5))
    assert "a  (0, 0, 1)                    24                4  32 bytes (float64)" in text
    assert "b  (1, 0, 0)                    24                2  2 bytes (int8)" in text
    assert "c  (0, 0, 0)                    24                1  8 bytes (a Python number)" in text
    turned = groundup.zeros(3, 4).t()
    assert "a  (1, 4)" in str(explain.broadcast(turned, (4, 1)))


def test_the_strides_are_those_of_an_expanded_tensor() -> None:
    for a, b in [((5, 1, 3), (4, 1)), ((1,), (7, 6)), ((2, 1), (2, 1)), ((), (3,))]:
        shape = explain.broadcast(a, b).result
        text = str(explain.broadcast(a, b))
        for tensor in (groundup.zeros(a), groundup.zeros(b)):
            assert str(tensor.expand(shape).stride()) in text


def test_a_column_against_a_row_is_warned_of() -> None:
    assert "200 x 200 results" in str(explain.broadcast((200, 1), (200,)))
    assert "write b.squeeze(1)" in str(explain.broadcast((200,), (200, 1)))
    assert "results" not in str(explain.broadcast((200, 3), (3,)))


def test_the_picture_has_every_size(tmp_path) -> None:
    found = explain.broadcast((5, 1, 3), (4, 1))
    words = [each.text for each in ElementTree.fromstring(found.svg()).iter("{http://www.w3.org/2000/svg}text")]
    assert {"a", "b", "result", "1 → 4", "· → 5", "1 → 3", "stride (3, 0, 1)"} <= set(words)
    assert found._repr_svg_() == found.svg()
    found.save(tmp_path / "picture.svg")
    assert (tmp_path / "picture.svg").read_text("utf-8") == found.svg()
    clash = explain.broadcast((3, 4), (3,)).svg()
    ElementTree.fromstring(clash)
    assert "they do not fit" in clash


def test_what_has_no_shape_is_refused() -> None:
    with pytest.raises(TypeError, match=r"expected a tensor, an array or a shape, got str \(3, 4\)"):
        explain.broadcast("(3, 4)")
    with pytest.raises(TypeError, match="got tuple"):
        explain.broadcast((3, -4))
    with pytest.raises(TypeError, match="at least one"):
        explain.broadcast()


def test_pytorchs_tensors() -> None:
    torch = pytest.importorskip("torch")
    a, b = torch.zeros(5, 1, 3, dtype=torch.bfloat16), torch.zeros(4, 1).expand(4, 2)[:, :1]
    text = str(explain.broadcast(a, b))
    assert explain.broadcast(a, b).result == torch.broadcast_shapes(a.shape, b.shape)
    assert "30 bytes (bfloat16)" in text and "16 bytes (float32)" in text
