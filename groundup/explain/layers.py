"""The layers of a network as a table: the shapes that come out, parameters, FLOPs and memory, for one real input.

Hooks on every module write down what goes in and comes out while the network runs once, in eval mode and without
recording, so that nothing of it changes. It asks only for what groundup's and PyTorch's modules both offer.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np

from groundup.explain.explanation import in_bytes, table
from groundup.explain.products import flops_of

Shape = tuple[int, ...]
HEADINGS = ["layer", "output", "parameters", "FLOPs", "new memory"]


@dataclass
class Layer:
    """A module of the network: where it stands in the tree, what it holds, and what its calls gave."""

    name: str  # dotted, empty for the network itself
    kind: str
    depth: int
    parameters: int  # of its own, each counted where it is met first
    calls: int = 0
    outputs: list[Shape] = field(default_factory=list)  # of the last call
    flops: int | None = 0  # of its own, over all calls
    nbytes: int = 0  # of all outputs of all calls that are not in the memory of an input
    encloses: bool = False  # whether another module was called below it


def shapes(model: Any, *inputs: Any, depth: int | None = None, **keywords: Any) -> Shapes:
    """The table of ``model`` for a call with ``inputs``: tensors, NumPy arrays, or shapes, which become zeros.

    ``depth`` limits how deep the tree is shown; what lies below is added to the row above it. Modules of groundup and
    of PyTorch. New memory is that of outputs which are not views of the layer's input. FLOPs count 2 for each product
    that is added up, in layers that are made of products; products that a ``forward`` writes out itself are not seen,
    and ``?`` marks a module with parameters of its own whose kind is not known.

    >>> from groundup import explain, nn
    >>> model = nn.Sequential(nn.Linear(784, 50), nn.ReLU(), nn.Linear(50, 10))
    >>> print(explain.shapes(model, (64, 784)))
    layer         output    parameters      FLOPs  new memory
    Sequential    (64, 10)
    ├─ 0 Linear   (64, 50)      39,250  5,017,600    12.5 KiB
    ├─ 1 ReLU     (64, 50)                           12.5 KiB
    └─ 2 Linear   (64, 10)         510     64,000     2.5 KiB
    <BLANKLINE>
    39,760 parameters, 155 KiB; all of them trained: as much again for gradients
    5,081,600 FLOPs forward, about three times as many with backward
    input 196 KiB, new memory of all layers 27.5 KiB
    """
    if not hasattr(model, "named_modules"):
        raise TypeError(f"explain.shapes takes a module first, got {type(model).__name__}")
    if not inputs and not keywords:
        raise TypeError("explain.shapes needs an input too: a tensor, or a shape such as (64, 1, 28, 28)")
    given = [_as_input(each, model) for each in inputs]
    layers = {id(module): layer for module, layer in _tree(model)}
    with _looking(model, layers), _in_eval_mode(model), _not_recording(model):
        model(*given, **keywords)
    sizes = [(p.numel(), p.element_size(), p.requires_grad) for p in model.parameters()]
    return Shapes(list(layers.values()), sizes, sum(_nbytes(each) for each in _tensors([given, keywords])), depth)


def _tree(model: Any) -> Iterator[tuple[Any, Layer]]:
    """Every module once, parents before children; a parameter that several share is counted at the first."""
    counted: set[int] = set()
    for name, module in model.named_modules():
        own = [p for p in module.parameters(recurse=False) if id(p) not in counted]
        counted.update(map(id, own))
        depth = name.count(".") + 1 if name else 0
        yield module, Layer(name, type(module).__name__, depth, sum(p.numel() for p in own))


@contextlib.contextmanager
def _looking(model: Any, layers: dict[int, Layer]) -> Iterator[None]:
    """Write down every call of every module for a while."""

    running: list[tuple[Layer, list[Shape]]] = []

    def enter(module: Any, args: Any, kwargs: Any) -> None:
        for layer, _ in running:
            layer.encloses = True
        running.append((layers[id(module)], [tuple(t.shape) for t in _tensors([args, kwargs])]))

    def leave(module: Any, args: Any, kwargs: Any, output: Any) -> None:
        layer, taken = running.pop()
        found, known = _tensors(output), {t.data_ptr() for t in _tensors([args, kwargs])}
        layer.outputs = [tuple(t.shape) for t in found]
        layer.calls += 1
        layer.nbytes += sum(_nbytes(t) for t in found if t.data_ptr() not in known)
        flops = flops_of(module, taken, layer.outputs)
        layer.flops = None if flops is None or layer.flops is None else layer.flops + flops

    with contextlib.ExitStack() as stack:
        for module in model.modules():
            stack.callback(module.register_forward_pre_hook(enter, with_kwargs=True).remove)
            stack.callback(module.register_forward_hook(leave, with_kwargs=True).remove)
        try:
            yield
        except Exception as error:
            if running:
                layer, taken = running[-1]
                error.add_note(f"It was {layer.name or 'the network'} ({layer.kind}), called with {_written(taken)}.")
            raise


@contextlib.contextmanager
def _in_eval_mode(model: Any) -> Iterator[None]:
    """No dropout is drawn and no running mean moves; afterwards each module is in the mode that it was in."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def _library(model: Any) -> Any:
    """The library that the module is of: the one whose ``nn.Module`` it is."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(model, torch.nn.Module):
        return torch
    return sys.modules["groundup"]


def _not_recording(model: Any) -> Any:
    return _library(model).no_grad()


def _as_input(given: Any, model: Any) -> Any:
    """A shape as zeros of the type that the first layer with parameters takes, an array as a tensor."""
    library = _library(model)
    if not (isinstance(given, tuple) and given and all(type(n) is int for n in given)):
        return library.from_numpy(given) if isinstance(given, np.ndarray) else given
    for module in model.modules():
        for parameter in module.parameters(recurse=False):
            kind = library.int64 if type(module).__name__.startswith("Embedding") else parameter.dtype
            return library.zeros(given, dtype=kind, device=parameter.device)
    return library.zeros(given)


def _tensors(found: Any) -> list[Any]:
    """The tensors in what a module took or gave: in tuples, lists and dicts, in order."""
    if hasattr(found, "shape") and hasattr(found, "element_size"):
        return [found]
    if isinstance(found, dict):
        found = list(found.values())
    if isinstance(found, tuple | list):
        return [tensor for each in found for tensor in _tensors(each)]
    return []


def _nbytes(tensor: Any) -> int:
    return int(tensor.numel() * tensor.element_size())


class Shapes:
    """What `shapes` found: the ``layers``; over all of them ``parameters``, ``flops``, and ``nbytes`` of new memory."""

    def __init__(self, layers: list[Layer], sizes: list[tuple[int, int, bool]], input_bytes: int, depth: int | None):
        self.layers, self.input_bytes, self.depth = layers, input_bytes, depth
        self.parameters = sum(count for count, _, _ in sizes)
        self.trained = sum(count for count, _, wanted in sizes if wanted)
        self.parameter_bytes = sum(count * size for count, size, _ in sizes)
        self.trained_bytes = sum(count * size for count, size, wanted in sizes if wanted)
        self.flops = sum(layer.flops or 0 for layer in layers)
        self.nbytes = sum(layer.nbytes for layer in layers if not layer.encloses)
        self.unknown = [layer.kind for layer in layers if layer.flops is None]

    def rows(self) -> list[list[str]]:
        """The table's rows, each a cell for each of the headings."""
        shown = [each for each in self.layers if self.depth is None or each.depth <= self.depth]
        return [self._row(layer, self._branch(layer, shown)) for layer in shown]

    def _row(self, layer: Layer, branch: str) -> list[str]:
        cut = layer.depth == self.depth
        part = [each for each in self.layers if each is layer or (cut and _below(each, layer))]
        flops = [each.flops for each in part]
        nbytes = sum(each.nbytes for each in part if not each.encloses)
        often = f" × {layer.calls}" if layer.calls > 1 else ""
        called = any(each.calls for each in self.layers if _below(each, layer))
        return [
            f"{branch}{layer.kind}{often}",
            _written(layer.outputs) if layer.calls else "" if called else "not called",
            _count(sum(each.parameters for each in part)),
            "?" if None in flops else _count(sum(each or 0 for each in flops)),
            in_bytes(nbytes) if nbytes else "",
        ]

    def _branch(self, layer: Layer, shown: list[Layer]) -> str:
        """The lines that lead to a row of the tree, and its name."""
        if not layer.name:
            return ""
        parts = layer.name.split(".")
        lines = ""
        for level in range(1, len(parts) + 1):
            last = _is_last(".".join(parts[:level]), shown)
            if level == len(parts):
                lines += "└─ " if last else "├─ "
            else:
                lines += "   " if last else "│  "
        return f"{lines}{parts[-1]} "

    def totals(self) -> list[str]:
        """The sums, in words."""
        trained = f"{self.trained:,} of them trained" if self.trained < self.parameters else "all of them trained"
        gradients = "as much again" if self.trained == self.parameters else in_bytes(self.trained_bytes)
        least = "at least " if self.unknown else ""
        lines = ["no parameters"]
        if self.parameters:
            held = f"{self.parameters:,} parameters, {in_bytes(self.parameter_bytes)}"
            lines = [f"{held}; {trained}" + (f": {gradients} for gradients" if self.trained else "")]
        lines.append(f"{least}{self.flops:,} FLOPs forward, about three times as many with backward")
        lines.append(f"input {in_bytes(self.input_bytes)}, new memory of all layers {in_bytes(self.nbytes)}")
        if self.unknown:
            lines.append(f"? is not counted: {', '.join(dict.fromkeys(self.unknown))} has parameters of its own")
        return lines

    def text(self) -> str:
        """The table and its sums."""
        return "\n".join([*table([HEADINGS, *self.rows()], "llrrr"), "", *self.totals()])

    __repr__ = text

    def _repr_html_(self) -> str:
        style = "text-align:{};white-space:pre;font-family:monospace"
        sides = ("left", "left", "right", "right", "right")
        body = ""
        for tag, cells in [("th", HEADINGS), *(("td", row) for row in self.rows())]:
            inner = (f'<{tag} style="{style.format(s)}">{escape(c)}</{tag}>' for s, c in zip(sides, cells, strict=True))
            body += f"<tr>{''.join(inner)}</tr>"
        return f"<table>{body}</table><p>{'<br>'.join(map(escape, self.totals()))}</p>"


def _written(shapes: list[Shape]) -> str:
    """A few shapes, or the first and how many there are."""
    text = ", ".join(map(str, shapes))
    return text if len(text) <= 44 else f"{shapes[0]}, ... {len(shapes)} tensors"


def _count(number: int) -> str:
    return f"{number:,}" if number else ""


def _below(layer: Layer, other: Layer) -> bool:
    return layer.name.startswith(f"{other.name}.") or not other.name


def _is_last(name: str, shown: list[Layer]) -> bool:
    """Whether no other branch follows at the same place of the tree."""
    parent, _, _ = name.rpartition(".")
    depth = name.count(".")
    siblings = [each.name for each in shown if each.name and each.name.count(".") == depth]
    return [each for each in siblings if each.rpartition(".")[0] == parent][-1:] == [name]
