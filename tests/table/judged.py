"""Running an entry of the table in a library: its values, and its first and second derivatives."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tests.table.table import Entry, Sample, call, inputs, tensor

KINDS = ("float32", "float64", "int64", "bool", "first", "second")


class Result(NamedTuple):
    """One result as NumPy data, with the name of its type."""

    dtype: str
    values: np.ndarray


def plain(value: Any) -> Result:
    """A tensor or Python value as a result."""
    if hasattr(value, "detach"):
        return Result(
            str(value.dtype).partition(".")[2],
            np.array((value.detach() + 0).numpy()) if "float" in str(value.dtype) else value.numpy(),
        )
    return Result(type(value).__name__, np.array(value))


def kinds(entry: Entry) -> tuple[str, ...]:
    """What there is to compare of an entry."""
    return (*entry.dtypes, *("first", "second")[: entry.order])


def evaluate(library: Any, entry: Entry, sample: Sample, kind: str) -> list[Result]:
    """The values in a type, or the derivatives in float64, of one call."""
    if kind in ("first", "second"):
        return [plain(each) for each in derivatives(library, entry, sample, kind)]
    return [plain(each) for each in call(library, entry, sample, inputs(library, sample, kind))]


def start(library: Any, tensors: list[Any], seed: int, grad: bool) -> list[Any]:
    """Fixed random tensors of the same shapes, to multiply results with."""
    random = np.random.default_rng(seed)
    made = [tensor(library, random.uniform(-1, 1, tuple(each.shape))) for each in tensors]
    return [each.requires_grad_() for each in made] if grad else made


def derivatives(library: Any, entry: Entry, sample: Sample, kind: str) -> list[Any]:
    """Gradients of every floating input; or, of a combination of those, with respect to inputs and cotangents."""
    second = kind == "second"
    made = inputs(library, sample, "float64", grad=True)
    leaves = [each for each in made if each.requires_grad]
    outputs = [each for each in call(library, entry, sample, made) if each.requires_grad]
    cotangents = start(library, outputs, 1, second)
    first = library.autograd.grad(outputs, leaves, cotangents, create_graph=second, materialize_grads=True)
    if not second:
        return list(first)
    parts = [(g * v).sum() for g, v in zip(first, start(library, leaves, 2, False)) if g.requires_grad]
    if not parts:
        return [library.zeros_like(each) for each in leaves + cotangents]
    return list(library.autograd.grad(sum(parts[1:], parts[0]), leaves + cotangents, materialize_grads=True))


def difference(ours: Result, theirs: Result, factor: float, loose: bool = False) -> str:
    """What tells the two apart, or an empty text."""
    if ours.dtype != theirs.dtype:
        return f"type {ours.dtype}, and PyTorch's is {theirs.dtype}"
    if ours.values.shape != theirs.values.shape:
        return f"shape {ours.values.shape}, and PyTorch's is {theirs.values.shape}"
    narrow = ours.dtype == "float32"
    rtol = (2e-6 if narrow else 1e-9 if loose else 1e-11) * factor
    atol = (1e-6 if narrow else 1e-10 if loose else 1e-12) * factor
    if np.allclose(ours.values, theirs.values, rtol=rtol, atol=atol, equal_nan=True):
        return ""
    return f"{ours.values.tolist()}, and PyTorch's is {theirs.values.tolist()}"
