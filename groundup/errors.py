"""The errors that more than one room raises: a missing extra, and shapes that do not fit.

Shapes are diagnosed after NumPy has refused them, so that a correct call pays nothing for its good message.
Everything here works on plain tuples; the whole library stands on it.
"""

from __future__ import annotations

from collections.abc import Sequence

Shape = tuple[int, ...]


class MissingExtra(ImportError):
    """A feature needs a package that is not installed; the message says which extra brings it.

    >>> print(MissingExtra("plotting the history", "matplotlib", "train"))
    plotting the history needs the package matplotlib, which is not installed.
      Install it with:  pip install "groundup[train]"
    """

    def __init__(self, feature: str, package: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs the package {package}, which is not installed.\n"
            f'  Install it with:  pip install "groundup[{extra}]"'
        )
        self.feature, self.package, self.extra = feature, package, extra

    def __reduce__(self) -> tuple[type, tuple[str, str, str]]:
        return type(self), (self.feature, self.package, self.extra)


class LinAlgError(RuntimeError):
    """A matrix is singular, not positive definite, or otherwise not one that the operation exists for."""


def aligned(shapes: Sequence[Shape], marks: Sequence[int] = (), names: Sequence[str] = ()) -> str:
    """The shapes one under the other, right-aligned as broadcasting reads them, `marks` pointing at axes.

    `marks` counts axes from the right (1 is the last one).

    >>> print(aligned([(3, 4), (2,)], marks=[1]))
      a: (3, 4)
      b: (   2)
             ^
    """
    rank = max((len(shape) for shape in shapes), default=0)
    cells = [[""] * (rank - len(shape)) + [str(size) for size in shape] for shape in shapes]
    widths = [max(len(row[axis]) for row in cells) for axis in range(rank)]
    names = names or [chr(ord("a") + i) for i in range(len(shapes))]
    label = max(len(name) for name in names)
    lines = []
    for name, row in zip(names, cells, strict=True):
        text = ""
        for axis, (cell, width) in enumerate(zip(row, widths, strict=True)):
            comma = "" if axis == 0 else (", " if row[axis - 1] else "  ")
            text += comma + cell.rjust(width)
        lines.append(f"  {name.rjust(label)}: ({text})")
    if marks:
        under = ""
        for axis, width in enumerate(widths):
            under += ("" if axis == 0 else "  ") + ("^" if rank - axis in marks else " ").rjust(width)
        lines.append(" " * (label + 5) + under.rstrip())
    return "\n".join(lines)


def broadcast_clash(shapes: Sequence[Shape]) -> tuple[int, int, int, int] | None:
    """The first clash from the right: (size a, size b, dimension of the result, axis counted from the right)."""
    rank = max((len(shape) for shape in shapes), default=0)
    for back in range(1, rank + 1):
        seen = 1
        for shape in shapes:
            size = shape[-back] if back <= len(shape) else 1
            if size != 1 and seen != 1 and size != seen:
                return seen, size, rank - back, back
            seen = size if seen == 1 else seen
    return None


def suggest_broadcast(shapes: Sequence[Shape]) -> str | None:
    """A corrected line where one is likely: a missing axis (`unsqueeze`) or a swapped one (`.T`)."""
    if len(shapes) != 2:
        return None
    a, b = shapes
    for longer, shorter, name in ((a, b, "b"), (b, a, "a")):
        if len(shorter) == 1 and len(longer) >= 2:
            for axis in range(len(longer) - 2, -1, -1):
                if longer[axis] == shorter[0]:
                    return f"{name}[{', '.join([':'] + ['None'] * (len(longer) - 1 - axis))}]"
    if len(a) == len(b) == 2 and broadcast_clash([a, b[::-1]]) is None:
        return "b.T"
    return None


