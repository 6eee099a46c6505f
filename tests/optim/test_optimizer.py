"""The frame of all optimisers: what they accept, groups, steps, hooks."""

from __future__ import annotations

import warnings

import pytest

import groundup
from groundup.optim import (
    ASGD,
    LBFGS,
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

CLASSES = [ASGD, SGD, Adadelta, Adagrad, Adam, AdamW, Adamax, NAdam, RAdam, RMSprop, Rprop]


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

    for ours in [*CLASSES, LBFGS, Optimizer]:
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
        optimizer = optimizer_class([a], **({} if optimizer_class is Rprop else {"weight_decay": 0.1}))
        assert optimizer.step() is None
        assert a.tolist() == [1.0] * 3
        # Adagrad's state is there from the beginning, as in PyTorch.
        assert all(entry["step"] == 0 for entry in optimizer.state.values())


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


def test_neither_step_nor_update():
    with pytest.raises(NotImplementedError, match=r"defines neither update_group\(\) nor step\(\)"):
        Optimizer([parameter()], {}).step()


def test_nothing_here_warns():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for optimizer_class in CLASSES:
            a = groundup.zeros(2, requires_grad=True)
            a.grad = groundup.zeros(2)
            optimizer_class([a]).step()
            assert a.tolist() == [0.0, 0.0]
