"""Tuples with names: what they hold, print and refuse, and that they survive a pickle."""

from __future__ import annotations

import pickle

import pytest

import groundup
from groundup.named import Named


class Point(Named):
    """A record."""

    __slots__ = ()

    x: float
    y: float


class Place(Point):
    """The same fields under another name."""


def test_a_record_is_a_tuple_with_names() -> None:
    point = Point(3.0, 4.0)
    x, y = point
    assert (x, y) == (point.x, point.y) == point == (3.0, 4.0)
    assert repr(point) == "Point(x=3.0, y=4.0)"
    assert Place(1, 2).y == 2 and Place._fields == ("x", "y")
    assert len({point, Point(3.0, 4.0)}) == 1


def test_its_fields_are_fixed() -> None:
    with pytest.raises(AttributeError):
        Point(3.0, 4.0).x = 1.0
    with pytest.raises(TypeError, match=r"Point\(\) takes 2 values but 1 were given"):
        Point(3.0)


def test_it_can_be_pickled() -> None:
    copy = pickle.loads(pickle.dumps(Place(1, 2)))
    assert type(copy) is Place and copy.y == 2


def test_results_print_as_pytorch_prints_them() -> None:
    torch = pytest.importorskip("torch")
    for call in (
        lambda T: T.linalg.qr(T.eye(2)),
        lambda T: T.max(T.tensor([[1.0, 2.0]]), 1),
        lambda T: T.linalg.slogdet(T.eye(2)),
        lambda T: T.frexp(T.tensor([8.0])),
        lambda T: T.svd(T.eye(1)),
    ):
        mine, theirs = repr(call(groundup)), repr(call(torch))
        assert mine.replace("groundup.return_types", "torch.return_types") == theirs.replace(
            "torch.int", "groundup.int"
        )
