"""`activations`: what the numbers do on their way through a model, layer by layer, and the cure in numbers.

Forward hooks look on, so any model works that has PyTorch's `named_modules` and `register_forward_hook`. Scales are
root mean squares: that is what a layer of random weights multiplies, by its weights' scale times sqrt(inputs).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from groundup.autograd.backward import grad
from groundup.errors import MissingExtra
from groundup.tensor import Tensor

Array = np.ndarray[Any, Any]

BINS = 60
STEADY = (0.5, 2.0)  # a factor of the scale within these needs no cure
TOGETHER = (0.2, 5.0)  # the same for all layers together
MANY = 0.1  # a share of dead units, or of saturated values, above this is said
# The ends between which an activation has a slope worth the name; beyond them it is saturated.
_SATURATED = {
    "Tanh": (-0.97, 0.97),
    "Sigmoid": (0.03, 0.97),
    "Hardtanh": (-0.999, 0.999),
    "Hardsigmoid": (0.001, 0.999),
}
_RECTIFIERS = ("ReLU", "ReLU6")


@dataclass
class Layer:
    """What one layer made of its input."""

    name: str
    kind: str
    shape: tuple[int, ...]
    mean: float
    std: float
    rms: float
    rms_in: float
    finite: bool
    histogram: Array
    edges: Array
    fan_in: int | None = None  # of a layer with weights
    weight_rms: float = math.nan
    dead: float | None = None  # the share of units that are 0 for every example
    lift: float = 0.0  # by how much the inputs of the dead units would have to rise
    saturated: float | None = None  # the share of values where the slope is nearly gone
    gradient: float | None = None  # the norm of the loss's gradient by the output


@dataclass
class Activations:
    """The layers in the order in which they ran: prints as a table with a verdict, and draws itself with `figure`."""

    layers: list[Layer]
    verdict: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        head = ("layer", "kind", "shape", "mean", "std", "rms", "dead", "saturated", "gradient")
        rows = [head]
        for each in self.layers:
            shares = (_percent(each.dead), _percent(each.saturated))
            slope = "" if each.gradient is None else f"{each.gradient:.3g}"
            numbers = (f"{each.mean:.3g}", f"{each.std:.3g}", f"{each.rms:.3g}")
            rows.append((each.name, each.kind, str(each.shape), *numbers, *shares, slope))
        widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
        table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
        return "\n".join([*table, "", *self.verdict])

    __repr__ = __str__

    def figure(self) -> Any:
        """The histogram of each layer, in colours over the depth, above its scale. Needs matplotlib."""
        figure = new_figure((9.0, 6.0))
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        limit = max(max(abs(each.edges[0]), abs(each.edges[-1])) for each in self.layers)
        edges = np.linspace(-limit, limit, 2 * BINS + 1)
        columns = np.stack([rebinned(each.histogram, each.edges, edges) for each in self.layers], axis=1)
        depth = np.arange(len(self.layers) + 1) - 0.5
        above.pcolormesh(depth, edges, np.log1p(columns), cmap="viridis")
        above.set_ylabel("values (brighter: more)")
        places = range(len(self.layers))
        below.plot(places, [each.rms for each in self.layers], marker=".", label="rms")
        below.plot(places, [each.std for each in self.layers], marker=".", linestyle="--", label="std")
        if all(each.gradient is not None for each in self.layers):
            below.plot(places, [each.gradient for each in self.layers], marker=".", label="norm of the gradient")
        if any(each.rms > 0 for each in self.layers):
            below.set_yscale("log")
        step = max(1, len(self.layers) // 16)
        names = [f"{each.name} {each.kind}" for each in self.layers]
        below.set_xticks(list(places)[::step], names[::step], rotation=45, ha="right", fontsize=8)
        below.grid(alpha=0.3)
        below.legend(fontsize=8)
        return figure

    def _repr_png_(self) -> bytes:
        return png(self.figure())


def activations(model: Any, x: Any, loss: Callable[[Any], Any] | None = None) -> Activations:
    """What each layer of a model makes of the input `x`, with a verdict.

    For every module without modules inside: mean, standard deviation and root mean square of what comes out, the
    share of dead units behind a ReLU and of saturated values behind tanh or sigmoid, and, given `loss` (a function of
    the model's output), the norm of its gradient by each output. No `.grad` is touched, and the mode of the model is
    as it was: call `model.train()` or `model.eval()` first. Works on modules of groundup and of PyTorch.

    >>> import groundup
    >>> from groundup import nn
    >>> model = nn.Sequential(nn.Linear(100, 100, bias=False), nn.Linear(100, 100, bias=False))
    >>> for layer in model:
    ...     _ = nn.init.normal_(layer.weight)
    >>> print(activations(model, groundup.randn(64, 100)).verdict[0])
    layer 0 multiplies the scale by ... = sqrt(100) × ...: scale its weights by 0...
    """
    layers: list[Layer] = []
    outputs: list[Any] = []

    def seen(name: str, module: Any, given: Any, made: Any) -> None:
        layers.append(measured(name, module, given, made))
        outputs.append(made)

    with watching(model, seen):
        result = model(x)
    if not layers:
        raise ValueError(f"no layer of {type(model).__name__} made a tensor of numbers")
    if loss is not None:
        for layer, g in zip(layers, _gradients(loss(result), outputs)):
            layer.gradient = 0.0 if g is None else float(np.linalg.norm(_array(g).astype(np.float64)))
    return Activations(layers, _verdict(layers))


@contextmanager
def watching(model: Any, seen: Callable[[str, Any, Any, Any], None]) -> Iterator[None]:
    """Call `seen(name, module, input, output)` for each innermost module that runs, for a while."""
    if not hasattr(model, "named_modules"):
        raise TypeError(f"activations are those of a module, not of {type(model).__name__}")

    def hook(name: str) -> Callable[[Any, Any, Any], None]:
        def call(module: Any, given: Any, made: Any) -> None:
            if hasattr(made, "detach") and made.is_floating_point() and given and hasattr(given[0], "detach"):
                seen(name, module, given[0], made)

        return call

    inner = [(name, module) for name, module in model.named_modules() if not any(True for _ in module.children())]
    handles = [module.register_forward_hook(hook(name or type(module).__name__)) for name, module in inner]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _array(tensor: Any) -> Array:
    found: Array = np.asarray(tensor.detach().numpy())
    return found


def scale_of(values: Array) -> float:
    """The root mean square."""
    with np.errstate(all="ignore"):
        return float(np.sqrt(np.mean(np.square(values, dtype=np.float64)))) if values.size else 0.0


def measured(name: str, module: Any, given: Any, made: Any) -> Layer:
    values, before, kind = _array(made), _array(given), type(module).__name__
    finite = values[np.isfinite(values)].astype(np.float64)
    histogram, edges = counted(finite)
    with np.errstate(all="ignore"):
        mean, std = (float(each) for each in (np.mean(values, dtype=np.float64), np.std(values, dtype=np.float64)))
    layer = Layer(
        *(name, kind, values.shape, mean, std, scale_of(values), scale_of(before)),
        *(len(finite) == values.size, histogram, edges),
    )
    weight = getattr(module, "weight", None)
    if weight is not None and len(weight.shape) > 1:
        layer.fan_in = int(np.prod(tuple(weight.shape)[1:]))
        layer.weight_rms = scale_of(_array(weight))
    if kind in _RECTIFIERS and values.ndim > 1:
        units = np.moveaxis(values, 1, -1).reshape(-1, values.shape[1])
        dead = (units == 0).all(axis=0)
        layer.dead = float(dead.mean())
        if dead.any() and before.shape == values.shape:
            reached = np.moveaxis(before, 1, -1).reshape(-1, values.shape[1])[:, dead].max(axis=0)
            layer.lift = float(-reached.min())
    if kind in _SATURATED:
        low, high = _SATURATED[kind]
        layer.saturated = float(((values < low) | (values > high)).mean())
    return layer


def counted(values: Array) -> tuple[Array, Array]:
    """A histogram over the values' own range, made symmetric."""
    limit = max(float(np.abs(values).max(initial=0.0)), 1e-30)
    return np.histogram(values, bins=BINS, range=(-limit, limit))


def rebinned(histogram: Array, edges: Array, common: Array) -> Array:
    """The counts in common bins, those of a bin spread evenly over it."""
    below = np.concatenate([[0.0], np.cumsum(histogram)])
    return np.diff(np.interp(common, edges, below))


def _gradients(loss: Any, outputs: list[Any]) -> Any:
    if isinstance(loss, Tensor):
        return grad(loss, outputs, retain_graph=True, allow_unused=True)
    import sys

    return sys.modules["torch"].autograd.grad(loss, outputs, retain_graph=True, allow_unused=True)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f}%"


