"""PyTorch's own samples of its modules, run here: each module made twice, its weights copied, and everything compared.

`failures` gives what differs, one line for each sample, so that a test can hold the list against the known exceptions
and `python -m tests.nn.module_samples NAME...` can print it. PyTorch is imported when the first sample is asked for.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np

import groundup
from groundup import nn

TOLERANCE = {"float64": 1e-9, "float32": 5e-5}  # of the largest number in the result


@cache
def infos() -> dict[str, Any]:
    """PyTorch's entries, by the name of the class."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch.testing._internal.common_modules import module_db
    return {info.module_cls.__name__: info for info in module_db}


def names() -> list[str]:
    """The modules of `groundup.nn`."""
    return [name for name in nn.__all__ if isinstance(getattr(nn, name), type)]


def failures(name: str, dtypes: tuple[str, ...] = ("float32", "float64")) -> tuple[int, list[str]]:
    """How many samples of the module there are, and a line for each that differs."""
    import torch

    info = infos()[name]
    found, count = [], 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for dtype in dtypes:
            settings = {"device": "cpu", "dtype": getattr(torch, dtype), "requires_grad": True}
            for training in (True, False) if info.train_and_eval_differ else (True,):
                torch.manual_seed(0)
                for i, sample in enumerate(info.module_inputs_func(info, training=training, **settings)):
                    count += 1
                    problem = _problem(lambda s=sample, t=training, d=dtype: _compare(info, s, t, d))
                    if problem:
                        mode = "training" if training else "evaluation"
                        found.append(f"{name} {i} [{sample.desc or 'plain'}] {dtype} {mode}: {problem}")
        if info.module_error_inputs_func is not None:
            errors = info.module_error_inputs_func(info, training=True, **(settings | {"requires_grad": False}))
            for i, sample in enumerate(errors):
                count += 1
                problem = _problem(lambda s=sample: _compare_error(name, s))
                if problem:
                    found.append(f"{name} error {i}: {problem}")
    return count, found


def _problem(compare: Callable[[], None]) -> str:
    try:
        compare()
    except Exception as error:
        return f"{type(error).__name__}: {error}".strip().replace("\n", " | ")[:400]
    return ""


def _compare(info: Any, sample: Any, training: bool, dtype: str) -> None:
    """One sample: text, keys of the state, outputs, gradients, and the buffers afterwards."""
    import torch

    made = sample.constructor_input
    theirs = info.module_cls(*made.args, **made.kwargs).to(getattr(torch, dtype)).train(training)
    ours = _make(info.module_cls.__name__, made).to(getattr(groundup, dtype)).train(training)
    state = theirs.state_dict()
    if list(state) != list(ours.state_dict()):
        raise AssertionError(f"state_dict has {list(ours.state_dict())}, in PyTorch {list(state)}")
    ours.load_state_dict({key: value.numpy().copy() for key, value in state.items()})
    for module in (*ours.modules(), *theirs.modules()):
        _without_chance(module)
    shown = repr(theirs).replace("torch.", "groundup.").replace("NonDynamicallyQuantizableLinear", "Linear")
    if repr(ours) != shown:
        raise AssertionError(f"repr is {ours!r}, in PyTorch {shown}")
    given = sample.forward_input
    pairs: list[tuple[Any, Any]] = []
    args, kwargs = _mirror(given.args, pairs), _mirror(given.kwargs, pairs)
    their_out = list(_tensors(theirs(*given.args, **given.kwargs)))
    our_out = list(_tensors(ours(*args, **kwargs)))
    if len(our_out) != len(their_out):
        raise AssertionError(f"{len(our_out)} results, in PyTorch {len(their_out)}")
    for i, (a, b) in enumerate(zip(our_out, their_out, strict=True)):
        _close(f"result {i}", a, b)
    _push_back(our_out, their_out)
    for i, (a, b) in enumerate(pairs):
        _close(f"gradient of input {i}", a.grad, b.grad)
    for (key, a), (_, b) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        _close(f"gradient of {key}", a.grad, b.grad)
    for (key, a), (_, b) in zip(ours.named_buffers(), theirs.named_buffers(), strict=True):
        _close(f"buffer {key}", a, b)


def _compare_error(name: str, sample: Any) -> None:
    """The same type of error, whose text the pattern of PyTorch's test matches."""
    made = sample.module_error_input
    construct = sample.error_on.name == "CONSTRUCTION_ERROR"
    try:
        module = _make(name, made.constructor_input)
        if not construct:
            module(*_mirror(made.forward_input.args, []), **_mirror(made.forward_input.kwargs, []))
    except sample.error_type as error:
        pattern = sample.error_regex.replace("torch", "groundup")
        if not re.search(pattern, str(error)):
            raise AssertionError(f"the error {str(error)!r} does not match {pattern!r}") from None
    else:
        raise AssertionError(f"no {sample.error_type.__name__} matching {sample.error_regex!r}")


