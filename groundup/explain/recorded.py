"""A recorded graph as plain data: its nodes in an order, their values as far as the tape kept them, and its walk back.

It reads groundup's tape and PyTorch's through what both offer: `next_functions`, `name()` and hooks on nodes. The
gradients are those of a real walk, watched by hooks; no `.grad` is touched, and the graph can still be walked.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from groundup.autograd.state import no_grad
from groundup.autograd.tape import AnyNode, Leaf, Node, TensorBase, line_of, wrap
from groundup.autograd.walk import Walk

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Stats:
    """What an array holds, in a few numbers."""

    shape: tuple[int, ...]
    mean: float
    std: float
    low: float
    high: float
    finite: bool

    @classmethod
    def of(cls, array: Array) -> Stats:
        """The numbers of an array; of one without elements they are 0."""
        values = np.asarray(array, np.float64)
        if not values.size:
            return cls(values.shape, 0.0, 0.0, 0.0, 0.0, True)
        with np.errstate(all="ignore"):
            mean, std, low, high = (float(each) for each in (values.mean(), values.std(), values.min(), values.max()))
        return cls(values.shape, mean, std, low, high, bool(np.isfinite(values).all()))

    def __str__(self) -> str:
        if self.shape == ():
            return f"{self.mean:.4g}"
        text = f"{self.mean:.3g} ± {self.std:.2g}"
        return text if self.finite else text + ", not finite"


@dataclass
class Vertex:
    """A node of the graph: the value that its operation made, and the gradient that arrived there."""

    key: int
    operation: str
    name: str  # of a leaf, if it has one
    shape: tuple[int, ...]
    where: str  # the line that recorded it, where that is known
    leaf: bool
    inputs: list[int] = field(default_factory=list)
    value: Array | None = None
    gradient: Array | None = None

    @property
    def title(self) -> str:
        """How it is called in a picture or a list."""
        return self.name or self.operation


@dataclass
class Recording:
    """The graph behind a result: vertices by key, the result's key, and the order in which the walk visited them."""

    vertices: dict[int, Vertex]
    root: int
    order: list[int]
    sent: dict[int, list[tuple[int, Array]]]  # what each visit handed on, and to whom

    @property
    def uses(self) -> dict[int, int]:
        """How many edges of the graph lead to each vertex."""
        found = dict.fromkeys(self.vertices, 0)
        for vertex in self.vertices.values():
            for each in vertex.inputs:
                found[each] += 1
        return found


def record(loss: Any, names: Any = None) -> Recording:
    """The graph behind a scalar. Raises where it has none, or where it was walked already and let go.

    `names` names leaves: a model (its parameters' names), or a mapping of names to tensors.
    """
    ours = isinstance(loss, TensorBase)
    if ours and loss._view is not None:
        loss._view.refresh(loss)
    root = loss._node if ours else getattr(loss, "grad_fn", None)
    if not ours and not hasattr(loss, "grad_fn"):
        raise TypeError(f"a recorded graph lies behind a tensor, not behind {type(loss).__name__}")
    if root is None:
        raise RuntimeError("element 0 of tensors does not require grad and does not have a grad_fn")
    if len(tuple(loss.shape)) and int(np.prod(tuple(loss.shape))) != 1:
        raise RuntimeError(f"grad can be implicitly created only for scalar outputs, and this has {tuple(loss.shape)}")
    nodes = _nodes(root)
    keys = {id(node): key for key, node in enumerate(nodes)}
    named = _names(names)
    vertices = {keys[id(node)]: _vertex(node, keys, named) for node in nodes}
    for node in nodes:
        _keep_values(node, vertices, keys)
    vertices[keys[id(root)]].value = _array(loss)
    order, sent = _walked(loss, nodes, vertices, keys)
    recording = Recording(vertices, keys[id(root)], order, sent)
    for node in nodes:
        if isinstance(node, AnyNode) and node.origin() is not node:
            _join(recording, keys[id(node)], keys[id(node.origin())])
    gone = {keys[id(node.origin())] for node in nodes if isinstance(node, AnyNode) and node.origin() is not node}
    return _without(recording, gone) if gone else recording


def _without(recording: Recording, gone: set[int]) -> Recording:
    """The recording without some vertices, the keys counted anew."""
    new = {key: number for number, key in enumerate(key for key in recording.vertices if key not in gone)}
    vertices = {}
    for key, number in new.items():
        vertex = vertices[number] = recording.vertices[key]
        vertex.key, vertex.inputs = number, [new[each] for each in vertex.inputs]
    order = [new[key] for key in recording.order if key in new]
    sent = {new[key]: [(new[to], g) for to, g in given] for key, given in recording.sent.items() if key in new}
    return Recording(vertices, new[recording.root], order, sent)


def _join(recording: Recording, output: int, call: int) -> None:
    """Let an output of a user's own function stand for the call too, which has a node of its own on the tape."""
    vertices, uses = recording.vertices, recording.uses
    vertices[output].inputs = list(vertices[call].inputs)
    # What came to a value that nothing else uses is what the function handed to it.
    sent = [(key, vertices[key].gradient) for key in vertices[call].inputs if uses[key] == 1]
    recording.sent[output] = [(key, gradient) for key, gradient in sent if gradient is not None]


def _nodes(root: Any) -> list[Any]:
    """Every node once; a list that keeps them alive, since PyTorch makes its nodes' Python objects as needed."""
    found, seen = [root], {id(root)}
    for node in found:
        for each, _ in node.next_functions:
            if each is not None and id(each) not in seen:
                seen.add(id(each))
                found.append(each)
    return found


