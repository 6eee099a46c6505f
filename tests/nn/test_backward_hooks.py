"""Backward hooks of modules: what they are shown, when, and what they may change."""

from __future__ import annotations

from typing import Any

import pytest

import groundup
from groundup import nn


def _network(library: Any) -> Any:
    network = library.nn.Sequential(library.nn.Linear(2, 3), library.nn.ReLU(), library.nn.Linear(3, 1))
    with library.no_grad():
        for parameter in network.parameters():
            parameter.fill_(0.5)
    return network


def _seen(library: Any, wants_gradient: bool) -> list[Any]:
    """What hooks on three layers saw, two of them changing what they were shown, and the gradients in the end."""
    seen: list[Any] = []

    def note(module: Any, *grads: Any) -> None:
        kind = type(module).__name__
        seen.append((kind, [[None if g is None else g.tolist() for g in each] for each in grads]))

    network = _network(library)
    network[0].register_full_backward_hook(note)
    network[1].register_full_backward_hook(note)
    network[2].register_full_backward_hook(lambda module, grad_input, grad_output: (grad_input[0] * 2,))
    network[2].register_full_backward_pre_hook(lambda module, grad_output: (grad_output[0] * 3,))
    network[2].register_full_backward_pre_hook(note, prepend=True)
    x = library.tensor([[1.0, 2.0]], requires_grad=wants_gradient)
    network(x).sum().backward()
    return [*seen, x.grad.tolist() if wants_gradient else None, network[0].weight.grad.tolist()]


@pytest.mark.filterwarnings("ignore:Full backward hook is firing")
@pytest.mark.parametrize("wants_gradient", [True, False])
def test_the_same_as_pytorch(wants_gradient: bool) -> None:
    torch = pytest.importorskip("torch", reason="the comparison needs PyTorch")
    assert _seen(groundup, wants_gradient) == _seen(torch, wants_gradient)


class _Two(nn.Module):
    def forward(self, a: Any, factor: float, b: Any) -> Any:
        return a * factor, b + 1


def test_every_argument_and_result_has_its_place() -> None:
    seen: list[Any] = []
    module = _Two()
    handle = module.register_full_backward_hook(lambda *shown: seen.append(shown[1:]))
    a, b = (groundup.ones(2, requires_grad=True) for _ in range(2))
    first, _ = module(a, 3.0, b)
    first.sum().backward()
    ((grad_input, grad_output),) = seen
    assert [g is None for g in grad_input] == [False, True, True]
    assert grad_input[0].tolist() == [3.0, 3.0]
    assert grad_output[0].tolist() == [1.0, 1.0]
    assert grad_output[1] is None
    handle.remove()
    module(a, 3.0, b)[0].sum().backward()
    assert len(seen) == 1


def test_a_hook_returns_as_many_gradients_as_it_was_shown() -> None:
    module = nn.ReLU()
    module.register_full_backward_hook(lambda module, grad_input, grad_output: (None, None))
    with pytest.raises(RuntimeError, match="returned an invalid number of grad_input, got 2, but expected 1"):
        module(groundup.ones(2, requires_grad=True)).sum().backward()


def test_a_module_without_tensors_warns() -> None:
    module = nn.Identity()
    module.register_full_backward_hook(lambda *shown: None)
    with pytest.warns(UserWarning, match="module output should be a Tensor"):
        module("text")


def _containers(library: Any) -> list[Any]:
    parameters = library.nn.ParameterList([library.ones(2), library.zeros(3, 2)])
    parameters.append(library.ones(1))
    parameters += [library.ones(4), 7]
    parameters[0] = library.zeros(5)
    named = library.nn.ParameterDict({"a": library.ones(2)})
    named["b"] = library.zeros(1)
    named.update({"c": library.ones(3)})
    named.pop("a")
    return [
        *(str(each).replace(f"{library.__name__}.", "") for each in (parameters, named)),
        list(parameters.state_dict()),
        [tuple(each.shape) for each in parameters[1:-1]],
        list(named.state_dict()),
        "a" in named,
        len(parameters) + len(named),
        named.setdefault("d", library.ones(1)).requires_grad,
    ]


def test_containers_of_parameters() -> None:
    torch = pytest.importorskip("torch", reason="the comparison needs PyTorch")
    assert _containers(groundup) == _containers(torch)


def test_parameters_leave_a_list() -> None:
    parameters = nn.ParameterList(groundup.full((1,), float(i)) for i in range(3))
    assert parameters.pop(0).item() == 0
    assert [each.item() for each in parameters] == [1, 2]
    assert list(parameters.state_dict()) == ["0", "1"]
    with pytest.raises(IndexError, match="index 2 is out of range"):
        parameters[2]
    with pytest.raises(TypeError, match="should be called with an iterable"):
        parameters.extend(groundup.ones(2))
