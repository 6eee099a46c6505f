"""PyTorch's own inputs for its optimisers (`optim_db`): each one that exists here takes the same steps with the
same gradients, in float64 and float32, ends with the same state, and refuses the same inputs in the same words."""

from __future__ import annotations

import re

import numpy as np
import pytest

import groundup

# Sparse gradients, or another family of optimisers: not built.
NOT_HERE = {"Adafactor", "Muon", "SparseAdam"}
STEPS = 6
SHAPES = [(3, 4), (5,), (), (2, 1, 3)]
TOLERANCE = {"float64": 1e-12, "float32": 2e-6}
# L-BFGS feeds its rounding back into its directions, and rounding decides at which iteration it stops: its
# weights are compared, and the names of its state. In float32 what it has learnt at the end of a step is noise,
# which sends the next one anywhere: one step.
FEEDBACK = {"LBFGS": {"float64": 1e-8, "float32": 1e-4}}


def database():
    pytest.importorskip("torch")
    pytest.importorskip("expecttest")
    from torch.testing._internal.common_optimizers import optim_db

    return {info.optim_cls.__name__: info for info in optim_db}


NAMES = sorted(set(groundup.optim.__all__) - {"Optimizer", "lr_scheduler"})


def test_each_optimizer_of_the_database_is_here_or_named_above():
    assert set(NAMES) | NOT_HERE == set(database())


def ours(value):
    """A sample's argument, with groundup's tensors in the place of PyTorch's."""
    if isinstance(value, (list, tuple)):
        return type(value)(ours(item) for item in value)
    if isinstance(value, dict):
        return {key: ours(item) for key, item in value.items()}
    if hasattr(value, "detach"):
        return groundup.tensor(value.detach().numpy().copy()).requires_grad_(value.requires_grad)
    return value


def run(library, kind, kwargs, dtype, needs_closure):
    random = np.random.default_rng(0)
    params = [library.tensor(np.asarray(random.standard_normal(s), dtype)).requires_grad_() for s in SHAPES]
    optimizer = kind(params, **kwargs)
    for _ in range(1 if needs_closure and dtype == "float32" else STEPS):
        grads = [library.tensor(np.asarray(random.standard_normal(shape), dtype)) for shape in SHAPES]

        def closure(grads=grads):
            optimizer.zero_grad()
            loss = sum((p * g).sum() + (p * p).sum() for p, g in zip(params, grads))
            loss.backward()
            return loss

        if needs_closure:
            optimizer.step(closure)
        else:
            closure()
            optimizer.step()
    return [p.detach().numpy() for p in params], optimizer.state_dict()


def flat(value, path=()):
    """The numbers in a state dictionary, each under its path."""
    if isinstance(value, dict):
        return {key: leaf for name, item in value.items() for key, leaf in flat(item, (*path, name)).items()}
    if isinstance(value, (list, tuple)):
        return {key: leaf for i, item in enumerate(value) for key, leaf in flat(item, (*path, i)).items()}
    return {path: value.detach().numpy() if hasattr(value, "detach") else value}


def assert_close(a, b, tolerance, where):
    if isinstance(b, (bool, str)) or b is None:
        assert a == b, where
        return
    scale = max(1.0, float(np.abs(b).max(initial=0)) if isinstance(b, np.ndarray) else abs(b))
    np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * scale, err_msg=str(where))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", NAMES)
def test_inputs(name, dtype):
    torch = pytest.importorskip("torch")
    info = database()[name]
    samples = info.optim_inputs_func(device="cpu")
    assert samples
    for sample in samples:
        theirs, their_state = run(torch, info.optim_cls, sample.kwargs, dtype, info.step_requires_closure)
        kind = getattr(groundup.optim, name)
        mine, my_state = run(groundup, kind, ours(sample.kwargs), dtype, info.step_requires_closure)
        tolerance = FEEDBACK.get(name, TOLERANCE)[dtype]
        for a, b in zip(mine, theirs):
            assert a.dtype == b.dtype
            assert_close(a, b, tolerance, sample.desc)
        if name in FEEDBACK:
            assert set(my_state["state"][0]) == set(their_state["state"][0])
            continue
        a, b = flat(my_state), flat(their_state)
        assert set(a) == set(b), sample.desc
        for path in a:
            assert_close(a[path], b[path], tolerance, (sample.desc, *path))


@pytest.mark.parametrize("name", NAMES)
def test_error_inputs(name):
    torch = pytest.importorskip("torch")
    info = database()[name]
    kind = getattr(groundup.optim, name)
    for error in info.optim_error_inputs_func(device="cpu", dtype=torch.float32):
        sample = error.optimizer_error_input
        shared = {}

        def mine(value, shared=shared):
            # One tensor of PyTorch's is one tensor here, wherever it occurs.
            if isinstance(value, (list, tuple)):
                return type(value)(mine(item) for item in value)
            if isinstance(value, dict):
                return {key: mine(item) for key, item in value.items()}
            return shared.setdefault(id(value), ours(value)) if hasattr(value, "detach") else value

        params = [groundup.zeros(1, requires_grad=True)] if sample.params is None else mine(sample.params)
        if error.error_type is UserWarning:
            with pytest.warns(UserWarning, match=error.error_regex):
                kind(params, **mine(sample.kwargs))
            continue
        with pytest.raises(error.error_type) as raised:
            kind(params, **mine(sample.kwargs))
        assert re.search(error.error_regex, str(raised.value)), (sample.desc, raised.value)
