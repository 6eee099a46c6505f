"""`jacobian`, `hessian`, `vjp`, `jvp`: derivatives of whole functions, as functions. They stand on `grad` alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from groundup.autograd.apply import apply
from groundup.autograd.backward import grad
from groundup.autograd.state import enable_grad
from groundup.autograd.tape import Leaf, TensorBase, wrap
from groundup.ops import ROWS

Tensor = Any
Function = Callable[..., Any]


def _as_tuple(value: Any, what: str) -> tuple[bool, tuple[Any, ...]]:
    """Whether it was a tuple, and the tuple."""
    single = isinstance(value, TensorBase)
    found = (value,) if single else tuple(value)
    for i, each in enumerate(found):
        if not isinstance(each, TensorBase):
            raise TypeError(f"The {what} must be a Tensor or a tuple of Tensors, but element {i} is {type(each)}")
    return not single, found


def _fresh(inputs: tuple[Any, ...], create_graph: bool) -> tuple[Any, ...]:
    """The inputs as tensors to differentiate by: with their own history if the result is to have one."""
    fresh = []
    for each in inputs:
        if create_graph and each._node is not None:
            fresh.append(apply(ROWS["alias"], each))
        else:
            leaf = wrap(each._array)
            leaf._node = Leaf(leaf)
            fresh.append(leaf)
    return tuple(fresh)


def _detached(tensors: tuple[Any, ...], create_graph: bool) -> tuple[Any, ...]:
    return tensors if create_graph else tuple(wrap(each._array) for each in tensors)


def _zeros(like: Any) -> Any:
    return wrap(np.zeros_like(like._array))


def _unit(like: Any, place: int) -> Any:
    """Zeros in the shape of `like`, with a 1 at one place."""
    start = np.zeros(like._array.shape, like._array.dtype)
    start.reshape(-1)[place] = 1
    return wrap(start)


def _pack(many: bool, found: tuple[Any, ...]) -> Any:
    return found if many else found[0]


def _check_used(grads: tuple[Any, ...], strict: bool, of: tuple[Any, ...]) -> list[Any]:
    filled = []
    for i, (found, like) in enumerate(zip(grads, of, strict=True)):
        if found is None and strict:
            raise RuntimeError(f"The output of the user-provided function is independent of input {i}, in strict mode.")
        filled.append(_zeros(like) if found is None else found)
    return filled


def jacobian(func: Function, inputs: Any, create_graph: bool = False, strict: bool = False) -> Any:
    """The derivative of each output element with respect to each input element: shape (*output, *input).

    A tensor for one input and one output, else nested tuples (outputs, then inputs). Follows
    ``torch.autograd.functional.jacobian``.

    >>> import groundup
    >>> groundup.autograd.functional.jacobian(lambda x: x * x, groundup.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    many_in, given = _as_tuple(inputs, "inputs given to jacobian")
    with enable_grad():
        fresh = _fresh(given, create_graph)
        many_out, outputs = _as_tuple(func(*fresh), "outputs of the user-provided function")
        rows = tuple(_jacobian_of(output, fresh, create_graph, strict) for output in outputs)
    return _pack(many_out, tuple(_pack(many_in, row) for row in rows))


def _jacobian_of(output: Any, inputs: tuple[Any, ...], create_graph: bool, strict: bool) -> tuple[Any, ...]:
    shape = output._array.shape
    if output._node is None:
        nothing = _check_used((None,) * len(inputs), strict, inputs)
        return tuple(wrap(np.zeros(shape + each._array.shape, each._array.dtype)) for each in nothing)
    columns: list[list[Any]] = [[] for _ in inputs]
    for place in range(output._array.size):
        found = grad(
            output,
            inputs,
            _unit(output, place),
            retain_graph=True,
            create_graph=create_graph,
            allow_unused=True,
        )
        for column, each in zip(columns, _check_used(found, strict, inputs), strict=True):
            column.append(each)
    result = []
    for column, each in zip(columns, inputs, strict=True):
        size = shape + each._array.shape
        if not column:
            result.append(wrap(np.zeros(size, each._array.dtype)))
            continue
        result.append(apply(ROWS["reshape"], apply(ROWS["stack"], *column, dim=0), size=size))
    return _detached(tuple(result), create_graph)


def hessian(func: Function, inputs: Any, create_graph: bool = False, strict: bool = False) -> Any:
    """The second derivatives of a scalar function: for each pair of inputs shape (*first, *second).

    Follows ``torch.autograd.functional.hessian``.

    >>> import groundup
    >>> groundup.autograd.functional.hessian(lambda x: (x * x * x).sum(), groundup.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    many, given = _as_tuple(inputs, "inputs given to hessian")

    def slope(*values: Any) -> Any:
        result = func(*values)
        if not isinstance(result, TensorBase) or result._array.size != 1:
            raise RuntimeError("The Tensor returned by the function given to hessian should contain a single element")
        if result._node is None:
            return tuple(_zeros(each) for each in values)
        return tuple(_check_used(grad(result, values, create_graph=True, allow_unused=True), strict, values))

    found = jacobian(slope, given, create_graph, strict=False)
    return found if many else found[0][0]


def vjp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """The outputs, and the vector `v` (shaped like the outputs) times the Jacobian.

    Follows ``torch.autograd.functional.vjp``; `v` may be left out for a function with a single element.

    >>> import groundup
    >>> groundup.autograd.functional.vjp(lambda x: x.exp(), groundup.zeros(2), groundup.tensor([1.0, 3.0]))
    (tensor([1., 1.]), tensor([1., 3.]))
    """
    many_in, given = _as_tuple(inputs, "inputs given to vjp")
    with enable_grad():
        fresh = _fresh(given, create_graph)
        many_out, outputs = _as_tuple(func(*fresh), "outputs of the user-provided function")
        start = _vectors(v, outputs, "outputs")
        recorded = [(out, w) for out, w in zip(outputs, start, strict=True) if out._node is not None]
        grads: tuple[Any, ...] = (None,) * len(fresh)
        if recorded:
            results, weights = zip(*recorded, strict=True)
            grads = grad(results, fresh, weights, create_graph=create_graph, allow_unused=True)
        found = tuple(_check_used(grads, strict, fresh))
    return (
        _pack(many_out, _detached(outputs, create_graph)),
        _pack(many_in, _detached(found, create_graph)),
    )


def jvp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """The outputs, and the Jacobian times the vector `v` (shaped like the inputs).

    Computed by two backward passes: the first one is linear in its starting vector, and the second differentiates it
    by that vector. Follows ``torch.autograd.functional.jvp``.

    >>> import groundup
    >>> groundup.autograd.functional.jvp(lambda x: x * x, groundup.tensor([1.0, 2.0]), groundup.ones(2))
    (tensor([1., 4.]), tensor([2., 4.]))
    """
    _, given = _as_tuple(inputs, "inputs given to jvp")
    direction = _vectors(v, given, "inputs")
    with enable_grad():
        fresh = _fresh(given, create_graph)
        many_out, outputs = _as_tuple(func(*fresh), "outputs of the user-provided function")
        found = tuple(_forward(output, fresh, direction, create_graph, strict) for output in outputs)
    return (
        _pack(many_out, _detached(outputs, create_graph)),
        _pack(many_out, _detached(found, create_graph)),
    )


def _forward(output: Any, inputs: tuple[Any, ...], v: tuple[Any, ...], create_graph: bool, strict: bool) -> Any:
    if output._node is None:
        _check_used((None,) * len(inputs), strict, inputs)
        return _zeros(output)
    (start,) = _fresh((_zeros(output),), False)
    grads = grad(output, inputs, start, create_graph=True, allow_unused=True)
    _check_used(grads, strict, inputs)
    pairs = [(g, w) for g, w in zip(grads, v, strict=True) if g is not None and g._node is not None]
    if not pairs:
        return _zeros(output)
    slopes, weights = zip(*pairs, strict=True)
    (found,) = grad(slopes, start, weights, create_graph=create_graph, allow_unused=True)
    return _zeros(output) if found is None else found


def _vectors(v: Any, like: tuple[Any, ...], what: str) -> tuple[Any, ...]:
    """`v` as a tuple of tensors in the shapes of `like`."""
    if v is None:
        if len(like) != 1 or like[0]._array.size != 1:
            raise RuntimeError(
                f"The vector v can only be None if the {what} of the function are a single Tensor of one element."
            )
        return (wrap(np.ones_like(like[0]._array)),)
    _, found = _as_tuple(v, "v")
    if len(found) != len(like):
        raise RuntimeError(f"v is a tuple of invalid length: should be {len(like)} but got {len(found)}.")
    for i, (each, other) in enumerate(zip(found, like, strict=True)):
        if each._array.shape != other._array.shape:
            raise RuntimeError(
                f"Entry {i} in v has invalid size: should be {other._array.shape} but got {each._array.shape}."
            )
    return found
