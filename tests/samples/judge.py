"""One sample, run on PyTorch and on groundup with the same numbers: results, types, shapes and gradients compared.

A verdict is None when all agree, and else one line that says what does not.
"""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np
import torch

import groundup
from tests.samples.convert import Converter, NotHere, array_of, leaves_of
from tests.samples.find import ours, translated
from tests.samples.known import UP_TO_SIGN

# Relative and absolute tolerances: PyTorch's own for a comparison of two implementations.
TOLERANCE = {"float64": (1e-7, 1e-7), "float32": (1.3e-6, 1e-5), "float16": (1e-3, 1e-3), "bfloat16": (1.6e-2, 1e-5)}


torch.set_num_threads(1)  # the samples are small: threads only wait for each other


class TheirOwn(Exception):
    """PyTorch itself refuses the sample, so that there is nothing to compare with."""


def samples(entry: Any, dtype: torch.dtype) -> Iterator[Any]:
    """PyTorch's samples for the operation in that type: the same ones each time."""
    seed = zlib.crc32(entry.name.encode())
    torch.manual_seed(seed)
    np.random.seed(seed)
    wants_gradient = entry.supports_autograd and dtype.is_floating_point
    yield from entry.sample_inputs("cpu", dtype, requires_grad=wants_gradient)


@contextmanager
def seeds_of_the_cpu() -> Iterator[None]:
    """Have PyTorch seed what draws on the CPU only.

    Its lists seed before every sample, and each time `torch.manual_seed` writes the stack of calls down for each kind
    of device that is not there: most of the time of the whole run.
    """
    with mock.patch.object(torch, "manual_seed", torch.default_generator.manual_seed):
        yield


def _call(function: Any, sample: Any, converter: Converter) -> Any:
    args = converter((sample.input, *sample.args))
    kwargs = converter(sample.kwargs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*args, **kwargs)


def judge(entry: Any, sample: Any, values: bool = True, rtol: float = 1.0) -> str | None:
    """What differs between the two libraries on that sample; None if nothing does.

    Without `values`, for operations that draw random numbers, only types and shapes are compared.
    """
    theirs_of, ours_of = Converter(ours=False), Converter(ours=True)
    try:
        expected = _call(entry.op, sample, theirs_of)
    except Exception as error:
        raise TheirOwn(str(error)) from error
    expected_leaves = leaves_of(expected, torch.Tensor)
    if any(isinstance(leaf, torch.Tensor) and leaf.is_complex() for leaf in expected_leaves):
        raise NotHere("a complex result")
    try:
        found = _call(ours(entry), sample, ours_of)
    except NotHere:
        raise
    except Exception as error:
        return _raised("", error)
    found_leaves = leaves_of(found, groundup.Tensor)
    if len(found_leaves) != len(expected_leaves):
        return f"{len(found_leaves)} results, PyTorch has {len(expected_leaves)}"
    pairs = [(ours_leaf, theirs_leaf, True) for ours_leaf, theirs_leaf in zip(found_leaves, expected_leaves)]
    if entry.name in UP_TO_SIGN:
        process = sample.output_process_fn_grad
        pairs = [(*pair[:2], False) for pair in pairs]
        invariant = leaves_of(translated(process)(found), groundup.Tensor)
        pairs += [(*pair, True) for pair in zip(invariant, leaves_of(process(expected), torch.Tensor))]
    for ours_leaf, theirs_leaf, numbers in pairs:
        problem = compared(ours_leaf, theirs_leaf, values and numbers, rtol)
        if problem:
            return problem
    if not values or not theirs_of.leaves:
        return None
    return _gradients(sample, found, expected, ours_of.leaves, theirs_of.leaves, rtol)


def _raised(where: str, error: Exception) -> str:
    return f"{where}{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"


