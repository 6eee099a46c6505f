"""The frame of all optimisers: what they accept, groups, steps, hooks, saving and loading."""

from __future__ import annotations

import copy
import json
import pickle
import warnings

import numpy as np
import pytest

import groundup
from groundup.optim import SGD, Adam, AdamW, Optimizer, RMSprop

CLASSES = [SGD, Adam, AdamW, RMSprop]


def parameter(*shape):
    return groundup.ones(*(shape or (3,)), requires_grad=True)


def give_grads(*params):
    for i, param in enumerate(params):
        param.grad = groundup.full_like(param, 0.5 + i, requires_grad=False)


def first_line(error):
    text = error.value.args[0]
    return text.split("\n")[0]


# ---- arguments ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: SGD([parameter()], lr=-1), ValueError, "Invalid learning rate: -1"),
        (lambda: Adam([parameter()], lr=float("nan")), ValueError, "Invalid learning rate: nan"),
        (lambda: SGD([parameter()], momentum=-1), ValueError, "Invalid momentum value: -1"),
        (lambda: SGD([parameter()], weight_decay=-1), ValueError, "Invalid weight_decay value: -1"),
        (
            lambda: SGD([parameter()], nesterov=True),
            ValueError,
            "Nesterov momentum requires a momentum and zero dampening",
        ),
        (
            lambda: SGD([parameter()], nesterov=True, momentum=0.9, dampening=0.1),
            ValueError,
            "Nesterov momentum requires a momentum and zero dampening",
        ),
        (lambda: Adam([parameter()], lr=-1), ValueError, "Invalid learning rate: -1"),
        (lambda: Adam([parameter()], eps=-1), ValueError, "Invalid epsilon value: -1"),
        (lambda: Adam([parameter()], weight_decay=-1), ValueError, "Invalid weight_decay value: -1"),
        (lambda: Adam([parameter()], betas=(1, 0.9)), ValueError, "Invalid beta parameter at index 0: 1"),
        (lambda: Adam([parameter()], betas=(0.9, 1)), ValueError, "Invalid beta parameter at index 1: 1"),
        (lambda: AdamW([parameter()], betas=(0.9, 1)), ValueError, "Invalid beta parameter at index 1: 1"),
        (lambda: RMSprop([parameter()], lr=-1), ValueError, "Invalid learning rate: -1"),
        (lambda: RMSprop([parameter()], alpha=-1), ValueError, "Invalid alpha value: -1"),
        (lambda: RMSprop([parameter()], eps=-1), ValueError, "Invalid epsilon value: -1"),
        (lambda: RMSprop([parameter()], momentum=-1), ValueError, "Invalid momentum value: -1"),
        (lambda: RMSprop([parameter()], weight_decay=-1), ValueError, "Invalid weight_decay value: -1"),
        (
            lambda: SGD([parameter()], lr=groundup.tensor([0.1, 0.2])),
            ValueError,
            "Tensor lr must be 1-element",
        ),
        (
            lambda: Adam([parameter()], foreach=True, fused=True),
            RuntimeError,
            "`fused` and `foreach` cannot be `True` together.",
        ),
        (lambda: SGD([]), ValueError, "optimizer got an empty parameter list"),
        (lambda: SGD(iter(())), ValueError, "optimizer got an empty parameter list"),
        (
            lambda: SGD([3]),
            TypeError,
            "optimizer can only optimize Tensors, but one of the params is int",
        ),
        (
            lambda: SGD([[parameter()]]),
            TypeError,
            "optimizer can only optimize Tensors, but one of the params is list",
        ),
        (lambda: SGD([parameter() * 2]), ValueError, "can't optimize a non-leaf Tensor"),
        (
            lambda: SGD([{"params": {parameter()}}]),
            TypeError,
            "optimizer parameters need to be organized in ordered collections, but the ordering of tensors "
            "in sets will change between runs. Please use a list instead.",
        ),
        (
            lambda: SGD([parameter()]).add_param_group([parameter()]),
            TypeError,
            "param_group must be a dict, but got <class 'list'>",
        ),
        (
            lambda: SGD([("a", parameter()), parameter()]),
            ValueError,
            "all optimizer params should be with/without names. Some param names are missing",
        ),
        (
            lambda: SGD([{"params": [("a", parameter())]}, {"params": [parameter()]}]),
            ValueError,
            "all optimizer param groups should be with/without names. cannot add param group without names "
            "to the optimizer",
        ),
        (
            lambda: SGD([parameter()]).load_state_dict(SGD([parameter(), parameter()]).state_dict()),
            ValueError,
            "loaded state dict contains a parameter group that doesn't match the size of optimizer's group",
        ),
        (
            lambda: SGD([parameter()]).load_state_dict(
                SGD([{"params": [parameter()]}, {"params": [parameter()]}]).state_dict()
            ),
            ValueError,
            "loaded state dict has a different number of parameter groups",
        ),
    ],
)
def test_errors_are_pytorchs(make, kind, message):
    with pytest.raises(kind) as error:
        make()
    assert first_line(error) == message


