"""groundup.save and groundup.load: nested state there and back, and objects that are refused."""

from __future__ import annotations

import collections
import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import groundup
from groundup.io import load, load_file, save, save_file
from groundup.io.state_file import pack, unpack

pytest.importorskip("safetensors", reason="files of tensors need the extra 'train'")


def same(a: Any, b: Any) -> bool:
    """Equal in value and in type, nan equal to nan."""
    if type(a) is not type(b):
        return False
    if isinstance(a, groundup.Tensor):
        return a.dtype == b.dtype and same(a.numpy(), b.numpy())
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b or (a != a and b != b)


STATES: dict[str, Any] = {
    "nothing": None,
    "numbers": [0, -1, 2**200, True, False, 0.1, -0.0, 5e-324, math.inf, -math.inf, math.nan],
    "strings": ["", "ä\n\0", "\ud800", "$tensor", "\\"],
    "tuples": ((), (1, (2, [3, ()]))),
    "keys that are no names": {0: "a", -5: "b", True: "c", "0": "d"},
    "keys like marks": {"$tensor": "x", "$unknown": 1, "": {"$": 2}},
    "tensors": {
        "f": groundup.arange(3.0),
        "i": groundup.tensor(7),
        "b": groundup.tensor([True]),
        "e": groundup.zeros(0),
    },
    "arrays": [np.arange(3, dtype=np.uint32), np.array(2**64 - 1, np.uint64), np.zeros((2, 0, 3))],
    "clashing names": {
        "a.b": groundup.zeros(1),
        "a": {"b": groundup.ones(1)},
        "a.b#2": groundup.full((1,), 2.0),
    },
    "an optimiser": {
        "state": {0: {"step": 3, "exp_avg": groundup.ones(2)}},
        "param_groups": [{"lr": 0.1, "betas": (0.9, 0.999), "params": [0, 1]}],
    },
    "a tensor alone": groundup.eye(2),
}


@pytest.mark.parametrize("name", STATES)
def test_there_and_back(tmp_path: Path, name: str) -> None:
    path = tmp_path / "state"
    save(STATES[name], path)
    loaded = load(path)
    if name == "clashing names":
        assert [loaded["a.b"].item(), loaded["a"]["b"].item(), loaded["a.b#2"].item()] == [0, 1, 2]
    assert same(loaded, STATES[name])


def test_the_order_of_a_state_dict_is_kept(tmp_path: Path) -> None:
    state = {name: groundup.zeros(1) for name in ("z", "a", "m")}
    save(state, tmp_path / "state")
    assert list(load(tmp_path / "state")) == ["z", "a", "m"]


def test_a_flat_state_dict_is_a_file_for_everyone(tmp_path: Path) -> None:
    torch_files = pytest.importorskip("safetensors.torch")
    path = tmp_path / "state"
    save(collections.OrderedDict({"0.weight": groundup.ones(2, 3), "0.bias": groundup.zeros(2)}), path)
    assert {name: tuple(t.shape) for name, t in torch_files.load_file(path).items()} == {
        "0.weight": (2, 3),
        "0.bias": (2,),
    }
    assert set(load_file(path)) == {"0.weight", "0.bias"}


def test_a_plain_file_of_tensors_loads_as_a_dictionary(tmp_path: Path) -> None:
    save_file({"a": groundup.ones(2)}, tmp_path / "file")
    assert load(tmp_path / "file")["a"].tolist() == [1, 1]


def test_numbers_of_numpy_become_pythons(tmp_path: Path) -> None:
    save(
        {"a": np.float64(0.1), "b": np.int32(3), "c": np.bool_(True), "d": np.float32(0.1)},
        tmp_path / "state",
    )
    loaded = load(tmp_path / "state")
    assert loaded == {"a": 0.1, "b": 3, "c": True, "d": float(np.float32(0.1))}
    assert [type(value) for value in loaded.values()] == [float, int, bool, float]


def test_files_that_are_open_already() -> None:
    file = io.BytesIO()
    save({"a": groundup.ones(2)}, file)
    file.seek(0)
    assert load(file)["a"].tolist() == [1, 1]
    with pytest.raises(TypeError, match="save needs a path or a file opened for writing bytes, got int"):
        save({}, 3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="load needs a path or a file opened for reading bytes, got int"):
        load(3)  # type: ignore[arg-type]


class Thing:
    def state_dict(self) -> dict[str, Any]:
        return {}


Point = collections.namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (
            Thing(),
            r"this state is a .*Thing\. groundup.save keeps .*\n.*groundup.save\(x.state_dict\(\), path\)",
        ),
        ({"model": {"net": Thing()}}, r"the entry 'model\.net' is a .*Thing"),
        (
            {"a": [1, {2}]},
            r"the entry 'a\.1' is a builtins\.set\. groundup\.save keeps .* never pickles an object",
        ),
        ({"a": Point(1, 2)}, "the entry 'a' is a .*Point"),
        ({"a": b"bytes"}, "the entry 'a' is a builtins.bytes"),
        ({"a": {1.5: 2}}, "the entry 'a' has the key 1.5; keys must be strings or whole numbers"),
        ({"a": len}, "the entry 'a' is a builtins.builtin_function_or_method"),
    ],
)
def test_objects_are_refused_by_name(tmp_path: Path, state: Any, message: str) -> None:
    with pytest.raises(TypeError, match=f"(?s){message}"):
        save(state, tmp_path / "state")
    assert list(tmp_path.iterdir()) == []


def test_a_state_that_contains_itself(tmp_path: Path) -> None:
    state: dict[str, Any] = {}
    state["self"] = state
    with pytest.raises(ValueError, match="contains itself, or is nested too deep"):
        save(state, tmp_path / "state")


def test_pickles_and_devices_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "state"
    save({"a": 1}, path)
    assert load(path, map_location="cpu", weights_only=True) == {"a": 1}
    with pytest.raises(ValueError, match="never opens a pickle"):
        load(path, weights_only=False)
    with pytest.raises(ValueError, match="map_location must be None or 'cpu'"):
        load(path, map_location="cuda:0")


@pytest.mark.parametrize(
    "outline",
    [
        "{",
        '{"$tensor": "missing"}',
        '{"$tensor": ["a"]}',
        '{"$tuple": 3}',
        '{"$dict": [[1]]}',
        '{"$dict": [[[], 1]]}',
        '{"$float": "much"}',
        '{"$code": "import os"}',
        "[" * 100_000,
    ],
)
def test_an_outline_that_lies(tmp_path: Path, outline: str) -> None:
    path = tmp_path / "lie"
    save_file({"a": groundup.zeros(1)}, path, metadata={"groundup.state": outline})
    with pytest.raises(ValueError, match="lie is damaged: its outline does not fit its tensors"):
        load(path)


def test_strict_json_beside_the_tensors() -> None:
    """Other programs can read the outline: no NaN or Infinity, which JSON does not have."""
    data = pack({"loss": math.nan, "lr": 0.1})
    length = int.from_bytes(data[:8], "little")
    text = json.loads(data[8 : 8 + length])["__metadata__"]["groundup.state"]

    def refuse(name: str) -> None:
        raise AssertionError(name)

    assert json.loads(text, parse_constant=refuse) == {"loss": {"$float": "nan"}, "lr": 0.1}
    assert unpack(data, "bytes")["lr"] == 0.1
