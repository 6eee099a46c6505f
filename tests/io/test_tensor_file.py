"""Tensors in safetensors files: every type and stride, PyTorch's files, and files that lie."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

import groundup
from groundup.io import load_file, load_metadata, save_file

pytest.importorskip("safetensors", reason="files of tensors need the extra 'train'")

TENSOR_TYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]


def grid(kind: str) -> np.ndarray:
    values = np.arange(24).reshape(4, 6)
    return (values % 3 == 0) if kind == "bool" else values.astype(kind)


LAYOUTS = {
    "contiguous": lambda a: a,
    "transposed": lambda a: a.T,
    "strided": lambda a: a[::2, 1::3],
    "reversed": lambda a: a[::-1, ::-1],
    "stride 0": lambda a: np.broadcast_to(a[:1], (5, 6)),
    "fortran": np.asfortranarray,
    "offset": lambda a: a[2:, 3:],
    "0-d": lambda a: a[2, 3, ...],
    "empty": lambda a: a[:0],
    "empty, transposed": lambda a: a[:0].T,
}


@pytest.mark.parametrize("kind", TENSOR_TYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_round_trip_of_every_type_and_stride(tmp_path: Path, kind: str, layout: str) -> None:
    """The library's own writer gives wrong values for most of these (safetensors 0.8, issue 825)."""
    array = LAYOUTS[layout](grid(kind))
    expected = array.copy()
    save_file({"array": array}, tmp_path / "file")
    loaded = load_file(tmp_path / "file")["array"]
    assert loaded.numpy().dtype == expected.dtype
    assert tuple(loaded.shape) == expected.shape
    np.testing.assert_array_equal(loaded.numpy(), expected)


def test_the_strides_of_a_tensor_are_stored_as_values(tmp_path: Path) -> None:
    weight = groundup.arange(6.0).reshape(2, 3)
    tensors = {"t": weight.T, "expanded": weight[0].expand(4, 3), "step": weight[:, ::2], "one": weight[1, 2]}
    expected = {name: tensor.tolist() for name, tensor in tensors.items()}
    save_file(tensors, tmp_path / "file")
    loaded = load_file(tmp_path / "file")
    assert {name: tensor.tolist() for name, tensor in loaded.items()} == expected


def test_the_tensor_that_is_saved_stays_as_it_is(tmp_path: Path) -> None:
    weight = groundup.ones(2, 3, requires_grad=True)
    save_file({"weight": weight.T}, tmp_path / "file")
    assert weight.requires_grad and weight.stride() == (3, 1)
    loaded = load_file(tmp_path / "file")["weight"]
    assert not loaded.requires_grad
    loaded.add_(1)  # and what is loaded may be written to
    assert loaded.tolist() == [[2.0, 2.0]] * 3


def test_big_endian_arrays(tmp_path: Path) -> None:
    save_file({"a": np.arange(4, dtype=">i4").reshape(2, 2).T}, tmp_path / "file")
    assert load_file(tmp_path / "file")["a"].tolist() == [[0, 2], [1, 3]]


@pytest.mark.parametrize(("kind", "wide"), [("uint16", "int32"), ("uint32", "int64"), ("uint64", "int64")])
def test_unsigned_numbers_come_back_in_a_type_that_holds_them(tmp_path: Path, kind: str, wide: str) -> None:
    top = min(np.iinfo(kind).max, 2**63 - 1)
    save_file({"a": np.array([0, top], kind)}, tmp_path / "file")
    loaded = load_file(tmp_path / "file")["a"]
    assert loaded.tolist() == [0, top]
    assert str(loaded.dtype) == f"groundup.{wide}"


def test_uint64_beyond_int64_is_refused_not_wrapped(tmp_path: Path) -> None:
    save_file({"a": np.array([2**63], np.uint64)}, tmp_path / "file")
    with pytest.raises(ValueError, match="'a' holds uint64 numbers of 2\\*\\*63 and more"):
        load_file(tmp_path / "file")