def test_error_texts_above_are_still_pytorchs():
    """The list above is checked against PyTorch itself, with its name in the place of ours."""
    torch = pytest.importorskip("torch")
    marks = [m for m in test_errors_are_pytorchs.pytestmark if m.name == "parametrize"]
    torch_names = {
        "SGD": torch.optim.SGD,
        "Adam": torch.optim.Adam,
        "AdamW": torch.optim.AdamW,
        "RMSprop": torch.optim.RMSprop,
        "groundup": torch,
        "parameter": lambda: torch.ones(3, requires_grad=True),
    }
    for make, kind, message in marks[0].args[1]:
        theirs = type(make)(make.__code__, {**make.__globals__, **torch_names})
        with pytest.raises(kind) as error:
            theirs()
        assert first_line(error) == message


@pytest.mark.parametrize(
    ("params", "hint"),
    [
        (lambda: parameter(), "Write [tensor] instead."),
        (lambda: groundup.nn.Linear(2, 2), "Write model.parameters() instead."),
        (lambda: {"params": [parameter()]}, "Write [group] instead."),
        (lambda: {"a": parameter()}, "Write list(d.values()) instead."),
        (lambda: None, "Write a list of tensors instead."),
    ],
)
def test_what_is_not_a_list_of_parameters(params, hint):
    with pytest.raises(TypeError) as error:
        SGD(params())
    assert first_line(error).startswith(
        "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
    )
    assert str(error.value).endswith(hint)


def test_set_of_parameters_is_refused():
    with pytest.raises(TypeError, match="ordered collections"):
        SGD({parameter(), parameter()})


def test_what_is_not_a_number():
    with pytest.raises(TypeError, match=r"Invalid learning rate: 'fast' \(expected a number, got str"):
        SGD([parameter()], lr="fast")
    with pytest.raises(TypeError, match="betas must be a pair"):
        Adam([parameter()], betas=0.9)


@pytest.mark.parametrize("optimizer_class", CLASSES)
def test_differentiable_is_refused_and_the_other_switches_change_nothing(optimizer_class):
    with pytest.raises(NotImplementedError, match="differentiable=True is not supported"):
        optimizer_class([parameter()], differentiable=True)
    with pytest.raises(TypeError, match="learning_rate"):
        optimizer_class([parameter()], learning_rate=0.1)
    a, b = parameter(), parameter()
    give_grads(a)
    give_grads(b)
    optimizer_class([a]).step()
    optimizer_class([b], foreach=True).step()
    assert a.tolist() == b.tolist()


def test_signatures_are_pytorchs():
    torch = pytest.importorskip("torch")
    import inspect

    for ours in [*CLASSES, Optimizer]:
        theirs = getattr(torch.optim, ours.__name__)
        facts = [
            [(p.name, p.kind, p.default) for p in inspect.signature(c.__init__).parameters.values()]
            for c in (ours, theirs)
        ]
        assert facts[0] == facts[1]


# ---- groups ------------------------------------------------------------------------------------------------


def test_groups_have_their_own_settings_and_the_defaults():
    a, b = parameter(), parameter(2)
    optimizer = SGD([{"params": a}, {"params": [b], "lr": 0.5, "name": "head"}], lr=0.1, momentum=0.9)
    first, second = optimizer.param_groups
    assert first["params"][0] is a and second["params"][0] is b
    assert (first["lr"], second["lr"], second["momentum"], second["name"]) == (0.1, 0.5, 0.9, "head")
    give_grads(a, b)
    optimizer.step()
    assert a.tolist() == pytest.approx([0.95] * 3)
    assert b.tolist() == pytest.approx([0.25] * 2)


def test_callers_dict_is_not_changed():
    group = {"params": parameter()}
    SGD([group], lr=0.1)
    assert list(group) == ["params"]


def test_added_group_takes_part():
    a, b = parameter(), parameter()
    optimizer = Adam([a], lr=0.1)
    give_grads(a, b)
    optimizer.step()
    optimizer.add_param_group({"params": b, "lr": 1.0})
    optimizer.step()
    assert optimizer.state[a]["step"] == 2 and optimizer.state[b]["step"] == 1


