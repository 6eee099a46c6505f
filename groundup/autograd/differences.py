"""`gradcheck` and `gradgradcheck`: a derivative compared with what finite differences say, one element at a time.

A central difference in float64 with a step of 1e-6 is good to about 1e-9 relative to the values, so the tolerances
are for the derivative, not for it. They stand on the public pieces of `autograd` alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from groundup import dtypes
from groundup.autograd.backward import grad
from groundup.autograd.tape import Leaf, TensorBase, storage_of, wrap


class GradcheckError(RuntimeError):
    """A derivative that finite differences contradict. Follows ``torch.autograd.gradcheck.GradcheckError``."""


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
) -> bool:
    """Whether the gradients of `func` at `inputs` are those that central differences give.

    `inputs` is a tensor or a tuple; those that require a gradient should be float64. The Jacobian of every output
    with respect to every such input is compared element by element: |a - n| <= atol + rtol * |n|. The derivative is
    also computed twice, and the two may differ by at most `nondet_tol`.

    Raises GradcheckError with both Jacobians, or returns False if `raise_exception` is off. Follows
    ``torch.autograd.gradcheck``.

    >>> import groundup
    >>> x = groundup.randn(3, dtype=groundup.float64, requires_grad=True)
    >>> groundup.autograd.gradcheck(lambda x: (x * x).sum(), x)
    True
    """
    arguments = inputs if isinstance(inputs, (tuple, list)) else (inputs,)
    try:
        _check(func, tuple(arguments), eps, atol, rtol, nondet_tol)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
) -> bool:
    """`gradcheck` of the gradient of `func` itself: whether second derivatives are right.

    `grad_outputs` are the gradients that start the first backward pass; fixed pseudo-random ones if not given.
    Follows ``torch.autograd.gradgradcheck``.

    >>> import groundup
    >>> x = groundup.randn(3, dtype=groundup.float64, requires_grad=True)
    >>> groundup.autograd.gradgradcheck(lambda x: x.tanh(), x)
    True
    """
    arguments = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    outputs = _outputs(func(*arguments))
    if grad_outputs is None:
        numbers = np.random.Generator(np.random.PCG64(0))
        starts = [_leaf(numbers.standard_normal(out._array.shape).astype(out._array.dtype)) for out in outputs]
    else:
        starts = list(grad_outputs) if isinstance(grad_outputs, (tuple, list)) else [grad_outputs]
    count = len(arguments)

    def first(*both: Any) -> Any:
        given, gradients = both[:count], both[count:]
        wanted = tuple(each for each in given if _wants(each))
        results = _outputs(func(*given))
        return grad(results, wanted, gradients, create_graph=True, materialize_grads=True)

    return gradcheck(
        first,
        (*arguments, *starts),
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
    )


def _leaf(array: np.ndarray) -> Any:
    tensor = wrap(array)
    tensor._node = Leaf(tensor)
    return tensor


def _wants(value: Any) -> bool:
    return isinstance(value, TensorBase) and value._node is not None


def _outputs(result: Any) -> tuple[Any, ...]:
    """The floating tensors among the results."""
    results = result if isinstance(result, (tuple, list)) else (result,)
    return tuple(each for each in results if isinstance(each, TensorBase) and each._array.dtype.kind in dtypes.REAL)


def _check(
    func: Callable[..., Any], inputs: tuple[Any, ...], eps: float, atol: float, rtol: float, nondet_tol: float
) -> None:
    wanted = [i for i, each in enumerate(inputs) if _wants(each)]
    if not wanted:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of the them have "
            "requires_grad=True."
        )
    for i in wanted:
        if inputs[i]._array.dtype != np.float64:
            raise ValueError(
                f"gradcheck needs float64, but input {i} is {inputs[i]._array.dtype}: in a narrower type, differences "
                "say nothing. Make it with dtype=groundup.float64."
            )
        if 0 in inputs[i]._array.strides and inputs[i]._array.size > 1:
            raise RuntimeError(f"The {i}th input has a dimension with stride 0; gradcheck changes single elements")
    outputs = _outputs(func(*inputs))
    for number, output in enumerate(outputs):
        for i in wanted:
            analytic = _analytic(func, inputs, number, i)
            again = _analytic(func, inputs, number, i)
            if not np.allclose(analytic, again, rtol=0, atol=nondet_tol, equal_nan=True):
                raise GradcheckError(f"Backward is not reentrant: two runs gave different gradients of input {i}")
            numerical = _numerical(func, inputs, number, i, eps, output._array.size)
            if not np.allclose(analytic, numerical, rtol=rtol, atol=atol):
                worst = np.unravel_index(
                    np.nan_to_num(np.abs(analytic - numerical), nan=np.inf).argmax(), analytic.shape
                )
                raise GradcheckError(
                    f"Jacobian mismatch for output {number} with respect to input {i},\n"
                    f"numerical: {numerical}\nanalytical: {analytic}\n"
                    f"  The largest difference is at input element {int(worst[0])}, output element {int(worst[1])}: "
                    f"{analytic[worst]:.9g} against {numerical[worst]:.9g} by differences."
                )


def _analytic(func: Callable[..., Any], inputs: tuple[Any, ...], number: int, i: int) -> np.ndarray:
    """The Jacobian that backward passes give: a row for each input element, a column for each output element."""
    output = _outputs(func(*inputs))[number]
    jacobian = np.zeros((inputs[i]._array.size, output._array.size))
    if output._node is None:
        return jacobian
    for column in range(output._array.size):
        start = np.zeros(output._array.shape, output._array.dtype)
        start.reshape(-1)[column] = 1
        (found,) = grad(output, inputs[i], wrap(start), retain_graph=True, allow_unused=True)
        if found is not None:
            jacobian[:, column] = found._array.reshape(-1)
    return jacobian


def _numerical(
    func: Callable[..., Any], inputs: tuple[Any, ...], number: int, i: int, eps: float, columns: int
) -> np.ndarray:
    """The Jacobian by central differences, changing one element of the input at a time."""
    array = inputs[i]._array
    jacobian = np.zeros((array.size, columns))
    for row, place in enumerate(np.ndindex(array.shape)):
        before = array[place]
        values = []
        for value in (before + eps, before - eps):
            array[place] = value
            storage_of(inputs[i])._version += 1
            values.append(_outputs(func(*inputs))[number]._array.reshape(-1).copy())
        array[place] = before
        jacobian[row] = (values[0] - values[1]) / (2 * eps)
    return jacobian
