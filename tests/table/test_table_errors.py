"""The errors of the five families: PyTorch's type and first line, then what groundup adds."""

from __future__ import annotations

from typing import Any

import pytest

import groundup

# A call of `t`, and the error that PyTorch raises for it.
ERRORS: dict[str, tuple[type[Exception], str]] = {
    "t.ones(3)+t.ones(2)": (
        RuntimeError,
        "The size of tensor a (3) must match the size of tensor b (2) at non-singleton dimension 0",
    ),
    "t.ones(2,3)*t.ones(2)": (
        RuntimeError,
        "The size of tensor a (3) must match the size of tensor b (2) at non-singleton dimension 1",
    ),
    "t.where(t.ones(3)>0, t.ones(2), t.ones(3))": (
        RuntimeError,
        "The size of tensor a (3) must match the size of tensor b (2) at non-singleton dimension 0",
    ),
    "t.where(t.ones(3), t.ones(3), t.ones(3))": (
        RuntimeError,
        "where expected condition to be a boolean tensor, but got a tensor with dtype Float",
    ),
    "t.lerp(t.ones(3), t.ones(2), 0.5)": (
        RuntimeError,
        "The size of tensor a (3) must match the size of tensor b (2) at non-singleton dimension 0",
    ),
    "t.ones(2).bool()-t.ones(2).bool()": (
        RuntimeError,
        "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` operator instead.",  # noqa: E501
    ),
    "-(t.ones(2).bool())": (
        RuntimeError,
        "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the `~` or `logical_not()` operator instead.",  # noqa: E501
    ),
    "t.tensor([2])**-1": (RuntimeError, "Integers to negative integer powers are not allowed."),
    "t.clamp(t.ones(2))": (RuntimeError, "torch.clamp: At least one of 'min' or 'max' must not be None"),
    "t.ones(2,3).sum(2)": (IndexError, "Dimension out of range (expected to be in range of [-2, 1], but got 2)"),
    "t.ones(2,3).sum((0,0))": (RuntimeError, "dim 0 appears multiple times in the list of dims"),
    "t.tensor([1,2]).mean()": (
        RuntimeError,
        "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: Long",
    ),
    "t.ones(0).amax(0)": (IndexError, "amax(): Expected reduction dim 0 to have non-zero size."),
    "t.ones(0).max()": (
        RuntimeError,
        "max(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' argument.",  # noqa: E501
    ),
    "t.ones(0).argmax()": (IndexError, "argmax(): Expected reduction dim to be specified for input.numel() == 0."),
    "t.ones(2).argmax(1)": (IndexError, "Dimension out of range (expected to be in range of [-1, 0], but got 1)"),
    "t.topk(t.ones(2),3)": (RuntimeError, "selected index k out of range"),
    "t.cumsum(t.ones(2),1)": (IndexError, "Dimension out of range (expected to be in range of [-1, 0], but got 1)"),
    "t.ones(6).reshape(4)": (RuntimeError, "shape '[4]' is invalid for input of size 6"),
    "t.ones(6).reshape(4,-1)": (RuntimeError, "shape '[4, -1]' is invalid for input of size 6"),
    "t.ones(6).reshape(-1,-1)": (RuntimeError, "only one dimension can be inferred"),
    "t.ones(2,3).t().view(6)": (
        RuntimeError,
        "view size is not compatible with input tensor's size and stride (at least one dimension spans across two contiguous subspaces). Use .reshape(...) instead.",  # noqa: E501
    ),
    "t.ones(3).expand(2,2)": (
        RuntimeError,
        "The expanded size of the tensor (2) must match the existing size (3) at non-singleton dimension 1.  Target sizes: [2, 2].  Tensor sizes: [3]",  # noqa: E501
    ),
    "t.ones(2,3).permute(0,0)": (RuntimeError, "permute(): duplicate dims are not allowed."),
    "t.ones(2,3).transpose(0,2)": (
        IndexError,
        "Dimension out of range (expected to be in range of [-2, 1], but got 2)",
    ),
    "t.ones(2,3,4).t()": (RuntimeError, "t() expects a tensor with <= 2 dimensions, but self is 3D"),
    "t.ones(2).unsqueeze(3)": (IndexError, "Dimension out of range (expected to be in range of [-2, 1], but got 3)"),
    "t.ones(2).narrow(0,1,2)": (RuntimeError, "start (1) + length (2) exceeds dimension size (2)."),
    "t.ones(2).select(0,2)": (IndexError, "select(): index 2 out of range for tensor of size [2] at dimension 0"),
    "t.ones(5).split([2,2])": (
        RuntimeError,
        "split_with_sizes expects split_sizes to sum exactly to 5 (input tensor's size at dimension 0), but got split_sizes=[2, 2]",  # noqa: E501
    ),
    "t.ones(5).chunk(0)": (RuntimeError, "chunk expects `chunks` to be greater than 0, got: 0"),
    "t.ones(2).unfold(0,3,1)": (RuntimeError, "maximum size for tensor at dimension 0 is 2 but size is 3"),
    "t.ones(2,2).diagonal(0,1,1)": (RuntimeError, "diagonal dimensions cannot be identical 1, 1"),
    "t.cat([t.ones(2,3), t.ones(2,2)])": (
        RuntimeError,
        "Sizes of tensors must match except in dimension 0. Expected size 3 but got size 2 for tensor number 1 in the list.",  # noqa: E501
    ),
    "t.cat([t.tensor(1.), t.ones(1)])": (
        RuntimeError,
        "zero-dimensional tensor (at position 0) cannot be concatenated",
    ),
    "t.cat([t.ones(2,3), t.ones(2)])": (RuntimeError, "Tensors must have same number of dimensions: got 2 and 1"),
    "t.cat([])": (ValueError, "torch.cat(): expected a non-empty list of Tensors"),
    "t.stack([t.ones(2), t.ones(3)])": (
        RuntimeError,
        "stack expects each tensor to be equal size, but got [2] at entry 0 and [3] at entry 1",
    ),
    "t.ones(2,2).repeat(2)": (
        RuntimeError,
        "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor",
    ),
    "t.ones(6).unflatten(0,(4,2))": (
        RuntimeError,
        "unflatten: Provided sizes [4, 2] don't multiply up to the size of dim 0 (6) in the input tensor",
    ),
    "t.ones(2,3).flatten(1,0)": (RuntimeError, "flatten() has invalid args: start_dim cannot come after end_dim"),
    "t.flip(t.ones(2,3),(0,0))": (RuntimeError, "dim 0 appears multiple times in the list of dims"),
    "t.flip(t.ones(2,3),(2,))": (IndexError, "Dimension out of range (expected to be in range of [-2, 1], but got 2)"),
    "t.tril(t.ones(3))": (RuntimeError, "tril: input tensor must have at least 2 dimensions"),
    "t.ones(2,3)@t.ones(2,3)": (RuntimeError, "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)"),
    "t.tensor(1.)@t.ones(2)": (RuntimeError, "both arguments to matmul need to be at least 1D, but they are 0D and 1D"),
    "t.ones(2,3)@t.ones(2)": (RuntimeError, "size mismatch, got input (2), mat (2x3), vec (2)"),
    "t.ones(2)@t.ones(3,2)": (RuntimeError, "mat1 and mat2 shapes cannot be multiplied (1x2 and 3x2)"),
    "t.ones(2,2,3)@t.ones(3,3,2)": (
        RuntimeError,
        "The size of tensor a (2) must match the size of tensor b (3) at non-singleton dimension 0",
    ),
    "t.ones(2,2,3)@t.ones(2,2,3)": (
        RuntimeError,
        "Expected size for first two dimensions of batch2 tensor to be: [2, 3] but got: [2, 2].",
    ),
    "t.mm(t.ones(2), t.ones(2,2))": (RuntimeError, "self must be a matrix"),
    "t.bmm(t.ones(2,2,3), t.ones(3,3,2))": (
        RuntimeError,
        "Expected size for first two dimensions of batch2 tensor to be: [2, 3] but got: [3, 3].",
    ),
    "t.dot(t.ones(2), t.ones(3))": (
        RuntimeError,
        "inconsistent tensor size, expected tensor [2] and src [3] to have the same number of elements, but got 2 and 3 elements respectively",  # noqa: E501
    ),
    "t.outer(t.ones(2,2), t.ones(3))": (RuntimeError, "outer: Expected 1-D argument self, but got 2-D"),
    "t.nn.functional.linear(t.ones(2,3), t.ones(4,2), t.ones(4))": (
        RuntimeError,
        "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x4)",
    ),
    "t.gather(t.ones(2,3), 0, t.tensor([0]))": (
        RuntimeError,
        "Index tensor must have the same number of dimensions as input tensor",
    ),
    "t.gather(t.ones(3), 0, t.tensor([3]))": (RuntimeError, "index 3 is out of bounds for dimension 0 with size 3"),
    "t.index_select(t.ones(3), 0, t.tensor([3]))": (IndexError, "index out of range in self"),
    "t.index_select(t.ones(3), 0, t.tensor([[1]]))": (IndexError, "index_select(): Index is supposed to be a vector"),
    "t.masked_select(t.ones(3), t.tensor([1,0,1]))": (RuntimeError, "masked_select: expected BoolTensor for mask"),
    "t.masked_select(t.ones(3), t.ones(2).bool())": (
        RuntimeError,
        "The size of tensor a (2) must match the size of tensor b (3) at non-singleton dimension 0",
    ),
    "t.nn.functional.one_hot(t.tensor([3]),2)": (RuntimeError, "Class values must be smaller than num_classes."),
    "t.ones(3)[3]": (IndexError, "index 3 is out of bounds for dimension 0 with size 3"),
    "t.ones(3)[0,0]": (IndexError, "too many indices for tensor of dimension 1"),
    "t.ones(3)[t.ones(2).bool()]": (
        IndexError,
        "The shape of the mask [2] at index 0 does not match the shape of the indexed tensor [3] at index 0",
    ),
    "t.ones(3)[1.5]": (
        IndexError,
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got float)",
    ),
    "t.ones(3).masked_fill(t.ones(2).bool(), 0.)": (
        RuntimeError,
        "The size of tensor a (2) must match the size of tensor b (3) at non-singleton dimension 0",
    ),
    "t.ones(3).masked_fill(t.ones(3).bool(), t.ones(2))": (
        RuntimeError,
        "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with 1 dimension(s).",
    ),
    't.ones(2)+"a"': (TypeError, "unsupported operand type(s) for +: 'Tensor' and 'str'"),
    't.div(t.ones(2),2,rounding_mode="x")': (
        RuntimeError,
        "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found 'x'",
    ),
    't.nn.functional.gelu(t.ones(2),approximate="x")': (
        RuntimeError,
        "approximate argument must be either none or tanh.",
    ),
    "t.broadcast_tensors(t.ones(2),t.ones(3))": (
        RuntimeError,
        "The size of tensor a (2) must match the size of tensor b (3) at non-singleton dimension 0",
    ),
    "t.allclose(t.ones(2),t.ones(2).double())": (RuntimeError, "Float did not match Double"),
    "t.movedim(t.ones(2,3),(0,1),(0,))": (
        RuntimeError,
        "movedim: Invalid source or destination dims: source ([0, 1] dims) should contain the same number of dims as destination ([0] dims)",  # noqa: E501
    ),
    "t.addcmul(t.ones(2),t.ones(3),t.ones(2))": (
        RuntimeError,
        "The size of tensor a (2) must match the size of tensor b (3) at non-singleton dimension 0",
    ),
    "t.maximum(t.ones(2), t.ones(3))": (
        RuntimeError,
        "The size of tensor a (2) must match the size of tensor b (3) at non-singleton dimension 0",
    ),
    "t.tensor([1])//0": (RuntimeError, "ZeroDivisionError"),
    "t.take_along_dim(t.ones(2,3), t.tensor([0,1]), 0)": (
        RuntimeError,
        "torch.take_along_dim(): input and indices should have the same number of dimensions, but got 2 dimensions for input, and 1 dimensions for indices",  # noqa: E501
    ),
}