def broadcast_error(operation: str, shapes: Sequence[Shape]) -> RuntimeError | None:
    """PyTorch's message for shapes that do not broadcast, with the shapes laid out; None if they do broadcast."""
    clash = broadcast_clash(shapes)
    if clash is None:
        return None
    first, second, dimension, back = clash
    lines = [
        f"The size of tensor a ({first}) must match the size of tensor b ({second}) "
        f"at non-singleton dimension {dimension}",
        f"in {operation}: from the right, sizes must be equal, or one of them 1:",
        aligned(shapes, marks=[back]),
    ]
    hint = suggest_broadcast(shapes)
    if hint:
        lines.append(f"  Perhaps you meant {hint} in place of {hint[0]}.")
    return RuntimeError("\n".join(lines))


def matmul_error(a: Shape, b: Shape) -> RuntimeError:
    """PyTorch's message for a matrix product whose inner sizes differ, and the transpose that would fit."""
    if not a or not b:
        return RuntimeError(
            "both arguments to matmul need to be at least 1D, "
            f"but they are {len(a)}D and {len(b)}D\n  Use * to multiply by a number."
        )
    if len(a) == 1 and len(b) == 1:
        return RuntimeError(
            f"inconsistent tensor size, expected tensor [{a[0]}] and src [{b[0]}] to have the same number of elements, "
            f"but got {a[0]} and {b[0]} elements respectively"
        )
    inner = b[-2] if len(b) > 1 else b[0]
    if a[-1] == inner:
        batch = broadcast_error("the batch dimensions of matmul", [a[:-2], b[:-2]])
        return batch or RuntimeError(f"matmul failed on shapes {a} and {b}")
    if len(a) == 1:
        first = f"size mismatch, got input ({b[-1]}), mat ({b[-1]}x{b[-2]}), vec ({a[0]})"
    elif len(b) == 1:
        first = f"size mismatch, got input ({_flat(a)}), mat ({_flat(a)}x{a[-1]}), vec ({b[0]})"
    elif len(b) > 2:
        batch = broadcast_error("the batch dimensions of matmul", [a[:-2], b[:-2]])
        return batch or batches_error(_stretched(a, b), _stretched(b, a))
    else:
        first = f"mat1 and mat2 shapes cannot be multiplied ({_flat(a)}x{a[-1]} and {b[-2]}x{b[-1]})"
    lines = [first, "in matmul: the last size of a must equal the size before last of b:"]
    lines += [f"  a: {a}    columns {a[-1]}", f"  b: {b}    rows    {inner}"]
    if len(b) == 2 and b[-1] == a[-1]:
        lines.append("  Perhaps you meant a @ b.T")
    elif len(a) == 2 and a[0] == inner:
        lines.append("  Perhaps you meant a.T @ b")
    return RuntimeError("\n".join(lines))


def batches_error(a: Shape, b: Shape) -> RuntimeError:
    """PyTorch's message for batches of matrices that do not fit: their numbers or their inner sizes differ."""
    return RuntimeError(
        f"Expected size for first two dimensions of batch2 tensor to be: [{_flat(a[:-1])}, {a[-1]}] but got: "
        f"[{_flat(b[:-1])}, {b[-2]}].\n"
        "in a batch of matrix products: the last size of a must equal the size before last of b:\n"
        f"  a: {a}    columns {a[-1]}\n"
        f"  b: {b}    rows    {b[-2]}"
    )


def _stretched(a: Shape, b: Shape) -> Shape:
    """The shape of `a` once its batch dimensions are broadcast against those of `b`."""
    lead = max(len(a), len(b)) - 2
    sizes = zip(((1,) * lead + a[:-2])[-lead:], ((1,) * lead + b[:-2])[-lead:], strict=True)
    return tuple(other if mine == 1 else mine for mine, other in sizes) + a[-2:]


def _flat(shape: Shape) -> int:
    """The number of rows of a matrix, with leading batch dimensions folded in, as PyTorch prints it."""
    rows = 1
    for size in shape[:-1]:
        rows *= size
    return rows