# The verdict --------------------------------------------------------------------------------------------


def _verdict(layers: list[Layer]) -> list[str]:
    broken = next((each for each in layers if not each.finite), None)
    said = [f"layer {broken.name} makes nan or inf; all behind it is lost"] if broken else []
    weighted = [i for i, each in enumerate(layers) if each.fan_in is not None]
    for i, following in zip(weighted, [*weighted[1:], len(layers)]):
        said += _of_block(layers[i:following])
    said += _of_all([layers[i] for i in weighted])
    for each in layers:
        if each.dead is not None and each.dead > MANY:
            units = each.shape[1]
            said.append(
                f"layer {each.name}: {round(each.dead * units)} of {units} units are 0 for every example: raise their "
                f"biases by up to {each.lift:.2g}, and train with a lower rate"
            )
    return said or ["nothing to cure: no layer changes the scale by more than 2, none is dead, none is saturated"]


def _of_all(weighted: list[Layer]) -> list[str]:
    """What small factors of many layers come to together: from the first one's input to the last one's."""
    count = len(weighted) - 1
    if count < 2 or not all(each.finite and each.rms_in > 0 for each in weighted):
        return []
    factor = weighted[-1].rms_in / weighted[0].rms_in
    if TOGETHER[0] <= factor <= TOGETHER[1]:
        return []
    each_by = factor ** (1 / count)
    return [
        f"together the first {count} layers with weights multiply the scale by {factor:.2g}, each by {each_by:.3g}: "
        f"scale the weights of each by {1 / each_by:.3g}"
    ]