# What stands below PyTorch's line: the shapes, and what to write instead.
ADDED = {
    "t.ones(2,3)*t.ones(2)": ("in mul:", "a: (2, 3)", "b: (   2)", "Perhaps you meant b[:, None] in place of b."),
    "t.lerp(t.ones(3), t.ones(2), 0.5)": ("in lerp:", "a: (3)", "b: (2)"),
    "t.addcmul(t.ones(2),t.ones(3),t.ones(2))": ("in addcmul:", "a: (2)", "b: (3)", "c: (2)"),
    "t.ones(2,3)@t.ones(2,3)": ("a: (2, 3)    columns 3", "b: (2, 3)    rows    2", "Perhaps you meant a @ b.T"),
    "t.ones(2,2,3)@t.ones(3,3,2)": ("a: (2)", "b: (3)"),
    "t.ones(6).reshape(4)": ("The tensor has shape (6,)",),
    "t.ones(2,3,4).t()": ("transpose(-2, -1)",),
    "t.topk(t.ones(2),3)": ("k is 3, and dimension -1 has 2 elements",),
    "t.tensor([2])**-1": ("x.float() ** -1",),
    "t.tensor([1,2]).mean()": ("x.float().mean()",),
    "t.tensor([1])//0": ("floating numbers give inf or nan",),
    "t.index_select(t.ones(3), 0, t.tensor([3]))": ("index 3 is out of bounds for dimension 0 with size 3",),
}


