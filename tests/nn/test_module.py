"""`Module`: what it registers, how it is walked, moved, printed, copied and hooked."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from collections.abc import Callable
from typing import Any

import pytest

import groundup
from groundup import nn


class Plain(nn.Module):
    """No super().__init__() at all."""

    def __init__(self, width: int = 3) -> None:
        self.hidden = nn.Linear(2, width)
        self.out = nn.Linear(width, 1)
        self.scale = nn.Parameter(groundup.ones(1))
        self.register_buffer("count", groundup.zeros(2))

    def forward(self, x: Any) -> Any:
        return self.out(self.hidden(x).relu()) * self.scale


class Late(nn.Module):
    """super().__init__() after the attributes, which PyTorch refuses."""

    def __init__(self) -> None:
        self.layer = nn.Linear(2, 2)
        super().__init__()
        self.other = nn.Linear(2, 2)


class Early(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 2)


class Bare(nn.Module):
    """No __init__ of its own."""


def test_super_init_may_be_called_anywhere_or_left_out() -> None:
    assert [name for name, _ in Plain().named_parameters()] == [
        *("scale", "hidden.weight", "hidden.bias", "out.weight", "out.bias"),
    ]
    assert len(list(Late().parameters())) == 4
    assert len(list(Early().parameters())) == 2
    assert list(Bare().parameters()) == []
    assert Plain()(groundup.ones(4, 2)).shape == (4, 1)


def test_positional_arguments_of_init_reach_only_init() -> None:
    assert Plain(7).hidden.out_features == 7
    assert Plain(width=5).hidden.out_features == 5
    with pytest.raises(TypeError):
        Bare(3)


def test_module_without_forward_says_so() -> None:
    with pytest.raises(NotImplementedError, match=r'Module \[Bare\] is missing the required "forward" function'):
        Bare()(1)


def test_shared_parameters_come_once_but_have_every_key() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    assert [name for name, _ in net.named_parameters()] == ["0.weight", "0.bias", "1.bias"]
    assert len(list(net.named_parameters(remove_duplicate=False))) == 4
    assert list(net.state_dict()) == ["0.weight", "0.bias", "1.weight", "1.bias"]


def test_shared_modules_come_once() -> None:
    layer = nn.Linear(2, 2)
    net = nn.Sequential(layer, layer)
    assert [name for name, _ in net.named_modules()] == ["", "0"]
    assert [name for name, _ in net.named_modules(remove_duplicate=False)] == ["", "0", "1"]
    assert [name for name, _ in net.named_children()] == ["0"]
    assert list(net.state_dict()) == ["0.weight", "0.bias", "1.weight", "1.bias"]


def test_walks_agree_with_pytorch(peer: Any) -> None:
    def build(nn: Any) -> Any:
        shared = nn.Linear(2, 2)
        return nn.Sequential(nn.Sequential(shared, nn.ReLU()), shared, nn.ModuleList([nn.Tanh(), shared]))

    ours, theirs = build(nn), build(peer.nn)
    for walk in ("named_modules", "named_parameters", "named_buffers", "named_children"):
        assert [n for n, _ in getattr(ours, walk)()] == [n for n, _ in getattr(theirs, walk)()]
    for walk in ("named_modules", "named_parameters"):
        found = [n for n, _ in getattr(ours, walk)(prefix="net", remove_duplicate=False)]
        assert found == [n for n, _ in getattr(theirs, walk)(prefix="net", remove_duplicate=False)]
    assert list(ours.state_dict(prefix="x.")) == list(theirs.state_dict(prefix="x."))
    assert [n for n, _ in ours.named_parameters(recurse=False)] == []


def test_attributes_move_between_the_tables() -> None:
    module = nn.Module()
    module.thing = 3
    module.thing = nn.Parameter(groundup.ones(2))
    assert "thing" not in module.__dict__ and list(module._parameters) == ["thing"]
    module.thing = nn.ReLU()
    assert not module._parameters and list(module._modules) == ["thing"]
    module.thing = None
    assert module.thing is None and list(module.children()) == []
    del module.thing
    assert not hasattr(module, "thing")
    module.weight = nn.Parameter(groundup.ones(2))
    module.weight = None
    assert module.weight is None and "weight" in module._parameters


def test_assigning_the_wrong_thing(raises_alike: Callable[..., str], peer: Any) -> None:
    def assign(nn: Any, attribute: str, value: Any) -> None:
        layer = nn.Linear(2, 2)
        layer.register_module("child", nn.ReLU())
        layer.register_buffer("table", None)
        setattr(layer, attribute, value)

    for attribute, value in (("weight", 3), ("child", 3), ("table", 3)):
        raises_alike(lambda a=attribute, v=value: assign(nn, a, v), lambda a=attribute, v=value: assign(peer.nn, a, v))
    with pytest.raises(TypeError, match=r"cannot assign 'groundup\..*Tensor' as parameter 'weight'"):
        nn.Linear(2, 2).weight = groundup.ones(2, 2)


def test_names_are_checked(raises_alike: Callable[..., str], peer: Any) -> None:
    for register in ("register_parameter", "register_buffer", "register_module"):
        for name in ("a.b", "", 3, "forward"):
            raises_alike(
                lambda r=register, n=name: getattr(nn.Linear(1, 1), r)(n, None),
                lambda r=register, n=name: getattr(peer.nn.Linear(1, 1), r)(n, None),
            )
    raises_alike(lambda: nn.Module().add_module("x", 3), lambda: peer.nn.Module().add_module("x", 3))
    raises_alike(lambda: nn.Module().register_parameter("x", 3), lambda: peer.nn.Module().register_parameter("x", 3))
    raises_alike(lambda: nn.Module().nothing, lambda: peer.nn.Module().nothing)


def test_an_error_inside_a_property_is_the_one_that_is_seen() -> None:
    class Broken(nn.Module):
        @property
        def size(self) -> int:
            return self.missing_inside

    with pytest.raises(AttributeError, match="missing_inside"):
        Broken().size


def test_buffers() -> None:
    module = nn.Module()
    module.register_buffer("kept", groundup.ones(2))
    module.register_buffer("dropped", groundup.ones(2), persistent=False)
    module.also = nn.Buffer(groundup.zeros(1))
    module.transient = nn.Buffer(groundup.zeros(1), persistent=False)
    assert [name for name, _ in module.named_buffers()] == ["kept", "dropped", "also", "transient"]
    assert list(module.state_dict()) == ["kept", "also"]
    module.kept = groundup.zeros(2)
    assert module.kept.sum().item() == 0 and "kept" not in module.__dict__
    del module.dropped
    assert "dropped" not in module._non_persistent_buffers_set
    assert not any(buffer.requires_grad for buffer in module.buffers())


def test_train_and_eval_reach_every_module() -> None:
    net = nn.Sequential(nn.Dropout(), nn.Sequential(nn.Dropout()))
    assert net.eval() is net and not any(module.training for module in net.modules())
    assert net.train() is net and all(module.training for module in net.modules())
    with pytest.raises(ValueError, match="training mode is expected to be boolean"):
        net.train(1)


def test_moving_keeps_the_parameters_and_leaves_integers() -> None:
    net = Plain()
    net.register_buffer("steps", groundup.tensor([1, 2]))
    before = [id(parameter) for parameter in net.parameters()]
    net(groundup.ones(1, 2)).sum().backward()
    assert net.to(groundup.float64) is net
    assert [id(parameter) for parameter in net.parameters()] == before
    assert net.hidden.weight.dtype == net.count.dtype == net.hidden.weight.grad.dtype == groundup.float64
    assert net.steps.dtype == groundup.int64
    assert net.float().scale.dtype == groundup.float32
    assert net.half().scale.dtype == groundup.float16
    assert net.double().scale.dtype == groundup.float64
    assert net.to("cpu") is net and net.to(device="cpu", dtype=groundup.float32).scale.dtype == groundup.float32
    assert net.to(groundup.ones(1, dtype=groundup.float64)).scale.dtype == groundup.float64
    assert all(parameter.is_leaf and parameter.requires_grad for parameter in net.parameters())
    with pytest.raises(TypeError, match="only accepts floating point"):
        net.to(groundup.int64)
    with pytest.raises(RuntimeError, match="cpu"):
        net.to("cuda")


def test_training_goes_on_after_moving() -> None:
    layer = nn.Linear(2, 1).double()
    layer(groundup.ones(3, 2, dtype=groundup.float64)).sum().backward()
    assert layer.weight.grad.tolist() == [[3.0, 3.0]]


def test_requires_grad_and_zero_grad() -> None:
    net = Plain()
    net.hidden.requires_grad_(False)
    net(groundup.ones(1, 2)).sum().backward()
    assert net.hidden.weight.grad is None and net.out.weight.grad is not None
    net.zero_grad(set_to_none=False)
    assert net.out.bias.grad.tolist() == [0.0]
    net.zero_grad()
    assert net.out.bias.grad is None


def test_apply_visits_children_first() -> None:
    seen: list[str] = []
    net = nn.Sequential(nn.Linear(1, 1), nn.Sequential(nn.ReLU()))
    assert net.apply(lambda module: seen.append(type(module).__name__)) is net
    assert seen == ["Linear", "ReLU", "Sequential", "Sequential"]


def test_paths() -> None:
    net = nn.Sequential(Plain(), nn.ReLU())
    assert net.get_submodule("0.hidden") is net[0].hidden and net.get_submodule("") is net
    assert net.get_parameter("0.out.bias") is net[0].out.bias
    assert net.get_buffer("0.count") is net[0].count
    with pytest.raises(AttributeError, match="`nope`"):
        net.get_submodule("0.nope")
    with pytest.raises(AttributeError, match=r"is not an nn\.Module"):
        net.get_submodule("0.scale")
    with pytest.raises(AttributeError, match="no parameter `count`"):
        net.get_parameter("0.count")


def test_copies_and_pickles_are_whole_and_separate() -> None:
    net = Plain()
    x = groundup.ones(2, 2)
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert other(x).tolist() == net(x).tolist()
        assert all(isinstance(parameter, nn.Parameter) for parameter in other.parameters())
        assert all(parameter.requires_grad and parameter.is_leaf for parameter in other.parameters())
        with groundup.no_grad():
            other.scale.fill_(5.0)
        assert net.scale.item() == 1.0
        assert other.eval().training is False and net.training is True


def test_a_deep_copy_keeps_what_is_shared() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    other = copy.deepcopy(net)
    assert other[1].weight is other[0].weight and other[0].weight is not net[0].weight


def test_a_shallow_copy_has_tables_of_its_own() -> None:
    net = Plain()
    other = copy.copy(net)
    other.extra = nn.ReLU()
    assert other.hidden is net.hidden and not hasattr(net, "extra")


def test_modules_are_freed_with_their_last_reference() -> None:
    net = Plain()
    net(groundup.ones(1, 2)).sum().backward()
    alive = weakref.ref(net)
    gc.disable()
    try:
        del net
        assert alive() is None
    finally:
        gc.enable()


def test_hooks_see_and_replace() -> None:
    layer = nn.ReLU()
    seen: list[Any] = []
    handles = [
        layer.register_forward_pre_hook(lambda module, args: seen.append("before")),
        layer.register_forward_pre_hook(lambda module, args: (args[0] - 1,), prepend=True),
        layer.register_forward_hook(lambda module, args, output: output * 10),
        layer.register_forward_hook(lambda module, args, output: seen.append(output.tolist())),
    ]
    assert layer(groundup.tensor([0.5, 3.0])).tolist() == [0.0, 20.0]
    assert seen == ["before", [0.0, 20.0]]
    for handle in handles:
        handle.remove()
        handle.remove()
    assert layer(groundup.tensor([0.5, 3.0])).tolist() == [0.5, 3.0]


def test_hooks_with_keywords() -> None:
    class Scale(nn.Module):
        def forward(self, x: Any, by: float = 1.0) -> Any:
            return x * by

    module = Scale()
    module.register_forward_pre_hook(lambda m, args, kwargs: (args, {"by": 3.0}), with_kwargs=True)
    module.register_forward_hook(lambda m, args, kwargs, out: out + kwargs["by"], with_kwargs=True)
    assert module(groundup.ones(1), by=2.0).item() == 6.0
    with module.register_forward_pre_hook(lambda m, args, kwargs: 5, with_kwargs=True):
        with pytest.raises(RuntimeError, match="forward pre-hook must return None or a tuple"):
            module(groundup.ones(1))
    with pytest.raises(TypeError, match="a hook must be callable"):
        module.register_forward_hook(3)


def test_a_hook_may_remove_itself_while_it_runs() -> None:
    layer = nn.Identity()
    calls: list[int] = []

    def once(module: Any, args: Any, output: Any) -> None:
        calls.append(1)
        handle.remove()

    handle = layer.register_forward_hook(once)
    layer(1)
    layer(1)
    assert calls == [1]


def test_repr_is_pytorchs(peer: Any) -> None:
    def build(nn: Any) -> list[Any]:
        class Custom(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.layer = nn.Linear(1, 2)
                self.list = nn.ModuleList([nn.ReLU(), nn.ReLU(), nn.Tanh()])
                self.none = None

            def extra_repr(self) -> str:
                return "first=1\nsecond=2"

        class Empty(nn.Module):
            def extra_repr(self) -> str:
                return "alone=1"

        block = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
        return [
            *(Custom(), Empty(), nn.Module(), nn.Sequential(), nn.ModuleList(), nn.ModuleDict(), block),
            *(nn.Sequential(block, nn.Sequential(block, nn.Dropout(0.1))), nn.ModuleDict({"a": block})),
            *(nn.ModuleList([block, block, nn.Tanh()]), nn.ModuleList([nn.ModuleList([nn.Tanh()])])),
            *(
                nn.ReLU(),
                nn.ReLU(inplace=True),
                nn.LeakyReLU(0.2),
                nn.LeakyReLU(0.2, True),
                nn.ELU(),
                nn.SiLU(),
            ),
            *(nn.GELU(), nn.GELU("tanh"), nn.Softmax(1), nn.Softmax(), nn.LogSoftmax(dim=-1), nn.Softplus()),
            *(
                nn.Identity(3),
                nn.Flatten(),
                nn.Flatten(0, 1),
                nn.Unflatten(1, (2, -1)),
                nn.Tanh(),
                nn.Sigmoid(),
            ),
            *(nn.Dropout(), nn.Dropout(0.2, inplace=True), nn.Linear(3, 4, bias=False), nn.LogSigmoid()),
            *(
                nn.Conv2d(1, 2, 3),
                nn.Conv2d(2, 4, (3, 5), 2, 1, 2, 2, False),
                nn.Conv2d(1, 1, 3, padding="same"),
            ),
            *(nn.MaxPool2d(2), nn.MaxPool2d((2, 3), 1, 1, 2, ceil_mode=True), nn.AvgPool2d(2, padding=1)),
            *(nn.AdaptiveAvgPool2d(1), nn.AdaptiveAvgPool2d((1, None)), nn.MSELoss(), nn.CrossEntropyLoss()),
            *(nn.NLLLoss(), nn.BCEWithLogitsLoss(), nn.L1Loss(), nn.HuberLoss(delta=0.5), nn.BCELoss()),
        ]

    for ours, theirs in zip(build(nn), build(peer.nn), strict=True):
        assert repr(ours) == repr(theirs)


def test_parameter() -> None:
    data = groundup.ones(2, 3)
    parameter = nn.Parameter(data)
    assert isinstance(parameter, groundup.Tensor) and parameter.requires_grad and parameter.is_leaf
    data[0, 0] = 7.0
    assert parameter[0, 0].item() == 7.0
    assert not data.requires_grad
    assert type(parameter * 2) is groundup.Tensor
    assert not nn.Parameter(groundup.ones(1), requires_grad=False).requires_grad
    assert nn.Parameter().shape == (0,)
    assert isinstance(copy.deepcopy(parameter), nn.Parameter)
    assert isinstance(pickle.loads(pickle.dumps(parameter)), nn.Parameter)
    (parameter * 2).sum().backward()
    assert parameter.grad.tolist() == [[2.0] * 3] * 2
    with pytest.raises(RuntimeError, match="floating point"):
        nn.Parameter(groundup.ones(2, dtype=groundup.int64))


def test_parameter_repr_is_pytorchs(peer: Any) -> None:
    for requires in (True, False):
        ours = nn.Parameter(groundup.ones(2, 2), requires_grad=requires)
        theirs = peer.nn.Parameter(peer.torch.ones(2, 2), requires_grad=requires)
        assert repr(ours) == repr(theirs)