def _of_block(block: list[Layer]) -> list[str]:
    """What to say of a layer with weights and what follows it, up to the next one."""
    first, last = block[0], block[-1]
    if not all(each.finite for each in block) or first.rms_in == 0:
        return []
    saturated = next((each for each in block if each.saturated is not None and each.saturated > MANY), None)
    if saturated is not None:
        if first.rms <= 1:
            return []
        found = (
            f"layer {saturated.name} is saturated in {100 * (saturated.saturated or 0):.0f}% of its values, as layer "
        )
        if first.rms <= first.rms_in:
            return [f"{found}{first.name} gets a scale of {first.rms_in:.3g}: bring that to 1 first"]
        return [f"{found}{first.name} makes a scale of {first.rms:.3g}: scale its weights by {1 / first.rms:.2g}"]
    factor = last.rms / first.rms_in
    if STEADY[0] <= factor <= STEADY[1]:
        return []
    if factor == 0 and any(each.dead == 1 for each in block):
        return []  # said of the dead units
    if factor == 0:
        return [f"layer {last.name} makes zeros only: layer {first.name} needs new weights, of scale {_start(first)}"]
    through = "" if last is first else f" (with {', '.join(each.kind for each in block[1:])})"
    reason = f" = sqrt({first.fan_in}) × {first.weight_rms:.3g}" if last is first else ""
    return [
        f"layer {first.name}{through} multiplies the scale by {factor:.3g}{reason}: "
        f"scale its weights by {1 / factor:.2g}"
    ]


def _start(layer: Layer) -> str:
    return f"1/sqrt({layer.fan_in}) = {1 / math.sqrt(layer.fan_in or 1):.2g}"


# Pictures -----------------------------------------------------------------------------------------------


def new_figure(size: tuple[float, float]) -> Any:
    """A figure of matplotlib that belongs to nobody else."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtra("drawing activations", "matplotlib", "book") from error
    return Figure(figsize=size, layout="constrained")


def png(figure: Any) -> bytes:
    """The figure as a PNG file."""
    import io

    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()
