"""Values as source that makes them again: numbers, types, arrays, and what is built of them."""

from __future__ import annotations

import base64
import math
import textwrap
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

FEW = 256  # elements, up to which an array is written out as numbers


class Literals:
    """Writes values. `name_of` gives the name of what has one: functions, classes, generators."""

    def __init__(self, name_of: Callable[[Any, str], str]) -> None:
        self.name_of = name_of
        self.imports: set[str] = set()  # modules that the source needs
        self.blank: list[np.ndarray] = []  # arrays whose elements nobody reads before they are written

    def source(self, value: Any) -> str:
        """An expression whose value is this one; raises `ValueError` if there is none."""
        if value is None or value is Ellipsis or isinstance(value, (bool, int, str, bytes)):
            return repr(value)
        if isinstance(value, float):
            return repr(value) if math.isfinite(value) else f"float({str(value)!r})"
        if isinstance(value, np.ndarray):
            return self._array(value)
        if isinstance(value, np.dtype):
            return f"np.dtype({_type(value)})"
        if isinstance(value, np.generic):
            return f"{_type(value.dtype)}({self.source(value.item())})"
        if isinstance(value, type) and issubclass(value, np.generic):
            return f"np.{value.__name__}"
        if isinstance(value, slice):
            return f"slice({', '.join(map(self.source, (value.start, value.stop, value.step)))})"
        if isinstance(value, dict):
            return f"{{{', '.join(f'{self.source(key)}: {self.source(each)}' for key, each in value.items())}}}"
        if isinstance(value, (tuple, list, set, frozenset)):
            return self._sequence(value)
        return self.name_of(value, "")

    def _sequence(self, value: Any) -> str:
        parts = ", ".join(map(self.source, value))
        kind = type(value)
        if kind is list:
            return f"[{parts}]"
        if kind is tuple:
            return f"({parts},)" if len(value) == 1 else f"({parts})"
        if kind in (set, frozenset):
            return f"{kind.__name__}([{parts}])"
        if hasattr(kind, "_fields"):
            return f"{self.name_of(kind, kind.__name__)}({parts})"
        return f"{self.name_of(kind, kind.__name__)}(({parts},))"

    def _array(self, array: np.ndarray) -> str:
        kind = _type(array.dtype)
        if array.ndim == 0:
            return f"np.array({self.source(array.item())}, {kind})"
        if any(each is array for each in self.blank):
            return f"np.empty({array.shape}, {kind})"
        flat = array.reshape(-1)
        if flat.size and flat.tobytes() == flat[:1].tobytes() * flat.size:
            first = self.source(flat[0].item())
            filled = {"0.0": "zeros", "0": "zeros", "False": "zeros", "1.0": "ones", "1": "ones", "True": "ones"}
            name = filled.get(first)
            return f"np.{name}({array.shape}, {kind})" if name else f"np.full({array.shape}, {first}, {kind})"
        if flat.size > 4 and array.dtype.kind in "iu" and (np.diff(flat) == 1).all():
            whole = f"np.arange({flat[0]}, {int(flat[-1]) + 1}, dtype={kind})"
        elif flat.size <= FEW:
            whole = f"np.array({self.source(flat.tolist())}, {kind})"
        else:
            self.imports |= {"base64", "zlib"}
            packed = base64.b85encode(zlib.compress(np.ascontiguousarray(array).tobytes(), 9)).decode()
            lines = textwrap.wrap(packed, 110, break_on_hyphens=False)
            text = "\n".join(f"    {line!r}" for line in lines)
            whole = f"np.frombuffer(zlib.decompress(base64.b85decode(\n{text}\n)), {kind}).copy()"
        return whole if array.ndim == 1 else f"{whole}.reshape({array.shape})"


def _type(dtype: np.dtype[Any]) -> str:
    if dtype.isbuiltin != 1 or dtype.kind not in "fciub":
        raise ValueError(f"an array of {dtype.name} cannot be written into a file that needs NumPy alone")
    return "bool" if dtype.kind == "b" else f"np.{dtype.name}"
