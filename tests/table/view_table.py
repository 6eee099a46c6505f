"""The view family's part of the table."""

from __future__ import annotations

from tests.table.table import ALL, NUMBERS, Entry, Samples, listed, on, some, tensors

M = on(2, 3)
T = on(2, 3, layout="transposed")
C = on(2, 3, 4)
R = on(3, layout="reversed")
E = on(3, layout="expanded")
Z = on(0, 3)


def _pad(*widths: tuple[int, ...], **kwargs: float) -> Samples:
    return some(*(each(w, **kwargs) for each in (M, T) for w in widths))


def view(name: str, *samples: object, rows: tuple[str, ...] = (), **kwargs: object) -> Entry:
    """An entry for all types."""
    found = rows or (name.removeprefix("Tensor."),)
    return Entry(name, some(*samples), rows=found, dtypes=ALL, **kwargs)  # type: ignore[arg-type]


ENTRIES = [
    view("reshape", M((3, 2)), M((-1,)), T((6,)), T((2, -1)), R((3, 1)), E((3, 2)), on()((1, 1)), Z((3, 0, 1))),
    view("Tensor.view", M(6), M(3, -1), T(3, 2, 1), on(1)([]), rows=("reshape",)),
    view("Tensor.view_as", tensors((2, 3), (3, 2)), rows=("reshape",)),
    view("Tensor.reshape_as", tensors((2, 3), (6,)), rows=("reshape",)),
    view("flatten", C(), C(1), C(0, 1), C(-2), T(), on()(), Z()),
    view("unflatten", on(6)(0, (2, 3)), on(2, 6)(-1, (3, -1)), rows=("reshape",)),
    view("squeeze", on(1, 3, 1)(), on(1, 3, 1)(0), on(1, 3, 1)(1), on(1, 3, 1)(-1), on(1, 3, 1)((0, 2)), on()()),
    view("unsqueeze", M(0), M(-1), M(1), T(2), on()(0), Z(1)),
    view("Tensor.expand", on(3)(2, 3), on(2, 1)(-1, 4), on()(3), on(1, 3, layout="transposed")(3, 2), M(2, 3)),
    view("Tensor.expand_as", tensors((3,), (2, 3)), rows=("expand",)),
    view("broadcast_to", on(3)((2, 3)), on(2, 1)((2, 2)), rows=("expand",)),
    view("broadcast_tensors", tensors((3,), (2, 1)), tensors((), (1,), (2,)), rows=("expand",)),
    view("permute", C((2, 0, 1)), C((-1, 1, 0)), T((0, 1)), on()(())),
    view("transpose", M(0, 1), C(0, -1), T(-1, -2), on()(0, -1)),
    view("swapaxes", C(0, 2), rows=("transpose",)),
    view("movedim", C(0, -1), C((0, 1), (2, 0)), rows=("permute",)),
    view("t", M(), T(), R(), on()()),
    view("flip", M((0,)), M((0, 1)), T((-1,)), M(()), rows=("flip",)),
    view("narrow", M(1, 1, 2), T(0, -2, 1), M(0, 1, 0), rows=("slice",)),
    view("select", M(0, 1), C(-1, -2), T(1, 0), rows=("slice",)),
    view("unbind", M(), C(1), T(-1), rows=("slice",)),
    view("split", M(2, 1), M([1, 2], 1), M(1), on(5)(2), on(0)(2), rows=("slice", "placed")),
    view("chunk", on(5)(2), on(2, 5)(3, 1), on(3)(7), rows=("slice",)),
    view(
        "Tensor.unfold",
        on(5)(0, 2, 1),
        on(5)(0, 3, 2),
        on(2, 5)(-1, 2, 3),
        T(0, 2, 1),
        on(2, 4)(0, 2, 1),
        rows=("windows", "fold"),
    ),
    view("diagonal", M(), M(1), M(-1), C(0, 1, 2), C(1, -1, 0), T(), rows=("diagonal", "on_diagonal")),
    view("tril", M(), M(1), M(-1), C(), T()),
    view("triu", M(), M(1), M(-1), C(), T()),
    view("clone", M(), T(), E(), on()()),
    view("Tensor.contiguous", M(), T(), E(), rows=("clone",)),
    view(
        "cat",
        listed((2, 3), (1, 3)),
        listed((2, 3), (2, 1), dim=1),
        listed((2, 3), (2, 2), dim=-1),
        listed((0,), (2, 3)),
        listed((3,)),
    ),
    view("concat", listed((2,), (1,)), rows=("cat",)),
    view("stack", listed((2, 3), (2, 3)), listed((3,), (3,), dim=1), listed((2, 3), (2, 3), dim=-1), listed((), ())),
    view("Tensor.repeat", on(3)(2), on(3)(2, 2), M(1, 3), T(2, 1), on()(3), rows=("expand", "reshape")),
    Entry(
        "pad",
        _pad((1, 2), (1, 0, 0, 2), (-1, 1), (0, -1, 1, 0)),
        path="nn.functional.pad",
        rows=("pad",),
        dtypes=NUMBERS,
    ),
    Entry("pad, value", _pad((1, 1), value=3.0), path="nn.functional.pad", rows=("pad",), dtypes=NUMBERS),
]