def test_one_parameter_twice():
    a = parameter()
    with pytest.raises(ValueError, match="some parameters appear in more than one parameter group"):
        SGD([{"params": a}, {"params": a}])
    with pytest.warns(UserWarning, match="optimizer contains a parameter group with duplicate parameters"):
        SGD([a, a])


def test_failed_add_changes_nothing():
    a = parameter()
    optimizer = SGD([a])
    with pytest.raises(ValueError, match="more than one parameter group"):
        optimizer.add_param_group({"params": [parameter(), a]})
    with pytest.raises(KeyError, match="'params' is missing"):
        optimizer.add_param_group({"lr": 0.1})
    assert len(optimizer.param_groups) == 1


def test_named_parameters():
    model = groundup.nn.Linear(2, 1)
    optimizer = SGD(model.named_parameters(), lr=0.1)
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    assert optimizer.param_groups[0]["params"][0] is model.weight
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["weight", "bias"]


def test_required_setting():
    from groundup.optim.optimizer import required

    with pytest.raises(ValueError, match="didn't specify a value of required optimization parameter lr"):
        Optimizer([parameter()], {"lr": required})
    assert Optimizer([{"params": parameter(), "lr": 1}], {"lr": required}).param_groups[0]["lr"] == 1


@pytest.mark.parametrize("optimizer_class", CLASSES)
def test_repr_is_pytorchs(optimizer_class):
    torch = pytest.importorskip("torch")
    ours = optimizer_class([{"params": parameter()}, {"params": parameter(), "lr": 0.5}], lr=0.1)
    theirs = getattr(torch.optim, optimizer_class.__name__)(
        [{"params": torch.ones(1)}, {"params": torch.ones(1), "lr": 0.5}], lr=0.1
    )
    assert repr(ours) == repr(theirs)


def test_repr():
    assert repr(Optimizer([("w", parameter())], {"lr": 0.1, "betas": (0.9, 0.99)})) == (
        "Optimizer (\nParameter Group 0\n    betas: (0.9, 0.99)\n    lr: 0.1\n    param_names: ['w']\n)"
    )


# ---- the step ----------------------------------------------------------------------------------------------


def test_zero_grad():
    a, b = parameter(), parameter()
    optimizer = SGD([a, b])
    give_grads(a)
    optimizer.zero_grad()
    assert a.grad is None and b.grad is None
    a.grad = a * 2
    optimizer.zero_grad(set_to_none=False)
    assert a.grad.tolist() == [0.0] * 3 and a.grad.grad_fn is None and b.grad is None


def test_step_without_gradients_changes_nothing():
    for optimizer_class in CLASSES:
        a = parameter()
        optimizer = optimizer_class([a], weight_decay=0.1)
        assert optimizer.step() is None
        assert a.tolist() == [1.0] * 3 and not optimizer.state


