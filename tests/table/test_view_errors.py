"""What views, joins and creation refuse, in the words that users search for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import groundup as g

V, M, S = g.arange(5), g.arange(6).reshape(2, 3), g.tensor(1)

REFUSED: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: g.empty(0, 5).reshape(0, -1), RuntimeError, "cannot reshape tensor of 0 elements"),
    (lambda: M.flatten(1, 0), RuntimeError, "start_dim cannot come after end_dim"),
    (lambda: M.unflatten(1, (2, 2)), RuntimeError, "don't multiply up to the size of dim 1"),
    (lambda: M.permute(0, 0), RuntimeError, "duplicate dims are not allowed"),
    (lambda: M.permute(0), RuntimeError, "does not match the length of the desired ordering"),
    (lambda: M.expand(-1, 2, 3), RuntimeError, "isn't allowed in a leading, non-existing dimension 0"),
    (lambda: M.sum_to_size(4), RuntimeError, "is not expandable to size"),
    (lambda: M.movedim((0, 0), (0, 1)), RuntimeError, "movedim: repeated dim in `source`"),
    (lambda: V.adjoint(), RuntimeError, "only supported on matrices or batches of matrices"),
    (lambda: V.H, RuntimeError, "tensor.H is only supported on matrices"),
    (lambda: V.mT, RuntimeError, "tensor.mT is only supported"),
    (lambda: S.flipud(), RuntimeError, "Input must be >= 1-d"),
    (lambda: V.roll((1, 2), (0,)), RuntimeError, "shifts and dimensions must align"),
    (lambda: V.roll(()), RuntimeError, "`shifts` required"),
    (lambda: g.rot90(M, dims=(0, 0)), RuntimeError, "expected rotation dims to be different"),
    (lambda: g.rot90(V), RuntimeError, "expected total dims >= 2"),
    (lambda: V.narrow(0, 3, 3), RuntimeError, r"start \(3\) \+ length \(3\) exceeds dimension size \(5\)"),
    (lambda: V.narrow(0, g.tensor(1.0), 3), RuntimeError, "start must be an 0-dim integral Tensor"),
    (lambda: S.select(0, 0), IndexError, r"select\(\) cannot be applied to a 0-dim tensor"),
    (lambda: V.unfold(0, 6, 1), RuntimeError, "maximum size for tensor at dimension 0 is 5 but size is 6"),
    (lambda: V.split(0), RuntimeError, "split_size can only be 0 if dimension size is 0"),
    (lambda: V.split([2, 2]), RuntimeError, "expects split_sizes to sum exactly to 5"),
    (lambda: V.chunk(0), RuntimeError, "`chunks` to be greater than 0"),
    (lambda: V.tensor_split(0), RuntimeError, "number of sections must be larger than 0"),
    (lambda: V.hsplit(2), RuntimeError, "the size of the dimension 5 is not divisible by the split_size 2"),
    (lambda: V.vsplit(1), RuntimeError, "requires a tensor with at least 2 dimension"),
    (lambda: g.cat([V, M]), RuntimeError, "Tensors must have same number of dimensions: got 1 and 2"),
    (lambda: g.cat([V, S]), RuntimeError, r"zero-dimensional tensor \(at position 1\) cannot be concatenated"),
    (lambda: g.cat([M, M[:, 1:]]), RuntimeError, "Expected size 3 but got size 2 for tensor number 1"),
    (lambda: g.block_diag(M.reshape(1, 2, 3)), RuntimeError, "must have 2 or fewer dimensions. Input 0 has 3"),
    (lambda: g.meshgrid(V, M), RuntimeError, "Expected 0D or 1D tensor in the tensor list but got: 2D"),
    (lambda: g.meshgrid(V, V, indexing="yx"), RuntimeError, 'must be one of "xy" or "ij", but received: yx'),
    (lambda: g.combinations(M), RuntimeError, "Expect a 1D vector"),
    (lambda: g.diag(M.reshape(1, 2, 3)), RuntimeError, "Supports 1D or 2D tensors. Got 3D"),
    (lambda: M.diag_embed(0, 1, 1), RuntimeError, "diagonal dimensions cannot be identical 1, 1"),
    (lambda: M.select_scatter(V, 0, 0), RuntimeError, "expected src to have a size equal to the slice of self"),
    (lambda: M.repeat(2), RuntimeError, "can not be smaller than number of dimensions of tensor"),
    (lambda: V.repeat_interleave(g.tensor([1, 2])), RuntimeError, "repeats must have the same size as input along dim"),
    (lambda: V.repeat_interleave(-1), RuntimeError, "Repeats must be non-negative"),
    (lambda: V.repeat_interleave(g.ones(5)), RuntimeError, "repeats has to be Long or Int tensor"),
    (lambda: g.tril_indices(-1, 2), RuntimeError, "row must be non-negative"),
    (lambda: g.zeros(2, layout="sparse"), RuntimeError, "layout must be groundup.strided"),
    (lambda: g.zeros(2, pin_memory=True), RuntimeError, "Cannot access accelerator device"),
    (lambda: g.zeros(-1), RuntimeError, "negative dimension -1"),
    (lambda: g.empty_strided((2,), (1, 1)), RuntimeError, "mismatch in length of strides and shape"),
    (lambda: g.empty_permuted((2, 3), (0, 0)), RuntimeError, "Duplicate dim not allowed"),
    (lambda: g.linspace(V, 1, 3), RuntimeError, "only supports 0-dimensional start and end tensors"),
    (lambda: g.logspace(0, 1, -1), RuntimeError, "number of steps must be non-negative"),
    (lambda: g.eye(-1), RuntimeError, "n must be greater or equal to 0, got -1"),
    (lambda: g.empty(2, 2, memory_format=g.channels_last), RuntimeError, "required rank 4"),
    (lambda: V.type("groundup.FooTensor"), ValueError, "invalid type"),
]


@pytest.mark.parametrize("case", range(len(REFUSED)))
def test_refused(case: int) -> None:
    call, kind, says = REFUSED[case]
    with pytest.raises(kind, match=says):
        call()