def test_metadata(tmp_path: Path) -> None:
    path = tmp_path / "file"
    save_file({}, path, metadata={"größe": "ü\n", "": ""})
    assert load_metadata(path) == {"größe": "ü\n", "": ""}
    assert load_file(path) == {}
    save_file({"a": groundup.zeros(1)}, path)
    assert load_metadata(path) == {}
    with pytest.raises(TypeError, match="metadata must map strings to strings, got 'epoch': 3"):
        save_file({}, path, metadata={"epoch": 3})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("tensors", "error", "message"),
    [
        ([np.zeros(2)], TypeError, "needs a dictionary of tensors, got list; for a module write"),
        ({1: np.zeros(2)}, TypeError, "the names of tensors must be strings, got 1"),
        ({"a": [1, 2]}, TypeError, "'a' is no tensor but a list"),
        ({"a": np.zeros(2, complex)}, ValueError, "'a' holds complex128, which the safetensors format"),
        ({"a": np.array(["x"])}, ValueError, "'a' holds <U1"),
        ({"a": np.array([None])}, ValueError, "'a' holds object"),
        ({"__metadata__": np.zeros(2)}, ValueError, "keeps the name '__metadata__' for itself"),
    ],
)
def test_what_cannot_be_saved(tmp_path: Path, tensors: object, error: type[Exception], message: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(error, match=message):
        save_file(tensors, path)  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"


def test_pytorch_reads_our_files_and_we_read_its(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    torch_files = pytest.importorskip("safetensors.torch")
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    save_file({"w": groundup.arange(6.0).reshape(2, 3).T}, ours)
    assert torch_files.load_file(ours)["w"].tolist() == [[0, 3], [1, 4], [2, 5]]
    values = torch.randn(100)
    torch_files.save_file({"half": values.bfloat16(), "float": values}, theirs)
    loaded = load_file(theirs)
    assert loaded["float"].tolist() == values.tolist()
    assert loaded["half"].tolist() == values.bfloat16().float().tolist()
    torch_files.save_file({"tiny": torch.zeros(2).to(torch.float8_e4m3fn)}, theirs)
    with pytest.raises(ValueError, match="tensor 'tiny' holds numbers of the type F8_E4M3, which NumPy"):
        load_file(theirs)


# Files that are cut off, damaged, or lie -------------------------------------------------------------


def sample(path: Path) -> bytes:
    save_file({"a": np.arange(10.0), "b": np.ones((3, 4), np.int8)}, path, metadata={"note": "hello"})
    return path.read_bytes()


def test_every_truncation_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "cut.safetensors"
    whole = sample(path)
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"cut\.safetensors is not a whole safetensors file"):
            load_file(path)


def header(entries: object, body: bytes = b"") -> bytes:
    text = json.dumps(entries).encode() if not isinstance(entries, bytes) else entries
    return len(text).to_bytes(8, "little") + text + body


LIES = {
    "a header longer than the file": (2**40).to_bytes(8, "little") + b"{}",
    "a header of the largest length": b"\xff" * 8 + b"{}",
    "no JSON": header(b"\x00\x01\x02"),
    "a list": header([1]),
    "offsets beyond the end": header({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}, b"1234"),
    "offsets backwards": header({"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}}, b"1234"),
    "negative offsets": header({"a": {"dtype": "F32", "shape": [1], "data_offsets": [-4, 0]}}, b"1234"),
    "a shape beyond its bytes": header({"a": {"dtype": "F32", "shape": [9], "data_offsets": [0, 4]}}, b"1234"),
    "a shape that overflows": header({"a": {"dtype": "F32", "shape": [2**33, 2**33], "data_offsets": [0, 4]}}, b"1234"),
    "overlapping tensors": header(
        {
            "a": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]},
            "b": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]},
        },
        b"1234",
    ),
    "a hole": header({"a": {"dtype": "U8", "shape": [2], "data_offsets": [2, 4]}}, b"1234"),
    "an unknown type": header({"a": {"dtype": "F128", "shape": [0], "data_offsets": [0, 0]}}),
    "metadata of numbers": header({"__metadata__": {"a": 1}}),
    "no file of tensors": b"just some text, which is no header at all",
}


@pytest.mark.parametrize("lie", LIES)
def test_a_file_that_lies_is_an_error_that_names_it(tmp_path: Path, lie: str) -> None:
    path = tmp_path / "lie.safetensors"
    path.write_bytes(LIES[lie])
    with pytest.raises(ValueError, match=r"lie\.safetensors is not a whole safetensors file"):
        load_file(path)


def test_random_damage_is_read_or_refused_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "damaged.safetensors"
    whole = sample(path)
    chance = random.Random(0)
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(chance.choice([1, 2, 8])):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        path.write_bytes(damaged)
        try:
            load_file(path)
        except ValueError as error:
            refused += 1
            assert "damaged.safetensors" in str(error)
    assert refused > 50


def test_a_pickle_is_refused_with_the_way_out(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    path = tmp_path / "model.pt"
    for zipped in (True, False):
        torch.save({"a": torch.zeros(2)}, path, _use_new_zipfile_serialization=zipped)
        with pytest.raises(ValueError, match=r"model\.pt is a pickle.*\n.*safetensors\.torch\.save_file"):
            load_file(path)


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load_file(tmp_path / "nowhere")
    with pytest.raises(IsADirectoryError):
        load_file(tmp_path)
