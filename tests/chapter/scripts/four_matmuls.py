"""The same matrix product written five times, each time with one loop fewer."""

import numpy as np
import torch
from torch import tensor

rng = np.random.RandomState(2)
# Multiples of 1/16 and 1/8: float32 adds them without rounding, in whatever order.
images = torch.from_numpy(rng.randint(0, 17, (5, 28)).astype(np.float32) / 16)
weights = torch.from_numpy(rng.randint(-16, 17, (28, 10)).astype(np.float32) / 8)


def three_loops(a, b):
    (rows, inner), (inner_too, columns) = a.shape, b.shape
    assert inner == inner_too
    c = torch.zeros(rows, columns)
    for i in range(rows):
        for j in range(columns):
            for k in range(inner):
                c[i, j] += a[i, k] * b[k, j]
    return c


def row_times_column(a, b):
    c = torch.zeros(a.shape[0], b.shape[1])
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            c[i, j] = (a[i] * b[:, j]).sum()
    return c


def row_times_column_with_ellipsis(a, b):
    c = torch.zeros(a.shape[0], b.shape[1])
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            c[i, j] = (a[i, ...] * b[..., j]).sum()
    return c


def broadcasting(a, b):
    c = torch.zeros(a.shape[0], b.shape[1])
    for i in range(a.shape[0]):
        c[i] = (a[i].unsqueeze(-1) * b).sum(dim=0)
    return c


def broadcasting_with_none(a, b):
    c = torch.zeros(a.shape[0], b.shape[1])
    for i in range(a.shape[0]):
        c[i] = (a[i, :, None] * b).sum(0)
    return c


def no_loop(a, b):
    return (a[:, :, None] * b[None]).sum(1)


def with_einsum(a, b):
    return torch.einsum("ik,kj->ij", a, b)


reference = images @ weights
print(reference)
print(reference.shape, images.shape, weights.shape)

for product in [
    three_loops,
    row_times_column,
    row_times_column_with_ellipsis,
    broadcasting,
    broadcasting_with_none,
    no_loop,
    with_einsum,
    torch.matmul,
    torch.mm,
]:
    result = product(images, weights)
    print(result.shape, torch.allclose(result, reference), (result - reference).abs().max())

print(torch.allclose(images.matmul(weights), reference), images.mm(weights)[2, 3])
print(three_loops(tensor([[1.0, 2.0], [3.0, 4.0]]), tensor([[0.0, 1.0], [1.0, 0.0]])))

# Matrix times vector, vector times matrix, and stacks of matrices.
stack = torch.from_numpy(rng.randint(-4, 5, (3, 2, 4)).astype(np.float32))
other = torch.from_numpy(rng.randint(-4, 5, (3, 4, 2)).astype(np.float32))
print(images[0] @ weights)
print(weights.t() @ images[1])
print(stack @ other)
print((stack @ other).shape, (stack @ other[0]).shape, (stack @ torch.ones(4)).shape)
print(torch.bmm(stack, other)[1], torch.einsum("bik,bkj->bij", stack, other)[1], sep="\n")
for i in range(3):
    print(torch.equal((stack @ other)[i], three_loops(stack[i], other[i])))
