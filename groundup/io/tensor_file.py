"""Tensors in a safetensors file: a table of names, shapes and bytes that holds no code.

``save_file`` and ``load_file`` keep a flat dictionary of tensors, as the safetensors library's own functions
do, and PyTorch reads and writes the same files. ``state_file`` builds on them to keep nested state.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from groundup.atomic import StrPath, write_bytes
from groundup.errors import MissingExtra
from groundup.functions import creation
from groundup.tensor import Tensor

__all__ = ["load_file", "load_metadata", "save_file"]

# The file format's name of each type of number, and NumPy's.
_NUMPY = {
    "BOOL": np.bool_,
    "U8": np.uint8,
    "I8": np.int8,
    "U16": np.uint16,
    "I16": np.int16,
    "U32": np.uint32,
    "I32": np.int32,
    "U64": np.uint64,
    "I64": np.int64,
    "F16": np.float16,
    "F32": np.float32,
    "F64": np.float64,
}
_SAVEABLE = {np.dtype(kind) for kind in _NUMPY.values()}
# Numbers that a tensor does not have come back in the signed type that holds them.
_WIDER = {np.dtype(np.uint16): np.int32, np.dtype(np.uint32): np.int64, np.dtype(np.uint64): np.int64}


def save_file(
    tensors: Mapping[str, Tensor | np.ndarray], path: StrPath, metadata: Mapping[str, str] | None = None
) -> None:
    """Write named tensors to one safetensors file, whole or not at all.

    The file is written to a temporary name and moved into place, so a full disk or a crash leaves the old
    one as it was. Tensors of any stride are stored as their values in row-major order. ``metadata`` is a
    dictionary of strings kept beside them.

    Raises ``TypeError`` for what is not a tensor, ``ValueError`` for a type of number that the format does
    not have, ``OSError`` when the file cannot be written, and ``MissingExtra`` without safetensors.
    Follows ``safetensors.torch.save_file``.

    >>> import groundup, os, tempfile
    >>> from groundup.io import load_file, save_file
    >>> path = os.path.join(tempfile.mkdtemp(), "weights.safetensors")
    >>> save_file({"weight": groundup.arange(6).reshape(2, 3).T}, path)
    >>> load_file(path)["weight"]
    tensor([[0, 3],
            [1, 4],
            [2, 5]])
    """
    write_bytes(path, encode(tensors, metadata))


def load_file(path: StrPath) -> dict[str, Tensor]:
    """Read every tensor of a safetensors file.

    Numbers of a type that tensors do not have come back in one that holds them: bfloat16 as float32, uint16
    as int32, uint32 and uint64 as int64.

    Raises ``OSError`` when the file cannot be read and ``ValueError``, naming it, when it is cut off,
    damaged or of another kind. Follows ``safetensors.torch.load_file``.

    >>> import groundup, os, tempfile
    >>> from groundup.io import load_file, save_file
    >>> path = os.path.join(tempfile.mkdtemp(), "weights.safetensors")
    >>> save_file({"bias": groundup.zeros(3)}, path)
    >>> load_file(path)
    {'bias': tensor([0., 0., 0.])}
    """
    arrays, _ = decode(read_bytes(path), os.fspath(path))
    return {name: to_tensor(array, name) for name, array in arrays.items()}


def load_metadata(path: StrPath) -> dict[str, str]:
    """Read the strings that were stored beside the tensors of a safetensors file.

    Raises as :func:`load_file` does.

    >>> import groundup, os, tempfile
    >>> from groundup.io import load_metadata, save_file
    >>> path = os.path.join(tempfile.mkdtemp(), "weights.safetensors")
    >>> save_file({"bias": groundup.zeros(3)}, path, metadata={"classes": "cat dog bird"})
    >>> load_metadata(path)
    {'classes': 'cat dog bird'}
    """
    return decode(read_bytes(path), os.fspath(path))[1]


def require_safetensors(feature: str) -> None:
    """Raise ``MissingExtra`` now rather than after the work, where the safetensors package is missing."""
    try:
        import safetensors.numpy  # noqa: F401
    except ImportError as error:
        raise MissingExtra(feature, "safetensors", "train") from error


def encode(tensors: Mapping[str, Tensor | np.ndarray], metadata: Mapping[str, str] | None = None) -> bytes:
    """The bytes of a safetensors file with these tensors and strings."""
    require_safetensors("saving tensors")
    from safetensors.numpy import save

    if not isinstance(tensors, Mapping):
        raise TypeError(
            f"save_file needs a dictionary of tensors, got {type(tensors).__name__}; "
            "for a module write save_file(model.state_dict(), path)"
        )
    arrays = {name: _row_major(name, tensor) for name, tensor in tensors.items()}
    strings = dict(metadata or {})
    for key, value in strings.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise TypeError(f"metadata must map strings to strings, got {key!r}: {value!r}")
    return save(arrays, metadata=strings or None)


def decode(data: bytes, source: str) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays and strings in the bytes of a safetensors file; ``source`` names it in errors."""
    require_safetensors("loading tensors")
    from safetensors import SafetensorError, deserialize

    _refuse_pickle(data, source)
    try:
        entries = deserialize(data)
    except SafetensorError as error:
        raise ValueError(f"{source} is not a whole safetensors file: {error}") from error
    arrays = {name: _array(entry, f"{source}: tensor {name!r}") for name, entry in entries}
    # The library has checked the header by now, so that its length and its strings can be believed.
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    return arrays, dict(header.get("__metadata__") or {})