def call(library: Any, text: str) -> Any:
    return eval(text, {"t": library})


@pytest.mark.parametrize("text", ERRORS)
def test_the_first_line_is_pytorchs(text: str) -> None:
    kind, line = ERRORS[text]
    with pytest.raises(kind) as found:
        call(groundup, text)
    assert str(found.value).splitlines()[0] == line
    assert type(found.value) is kind


@pytest.mark.parametrize("text", ERRORS)
def test_it_still_is_pytorchs(text: str) -> None:
    torch = pytest.importorskip("torch")
    kind, line = ERRORS[text]
    with pytest.raises(kind) as found:
        call(torch, text)
    assert str(found.value).splitlines()[0] == line


@pytest.mark.parametrize("text", ADDED)
def test_below_it_stands_what_to_do(text: str) -> None:
    with pytest.raises(ERRORS[text][0]) as found:
        call(groundup, text)
    added = "\n".join(str(found.value).splitlines()[1:])
    for part in ADDED[text]:
        assert part in added


@pytest.mark.parametrize("operation", ["add", "sub", "mul", "div", "maximum", "eq", "remainder", "pow"])
def test_every_elementwise_error_names_its_operation(operation: str) -> None:
    with pytest.raises(RuntimeError, match=f"\nin {operation}: from the right") as found:
        getattr(groundup, operation)(groundup.ones(4, 3), groundup.ones(4, 2))
    assert str(found.value).splitlines()[-1].strip(" ^") == ""  # the clash is marked


def test_an_in_place_error_keeps_the_tensor() -> None:
    x = groundup.ones(3)
    with pytest.raises(RuntimeError, match=r"The size of tensor a|doesn't match the broadcast shape"):
        x += groundup.ones(2)
    assert x.tolist() == [1, 1, 1]
