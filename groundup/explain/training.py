"""`activation_history`: the activations of every layer over a training, drawn as colours over the steps.

The picture with a column for each step, brighter where more values are, shows at a glance whether a layer collapses,
saturates or explodes, and when it recovered.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from groundup.explain.activity import BINS, Layer, measured, new_figure, png, rebinned, watching


class ActivationHistory:
    """What each layer made at each step: `layers` maps its name to its measurements, in the order of the steps."""

    def __init__(self) -> None:
        self.layers: dict[str, list[Layer]] = {}

    def __str__(self) -> str:
        """The first and the last step of each layer."""
        rows = [("layer", "kind", "steps", "std at first", "std at last", "mean at last")]
        for name, steps in self.layers.items():
            first, last = steps[0], steps[-1]
            numbers = (f"{first.std:.3g}", f"{last.std:.3g}", f"{last.mean:.3g}")
            rows.append((name, last.kind, str(len(steps)), *numbers))
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)

    __repr__ = __str__

    def figure(self) -> Any:
        """A panel for each layer: its histogram at each step, with the mean (line) and one deviation around it."""
        if not self.layers:
            raise ValueError("nothing has run yet: call the model inside `with activation_history(model) as history:`")
        figure = new_figure((9.0, 1.0 + 1.5 * len(self.layers)))
        panels = figure.subplots(len(self.layers), 1, sharex=True, squeeze=False)[:, 0]
        for axes, (name, steps) in zip(panels, self.layers.items()):
            limit = max(float(each.edges[-1]) for each in steps)
            edges = np.linspace(-limit, limit, BINS + 1)
            columns = np.stack([rebinned(each.histogram, each.edges, edges) for each in steps], axis=1)
            axes.pcolormesh(np.arange(len(steps) + 1) - 0.5, edges, np.log1p(columns), cmap="viridis")
            mean = np.array([each.mean for each in steps])
            std = np.array([each.std for each in steps])
            axes.plot(mean, color="white", linewidth=1)
            for sign in (-1, 1):
                axes.plot(mean + sign * std, color="white", linewidth=0.7, linestyle="--")
            axes.set_ylim(-limit, limit)
            axes.set_ylabel(f"{name} {steps[0].kind}", fontsize=8)
        panels[-1].set_xlabel("step (brighter: more values; lines: mean, and one deviation around it)")
        return figure

    def _repr_png_(self) -> bytes:
        return png(self.figure())


@contextmanager
def activation_history(model: Any) -> Iterator[ActivationHistory]:
    """Measure the activations at every call of the model inside the ``with``, of groundup's or of PyTorch's.

    >>> import groundup
    >>> model = groundup.nn.Sequential(groundup.nn.Linear(4, 8), groundup.nn.Tanh())
    >>> with activation_history(model) as history:
    ...     for _ in range(3):
    ...         _ = model(groundup.randn(16, 4))
    >>> [(name, len(steps)) for name, steps in history.layers.items()]
    [('0', 3), ('1', 3)]
    """
    history = ActivationHistory()

    def seen(name: str, module: Any, given: Any, made: Any) -> None:
        history.layers.setdefault(name, []).append(measured(name, module, given, made))

    with watching(model, seen):
        yield history
