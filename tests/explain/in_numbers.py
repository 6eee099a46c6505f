"""Derived gradients in numbers: the index expressions of a derivation evaluated on arrays, sums and all."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


class Numbers:
    """Evaluates expressions; `arrays` are the values by name, `sizes` those of the letters, by their capitals."""

    def __init__(self, arrays: dict[str, np.ndarray], sizes: dict[str, int]) -> None:
        import sympy

        self.s = sympy
        self.arrays, self.sizes = arrays, sizes

    def gradients(self, derivation: Any) -> dict[str, np.ndarray]:
        """Every gradient of the derivation as an array, the later steps' put into the earlier ones'."""
        found = {}
        for name, expression in derivation.gradients.items():
            letters = derivation.letters[name]
            out = np.zeros(tuple(self.sizes[each.upper()] for each in letters))
            symbols = [self.s.Symbol(each, integer=True, positive=True) for each in letters]
            for at in np.ndindex(out.shape):
                out[at] = float(self.number(expression, {k: i + 1 for k, i in zip(symbols, at)}))
            found[name] = self.arrays[f"{name}_grad"] = out
        return found

    def number(self, each: Any, places: dict[Any, int]) -> Any:
        """The expression in numbers: its indices at their places, from 1 on."""
        kind = type(each).__name__
        if kind in ("Sum", "Product"):
            return self._over(each, places)
        if kind == "Indexed":
            at = tuple(int(self.number(index, places)) - 1 for index in each.indices)
            value = self.arrays[str(each.base.label)][at]
            return value + 1 if value.dtype.kind == "i" else float(value)  # a place, counted from 1 as the indices are
        if kind == "KroneckerDelta":
            left, right = (self.number(arg, places) for arg in each.args)
            return float(left == right)
        if kind == "Iverson":
            return float(bool(self.number(each.args[0], places)))
        if kind == "Piecewise":
            return next(self.number(value, places) for value, holds in each.args if self.number(holds, places))
        if each.is_Symbol:
            name = str(each)
            if each in places:
                return places[each]
            if name not in self.arrays:
                return self.sizes[name]
            value = self.arrays[name][()]
            return value + 1 if self.arrays[name].dtype.kind == "i" else float(value)
        if not each.args:
            return bool(each) if each in (self.s.true, self.s.false) else int(each) if each.is_Integer else float(each)
        if kind == "Mul":  # what a bracket leaves out may lie outside of its array
            chosen = [arg for arg in each.args if type(arg).__name__ in ("Iverson", "KroneckerDelta")]
            if any(self.number(arg, places) == 0 for arg in chosen):
                return 0.0
        values = [self.number(arg, places) for arg in each.args]
        if kind in ("Mul", "Add"):
            return math.prod(values) if kind == "Mul" else sum(values)
        if kind == "Pow":
            return float(values[0]) ** float(values[1])
        return each.func(*map(self.s.sympify, values))

    def _over(self, each: Any, places: dict[Any, int]) -> Any:
        """A sum or a product, whose inner limits may depend on the outer indices."""
        (index, low, high), *_ = each.limits[-1:]
        inner = each.limits[:-1]
        body = type(each)(each.function, *inner) if inner else each.function
        values = []
        for at in range(int(self.number(low, places)), int(self.number(high, places)) + 1):
            values.append(self.number(body, places | {index: at}))
        return math.fsum(map(float, values)) if type(each).__name__ == "Sum" else math.prod(map(float, values))
