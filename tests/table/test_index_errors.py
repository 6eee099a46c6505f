"""What writing and reading at positions refuses: PyTorch's exception and its first line, live where it is installed."""

from __future__ import annotations

from typing import Any

import pytest

import groundup

ERRORS = {
    "x.scatter(0, t.tensor([0]), 1.0)": (
        RuntimeError,
        "Index tensor must have the same number of dimensions as self tensor",
    ),
    "x.scatter(0, t.tensor([[3]]), 1.0)": (RuntimeError, "index 3 is out of bounds for dimension 0 with size 3"),
    "x.scatter(0, t.zeros(2,9).long(), 1.0)": (
        RuntimeError,
        "Expected index [2, 9] to be no larger than self [3, 4] apart from dimension 0",
    ),
    "x.scatter(0, t.zeros(2,4).long(), t.ones(1,4))": (
        RuntimeError,
        "Expected index [2, 4] to be no larger than self [3, 4] apart from dimension 0 and to be no larger size than src [1, 4]",  # noqa: E501
    ),
    "x.scatter(0, t.zeros(2,4).long(), t.ones(2,4).double())": (
        RuntimeError,
        "scatter(): Expected self.dtype to be equal to src.dtype",
    ),
    "x.scatter(0, t.zeros(2,4), 1.0)": (RuntimeError, "scatter(): Expected dtype int32/int64 for index"),
    "x.scatter(0, t.zeros(1,1).long(), 1.0, reduce='sum')": (
        RuntimeError,
        "reduce argument must be either add or multiply.",
    ),
    "x.scatter_add(2, t.zeros(1,1).long(), t.ones(1,1))": (
        IndexError,
        "Dimension out of range (expected to be in range of [-2, 1], but got 2)",
    ),
    "x.index_add(0, two, t.ones(3,4))": (
        RuntimeError,
        "index_add_(): Number of indices (2) should be equal to source.size(dim): (3), for dim: 0",
    ),
    "x.index_add(0, two.float(), t.ones(2,4))": (
        RuntimeError,
        "index_add_(): Expected dtype int32/int64 for index but got: Float",
    ),
    "x.index_add(0, two[None], t.ones(2,4))": (
        IndexError,
        "index_add_(): Index is supposed to be a vector, but got dim: 2 with type: Long and size: [1, 2]",
    ),
    "x.index_add(0, two, t.ones(2,4).double())": (
        RuntimeError,
        "index_add_(): self (Float) and source (Double) must have the same scalar type",
    ),
    "x.index_add(0, two, t.ones(2,3))": (
        RuntimeError,
        "source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = [3, 4] source.shape = [2, 3]",  # noqa: E501
    ),
    "x.index_add(0, two + 2, t.ones(2,4))": (RuntimeError, "index 3 is out of bounds for dimension 0 with size 3"),
    "x.index_copy(0, two, t.ones(3,4))": (
        IndexError,
        "index_copy_(): Number of indices (2) should be equal to source.size(dim) (3)",
    ),
    "x.index_copy(0, two.float(), t.ones(2,4))": (
        RuntimeError,
        "index_copy_(): Expected a long tensor for index, but got Float",
    ),
    "x.index_copy(0, two[None], t.ones(2,4))": (
        IndexError,
        "index_copy_(): Index should have dimension 1 or 0 (got 2)",
    ),
    "x.index_copy(0, two, t.ones(2,4).double())": (
        RuntimeError,
        "index_copy_(): self and source expected to have the same dtype, but got (self) Float and (source) Double",
    ),
    "x.index_copy(0, two, t.ones(2,3))": (
        RuntimeError,
        "index_copy_(): Source/destination tensor must have same slice shapes. Destination slice shape: 4 at dimension 0 and source slice shape: 3 at dimension 0.",  # noqa: E501
    ),
    "x.index_copy(0, two, t.ones(2))": (
        IndexError,
        "index_copy_(): When source and destination are not scalars, their dimensionality must match. Source dimensionality (1), destination dimensionality (2)",  # noqa: E501
    ),
    "x.index_copy(0, two + 2, t.ones(2,4))": (
        IndexError,
        "index_copy_(): index 3 is out of bounds for dimension 0 with size 3",
    ),
    "x.index_fill(0, two.float(), 1.0)": (IndexError, "index_fill_(): Expected dtype int64 for index."),
    "x.index_fill(0, two[None], 1.0)": (RuntimeError, "Index has to be a vector/scalar"),
    "x.index_fill(0, two + 2, 1.0)": (IndexError, "index 3 is out of bounds for dimension 0 with size 3"),
    "x.index_fill(0, two, t.ones(2))": (
        RuntimeError,
        "index_fill_ only supports a 0-dimensional value tensor, but got tensor with 1 dimension(s).",
    ),
    "x.index_reduce(0, two, t.ones(2,4), 'sum')": (
        RuntimeError,
        "index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got sum.",
    ),
    "x.index_reduce(0, two, t.ones(3,4), 'prod')": (
        RuntimeError,
        "index_reduce_(): Number of indices (2) should be equal to source.size(dim): (3), for dim: 0",
    ),
    "x.index_put((two, two), t.ones(3))": (
        RuntimeError,
        "shape mismatch: value tensor of shape [3] cannot be broadcast to indexing result of shape [2]",
    ),
    "x.index_put((two.float(),), t.ones(4))": (
        IndexError,
        "tensors used as indices must be long, int, byte or bool tensors",
    ),
    "x.index_put((two,), t.ones(4).double())": (
        RuntimeError,
        "Index put requires the source and destination dtypes match, got Float for the destination and Double for the source.",  # noqa: E501
    ),
    "x.index_put((two + 2,), t.ones(4))": (IndexError, "index 3 is out of bounds for dimension 0 with size 3"),
    "x.put(two, t.ones(3))": (
        IndexError,
        "put_(): Expected source and index to have the same number of elements, but got source.numel() = 3, index.numel() = 2",  # noqa: E501
    ),
    "x.put(two.float(), t.ones(2))": (RuntimeError, "put_(): Expected a long tensor for index, but got Float"),
    "x.put(two, t.ones(2).double())": (
        RuntimeError,
        "put_(): self and source expected to have the same dtype, but got self.dtype = Float and source.dtype = Double",
    ),
    "x.put(two + 12, t.ones(2))": (IndexError, "out of range: tried to access index 12 on a tensor of 12 elements."),
    "x.take(two.float())": (RuntimeError, "take(): Expected a long tensor for index, but got Float"),
    "x.take(two - 14)": (IndexError, "out of range: tried to access index -14 on a tensor of 12 elements."),
    "t.ones(0).take(two)": (IndexError, "take(): tried to take from an empty tensor"),
    "x.masked_scatter(t.ones(3,4), t.ones(12))": (
        RuntimeError,
        "masked_scatter_ only supports boolean masks, but got mask with dtype Float",
    ),
    "x.masked_scatter(t.ones(3,4).bool(), t.ones(11))": (
        RuntimeError,
        "Number of elements of source < number of ones in mask",
    ),
    "x.masked_fill_(t.ones(3,4), 0.0)": (
        RuntimeError,
        "masked_fill_ only supports boolean masks, but got mask with dtype float",
    ),
    "x.take_along_dim(t.zeros(1,4), 0)": (
        RuntimeError,
        "torch.take_along_dim(): dtype of indices should be Long but got Float",
    ),
    "x.take_along_dim(t.zeros(2,5).long(), 1)": (
        RuntimeError,
        "The size of tensor a (3) must match the size of tensor b (2) at non-singleton dimension 0",
    ),
    "x.gather(0, t.zeros(1,1))": (RuntimeError, "gather(): Expected dtype int32/int64 for index"),
    "t.nn.functional.embedding(t.tensor([5]), t.ones(2,2))": (IndexError, "index out of range in self"),
    "t.nn.functional.embedding(t.tensor([0]), t.ones(2))": (RuntimeError, "'weight' must be 2-D"),
    "t.nn.functional.embedding(t.tensor([0]), t.ones(2,2), padding_idx=3)": (
        AssertionError,
        "Padding_idx must be within num_embeddings",
    ),
    "t.nn.functional.one_hot(t.tensor([0.5]))": (
        RuntimeError,
        "one_hot is only applicable to index tensor of type LongTensor.",
    ),
    "t.nn.functional.one_hot(t.tensor([-1]))": (RuntimeError, "Class values must be non-negative."),
    "t.nn.functional.embedding_bag(two, t.ones(2,2))": (ValueError, "offsets has to be a 1D Tensor but got None"),
    "t.nn.functional.embedding_bag(two, t.ones(2,2), two + 1)": (
        RuntimeError,
        "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. However, got 1",  # noqa: E501
    ),
    "t.nn.functional.embedding_bag(two, t.ones(2,2), two * 7)": (
        RuntimeError,
        "offsets[-1] can not be greater than input's length 2 but got offsets[-1] of 7",
    ),
    "t.nn.functional.embedding_bag(two[None, None], t.ones(2,2))": (
        ValueError,
        "input has to be 1D or 2D Tensor, but got Tensor of dimension 3",
    ),
    "t.bincount(t.tensor([-1]))": (RuntimeError, "bincount only supports 1-d non-negative integral inputs."),
    "t.bincount(t.tensor([[1]]))": (RuntimeError, "bincount only supports 1-d non-negative integral inputs."),
    "t.bincount(t.tensor([1]), t.ones(2))": (RuntimeError, "weights should be 1-d and have the same length as input"),
    "t.bincount(t.tensor([1]), minlength=-1)": (RuntimeError, "minlength should be >= 0"),
    "t.bucketize(t.ones(2), t.ones(2,2))": (RuntimeError, "boundaries tensor must be 1 dimension, but got dim(2)"),
    "t.searchsorted(t.ones(2), t.ones(2), side='middle')": (
        RuntimeError,
        "torch.searchsorted(): side can only be 'left' or 'right' but got middle",
    ),
    "t.searchsorted(t.ones(2), t.ones(2), side='left', right=True)": (
        RuntimeError,
        "torch.searchsorted(): side and right can't be set to opposites, got side of left while right was True",
    ),
    "t.searchsorted(t.ones(1,2), t.ones(2))": (
        RuntimeError,
        "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor and input value tensor must match, but we got boundaries tensor [1, 2] and input value tensor [2]",  # noqa: E501
    ),
    "t.searchsorted(t.ones(1,2), 1.0)": (
        RuntimeError,
        "torch.searchsorted(): input value can be a scalar only when boundaries tensor dimension is 1, but we got boundaries tensor dim(2) and input value's dim(0) numel(1)",  # noqa: E501
    ),
    "t.searchsorted(t.ones(2), t.ones(2), sorter=t.tensor([0]))": (
        RuntimeError,
        "torch.searchsorted(): boundary and sorter must have the same size, but got boundary tensor [2]and got sorter tensor [1]",  # noqa: E501
    ),
    "t.searchsorted(t.ones(2), t.ones(2), sorter=t.tensor([0, 2]))": (
        RuntimeError,
        "torch.searchsorted(): sorter index out of range",
    ),
    "t.searchsorted(t.tensor(1.0), t.ones(2))": (
        RuntimeError,
        "torch.searchsorted(): boundaries tensor should have positive dimension, but got 0 dimension",
    ),
    "t.unique(t.ones(2, 0), dim=0)": (
        RuntimeError,
        "There are 0 sized dimensions, and they aren't selected, so unique cannot be applied",
    ),
    "t.unique(t.ones(2), dim=1)": (
        IndexError,
        "Dimension out of range (expected to be in range of [-1, 0], but got 1)",
    ),
    "t.unique_consecutive(t.ones(2, 0), dim=0)": (
        RuntimeError,
        "There are 0 sized dimensions, and they aren't selected, so unique cannot be applied",
    ),
    "t.nonzero_static(t.ones(2), size=-1)": (RuntimeError, "nonzero_static: 'size' must be an non-negative integer"),
    "t.unravel_index(t.tensor([1.0]), (2, 2))": (
        TypeError,
        "expected 'indices' to be integer dtype, but got torch.float32",
    ),
    "t.unravel_index(t.tensor([1]), (-2, 2))": (ValueError, "'shape' cannot have negative values, but got (-2, 2)"),
}


def call(library: Any, text: str) -> Any:
    x = library.arange(12.0).reshape(3, 4)
    return eval(text, {"t": library, "x": x, "two": library.tensor([0, 1])})


@pytest.mark.parametrize("text", ERRORS)
def test_the_first_line_is_pytorchs(text: str) -> None:
    kind, line = ERRORS[text]
    with pytest.raises(kind) as found:
        call(groundup, text)
    assert type(found.value) is kind
    assert str(found.value).splitlines()[0].replace("groundup.", "torch.") == line


@pytest.mark.parametrize("text", ERRORS)
def test_it_still_is_pytorchs(text: str) -> None:
    torch = pytest.importorskip("torch")
    kind, line = ERRORS[text]
    with pytest.raises(kind) as found:
        call(torch, text)
    assert str(found.value).splitlines()[0] == line