def _make(name: str, made: Any) -> Any:
    return getattr(nn, name)(*_mirror(made.args, []), **_mirror(made.kwargs, []))


def _without_chance(module: Any) -> None:
    """Switch dropout off, as both libraries would draw other numbers."""
    kind = type(module).__name__
    if "Dropout" in kind:
        module.p = 0.0
    elif isinstance(getattr(module, "dropout", None), float):
        module.dropout = 0.0


def _mirror(value: Any, pairs: list[tuple[Any, Any]]) -> Any:
    """The same value for groundup; tensors that want a gradient are noted in `pairs`, ours and theirs."""
    import torch

    if isinstance(value, torch.Tensor):
        for ours, theirs in pairs:
            if theirs is value:  # one tensor as two arguments
                return ours
        ours = groundup.tensor(value.detach().numpy().copy())
        if value.requires_grad:
            value.grad = None
            value.retain_grad()
            pairs.append((ours.requires_grad_(), value))
        return ours
    if isinstance(value, (torch.dtype, torch.device)):
        return getattr(groundup, str(value).removeprefix("torch."), str(value))
    if isinstance(value, torch.nn.Module):
        return _like(value)
    if callable(value):
        return getattr(nn.functional, value.__name__, None) or getattr(nn, value.__name__)
    if isinstance(value, (list, tuple)):
        return type(value)(_mirror(each, pairs) for each in value)
    if isinstance(value, dict):
        return {key: _mirror(each, pairs) for key, each in value.items()}
    return value


def _like(module: Any) -> Any:
    """Our module of the same kind as one that is an argument: an activation, or a layer for a stack."""
    if "Transformer" not in type(module).__name__:
        return getattr(nn, type(module).__name__)()
    attention = module.self_attn
    return getattr(nn, type(module).__name__)(
        attention.embed_dim,
        attention.num_heads,
        module.linear1.out_features,
        module.dropout.p,
        _mirror(module.activation, []),
        batch_first=attention.batch_first,
        norm_first=module.norm_first,
        bias=module.linear1.bias is not None,
        dtype=_mirror(module.linear1.weight.dtype, []),
    )


def _tensors(value: Any) -> Iterator[Any]:
    if isinstance(value, (list, tuple)):
        for each in value:
            yield from _tensors(each)
    elif value is not None:
        yield value


def _push_back(our_out: list[Any], their_out: list[Any]) -> None:
    """The backward pass of a weighted sum of all results."""
    import torch

    random = np.random.default_rng(0)
    ours, theirs = [], []
    for a, b in zip(our_out, their_out, strict=True):
        if a.requires_grad != b.requires_grad:
            raise AssertionError(f"a result has requires_grad={a.requires_grad}, in PyTorch {b.requires_grad}")
        if b.requires_grad:
            weights = np.asarray(random.standard_normal(tuple(b.shape)), b.detach().numpy().dtype)
            ours.append((a * groundup.tensor(weights)).sum())
            theirs.append((b * torch.tensor(weights)).sum())
    if ours:
        sum(ours[1:], ours[0]).backward()
        sum(theirs[1:], theirs[0]).backward()


def _close(what: str, ours: Any, theirs: Any) -> None:
    if ours is None or theirs is None:
        if (ours is None) != (theirs is None):
            raise AssertionError(f"{what} is {'missing' if ours is None else 'there'}, in PyTorch not so")
        return
    found, expected = ours.detach().numpy(), theirs.detach().numpy()
    if found.dtype != expected.dtype or found.shape != expected.shape:
        raise AssertionError(f"{what}: {found.dtype} {found.shape}, in PyTorch {expected.dtype} {expected.shape}")
    if found.dtype.kind != "f":
        if not np.array_equal(found, expected):
            raise AssertionError(f"{what} differs")
        return
    limit = TOLERANCE[str(found.dtype)] * np.abs(expected[np.isfinite(expected)]).max(initial=1e-3)
    if not np.allclose(found, expected, rtol=0, atol=limit, equal_nan=True):
        gap = np.abs(found - expected).max()
        raise AssertionError(f"{what} is off by {gap:.2g} of {np.abs(expected).max():.2g}")


if __name__ == "__main__":
    total = good = modules = 0
    for chosen in sys.argv[1:] or [name for name in names() if name in infos()]:
        how_many, lines = failures(chosen)
        total, good, modules = total + how_many, good + how_many - len(lines), modules + 1
        print("\n".join([f"{chosen}: {how_many - len(lines)} of {how_many}", *(f"    {line}" for line in lines)]))
    print(f"{good} of {total} samples of {modules} modules")