def to_tensor(array: np.ndarray, name: str) -> Tensor:
    """A tensor over an array that was read, widened if tensors do not have its type."""
    if array.dtype not in _WIDER:
        return creation.from_numpy(array)
    wide = array.astype(_WIDER[array.dtype])
    if (wide < 0).any():
        raise ValueError(f"the tensor {name!r} holds uint64 numbers of 2**63 and more, which int64 cannot hold")
    return creation.from_numpy(wide)


def read_bytes(path: StrPath) -> bytes:
    """The content of a file."""
    with open(path, "rb") as file:
        return file.read()


def _row_major(name: str, tensor: Tensor | np.ndarray) -> np.ndarray:
    """The values of ``tensor`` in C order: safetensors 0.8 writes the wrong ones for any other (its #825)."""
    if not isinstance(name, str):
        raise TypeError(f"the names of tensors must be strings, got {name!r}")
    if name == "__metadata__":
        raise ValueError("the file format keeps the name '__metadata__' for itself; rename that tensor")
    if isinstance(tensor, Tensor):
        array = tensor.detach().numpy()
    elif isinstance(tensor, np.ndarray):
        array = np.asarray(tensor)
    else:
        raise TypeError(f"{name!r} is no tensor but {_kind(tensor)}; save_file keeps tensors, groundup.save state")
    native = array.dtype.newbyteorder("=")
    if native not in _SAVEABLE:
        raise ValueError(f"{name!r} holds {array.dtype}, which the safetensors format of NumPy does not have")
    return np.asarray(array, dtype=native, order="C")


def _array(entry: dict[str, Any], what: str) -> np.ndarray:
    """One tensor as the library describes it, as an array over its bytes."""
    kind, shape, data = entry["dtype"], entry["shape"], entry["data"]
    if kind == "BF16":  # the upper half of a float32
        return (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32).reshape(shape)
    if kind not in _NUMPY:
        raise ValueError(f"{what} holds numbers of the type {kind}, which NumPy does not have")
    return np.frombuffer(data, np.dtype(_NUMPY[kind]).newbyteorder("<")).reshape(shape)


def _refuse_pickle(data: bytes, source: str) -> None:
    """Say what to do with a file of ``torch.save``, whose header would only look damaged."""
    if data[:4] == b"PK\x03\x04" or data[:2] in (b"\x80\x02", b"\x80\x04", b"\x80\x05"):
        raise ValueError(
            f"{source} is a pickle, as torch.save writes. groundup never opens one, since it can run code.\n"
            "  In PyTorch write:  safetensors.torch.save_file(model.state_dict(), path)"
        )


def _kind(value: object) -> str:
    return f"a {type(value).__name__}"
