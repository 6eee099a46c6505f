"""How tensors and storages look when they are printed: PyTorch's text, with this library's name in it.

Everything here works on NumPy arrays. A tensor of more than ``threshold`` elements is cut to the edges of
each dimension before anything else happens, so that printing costs the same however large the tensor is.
"""

from __future__ import annotations

import contextlib
import math
import operator
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from groundup.dtypes import REAL, bool_, float32, int64
from groundup.dtypes import dtype as DType


class PrintOptions(NamedTuple):
    """One setting of all options; frozen, so that a repr in another thread never sees half of a change."""

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


PROFILES = {
    "default": PrintOptions(),
    "short": PrintOptions(precision=2, edgeitems=2),
    "full": PrintOptions(threshold=math.inf),
}
_options = PROFILES["default"]


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors are printed from now on, in every thread. Follows ``torch.set_printoptions``.

    Args:
        precision: digits after the point of a number that is not whole (4 at the start).
        threshold: a tensor of more elements than this shows only its edges (1000; ``math.inf`` shows all).
        edgeitems: elements shown at each end of a dimension that is cut (3).
        linewidth: columns that a row may take before it is broken (80).
        profile: ``"default"``, ``"short"`` or ``"full"`` sets all of the above first.
        sci_mode: True for scientific notation, False for none; None lets the numbers decide. As in PyTorch, a
            call that leaves it out sets it back to None.

    Raises:
        TypeError: an option is not a number.
        ValueError: an option is negative, or there is no such profile (PyTorch ignores both).

    >>> import numpy as np
    >>> from groundup import dtypes
    >>> from groundup.printing import set_printoptions, tensor_repr
    >>> third = np.array([1 / 3])
    >>> set_printoptions(precision=2)
    >>> tensor_repr(third, dtype=dtypes.float32)
    'tensor([0.33])'
    >>> set_printoptions(profile="default")
    >>> tensor_repr(third, dtype=dtypes.float32)
    'tensor([0.3333])'
    """
    global _options
    if profile is not None and profile not in PROFILES:
        raise ValueError(f"no such profile: {profile!r}. Choose one of {', '.join(map(repr, PROFILES))}")
    base = _options if profile is None else PROFILES[profile]
    _options = PrintOptions(
        precision=base.precision if precision is None else _count("precision", precision),
        threshold=base.threshold if threshold is None else _number("threshold", threshold),
        edgeitems=base.edgeitems if edgeitems is None else _count("edgeitems", edgeitems),
        linewidth=base.linewidth if linewidth is None else _count("linewidth", linewidth),
        sci_mode=None if sci_mode is None else bool(sci_mode),
    )


def get_printoptions() -> dict[str, Any]:
    """The options in force, as a dictionary that `set_printoptions` takes.

    >>> from groundup.printing import get_printoptions
    >>> get_printoptions()
    {'precision': 4, 'threshold': 1000, 'edgeitems': 3, 'linewidth': 80, 'sci_mode': None}
    """
    return _options._asdict()


@contextlib.contextmanager
def printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> Iterator[None]:
    """Set the options of `set_printoptions` inside a ``with`` block, and put the old ones back after it.

    >>> import numpy as np
    >>> from groundup import dtypes
    >>> from groundup.printing import printoptions, tensor_repr
    >>> with printoptions(threshold=5, edgeitems=1):
    ...     tensor_repr(np.arange(100), dtype=dtypes.int64)
    'tensor([ 0,  ..., 99])'
    """
    global _options
    before = _options
    set_printoptions(precision, threshold, edgeitems, linewidth, profile, sci_mode)
    try:
        yield
    finally:
        _options = before


def _count(name: str, value: Any) -> int:
    try:
        count = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, not {value!r}") from None
    if count < 0:
        raise ValueError(f"{name} must not be negative, got {count}")
    return count


def _number(name: str, value: Any) -> float:
    if isinstance(value, str | bytes) or not hasattr(value, "__float__") or math.isnan(value):
        raise TypeError(f"{name} must be a number, not {value!r}")
    if value < 0:
        raise ValueError(f"{name} must not be negative, got {value}")
    return value


def tensor_repr(
    array: np.ndarray,
    *,
    dtype: DType,
    default_dtype: DType = float32,
    requires_grad: bool = False,
    grad_fn_name: str | None = None,
    prefix: str = "tensor(",
) -> str:
    r"""The text of a tensor: its elements, then what its elements do not say (size, type, gradient).

    Args:
        array: the elements, of any shape and stride; only those that are shown are read.
        dtype: the tensor's element type.
        default_dtype: the floating type that goes without saying.
        requires_grad: whether the tensor is a leaf that collects a gradient.
        grad_fn_name: what made the tensor, such as ``AddBackward0``; it stands in place of requires_grad.
        prefix: what comes before the elements; rows are indented to the length of its last line.

    >>> import numpy as np
    >>> from groundup import dtypes
    >>> from groundup.printing import tensor_repr
    >>> print(tensor_repr(np.eye(2), dtype=dtypes.float64, requires_grad=True))
    tensor([[1., 0.],
            [0., 1.]], dtype=groundup.float64, requires_grad=True)

    Follows ``torch.Tensor.__repr__``, character for character.
    """
    options = _options
    indent = _last_line_length(prefix)
    notes = []
    # An empty tensor tells nothing by its elements. Without edge items one that is cut tells no more.
    if (array.size == 0 and array.ndim != 1) or (array.size and not options.edgeitems):
        notes.append(f"size={array.shape}")
    told_by_elements = (default_dtype, int64, bool_) if array.size else (default_dtype,)
    if dtype not in told_by_elements:
        notes.append(f"dtype={dtype!r}")
    if grad_fn_name is not None:
        notes.append(f"grad_fn=<{grad_fn_name}>")
    elif requires_grad:
        notes.append("requires_grad=True")
    return _with_notes(prefix + _elements(array, indent, options), notes, indent, options.linewidth)


def storage_repr(array: np.ndarray, dtype: DType) -> str:
    r"""The text of a storage: one element a line in full precision, then its class and size.

    A storage of more than ``threshold`` elements shows its edges only, where PyTorch writes every line of it.

    >>> import numpy as np
    >>> from groundup import dtypes
    >>> from groundup.printing import storage_repr
    >>> print(storage_repr(np.array([1.0, 2.0]), dtypes.float32))
     1.0
     2.0
    [groundup.FloatStorage of size 2]

    Follows the storages of ``torch``, under the class names that they had before they were all one class.
    """
    options = _options
    shown, (cut,) = _edges(array.reshape(-1), options)
    lines = [str(value) for value in shown.tolist()]
    if cut:
        lines.insert(options.edgeitems, "...")
    return " " + "\n ".join(lines) + f"\n[groundup.{dtype.legacy}Storage of size {array.size}]"


def _last_line_length(text: str) -> int:
    return len(text) - (text.rfind("\n") + 1)


def _with_notes(text: str, notes: list[str], indent: int, linewidth: int) -> str:
    """`text`, the notes and the closing bracket; a note that would end beyond `linewidth` starts a line."""
    # PyTorch counts two columns too many here as long as no note has started a line. So its text does.
    column = _last_line_length(text) + 2
    for note in notes:
        # Lines break where PyTorch's do, though its name is shorter: the texts differ in the name alone.
        length = len(note.replace("groundup.", "torch."))
        if column + len(", ") + length > linewidth:
            text += ",\n" + " " * indent + note
            column = indent + length
        else:
            text += ", " + note
            column += len(", ") + length
    return text + ")"


def _elements(array: np.ndarray, indent: int, options: PrintOptions) -> str:
    """The bracketed elements; `indent` is the column of the first bracket."""
    if array.size == 0:
        return "[]"
    shown, cuts = _edges(array, options)
    # What is cut away has no say in the notation.
    cells, width = _aligned(shown.ravel().tolist(), array.dtype.kind in REAL, options)
    # A row holds at least one cell, each with its comma and its space.
    room = options.linewidth - indent - (array.ndim - 1)
    per_line = max(1, room // (width + len(", ")))
    return _brackets(iter(cells), shown.shape, cuts, indent, per_line, options.edgeitems)


def _edges(array: np.ndarray, options: PrintOptions) -> tuple[np.ndarray, tuple[bool, ...]]:
    """The part of the array that is shown, and whether each of its dimensions is cut."""
    keep = options.edgeitems
    if array.size <= options.threshold or array.ndim == 0:
        return array, (False,) * array.ndim
    cuts = tuple(n > 2 * keep for n in array.shape)
    # All dimensions at once: one after the other would copy most of the array on the way.
    kept = [np.r_[:keep, n - keep : n] if cut else np.arange(n) for n, cut in zip(array.shape, cuts)]
    return array[np.ix_(*kept)], cuts


def _brackets(
    cells: Iterator[str],
    shape: tuple[int, ...],
    cuts: tuple[bool, ...],
    indent: int,
    per_line: int,
    edge: int,
) -> str:
    """The next cells as nested lists of this shape, with dots at `edge` in each dimension that is cut."""
    if not shape:
        return next(cells)
    if len(shape) == 1:
        row = list(islice(cells, shape[0]))
        if cuts[0]:
            row.insert(edge, " ..." if edge else "...")
        parts = [", ".join(row[start : start + per_line]) for start in range(0, len(row), per_line)]
    else:
        parts = [_brackets(cells, shape[1:], cuts[1:], indent + 1, per_line, edge) for _ in range(shape[0])]
        if cuts[0]:
            parts.insert(edge, "...")
    # Matrices stand an empty line apart, stacks of matrices two, and so on.
    line_ends = "\n" * max(1, len(shape) - 1)
    return "[" + ("," + line_ends + " " * (indent + 1)).join(parts) + "]"


def _aligned(values: list[Any], floating: bool, options: PrintOptions) -> tuple[list[str], int]:
    """Each value as text, and the width of a column."""
    if floating:
        # Zeros and what is not finite take the notation and the width that the other numbers need.
        decisive = [value for value in values if value and math.isfinite(value)]
        write = _notation(decisive, options)
        width = max(map(len, map(write, decisive)), default=1)
        return [write(value).rjust(width) for value in values], width
    cells = [str(value) for value in values]
    width = max(map(len, cells), default=1)
    return [cell.rjust(width) for cell in cells], width


def _notation(decisive: list[float], options: PrintOptions) -> Callable[[float], str]:
    """How to write a float in the company of the nonzero finite ones."""
    if decisive and _scientific(decisive, options):
        return f"{{:.{options.precision}e}}".format
    if all(value.is_integer() for value in decisive):
        return _whole
    return f"{{:.{options.precision}f}}".format


def _scientific(decisive: list[float], options: PrintOptions) -> bool:
    if options.sci_mode is not None:
        return options.sci_mode
    largest = max(map(abs, decisive))
    smallest = min(map(abs, decisive))
    return largest / smallest > 1000 or largest > 1e8 or smallest < 1e-4


def _whole(value: float) -> str:
    """A whole number with the point that tells it from an int; nan and inf need none."""
    return f"{value:.0f}." if math.isfinite(value) else f"{value:.0f}"
