"""`backward` and `grad`: from tensors to the gradients of what they were made from. They check, then start the walk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from groundup.autograd.apply import TENSORS
from groundup.autograd.state import LOCAL, quiet
from groundup.autograd.tape import AnyNode, Leaf, TensorBase, constant, line_of
from groundup.autograd.walk import Walk

Tensors = Any  # a tensor or a sequence of tensors


def backward(
    tensors: Tensors,
    grad_tensors: Tensors = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensors = None,
) -> None:
    """Add the gradient of `tensors` to the `.grad` of every leaf that they depend on (or of `inputs` alone).

    Follows ``torch.autograd.backward``: a scalar starts with gradient 1, anything else needs `grad_tensors`.
    Raises RuntimeError where no gradient can be had, naming what is missing.

    >>> import groundup
    >>> x = groundup.tensor([1.0, 2.0], requires_grad=True)
    >>> groundup.autograd.backward((x * x).sum())
    >>> x.grad
    tensor([2., 4.])
    """
    if inputs is not None and not isinstance(inputs, TensorBase) and not tuple(inputs):
        raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    outputs = _as_tuple(tensors)
    roots = _roots(outputs, _as_tuple(grad_tensors), create_graph or LOCAL.state.watch is not None)
    keep = create_graph if retain_graph is None else retain_graph
    if inputs is None:
        _walk(Walk(create_graph, keep, None), roots)
        return
    wanted = _as_tuple(inputs)
    targets: dict[AnyNode, Any] = {_node_of(tensor): None for tensor in wanted}
    _walk(Walk(create_graph, keep, targets), roots)
    collector = Walk(create_graph, keep, None)
    for tensor in wanted:
        found = targets[_node_of(tensor)]
        if found is not None:
            collector.accumulate(tensor, found)


def grad(
    outputs: Tensors,
    inputs: Tensors,
    grad_outputs: Tensors = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    *,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The gradients of `outputs` with respect to `inputs`, as a tuple; no `.grad` is touched.

    Follows ``torch.autograd.grad``. An input that the outputs do not depend on raises, unless `allow_unused` (its
    gradient is then None) or `materialize_grads` (zeros). `only_inputs` is accepted: no other way remains.

    >>> import groundup
    >>> x = groundup.tensor(3.0, requires_grad=True)
    >>> (g,) = groundup.autograd.grad(x ** 2, x, create_graph=True)
    >>> groundup.autograd.grad(g, x)
    (tensor(2.),)
    """
    if materialize_grads and allow_unused is False:
        raise ValueError("Expected allow_unused to be True or not passed when materialize_grads=True, but got: False")
    results, wanted = _as_tuple(outputs), _as_tuple(inputs)
    if not wanted:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    roots = _roots(results, _as_tuple(grad_outputs), create_graph or LOCAL.state.watch is not None)
    targets: dict[AnyNode, Any] = {_node_of(tensor): None for tensor in wanted}
    walk = Walk(create_graph, create_graph if retain_graph is None else retain_graph, targets)
    _walk(walk, roots)
    grads: list[Any] = []
    for tensor in wanted:
        found = targets[_node_of(tensor)]
        if found is None and materialize_grads:
            found = constant(np.zeros_like(tensor._array))
        elif found is None and not allow_unused:
            raise RuntimeError(
                "One of the differentiated Tensors appears to not have been used in the graph. Set allow_unused=True "
                "if this is the desired behavior.\n"
                f"  It is argument {len(grads)} of inputs, of shape {tensor._array.shape}."
            )
        elif found is not None and not create_graph:
            found = walk.own(found)
        grads.append(found)
    return tuple(grads)


def _walk(walk: Walk, roots: list[tuple[AnyNode, Any]]) -> None:
    """Walk with recording on only if the gradients themselves are to have a graph."""
    state = LOCAL.state
    before, state.grad = state.grad, walk.create_graph
    try:
        walk.go(roots)
    finally:
        state.grad = before


def _as_tuple(tensors: Tensors) -> tuple[Any, ...]:
    if tensors is None:
        return ()
    return (tensors,) if isinstance(tensors, TensorBase) else tuple(tensors)


def _node_of(tensor: Any) -> AnyNode:
    if not isinstance(tensor, TensorBase):
        raise TypeError(f"inputs must be tensors, not {type(tensor).__name__}")
    if tensor._view is not None:
        tensor._view.refresh(tensor)
    if tensor._node is None:
        raise RuntimeError(
            "One of the differentiated Tensors does not require grad\n  Call .requires_grad_() on it before it is used."
        )
    return tensor._node


def _roots(outputs: Sequence[Any], gradients: Sequence[Any], in_tensors: bool) -> list[tuple[AnyNode, Any]]:
    """The node and the first gradient of each output."""
    if gradients and len(gradients) != len(outputs):
        raise RuntimeError(f"got {len(outputs)} tensors and {len(gradients)} gradients")
    roots = []
    for i, output in enumerate(outputs):
        if not isinstance(output, TensorBase):
            raise TypeError(f"gradients start from tensors, but element {i} is of type {type(output).__name__}")
        if output._view is not None:
            output._view.refresh(output)
        node = output._node
        if node is None:
            raise RuntimeError(
                f"element {i} of tensors does not require grad and does not have a grad_fn\n"
                "  Nothing that it was computed from requires a gradient (or it was computed under no_grad)."
            )
        roots.append((node, _first_gradient(output, gradients[i] if gradients else None, in_tensors)))
    return roots


def _first_gradient(output: Any, gradient: Any, in_tensors: bool) -> Any:
    array = output._array
    if gradient is None:
        if array.size != 1:
            where = f"\n  It was made at {line_of(output._node.where)}" if not isinstance(output._node, Leaf) else ""
            raise RuntimeError(
                "grad can be implicitly created only for scalar outputs\n"
                f"  The output has shape {array.shape}: sum it, or pass a gradient of that shape.{where}"
            )
        ones = np.ones_like(array)
        return constant(ones) if in_tensors else ones
    if not isinstance(gradient, TensorBase):
        raise TypeError(f"gradients can be either Tensors or None, but got {type(gradient).__name__}")
    if gradient._array.shape != array.shape:
        raise RuntimeError(
            f"Mismatch in shape: grad_output[0] has a shape of {list(gradient._array.shape)} and output[0] has a shape "
            f"of {list(array.shape)}."
        )
    if in_tensors:
        return gradient if gradient._array.dtype == array.dtype else TENSORS.cast(gradient, to=array.dtype)
    # A view, so that a leaf that receives it unchanged makes its own copy.
    return quiet(gradient._array.astype, array.dtype, copy=False)[...]
