"""Collecting the state of a network into a dictionary, and loading it back.

Loading first compares every key and shape, and only then writes, so that a state that does not fit
leaves the network as it was. ``Module.state_dict`` and ``Module.load_state_dict`` stand on this, and
through them every file of weights.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from groundup.autograd import no_grad
from groundup.functions.creation import tensor
from groundup.nn.parameter import Parameter
from groundup.tensor import Tensor

if TYPE_CHECKING:
    from groundup.nn.module import Module


class IncompatibleKeys(NamedTuple):
    """The keys that ``load_state_dict`` did not find, and those that it had no use for."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys!r}, unexpected_keys={self.unexpected_keys!r})"


class Place(NamedTuple):
    """One entry of the state: where it lives in the tree, and the tensor that is there."""

    owner: Module
    name: str
    tensor: Tensor


def places(module: Module, prefix: str = "") -> Iterator[tuple[str, Place]]:
    """Yields ``(key, place)`` of every parameter and persistent buffer; shared ones under every key."""
    for name, parameter in module._parameters.items():
        if parameter is not None:
            yield prefix + name, Place(module, name, parameter)
    for name, buffer in module._buffers.items():
        if buffer is not None and name not in module._non_persistent_buffers_set:
            yield prefix + name, Place(module, name, buffer)
    for name, child in module._modules.items():
        if child is not None:
            yield from places(child, f"{prefix}{name}.")


def collect(module: Module, destination: dict[str, Any] | None, prefix: str, keep_vars: bool) -> dict[str, Any]:
    """The body of ``Module.state_dict``."""
    result: dict[str, Any] = OrderedDict() if destination is None else destination
    for key, place in places(module, prefix):
        result[key] = place.tensor if keep_vars else place.tensor.detach()
    return result


def load(module: Module, given: Mapping[str, Any], strict: bool, assign: bool) -> IncompatibleKeys:
    """The body of ``Module.load_state_dict``."""
    if not isinstance(given, Mapping):
        raise TypeError(f"Expected state_dict to be dict-like, got {type(given)}.")
    expected = dict(places(module))
    keys = IncompatibleKeys(
        [key for key in expected if key not in given], [key for key in given if key not in expected]
    )
    problems = _key_problems(keys) if strict else []
    values: dict[str, Tensor] = {}
    for key, place in expected.items():
        if key in given:
            value = _as_tensor(key, given[key], problems)
            if value is not None and _fits(key, value, place.tensor, problems):
                values[key] = value
    if problems:
        problems += _key_advice(keys)
        raise RuntimeError(f"Error(s) in loading state_dict for {type(module).__name__}:\n\t" + "\n\t".join(problems))
    with no_grad():
        for key, value in values.items():
            _write(expected[key], value, assign)
    return keys


def _key_problems(keys: IncompatibleKeys) -> list[str]:
    kinds = (("Missing", keys.missing_keys), ("Unexpected", keys.unexpected_keys))
    return [
        f"{kind} key(s) in state_dict: {', '.join(f'{chr(34)}{key}{chr(34)}' for key in names)}. "
        for kind, names in kinds
        if names
    ]


def _key_advice(keys: IncompatibleKeys) -> list[str]:
    """The line to write where the keys differ by one prefix alone, as those of a wrapped network do."""
    for more, fewer, change in (
        (keys.unexpected_keys, keys.missing_keys, "key.removeprefix({!r})"),
        (keys.missing_keys, keys.unexpected_keys, "{!r} + key"),
    ):
        if more and fewer and more[0].endswith(fewer[0]):
            prefix = more[0].removesuffix(fewer[0])
            if sorted(more) == sorted(prefix + key for key in fewer):
                new_key = change.format(prefix)
                return [f"Only the beginning differs: load {{{new_key}: value for key, value in state_dict.items()}}"]
    return []


def _as_tensor(key: str, value: Any, problems: list[str]) -> Tensor | None:
    if isinstance(value, Tensor):
        return value.detach()
    if hasattr(value, "__array__"):
        # Another library's parameter refuses to become an array until it is detached.
        return tensor(np.asarray(value.detach() if hasattr(value, "detach") else value))
    problems.append(
        f'While copying the parameter named "{key}", expected groundup.Tensor or Tensor-like object '
        f"from checkpoint but received {type(value)}"
    )
    return None


def _fits(key: str, value: Tensor, current: Tensor, problems: list[str]) -> bool:
    if value.shape == current.shape:
        return True
    problems.append(
        f"size mismatch for {key}: copying a param with shape {value.shape!r} from checkpoint, "
        f"the shape in current model is {current.shape!r}."
    )
    return False


def _write(place: Place, value: Tensor, assign: bool) -> None:
    if not assign:
        place.tensor.copy_(value)
    elif isinstance(place.tensor, Parameter):
        setattr(place.owner, place.name, Parameter(value, requires_grad=place.tensor.requires_grad))
    else:
        setattr(place.owner, place.name, value)
