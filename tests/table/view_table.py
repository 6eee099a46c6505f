"""The view family's part of the table."""

from __future__ import annotations

from tests.table.table import ALL, NUMBERS, Entry, Sample, Samples, index, listed, on, some, tensors

M = on(2, 3)
T = on(2, 3, layout="transposed")
C = on(2, 3, 4)
R = on(3, layout="reversed")
E = on(3, layout="expanded")
Z = on(0, 3)
MODES = ("reflect", "replicate", "circular")
BORDER = ("border", "border_added")


def _pad(*widths: tuple[int, ...], **kwargs: float) -> Samples:
    return some(*(each(w, **kwargs) for each in (M, T) for w in widths))


def _bordered(mode: str) -> Samples:
    calls = [on(2, 3)(widths, mode=mode) for widths in ((1, 1), (0, 1), (2, -1), (-1, 1))]
    calls += [T((1, 1), mode=mode), C((1, 2, 2, 0), mode=mode), on(1, 3, 2, 3)((1, 1, 0, 1, 2, 1), mode=mode)]
    return some(*calls)


def _counts(counts: tuple[int, ...], shape: tuple[int, ...], **kwargs: object) -> object:
    return on(*shape)(index(*counts) if len(counts) == 1 else index(list(counts)), **kwargs)