@pytest.mark.parametrize("optimizer_class", CLASSES)
def test_closure_is_called_with_gradients_on(optimizer_class):
    a = parameter()
    optimizer = optimizer_class([a], lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = (a * a).sum()
        loss.backward()
        return loss

    with groundup.no_grad():
        loss = optimizer.step(closure)
    assert loss.item() == 3.0
    assert a.tolist() != [1.0] * 3


def test_an_error_in_the_closure_leaves_the_modes_as_they_were():
    optimizer = SGD([parameter()])

    def closure():
        raise RuntimeError("from the closure")

    with pytest.raises(RuntimeError, match="from the closure"):
        optimizer.step(closure)
    assert groundup.is_grad_enabled()
    calls = []
    optimizer.register_step_post_hook(lambda *_: calls.append(1))
    optimizer.step()
    assert calls == [1]


def test_gradients_are_not_recorded():
    a = parameter()
    optimizer = Adam([a], lr=0.1)
    (a * a).sum().backward()
    optimizer.step()
    assert a.is_leaf and a.grad_fn is None and a.requires_grad
    assert not any(getattr(v, "requires_grad", False) for v in optimizer.state[a].values())


def test_step_after_forward_spoils_a_second_backward():
    """The value that backward needs was changed by the step: that raises, as in PyTorch."""
    a = parameter()
    loss = (a * a * a).sum()
    loss.backward(retain_graph=True)
    SGD([a], lr=0.1).step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_hooks():
    a = parameter()
    optimizer = SGD([a], lr=0.1)
    seen = []
    before = optimizer.register_step_pre_hook(lambda opt, args, kwargs: seen.append(("before", a.tolist())))
    after = optimizer.register_step_post_hook(lambda opt, args, kwargs: seen.append(("after", opt is optimizer)))
    give_grads(a)
    optimizer.step()
    assert seen == [("before", [1.0] * 3), ("after", True)]
    before.remove()
    after.remove()
    after.remove()
    optimizer.step()
    assert len(seen) == 2


def test_pre_hook_may_replace_the_arguments():
    a = parameter()
    optimizer = SGD([a], lr=0.1)
    handle = optimizer.register_step_pre_hook(lambda opt, args, kwargs: ((lambda: "loss",), {}))
    assert optimizer.step() == "loss"
    handle.remove()
    optimizer.register_step_pre_hook(lambda opt, args, kwargs: 3)
    with pytest.raises(RuntimeError, match="pre-hook must return None or a tuple"):
        optimizer.step()
    with pytest.raises(TypeError, match="a hook must be callable"):
        optimizer.register_step_post_hook("x")


class OwnStep(Optimizer):
    """Written as for PyTorch."""

    def __init__(self, params, lr=0.1):
        super().__init__(params, {"lr": lr})

    @groundup.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    state = self.state[p]
                    state["step"] = state.get("step", 0) + 1
                    p.add_(p.grad, alpha=-group["lr"])
        return "own"


class Clipped(SGD):
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                p.grad.clamp_(-0.1, 0.1)
        return super().step(closure)


@pytest.mark.parametrize("optimizer_class", [OwnStep, Clipped])
def test_subclasses_with_a_step_of_their_own_call_the_hooks_once(optimizer_class):
    a = parameter()
    optimizer = optimizer_class([a], lr=0.1)
    calls = []
    optimizer.register_step_pre_hook(lambda *_: calls.append("before"))
    optimizer.register_step_post_hook(lambda *_: calls.append("after"))
    give_grads(a)
    assert optimizer.step() == ("own" if optimizer_class is OwnStep else None)
    assert calls == ["before", "after"]
    assert a.tolist() == pytest.approx([0.95 if optimizer_class is OwnStep else 0.99] * 3)


def test_own_state_entries_stay_what_they_are():
    a = parameter()
    optimizer = OwnStep([a])
    give_grads(a)
    optimizer.step()
    assert optimizer.state_dict()["state"] == {0: {"step": 1}}
    optimizer.load_state_dict(optimizer.state_dict())
    assert optimizer.state[a] == {"step": 1}


def test_neither_step_nor_update():
    with pytest.raises(NotImplementedError, match=r"defines neither update_group\(\) nor step\(\)"):
        Optimizer([parameter()], {}).step()


# ---- saving and loading ------------------------------------------------------------------------------------

SAVED = [
    (SGD, {"lr": 0.1}),
    (SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    (Adam, {"lr": 0.1}),
    (Adam, {"lr": 0.1, "amsgrad": True, "betas": (0.5, 0.6)}),
    (AdamW, {"lr": 0.1}),
    (RMSprop, {"lr": 0.1}),
    (RMSprop, {"lr": 0.1, "momentum": 0.9, "centered": True}),
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
    params, optimizer = begun(groundup, optimizer_class, options)
    theirs, torch_optimizer = begun(torch, torch_class, options, steps=0)
    torch_optimizer.load_state_dict(moved(optimizer.state_dict(), torch))
    with torch.no_grad():
        for a, b in zip(theirs, params):
            a.copy_(torch.from_numpy(array_of(b)))
    train(groundup, params, optimizer, 4, seed=1)
    train(torch, theirs, torch_optimizer, 4, seed=1)
    same_params(params, theirs, 1e-12)
    # And back, straight from PyTorch's dictionary of PyTorch's tensors.
    ours, back = begun(groundup, optimizer_class, options, steps=0)
    back.load_state_dict(torch_optimizer.state_dict())
    with groundup.no_grad():
        for a, b in zip(ours, theirs):
            a.copy_(groundup.from_numpy(array_of(b)))
    train(groundup, params, optimizer, 4, seed=2)
    train(groundup, ours, back, 4, seed=2)
    same_params(params, ours, 1e-12)
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


def test_nothing_here_warns():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for optimizer_class in CLASSES:
            a = groundup.zeros(2, requires_grad=True)
            a.grad = groundup.zeros(2)
            optimizer_class([a]).step()
            assert a.tolist() == [0.0, 0.0]
