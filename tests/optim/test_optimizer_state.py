"""The frame of all optimisers: saving and loading, here and to and from PyTorch."""

from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pytest

import groundup
from groundup.optim import (
    ASGD,
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    NAdam,
    Optimizer,
    RAdam,
    RMSprop,
    Rprop,
)


def parameter(*shape):
    return groundup.ones(*(shape or (3,)), requires_grad=True)


def give_grads(*params):
    for i, param in enumerate(params):
        param.grad = groundup.full_like(param, 0.5 + i, requires_grad=False)


class Counting(Optimizer):
    """An optimiser of a user's, whose step count is an int."""

    def __init__(self, params):
        super().__init__(params, {})

    def update_group(self, group):
        for p in group["params"]:
            self.state[p]["step"] = self.state[p].get("step", 0) + 1


SAVED = [
    (SGD, {"lr": 0.1}),
    (SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    (Adam, {"lr": 0.1}),
    (Adam, {"lr": 0.1, "amsgrad": True, "betas": (0.5, 0.6)}),
    (AdamW, {"lr": 0.1}),
    (RMSprop, {"lr": 0.1}),
    (RMSprop, {"lr": 0.1, "momentum": 0.9, "centered": True}),
    (Adagrad, {"lr": 0.1, "initial_accumulator_value": 0.5}),
    (Adadelta, {}),
    (Adamax, {"lr": 0.1}),
    (NAdam, {"lr": 0.1, "decoupled_weight_decay": True, "weight_decay": 0.1}),
    (RAdam, {"lr": 0.1, "betas": (0.8, 0.9)}),
    (Rprop, {"lr": 0.1}),
    (ASGD, {"lr": 0.1, "t0": 2}),
]


def train(library, params, optimizer, steps, seed):
    random = np.random.default_rng(seed)
    for _ in range(steps):
        for param in params:
            param.grad = library.from_numpy(random.standard_normal(tuple(param.shape)))
        optimizer.step()


def begun(library, optimizer_class, options, steps=3):
    params = [
        library.ones(2, 3, dtype=library.float64, requires_grad=True),
        library.ones(4, dtype=library.float64, requires_grad=True),
        library.ones(1, dtype=library.float64, requires_grad=True),
    ]
    groups = [{"params": params[:2]}, {"params": params[2:], "lr": 0.01}]
    optimizer = optimizer_class(groups, **options)
    if steps:
        train(library, params, optimizer, steps, seed=0)
    return params, optimizer


def array_of(tensor):
    return tensor.detach().numpy()


def same_params(ours, theirs, tolerance=0.0):
    for a, b in zip(ours, theirs):
        np.testing.assert_allclose(array_of(a), array_of(b), rtol=tolerance, atol=tolerance)


def moved(value, library):
    """A state dictionary with this library's tensors in the place of the other's."""
    if isinstance(value, dict):
        return {key: moved(entry, library) for key, entry in value.items()}
    if isinstance(value, list):
        return [moved(entry, library) for entry in value]
    return library.from_numpy(array_of(value).copy()) if hasattr(value, "numpy") else value


def layout(value):
    """Names, order, types and shapes, without the numbers of tensors and the library's name."""
    if isinstance(value, dict):
        return [(key, layout(entry)) for key, entry in value.items()]
    if isinstance(value, list):
        return [layout(entry) for entry in value]
    if hasattr(value, "numpy"):
        return ("Tensor", tuple(value.shape), str(value.dtype).split(".")[1])
    return value


def by_name(value):
    return sorted(value, key=lambda entry: str(entry[0]))


@pytest.mark.parametrize(("optimizer_class", "options"), SAVED)
def test_state_dict_goes_round(optimizer_class, options):
    params, optimizer = begun(groundup, optimizer_class, options)
    saved = copy.deepcopy(optimizer.state_dict())
    resumed, second = begun(groundup, optimizer_class, {"lr": 0.7}, steps=0)
    with groundup.no_grad():
        for a, b in zip(resumed, params):
            a.copy_(b)
    second.load_state_dict(saved)
    train(groundup, params, optimizer, 5, seed=1)
    train(groundup, resumed, second, 5, seed=1)
    same_params(params, resumed)
    assert layout(optimizer.state_dict()) == layout(second.state_dict())


@pytest.mark.parametrize(("optimizer_class", "options"), SAVED)
def test_state_dict_has_pytorchs_layout(optimizer_class, options):
    torch = pytest.importorskip("torch")
    _, ours = begun(groundup, optimizer_class, options)
    _, theirs = begun(torch, getattr(torch.optim, optimizer_class.__name__), options)
    ours, theirs = ours.state_dict(), theirs.state_dict()
    assert list(ours) == list(theirs) == ["state", "param_groups"]
    for a, b in zip(ours["param_groups"], theirs["param_groups"]):
        assert list(a.items()) == list(b.items())
    assert list(ours["state"]) == list(theirs["state"])
    for number in ours["state"]:
        assert by_name(layout(ours["state"][number])) == by_name(layout(theirs["state"][number]))


@pytest.mark.parametrize(("optimizer_class", "options"), SAVED)
def test_state_dict_moves_to_pytorch_and_back(optimizer_class, options):
    torch = pytest.importorskip("torch")
    torch_class = getattr(torch.optim, optimizer_class.__name__)
    # PyTorch loads a number that it keeps in float32 as a float64, and goes on from there in other bits.
    tolerance = 1e-7 if optimizer_class._scalars else 1e-12
    params, optimizer = begun(groundup, optimizer_class, options)
    theirs, torch_optimizer = begun(torch, torch_class, options, steps=0)
    torch_optimizer.load_state_dict(moved(optimizer.state_dict(), torch))
    with torch.no_grad():
        for a, b in zip(theirs, params):
            a.copy_(torch.from_numpy(array_of(b)))
    train(groundup, params, optimizer, 4, seed=1)
    train(torch, theirs, torch_optimizer, 4, seed=1)
    same_params(params, theirs, tolerance)
    # And back, straight from PyTorch's dictionary of PyTorch's tensors.
    ours, back = begun(groundup, optimizer_class, options, steps=0)
    back.load_state_dict(torch_optimizer.state_dict())
    with groundup.no_grad():
        for a, b in zip(ours, theirs):
            a.copy_(groundup.from_numpy(array_of(b)))
    train(groundup, params, optimizer, 4, seed=2)
    train(groundup, ours, back, 4, seed=2)
    same_params(params, ours, tolerance)
    if optimizer_class is not SGD:
        assert back.state[ours[0]]["step"] == 3 + 4 + 4


def test_step_counts_are_numbers_inside_and_tensors_outside():
    a = parameter()
    optimizer = Adam([a])
    give_grads(a)
    optimizer.step()
    assert optimizer.state[a]["step"] == 1
    shown = optimizer.state_dict()["state"][0]["step"]
    assert repr(shown) == "tensor(1.)"
    for saved in (shown, 1, 1.0, groundup.tensor(1)):
        state = optimizer.state_dict()
        state["state"][0]["step"] = saved
        optimizer.load_state_dict(state)
        assert optimizer.state[a]["step"] == 1


def test_optimisers_that_load_one_dictionary_stay_apart():
    a = parameter()
    optimizer = SGD([a], lr=0.1, momentum=0.9)
    give_grads(a)
    optimizer.step()
    saved = optimizer.state_dict()
    other = SGD([parameter()], lr=0.1, momentum=0.9)
    other.load_state_dict(saved)
    give_grads(*other.param_groups[0]["params"])
    other.step()
    other.param_groups[0]["lr"] = 7
    assert optimizer.state[a]["momentum_buffer"].tolist() == [0.5] * 3
    assert optimizer.param_groups[0]["lr"] == saved["param_groups"][0]["lr"] == 0.1


def test_buffers_take_the_dtype_of_their_parameter():
    a = groundup.ones(2, requires_grad=True)
    optimizer = Adam([a])
    state = Adam([groundup.ones(2, requires_grad=True)]).state_dict()
    wide = groundup.ones(2, dtype=groundup.float64)
    state["state"] = {0: {"step": 2**25 + 1, "exp_avg": wide, "exp_avg_sq": wide.clone()}}
    optimizer.load_state_dict(state)
    assert optimizer.state[a]["exp_avg"].dtype is groundup.float32
    assert optimizer.state[a]["step"] == 2**25 + 1


def test_loading_what_does_not_fit_changes_nothing():
    def begin():
        a = parameter(2, 3)
        give_grads(a)
        optimizer = Adam([a], lr=0.1)
        optimizer.step()
        return optimizer

    optimizer = begin()
    before = json.dumps(optimizer.state_dict(), default=lambda t: t.tolist())
    other = Adam([parameter(3, 2)])
    give_grads(*other.param_groups[0]["params"])
    other.step()
    with pytest.raises(ValueError, match=r"'exp_avg' of parameter 0 has shape \(3, 2\), but the parameter has"):
        optimizer.load_state_dict(other.state_dict())
    with pytest.raises(ValueError, match="not one of Adam: group 0 has no 'betas', 'eps'"):
        optimizer.load_state_dict(SGD([parameter()]).state_dict())
    with pytest.raises(KeyError, match="'param_groups' is missing"):
        optimizer.load_state_dict({"state": {}})
    assert json.dumps(optimizer.state_dict(), default=lambda t: t.tolist()) == before


def test_older_dictionaries_lack_the_newer_switches():
    optimizer = SGD([parameter()], lr=0.1, maximize=True)
    saved = optimizer.state_dict()
    for key in ("foreach", "fused", "differentiable", "maximize"):
        del saved["param_groups"][0][key]
    saved["param_groups"][0]["lr"] = 0.5
    optimizer.load_state_dict(saved)
    assert optimizer.param_groups[0]["maximize"] is True
    assert optimizer.param_groups[0]["lr"] == 0.5


def test_adamw_stays_decoupled_when_it_loads_from_adam():
    a = parameter()
    optimizer = AdamW([a])
    optimizer.load_state_dict(Adam([parameter()]).state_dict())
    assert optimizer.param_groups[0]["decoupled_weight_decay"] is True


@pytest.mark.parametrize(("optimizer_class", "options"), SAVED)
def test_pickle_and_deepcopy(optimizer_class, options):
    params, optimizer = begun(groundup, optimizer_class, options)
    optimizer.register_step_pre_hook(lambda *_: None)
    twins = [pickle.loads(pickle.dumps(optimizer)), copy.deepcopy(optimizer)]
    train(groundup, params, optimizer, 3, seed=1)
    for twin in twins:
        own = [param for group in twin.param_groups for param in group["params"]]
        assert not any(a is b for a, b in zip(own, params))
        train(groundup, own, twin, 3, seed=1)
        same_params(own, params)


def test_own_state_entries_stay_what_they_are():
    a = parameter()
    optimizer = Counting([a])
    optimizer.step()
    assert optimizer.state_dict()["state"] == {0: {"step": 1}}
    optimizer.load_state_dict(optimizer.state_dict())
    assert optimizer.state[a] == {"step": 1}
