"""Whatever is in a compiled function's reach may be replaced, added or taken away: the next call knows of it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

import groundup
from groundup import nn

X = groundup.tensor([[1.0, -2.0], [3.0, 4.0]])
Case = tuple[Callable[..., Any], Callable[[], Any], tuple[Any, ...]]  # a function, a change, the arguments


class Scaled:
    scale = 2.0


class Scaling(nn.Module):
    scale = 2.0

    def forward(self, x: Any) -> Any:
        return x * self.scale * STRENGTH


STRENGTH = 1.0
MODEL = nn.Linear(2, 2)


def put(name: str, value: Any) -> Callable[[], None]:
    return lambda: globals().__setitem__(name, value)


def a_model_in_the_closure() -> Case:
    model = nn.Linear(2, 2)

    def change() -> None:
        nonlocal model
        model = nn.Linear(2, 2)

    return lambda x: model(x), change, (X,)


def a_global_model() -> Case:
    return lambda x: MODEL(x), put("MODEL", nn.Linear(2, 2)), (X,)


def a_number_that_a_method_reads() -> Case:
    model = Scaling()
    return lambda x: model(x), put("STRENGTH", STRENGTH + 1), (X,)


def a_tensor_in_the_closure() -> Case:
    w = groundup.ones(2)

    def change() -> None:
        nonlocal w
        w = groundup.full((2,), 3.0)

    return lambda x: x * w, change, (X,)


def a_function_in_the_closure() -> Case:
    def act(x: Any) -> Any:
        return x * 2

    def change() -> None:
        nonlocal act
        act = lambda x: x * 3

    return lambda x: act(x), change, (X,)


def a_parameter() -> Case:
    layer = nn.Linear(2, 2)
    return lambda x: layer(x), lambda: setattr(layer, "weight", nn.Parameter(groundup.ones(2, 2))), (X,)


def parameters_that_are_frozen() -> Case:
    layer = nn.Linear(2, 2)
    return lambda x: layer(x), lambda: layer.requires_grad_(False), (X,)


def a_layer() -> Case:
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    return lambda x: model(x), lambda: model.__setitem__(1, nn.Tanh()), (X,)


def one_more_layer() -> Case:
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    return lambda x: model(x), lambda: model.append(nn.Tanh()), (X,)


def a_hook() -> Case:
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    return lambda x: model(x), lambda: model.register_forward_hook(lambda module, given, out: out * 2), (X,)


def a_method_of_one_object() -> Case:
    layer = nn.Linear(2, 2)
    return lambda x: layer(x), lambda: setattr(layer, "forward", lambda x: x * 7), (X,)


def a_number_of_a_class() -> Case:
    return lambda x: x * Scaled.scale, lambda: setattr(Scaled, "scale", Scaled.scale + 1), (X,)


def a_number_of_an_objects_class() -> Case:
    model = Scaling()
    return lambda x: model(x), lambda: setattr(Scaling, "scale", Scaling.scale + 1), (X,)


def a_number_of_an_argument() -> Case:
    given = SimpleNamespace(slope=1.0)
    return lambda x, given: x * given.slope, lambda: setattr(given, "slope", 2.0), (X, given)


def a_mode_of_an_argument() -> Case:
    layer = nn.Dropout(0.5).eval()
    return lambda x, layer: x * (2 if layer.training else 1), lambda: layer.train(), (X, layer)


def a_tensor_of_an_object() -> Case:
    given = SimpleNamespace(w=groundup.ones(2))
    return lambda x: x * given.w, lambda: setattr(given, "w", groundup.full((2,), 3.0)), (X,)


def a_new_attribute() -> Case:
    given = SimpleNamespace()
    return lambda x: x * getattr(given, "slope", 1.0), lambda: setattr(given, "slope", 3.0), (X,)


def a_longer_list() -> Case:
    numbers = [1.0, 2.0]
    return lambda x: x * sum(numbers), lambda: numbers.append(3.0), (X,)


def a_key_more() -> Case:
    numbers = {"a": 1.0}
    return lambda x: x * sum(numbers.values()), lambda: numbers.update(b=3.0), (X,)


def a_key_less() -> Case:
    numbers = {"a": 1.0, "b": 2.0}
    return lambda x: x * sum(numbers.values()), lambda: numbers.pop("b"), (X,)


def a_zero_with_a_sign() -> Case:
    zero = 0.0

    def change() -> None:
        nonlocal zero
        zero = -0.0

    return lambda x: x * (1 if str(zero) == "0.0" else 2), change, (X,)


def a_default() -> Case:
    def scaled(x: Any, by: float = 2.0) -> Any:
        return x * by

    return scaled, lambda: setattr(scaled, "__defaults__", (3.0,)), (X,)


def a_parameter_without_the_modules_knowledge() -> Case:
    layer = nn.Linear(2, 2)
    return lambda x: layer(x), lambda: layer._parameters.update(weight=nn.Parameter(groundup.ones(2, 2))), (X,)


def a_number_without_the_modules_knowledge() -> Case:
    layer = nn.LeakyReLU(0.1)
    return lambda x: layer(x), lambda: vars(layer).update(negative_slope=0.7), (X,)


def a_layer_without_the_modules_knowledge() -> Case:
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    return lambda x: model(x), lambda: model._modules.update({"1": nn.Tanh()}), (X,)


def a_buffer() -> Case:
    model = nn.Module()
    model.register_buffer("scale", groundup.ones(2))
    return lambda x: x * model.scale, lambda: setattr(model, "scale", groundup.full((2,), 3.0)), (X,)


def an_attribute_that_is_taken_away() -> Case:
    given = SimpleNamespace(slope=3.0)
    return lambda x: x * getattr(given, "slope", 1.0), lambda: delattr(given, "slope"), (X,)


def a_tensor_in_a_list() -> Case:
    tensors = [groundup.ones(2), groundup.ones(2)]
    return lambda x: x * tensors[0] * tensors[1], lambda: tensors.__setitem__(1, groundup.full((2,), 3.0)), (X,)


def tensors_in_another_order() -> Case:
    tensors = [groundup.ones(2), groundup.full((2,), 3.0)]
    return lambda x: x * tensors[0] + tensors[1], tensors.reverse, (X,)


def a_layer_in_a_dict() -> Case:
    layers = {"first": nn.Linear(2, 2)}
    return lambda x: layers["first"](x), lambda: layers.update(first=nn.Linear(2, 2)), (X,)


def a_default_by_name() -> Case:
    def scaled(x: Any, *, by: float = 2.0) -> Any:
        return x * by

    return scaled, lambda: setattr(scaled, "__kwdefaults__", {"by": 3.0}), (X,)


def the_code_of_a_function() -> Case:
    def scaled(x: Any) -> Any:
        return x * 2

    return lambda x: scaled(x), lambda: setattr(scaled, "__code__", (lambda x: x * 3).__code__), (X,)


def a_history() -> Case:
    w = groundup.ones(2)
    return lambda x: x * w, lambda: w.requires_grad_(), (X,)


CASES = [case for case in list(globals().values()) if getattr(case, "__annotations__", {}).get("return") == "Case"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_a_change_is_seen(case: Callable[[], Case], monkeypatch: pytest.MonkeyPatch) -> None:
    for owner, name in ((Scaled, "scale"), (Scaling, "scale")):
        monkeypatch.setattr(owner, name, owner.scale)  # type: ignore[attr-defined]
    groundup.manual_seed(3)  # with which no unit is dead
    function, change, arguments = case()
    run = groundup.compile(function)
    for _ in range(3):
        before = run(*arguments)
    assert len(run.entries) == 1
    change()
    for _ in range(3):
        found, expected = run(*arguments), function(*arguments)
        assert found.requires_grad == expected.requires_grad
        assert groundup.allclose(found, expected, atol=1e-6)
    assert len(run.entries) == 2
    assert found.requires_grad != before.requires_grad or not groundup.allclose(found, before, atol=1e-4)


def test_the_default_type() -> None:
    run = groundup.compile(lambda x: groundup.ones(2) * x)
    before = groundup.get_default_dtype()
    assert run(groundup.ones(2)).dtype == groundup.float32
    try:
        groundup.set_default_dtype(groundup.float64)
        assert run(groundup.ones(2)).dtype == groundup.float64
    finally:
        groundup.set_default_dtype(before)


def test_an_optimizers_state_that_is_loaded() -> None:
    """Buffers and counts are the loaded ones in the next step."""
    found = []
    for compiled in (False, True):
        groundup.manual_seed(0)
        model = nn.Linear(2, 1)
        optimizer = groundup.optim.Adam(model.parameters(), lr=0.1)

        def step(x: Any, model: Any = model, optimizer: Any = optimizer) -> Any:
            optimizer.zero_grad()
            loss = (model(x) ** 2).mean()
            loss.backward()
            optimizer.step()
            return loss.detach()

        run = groundup.compile(step) if compiled else step
        losses = [run(X).item() for _ in range(3)]
        kept = {k: v.clone() for k, v in model.state_dict().items()}, optimizer.state_dict()
        losses += [run(X).item() for _ in range(3)]
        model.load_state_dict(kept[0])
        optimizer.load_state_dict(kept[1])
        losses += [run(X).item() for _ in range(3)]
        optimizer.add_param_group({"params": [nn.Parameter(groundup.ones(1))]})
        losses += [run(X).item() for _ in range(2)]
        found.append(losses)
    assert found[1] == pytest.approx(found[0], rel=1e-6)


def test_a_variable_that_has_the_name_of_an_attribute_is_not_in_reach() -> None:
    run = groundup.compile(lambda x: x.data * 2)
    for i in range(3):
        put("data", groundup.ones(i + 1))()
        run(X)
    assert len(run.entries) == 1
    del globals()["data"]
