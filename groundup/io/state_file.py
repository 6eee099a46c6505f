"""Nested state in one safetensors file: dictionaries, lists, numbers and strings with tensors among them.

The tensors are stored under their path ("optimizer.state.0.exp_avg"), and the rest as JSON beside them, so
that a checkpoint is one file which anyone can inspect and which can run nothing. ``groundup.save`` and
``groundup.load`` are this module's.
"""

from __future__ import annotations

import json
import math
import os
from typing import Any, BinaryIO

import numpy as np

from groundup.atomic import StrPath, write_bytes
from groundup.io.tensor_file import decode, encode, read_bytes, to_tensor
from groundup.tensor import Tensor

__all__ = ["load", "save"]

_KEY = "groundup.state"  # where the JSON stands among the file's strings
_PLAIN = (str, int, bool, type(None))

# What JSON cannot say is an object with one key that begins with "$".
_TENSOR, _ARRAY, _TUPLE, _FLOAT, _PAIRS = "$tensor", "$array", "$tuple", "$float", "$dict"


def save(obj: Any, f: StrPath | BinaryIO) -> None:
    """Save a state dict, or any nest of dictionaries, lists and tuples of tensors, numbers and strings.

    ``f`` is a path, which is replaced whole or not at all, or a file opened for bytes. The format is
    safetensors: a flat state dict becomes a file that PyTorch reads with ``safetensors.torch.load_file``.
    Tensors are stored without their gradient history, and each of two that share memory for itself.

    Objects are never pickled: a module, an optimiser or any other object raises ``TypeError`` which says
    what to save instead. Follows ``torch.save`` for state dicts.

    >>> import groundup, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "state.safetensors")
    >>> groundup.save({"epoch": 3, "model": {"bias": groundup.zeros(2)}}, path)
    >>> groundup.load(path)
    {'epoch': 3, 'model': {'bias': tensor([0., 0.])}}
    """
    data = pack(obj)
    if isinstance(f, str | os.PathLike):
        write_bytes(f, data)
    elif hasattr(f, "write"):
        f.write(data)
    else:
        raise TypeError(f"save needs a path or a file opened for writing bytes, got {type(f).__name__}")


def load(f: StrPath | BinaryIO, map_location: Any = None, *, weights_only: bool = True) -> Any:
    """Load what ``save`` wrote, or the flat dictionary of tensors in any other safetensors file.

    ``f`` is a path or a file opened for bytes. Tensors are always on the CPU, whatever ``map_location`` says.

    Raises ``OSError`` when the file cannot be read and ``ValueError``, naming it, when it is cut off,
    damaged, or a pickle. Follows ``torch.load(f, weights_only=True)``.

    >>> import groundup, io
    >>> file = io.BytesIO()
    >>> groundup.save([1, (2.5, None), groundup.ones(2)], file)
    >>> _ = file.seek(0)
    >>> groundup.load(file)
    [1, (2.5, None), tensor([1., 1.])]
    """
    if not weights_only:
        raise ValueError("load never opens a pickle, which can run code; leave out weights_only=False")
    if map_location is not None and str(map_location) != "cpu":
        raise ValueError(f"map_location must be None or 'cpu', the only device there is, got {map_location!r}")
    if isinstance(f, str | os.PathLike):
        return unpack(read_bytes(f), os.fspath(f))
    if hasattr(f, "read"):
        return unpack(f.read(), str(getattr(f, "name", "the file")))
    raise TypeError(f"load needs a path or a file opened for reading bytes, got {type(f).__name__}")


def pack(state: Any) -> bytes:
    """The bytes of the file that holds ``state``."""
    writer = _Writer()
    try:
        outline = writer.outline(state, "")
    except RecursionError:
        raise ValueError("this state contains itself, or is nested too deep to be saved") from None
    text = json.dumps(outline, allow_nan=False, separators=(",", ":"))
    return encode(writer.tensors, {_KEY: text})


def unpack(data: bytes, source: str) -> Any:
    """The state in the bytes of a file; ``source`` names it in errors."""
    arrays, strings = decode(data, source)
    if _KEY not in strings:
        return {name: to_tensor(array, name) for name, array in arrays.items()}
    try:
        return _restore(json.loads(strings[_KEY]), arrays)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"{source} is damaged: its outline does not fit its tensors ({error})") from error


class _Writer:
    """Walks a state, collects its tensors by name, and gives the outline that JSON keeps."""

    def __init__(self) -> None:
        self.tensors: dict[str, Tensor | np.ndarray] = {}

    def outline(self, value: Any, path: str) -> Any:
        """``value`` with each tensor replaced by its name in the file."""
        kind = type(value)
        if kind in _PLAIN:
            return value
        if kind is float:
            return value if math.isfinite(value) else {_FLOAT: repr(value)}
        if isinstance(value, Tensor):
            return {_TENSOR: self._keep(value, path)}
        if isinstance(value, np.ndarray):
            return {_ARRAY: self._keep(value, path)}
        if isinstance(value, np.generic):
            return self.outline(value.item(), path)
        if isinstance(value, dict):
            return self._dictionary(value, path)
        if kind is list:
            return [self.outline(each, f"{path}.{i}") for i, each in enumerate(value)]
        if isinstance(value, tuple) and not hasattr(value, "_fields"):
            return {_TUPLE: [self.outline(each, f"{path}.{i}") for i, each in enumerate(value)]}
        raise TypeError(_refusal(value, path))

    def _dictionary(self, value: dict[Any, Any], path: str) -> Any:
        for key in value:
            if type(key) not in (str, int, bool):
                raise TypeError(f"{_place(path)} has the key {key!r}; keys must be strings or whole numbers")
        items = [(key, self.outline(each, f"{path}.{key}")) for key, each in value.items()]
        if all(isinstance(key, str) and not key.startswith("$") for key in value):
            return dict(items)
        return {_PAIRS: [[key, each] for key, each in items]}

    def _keep(self, value: Tensor | np.ndarray, path: str) -> str:
        base = path[1:] or "tensor"
        name, count = base, 1
        while name in self.tensors or name == "__metadata__":  # "a.b" next to {"a": {"b": ...}}
            count += 1
            name = f"{base}#{count}"
        self.tensors[name] = value
        return name


def _restore(outline: Any, arrays: dict[str, np.ndarray]) -> Any:
    """What an outline stands for, with the arrays of the file in their places."""
    if isinstance(outline, list):
        return [_restore(each, arrays) for each in outline]
    if not isinstance(outline, dict):
        return outline
    mark = next(iter(outline), "")
    if not mark.startswith("$"):
        return {key: _restore(each, arrays) for key, each in outline.items()}
    content = outline[mark]
    match mark:
        case "$tensor":
            return to_tensor(arrays[content], content)
        case "$array":
            return arrays[content]
        case "$tuple":
            return tuple(_restore(each, arrays) for each in content)
        case "$float":
            return float(content)
        case "$dict":
            return {key: _restore(each, arrays) for key, each in content}
    raise ValueError(f"unknown mark {mark!r}")


def _place(path: str) -> str:
    return f"the entry {path[1:]!r}" if path else "this state"


def _refusal(value: object, path: str) -> str:
    """Why ``value`` cannot be saved, and what to save instead."""
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    message = f"{_place(path)} is a {kind}. groundup.save keeps tensors, numbers, strings, and lists, tuples "
    message += "and dictionaries of them; it never pickles an object."
    if hasattr(value, "state_dict"):
        message += "\n  Save its state in its place:  groundup.save(x.state_dict(), path)"
        message += "\n  and later, in a new object:   x.load_state_dict(groundup.load(path))"
    return message