def _names(names: Any) -> dict[int, str]:
    if names is None:
        return {}
    pairs = names.items() if isinstance(names, Mapping) else names.named_parameters()
    return {id(tensor): name for name, tensor in pairs}


def _leaf_tensor(node: Any) -> Any:
    if isinstance(node, Leaf):
        return node.tensor()
    return getattr(node, "variable", None)


def _vertex(node: Any, keys: dict[int, int], named: dict[int, str]) -> Vertex:
    tensor = _leaf_tensor(node)
    name = node.name().rpartition("::")[2]
    leaf = tensor is not None or name == "AccumulateGrad"
    operation = name.rstrip("0123456789").removesuffix("Backward")
    if isinstance(node, AnyNode):
        shape, where = tuple(node.shape), _place(node)
        operation = node.row.name if isinstance(node, Node) and not hasattr(node, "shown") else operation
    else:
        shape, where = tuple(node._input_metadata[0].shape) if node._input_metadata else (), ""
    inputs = [keys[id(each)] for each, _ in node.next_functions if each is not None]
    vertex = Vertex(
        keys[id(node)], "leaf" if leaf else operation, named.get(id(tensor), ""), shape, where, leaf, inputs
    )
    if tensor is not None:
        vertex.value = _array(tensor)
    return vertex


def _place(node: AnyNode) -> str:
    """The line that recorded the node, without the folders of its file."""
    where = line_of(node.where) if node.where else ""
    file, colon, rest = where.partition(":" if os.sep == "/" else ".py:")
    return os.path.basename(file) + colon + rest


def _keep_values(node: Any, vertices: dict[int, Vertex], keys: dict[int, int]) -> None:
    """Note the values that this node kept for its derivatives: its arguments', and its own."""
    if isinstance(node, Node):
        saved = node.saved or ()
        for step, edge in zip(node.plan.steps, node.edges):
            if edge is not None and step.argument in node.plan.inputs:
                array = saved[node.plan.inputs.index(step.argument)] if saved else None
                if isinstance(array, np.ndarray):
                    vertices[keys[id(edge)]].value = array
        if node.plan.result and saved and isinstance(saved[-1], np.ndarray):
            vertices[keys[id(node)]].value = saved[-1]
    elif not isinstance(node, AnyNode):
        for attribute in (each for each in dir(node) if each.startswith("_saved_")):
            value = getattr(node, attribute)
            if getattr(value, "grad_fn", None) is not None and id(value.grad_fn) in keys:
                vertices[keys[id(value.grad_fn)]].value = _array(value)


def _array(tensor: Any) -> Array:
    found: Array = np.array(tensor.detach().numpy())
    return found


# The walk -----------------------------------------------------------------------------------------------


Sent = dict[int, list[tuple[int, Array]]]


def _walked(loss: Any, nodes: list[Any], vertices: dict[int, Vertex], keys: dict[int, int]) -> tuple[list[int], Sent]:
    """Walk back once, looking on; gives the order of the visits, and what each handed on."""
    order: list[int] = []
    sent: Sent = {}

    def visited(node: Any, arrived: Any, pulled: Any = ()) -> None:
        vertex = vertices[keys[id(node)]]
        vertex.gradient = _array(arrived)
        order.append(vertex.key)
        edges = node.edges if isinstance(node, AnyNode) else [each for each, _ in node.next_functions]
        sent[vertex.key] = [
            (keys[id(edge)], _array(g)) for edge, g in zip(edges, pulled) if edge is not None and g is not None
        ]

    if isinstance(loss, TensorBase):
        with _watched(nodes, visited), no_grad():
            targets: dict[AnyNode, Any] = {node: None for node in nodes if isinstance(node, Leaf)}
            Walk(create_graph=False, keep=True, targets=targets).go([(nodes[0], np.ones_like(loss._array))])
        return order, sent
    import sys

    torch = sys.modules["torch"]  # it made the tensor, so it is there

    def hook(node: Any) -> Any:
        return node.register_hook(lambda pulled, arrived: visited(node, arrived[0], pulled) if _some(arrived) else None)

    leaves = [each for each in map(_leaf_tensor, nodes) if each is not None]
    handles = [hook(node) for node in nodes if _leaf_tensor(node) is None]
    try:
        found = torch.autograd.grad(loss, leaves, retain_graph=True, allow_unused=True)
    finally:
        for handle in handles:
            handle.remove()
    reached = {id(leaf): g for leaf, g in zip(leaves, found)}
    for node in nodes:  # PyTorch hands these over without a visit
        arrived = reached.get(id(_leaf_tensor(node)))
        if arrived is not None:
            visited(node, arrived)
    return order, sent


def _some(arrived: Any) -> bool:
    return bool(arrived) and arrived[0] is not None


def _pulled(node: Any, arrived: Any) -> list[Any]:
    """What a node of ours hands on, each gradient in the shape of its value; nothing for a user's own function."""
    if not isinstance(node, Node):
        return []
    walk = Walk(create_graph=False, keep=True, targets={})
    found = zip(node.edges, node.pull(arrived._array, walk))
    return [None if edge is None or g is None else wrap(walk.fit(np.asarray(g), edge)) for edge, g in found]


@contextlib.contextmanager
def _watched(nodes: list[Any], visited: Any) -> Iterator[None]:
    """Hooks of our own on all nodes, in place of the user's, for a while."""
    before = [node.hooks for node in nodes]
    try:
        for node in nodes:
            node.hooks = {0: lambda arrived, node=node: visited(node, arrived, _pulled(node, arrived))}
        yield
    finally:
        for node, hooks in zip(nodes, before):
            node.hooks = hooks