def compared(ours_leaf: Any, theirs_leaf: Any, values: bool = True, rtol: float = 1.0) -> str | None:
    """What differs between two results."""
    if not isinstance(theirs_leaf, torch.Tensor):
        if isinstance(theirs_leaf, (torch.dtype, torch.device, torch.layout)):
            return (
                None if str(ours_leaf).removeprefix("groundup.") == str(theirs_leaf).removeprefix("torch.") else "type"
            )
        same = ours_leaf == theirs_leaf or (ours_leaf != ours_leaf and theirs_leaf != theirs_leaf)
        same = same or (isinstance(theirs_leaf, float) and np.isclose(ours_leaf, theirs_leaf, rtol=1e-6))
        return None if same else f"{ours_leaf!r}, PyTorch has {theirs_leaf!r}"
    if not isinstance(ours_leaf, groundup.Tensor):
        return f"a {type(ours_leaf).__name__}, PyTorch has a tensor"
    name = str(theirs_leaf.dtype).removeprefix("torch.")
    if str(ours_leaf.dtype).removeprefix("groundup.") != name:
        return f"{ours_leaf.dtype}, PyTorch has {theirs_leaf.dtype}"
    if tuple(ours_leaf.shape) != tuple(theirs_leaf.shape):
        return f"shape {tuple(ours_leaf.shape)}, PyTorch has {tuple(theirs_leaf.shape)}"
    if not values:
        return None
    a, b = ours_leaf.detach()._array, array_of(theirs_leaf)
    if name not in TOLERANCE:
        return None if np.array_equal(a, b) else f"{a.tolist()}, PyTorch has {b.tolist()}"[:200]
    relative, absolute = (rtol * each for each in TOLERANCE[name])
    a, b = a.astype(np.float64), b.astype(np.float64)
    if np.allclose(a, b, rtol=relative, atol=absolute, equal_nan=True):
        return None
    with np.errstate(all="ignore"):
        off = ~np.isclose(a, b, rtol=relative, atol=absolute, equal_nan=True)
    return f"{int(off.sum())} of {off.size} values differ: {a[off][0]!r}, PyTorch has {b[off][0]!r}"


def _gradients(sample: Any, found: Any, expected: Any, ours: list[Any], theirs: list[Any], rtol: float) -> str | None:
    process = sample.output_process_fn_grad
    expected_outs = [out for out in leaves_of(process(expected), torch.Tensor) if _differentiable(out)]
    if not expected_outs or any(out.is_complex() for out in expected_outs):
        return None
    rng = np.random.default_rng(0)
    weights = [
        rng.standard_normal(tuple(out.shape)).astype(str(out.dtype).removeprefix("torch.")) for out in expected_outs
    ]
    try:
        wanted = torch.autograd.grad(
            expected_outs, theirs, [torch.from_numpy(np.asarray(w)) for w in weights], allow_unused=True
        )
    except Exception:
        return None  # PyTorch has no derivative here
    try:
        outs = [out for out in leaves_of(translated(process)(found), groundup.Tensor) if _differentiable(out)]
        if len(outs) != len(expected_outs):
            return f"{len(outs)} results have a gradient, in PyTorch {len(expected_outs)}"
        got = groundup.autograd.grad(
            outs, ours, [groundup.from_numpy(np.asarray(w)) for w in weights], allow_unused=True
        )
    except Exception as error:
        return _raised("gradient: ", error)
    for mine, other, leaf in zip(got, wanted, theirs):
        mine = groundup.from_numpy(np.zeros(tuple(leaf.shape), array_of(leaf).dtype)) if mine is None else mine
        problem = compared(mine, torch.zeros_like(leaf) if other is None else other, rtol=rtol)
        if problem:
            return f"gradient: {problem}"
    return None


def _differentiable(out: Any) -> bool:
    return isinstance(out, (torch.Tensor, groundup.Tensor)) and out.requires_grad


def judge_error(entry: Any, error_input: Any) -> str | None:
    """What differs in how the two libraries refuse an input; None if type and text agree.

    PyTorch's text is taken from its own refusal: our first line must hold it, or match the pattern of its test.
    """
    sample, kind = error_input.sample_input, error_input.error_type
    try:
        _call(entry.op, sample, Converter(ours=False))
    except Exception as error:
        text = str(error)
    else:
        raise TheirOwn("PyTorch takes it")
    try:
        _call(ours(entry), sample, Converter(ours=True))
    except NotHere:
        raise
    except Exception as error:
        if not isinstance(error, kind):
            return (
                f"{type(error).__name__} instead of {kind.__name__}: {str(error)[:100]!r}, PyTorch says {text[:150]!r}"
            )
        return (
            None
            if said(str(error), text, error_input.error_regex)
            else f"says {str(error)[:150]!r}, PyTorch {text[:150]!r}"
        )
    return f"accepted, PyTorch says {text[:150]!r}"


def said(ours: str, theirs: str, pattern: str) -> bool:
    """Whether our message says what PyTorch's does."""
    import re

    plain = ours.replace("groundup.", "torch.")
    return bool(re.search(pattern, plain)) or theirs.splitlines()[0] in plain