def none(*args: object) -> object:
    """A sample without tensors."""
    return lambda random: Sample(args, {})


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
    view("swapdims", C(0, 2), rows=("transpose",)),
    view("adjoint", M(), C(), T(), rows=("transpose",)),
    view("movedim", C(0, -1), C((0, 1), (2, 0)), on()(0, 0), rows=("permute",)),
    view("ravel", M(), T(), on()(), rows=("reshape",)),
    view("atleast_1d", on()(), R(), M(), rows=("reshape",)),
    view("atleast_2d", on()(), R(), C(), rows=("reshape",)),
    view("atleast_3d", on()(), R(), T(), C(), rows=("reshape", "unsqueeze")),
    view("Tensor.sum_to_size", M(3), M(2, 1), C((3, 1)), T(3, 2), rows=("sum_to",)),
    view("t", M(), T(), R(), on()()),
    view("flip", M((0,)), M((0, 1)), T((-1,)), M(()), rows=("flip",)),
    view("fliplr", M(), T(), rows=("flip",)),
    view("flipud", M(), R(), rows=("flip",)),
    view("roll", M(1), M(-1, 0), M((1, -2), (0, 1)), T(4, 1), E(1, 0), Z(1, 0), on()(1), rows=("roll",)),
    view("rot90", M(), M(2), M(-1), C(1, (1, 2)), T(3), M(4), rows=("slice", "transpose", "clone")),
    view("narrow", M(1, 1, 2), T(0, -2, 1), M(0, 1, 0), rows=("slice",)),
    view("select", M(0, 1), C(-1, -2), T(1, 0), rows=("slice",)),
    view("unbind", M(), C(1), T(-1), rows=("slice",)),
    view("split", M(2, 1), M([1, 2], 1), M(1), on(5)(2), on(0)(2), rows=("slice", "placed")),
    view("split_with_sizes", M([1, 2], 1), T((0, 3)), rows=("slice",)),
    view("chunk", on(5)(2), on(2, 5)(3, 1), on(3)(7), on(2, 0)(3, 1), rows=("slice",)),
    view("tensor_split", on(5)(3), M((1, 2), 1), on(5)((3, 1, -1, 9)), T(2), rows=("slice",)),
    view("hsplit", on(4)(2), M(3), M((1,)), rows=("slice",)),
    view("vsplit", M(2), T((2,)), rows=("slice",)),
    view("dsplit", C(2), C((1, 3)), rows=("slice",)),
    view(
        "as_strided",
        on(6)((2, 2), (1, 2)),
        on(6)((3, 3), (1, 1), 1),
        M((4, 2), (1, 1)),
        M((2, 2), (0, 1), 2),
        M((), (), 3),
        M((0, 2), (1, 1)),
        rows=("as_strided", "strided_added", "strided_picked"),
    ),
    view("as_strided_scatter", tensors((6,), (2, 2), size=(2, 2), stride=(1, 2)), order=0, rows=("as_strided",)),
    view(
        "select_scatter",
        tensors((2, 3), (3,), dim=0, index=1),
        tensors((2, 3), (2,), dim=-1, index=-1),
        rows=("assign",),
    ),
    view(
        "slice_scatter",
        tensors((4, 2), (2, 2), start=1, end=4, step=2),
        tensors((2, 3), (2, 1), dim=1, start=-1),
        rows=("assign",),
    ),
    view("diagonal_scatter", tensors((2, 3), (2,)), tensors((3, 3), (2,), offset=-1), rows=("clone",)),
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
    view("diag", R(), R(1), M(), T(-1), M(5), rows=("diagonal", "on_diagonal", "clone")),
    view("diag_embed", R(), M(1), M(-1, 0, 2), T(), C(0, 1, -1), rows=("on_diagonal",)),
    view("diagflat", M(), R(-1), on()(), rows=("on_diagonal",)),
    Entry("tril_indices", some(none(3, 4), none(2, 2, -1), none(3, 2, 1)), dtypes=("int64",), order=0),
    Entry("triu_indices", some(none(3, 4), none(2, 2, -1), none(3, 2, 1)), dtypes=("int64",), order=0),
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
    view("hstack", listed((2,), (1,)), listed((2, 3), (2, 1)), listed((), ()), rows=("cat",)),
    view("vstack", listed((3,), (3,)), listed((2, 3), (1, 3)), listed((), (1,)), rows=("cat",)),
    view("dstack", listed((3,), (3,)), listed((2, 3), (2, 3)), rows=("cat",)),
    view("column_stack", listed((2,), (2,)), listed((2,), (2, 3)), listed((), ()), rows=("cat",)),
    view("block_diag", tensors((2, 3), (1, 2), (2,)), tensors(()), tensors((2, 0), (1, 1)), rows=("pad", "cat")),
    view("meshgrid", tensors((2,), (3,), indexing="ij"), tensors((2,), (3,), (), indexing="xy"), rows=("expand",)),
    view("cartesian_prod", tensors((2,), (3,)), tensors((2,), (1,), (2,)), tensors((3,)), rows=("expand", "stack")),
    view("combinations", on(4)(), on(3)(3, True), on(4)(1), on(2)(3), rows=("index",)),
    view("stack", listed((2, 3), (2, 3)), listed((3,), (3,), dim=1), listed((2, 3), (2, 3), dim=-1), listed((), ())),
    view("Tensor.repeat", on(3)(2), on(3)(2, 2), M(1, 3), T(2, 1), on()(3), M(1, 1), Z(2, 2), M(0, 1)),
    view("tile", on(3)((2,)), M((2,)), T((2, 1, 2)), on()((2,)), rows=("repeat",)),
    view(
        "repeat_interleave",
        on(3)(2),
        M(2, 1),
        M(3, dim=-2),
        T(2),
        _counts((2, 0, 1), (3,)),
        _counts((1, 2), (2, 3), dim=0),
        _counts((2,), (2, 2), dim=1, output_size=4),
        rows=("repeat_each", "index", "repeated_places"),
    ),
    Entry(
        "pad",
        _pad((1, 2), (1, 0, 0, 2), (-1, 1), (0, -1, 1, 0)),
        path="nn.functional.pad",
        rows=("pad",),
        dtypes=NUMBERS,
    ),
    *(Entry(f"pad, {mode}", _bordered(mode), path="nn.functional.pad", rows=BORDER, dtypes=NUMBERS) for mode in MODES),
    Entry(
        "unfold",
        some(on(2, 1, 3, 4)((2, 3)), on(1, 3, 3)(2, 1, 1, 2), on(1, 2, 5, 4)((2, 1), (2, 1), (1, 0), (2, 1))),
        path="nn.functional.unfold",
        rows=("windows",),
    ),
    Entry(
        "fold",
        some(
            on(2, 6, 4)((3, 4), (2, 3)),
            on(4, 4)((3, 3), 2, 1, 1, 2),
            on(1, 4, 12)((5, 4), (2, 1), (2, 1), (1, 0), (2, 1)),
        ),
        path="nn.functional.fold",
        rows=("fold",),
    ),
    view("pixel_shuffle", on(1, 8, 2, 1)(2), on(4, 1, 2)(2), path="nn.functional.pixel_shuffle", rows=("permute",)),
    view("pixel_unshuffle", on(2, 2, 4)(2), on(1, 3, 3)(3), path="nn.functional.pixel_unshuffle", rows=("permute",)),
    view(
        "channel_shuffle", on(1, 4, 2)(2), on(2, 3, 1, 2)(3), path="nn.functional.channel_shuffle", rows=("transpose",)
    ),
    Entry("pad, value", _pad((1, 1), value=3.0), path="nn.functional.pad", rows=("pad",), dtypes=NUMBERS),
]
